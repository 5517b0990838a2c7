/** What contexts share of closed periods: nothing that is dated within one may be recorded any more. */
import { type Refusal, refuse } from '../kernel/decider.ts';

/** The refusal of what falls into a closed period; undefined where the day is open. Days are ISO 8601 dates, `closedThrough` the last closed one or null. */
export const closedOn = (day: string, closedThrough: string | null): Refusal | undefined =>
  closedThrough !== null && day <= closedThrough
    ? refuse('PeriodClosed', `Everything up to ${closedThrough} is closed; ${day} can no longer be changed.`, { closedThrough })
    : undefined;
