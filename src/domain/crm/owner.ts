/** Every lead, account, contact and deal belongs to one person, who answers for it. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Refusal, refuse } from '../../kernel/decider.ts';

export interface Owned {
  readonly ownerId: string;
}

/** A change of owner, as every owned noun records it. */
export const assignment = { from: z.string(), to: z.string(), reason: z.string().optional() };

/** Whose a new record becomes: the caller's own, unless somebody who may assign names another person. */
export function ownerFor(wished: string | undefined, { actor, may }: DecisionContext<unknown>): string | Refusal {
  if (wished === undefined || wished === actor.id || may('crm:assign')) return wished ?? actor.id;
  return refuse('Forbidden', 'Only who may assign records can give one to somebody else.');
}
