/** No party twice: what is refused about a record that resembles another, and what is kept of the resemblance. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Refusal, refuse } from '../../kernel/decider.ts';
import { Resemblance } from './likeness.ts';

/** What a fact that begins a record says of others: those it resembles, and why it was begun although one is certainly the same. */
export const likeness = { resembles: z.array(Resemblance).optional(), forcedBecause: z.string().optional() };

export interface LikenessKnowledge {
  readonly resembling?: readonly Resemblance[];
}

export interface Forced {
  readonly force?: { readonly reason: string } | undefined;
}

const FORCE = 'crm:force-duplicate';

/** The refusal of what is certainly there already; undefined where it is not, or where somebody who may says why it is to be there twice. */
export function alreadyThere({ force }: Forced, { facts, may }: DecisionContext<LikenessKnowledge>): Refusal | undefined {
  const certain = facts.resembling?.find(({ strength }) => strength === 'certain');
  if (certain === undefined) return undefined;
  if (force === undefined)
    return refuse('Duplicate', `There is one with the same ${certain.by[0] === 'taxId' ? 'tax number' : 'e-mail address'} already.`, {
      existingId: certain.id,
      key: certain.by[0],
    });
  return may(FORCE) ? undefined : refuse('Forbidden', `To make what is there already takes the right ${FORCE}.`);
}

/** What the fact says of it. */
export function likenessOf({ force }: Forced, { resembling = [] }: LikenessKnowledge): z.output<z.ZodObject<typeof likeness>> {
  if (resembling.length === 0) return {};
  const certain = resembling.some(({ strength }) => strength === 'certain');
  return { resembles: [...resembling], ...(certain && force !== undefined ? { forcedBecause: force.reason } : {}) };
}
