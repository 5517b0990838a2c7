/** Every lead, account, contact and deal belongs to one person, who answers for it. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, type Refusal, refuse } from '../../kernel/decider.ts';

export interface Owned {
  readonly ownerId: string;
}

/** Whether the owner named is a user; undefined where none was named, or where a process names one. */
export interface OwnerKnowledge {
  readonly ownerKnown?: boolean | undefined;
}

export const unknownOwner: Refusal = invalid([{ pointer: '/ownerId', detail: 'There is no such user.' }]);

/** Whose a new record becomes: the caller's own, unless somebody who may assign names another person. */
export function ownerFor(wished: string | undefined, { actor, may, facts }: DecisionContext<OwnerKnowledge>): string | Refusal {
  if (wished === undefined || wished === actor.id) return actor.id;
  if (!may('crm:assign')) return refuse('Forbidden', 'Only who may assign records can give one to somebody else.');
  return facts.ownerKnown === false ? unknownOwner : wished;
}

/** A change of owner, as every owned noun records it. */
export const assignment = {
  from: z.string(),
  to: z.string(),
  reason: z.string().optional(),
  /** Who ordered it, where a process carried it out. */
  by: z.string().optional(),
};
type Assignment = z.output<z.ZodObject<typeof assignment>>;

export type AssignmentWish = Owned & Pick<Assignment, 'reason'>;

/** Gives a record to another owner; silent for the one it has. */
export function assigned<Fact>(
  fact: (change: Assignment) => Fact,
  { ownerId: from }: Owned,
  { ownerId: to, reason }: AssignmentWish,
  { ownerKnown }: OwnerKnowledge,
): Decision<Fact> {
  if (from === to) return [];
  return ownerKnown === false ? unknownOwner : [fact({ from, to, reason })];
}

type Handing = Owned & { readonly reason: string; readonly by: string };

/** Gives a record away as a handover orders it, whatever its stage; that the new owner is a user was found when it was ordered. */
export const handed =
  <Fact>(fact: (change: Assignment) => Fact) =>
  ({ ownerId: from }: Owned, { ownerId: to, reason, by }: Handing): Decision<Fact> =>
    from === to ? [] : [fact({ from, to, reason, by })];
