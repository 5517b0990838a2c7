/** What somebody is to sell in a month. Quarters, years and the whole company are sums of these. */
import { z } from 'zod';
import { type Decision, decider } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { Money } from '../../kernel/money.ts';
import { type OwnerKnowledge, unknownOwner } from './owner.ts';

/** `month`: ISO 8601, e.g. 2026-03. */
export const SalesTargetSet = event('SalesTargetSet', { ownerId: z.string(), month: z.string(), amount: Money });

const events = [SalesTargetSet] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly amount: Money;
}

export const SalesTarget = decider({
  category: 'salesTarget',
  stateVersion: 1,
  events,
  initial: (): State | undefined => undefined,
  evolve: { SalesTargetSet: (_, { amount }): State => ({ amount }) },
});

export interface Target {
  readonly ownerId: string;
  readonly month: string;
  readonly amount: Money;
}

export const targetId = ({ ownerId, month }: Pick<Target, 'ownerId' | 'month'>): string => `${ownerId}~${month}`;

/** A target set again takes the place of the one before; none at all is a target of nothing. */
export function set(
  state: State | undefined,
  { ownerId, month, amount }: Target,
  { facts }: { readonly facts: OwnerKnowledge },
): Decision<Fact> {
  if (state !== undefined && state.amount.minor === amount.minor && state.amount.currency === amount.currency) return [];
  return facts.ownerKnown === false ? unknownOwner : [SalesTargetSet({ ownerId, month, amount })];
}
