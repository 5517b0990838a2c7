/**
 * A rule of the house may be set aside for once: by an approval that names the rule, the command and the record as it stands.
 * The command says in `overridable` which rules those are; its decision asks for each where it is broken, and the approval is
 * held like anything else that must be true in another stream.
 */
import type { AnyCommand, Hold, RecordRef } from './command.ts';
import { type Refusal, refuse } from './decider.ts';

/** What an approval is asked for, and is used for later: in all of it the same. */
export interface Override {
  readonly rule: string;
  readonly command: string;
  readonly record: RecordRef;
  /** Revision of the record: once it is another, somebody has to decide anew. */
  readonly revision: number;
  /** What is let pass, in words that the same decision finds again, e.g. `A discount of 15 % where 10 % is the limit`. */
  readonly terms: string;
}

/** Who uses an approval: one command of one person. */
export interface OverrideUser {
  readonly commandId: string;
  readonly actorId: string;
}

/** The rules a command may set aside, and how an approval is held for it. */
export interface Overridable {
  readonly rules: readonly string[];
  readonly use: (approvalId: string, override: Override, user: OverrideUser) => Hold;
}

/** What the input of an overridable command says: an approval by rule. */
interface Approved {
  readonly approvals?: Readonly<Record<string, string>>;
}

export interface Overriding {
  /** See `DecisionContext`. */
  readonly override: (rule: string, terms: string) => Refusal | undefined;
  /** The holds on the approvals that the decision leant on. */
  readonly holds: () => readonly Hold[];
}

/** How one decision sets rules aside. */
export function overriding(
  { type, overridable }: Pick<AnyCommand, 'type' | 'overridable'>,
  input: unknown,
  at: Pick<Override, 'record' | 'revision'>,
  user: OverrideUser,
): Overriding {
  const held: Hold[] = [];
  const override = (rule: string, terms: string): Refusal | undefined => {
    if (!overridable?.rules.includes(rule)) throw new Error(`${type} does not say that ${rule} may be set aside`);
    const wanted: Override = { rule, command: type, record: at.record, revision: at.revision, terms };
    const approvalId = (input as Approved).approvals?.[rule];
    if (approvalId === undefined)
      return overrideRequired(`${terms}: that takes an approval, which can be asked for with these details.`, wanted);
    held.push(overridable.use(approvalId, wanted, user));
    return undefined;
  };
  return { override, holds: () => held };
}

/** The details are what an approval is asked for with. */
export const overrideRequired = (because: string, wanted: Override): Refusal => refuse('OverrideRequired', because, { ...wanted });
