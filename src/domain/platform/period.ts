/** Closing the books and the stock up to a day: what is dated up to it stays as it is. Each ledger closes on its own. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';

export const LEDGERS = ['books', 'stock'] as const;
export const Ledger = z.enum(LEDGERS);
export type Ledger = z.output<typeof Ledger>;

/** `through` is the last closed day. */
export const PeriodClosed = event('PeriodClosed', { through: z.iso.date() });
/** `through` is the last day that stays closed; null where none does. */
export const PeriodReopened = event('PeriodReopened', { through: z.iso.date().nullable(), reason: z.string() });

const events = [PeriodClosed, PeriodReopened] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly through: string | null;
}

export const Period = decider({
  category: 'period',
  stateVersion: 1,
  events,
  initial: (): State => ({ through: null }),
  evolve: {
    PeriodClosed: (_, { through }): State => ({ through }),
    PeriodReopened: (_, { through }): State => ({ through }),
  },
});

/** A day is closed when it is over; closing what is closed already is silent. */
export function close(state: State, { through }: { readonly through: string }, { today }: DecisionContext): Decision<Fact> {
  if (state.through !== null && through <= state.through) return [];
  if (through >= today) return invalid([{ pointer: '/through', detail: 'Only days that are over can be closed.' }]);
  return [PeriodClosed({ through })];
}

interface Reopening {
  /** The last day that is to stay closed; null for none. */
  readonly through: string | null;
  readonly reason: string;
}

export const reopen = (state: State, { through, reason }: Reopening): Decision<Fact> =>
  state.through === null || (through !== null && through >= state.through) ? [] : [PeriodReopened({ through, reason })];
