/** How a deal ends, and how it is opened again. */
import type { Decision } from '../../kernel/decider.ts';
import { type Fault, refusedFor, unless } from '../faults.ts';
import { barred, type Deal, type DealFact, DealLost, DealReopened, DealWon } from './deal.ts';
import { isLost } from './deal-stages.ts';

const won = ({ stage, accountId, orderId }: Deal, reason: string): DealFact => DealWon({ from: stage, accountId, orderId, reason });

/** Won by hand from DecisionMaking, with an amount and an order issued. */
export function win(deal: Deal, { reason }: { readonly reason: string }): Decision<DealFact> {
  if (deal.stage === 'Completed') return [];
  return barred(deal, 'WinDeal') ?? refusedFor(unready(deal)) ?? [won(deal, reason)];
}

const unready = ({ card, orderId }: Deal): readonly Fault[] => [
  ...unless((card.amount?.minor ?? 0) > 0, '/amount', 'Completed needs an amount above zero.'),
  ...unless(orderId !== undefined, '/orderId', 'Completed needs an order: order the deal first.'),
];

/** A paid order is proof enough, whatever stage the deal stands in; one that is closed stays as it is. */
export function winByPayment(deal: Deal, { orderId }: { readonly orderId: string }): Decision<DealFact> {
  if (deal.stage === 'Completed' || isLost(deal.stage) || deal.orderId !== orderId) return [];
  return [won(deal, 'The order is paid.')];
}

interface Loss {
  readonly stage: 'Rejected' | 'DroppedOut';
  readonly reason: string;
  readonly competitor?: string | undefined;
}

/** Rejected by the client, or dropped out by itself. */
export function lose(deal: Deal, { stage: to, reason, competitor }: Loss): Decision<DealFact> {
  if (deal.stage === to) return [];
  return barred(deal, 'LoseDeal') ?? [DealLost({ from: deal.stage, to, reason, competitor })];
}

/** It goes on where it was. */
export const reopen = (deal: Deal, { reason }: { readonly reason: string }): Decision<DealFact> =>
  barred(deal, 'ReopenDeal') ?? [DealReopened({ from: deal.stage, to: deal.openStage, reason })];
