/** What a deal is to sell: its lines, and the order made of them. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import type { DataOf } from '../../kernel/event.ts';
import { LINES_MAX } from '../document.ts';
import {
  barred,
  type Deal,
  type DealFact,
  type DealLine,
  DealLineAdded,
  DealLineRemoved,
  DealOrdered,
  DealOrderUndone,
  locked,
} from './deal.ts';

type Line = Omit<DealLine, 'line'>;

export interface LineKnowledge {
  readonly itemKnown: boolean;
}

export function addLine(deal: Deal, wish: Line, context: DecisionContext<LineKnowledge>): Decision<DealFact> {
  const stop = barred(deal, 'AddDealLine') ?? locked(deal) ?? faultOf(deal, wish, context);
  const { itemId, quantity, unitPrice, priceReason, discount } = wish;
  return stop ?? [DealLineAdded({ line: deal.lineLast + 1, itemId, quantity, unitPrice, priceReason, discount })];
}

/** A price by hand takes a right and a reason, here as in the sales order that will bear it. */
function faultOf({ lines }: Deal, { unitPrice, priceReason }: Line, { facts, may }: DecisionContext<LineKnowledge>): Refusal | undefined {
  if (!facts.itemKnown) return invalid([{ pointer: '/itemId', detail: 'There is no such item.' }]);
  if (lines.length >= LINES_MAX) return refuse('TooManyLines', `A deal has at most ${LINES_MAX} lines.`);
  if (unitPrice === undefined) return undefined;
  if (priceReason === undefined) return invalid([{ pointer: '/priceReason', detail: 'A price by hand needs a reason.' }]);
  return may('sales:price-by-hand')
    ? undefined
    : refuse('OverrideRequired', 'You may not set prices by hand; leave the price to the list.');
}

export function removeLine(deal: Deal, { line }: DataOf<typeof DealLineRemoved>): Decision<DealFact> {
  const stop = barred(deal, 'RemoveDealLine') ?? locked(deal);
  if (stop) return stop;
  return deal.lines.some(entry => entry.line === line) ? [DealLineRemoved({ line })] : [];
}

type Ordering = Pick<DataOf<typeof DealOrdered>, 'warehouseId' | 'requiredOn' | 'shipTo'>;

/** The account as it stands: null where it is unknown. */
export interface OrderKnowledge {
  readonly account: { readonly blocked: boolean } | null;
}

/** A deal is ordered once; after its order came to nothing, again. */
export function order(
  deal: Deal,
  { warehouseId, requiredOn, shipTo }: Ordering,
  { id, facts }: DecisionContext<OrderKnowledge>,
): Decision<DealFact> {
  if (deal.orderId) return refuse('Duplicate', 'This deal is ordered already.', { existingId: deal.orderId });
  const stop = barred(deal, 'OrderDeal');
  if (stop) return stop;
  if (facts.account?.blocked) return refuse('AccountBlocked', 'The account is blocked; nothing new is sold to it.');
  if (deal.lines.length === 0) return invalid([{ pointer: '/lines', detail: 'An order needs at least one line.' }]);
  const { accountId, ownerId, lines } = deal;
  const { currency } = deal.card;
  return [DealOrdered({ orderId: id('order'), accountId, ownerId, warehouseId, currency, requiredOn, shipTo, lines: [...lines] })];
}

/** What is won is won: a later cancellation changes the order, not the deal. */
export function undoOrder(deal: Deal, { orderId, because }: DataOf<typeof DealOrderUndone>): Decision<DealFact> {
  if (deal.orderId !== orderId || deal.kind === 'won') return [];
  return [DealOrderUndone({ orderId, because })];
}
