/** What is decided about an order once it is placed: sent, accepted, declined, expired, cancelled, bound to its deliveries. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalidTransition, isRefusal, type Refusal, refuse } from '../../kernel/decider.ts';
import { type Money, proportion } from '../../kernel/money.ts';
import { NOTHING, type Quantity, quantityText } from '../../kernel/quantity.ts';
import { totalsOf } from '../document.ts';
import { creditFor } from './acceptance.ts';
import { type AcceptanceFacts, overDiscountLimit } from './discount-limit.ts';
import { belowMinimumMargin } from './margin-limit.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  hasGoods,
  isPast,
  isUndecided,
  type LinePart,
  type Order,
  type OrderFact,
  restOf,
  restOfOrder,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderClosed,
  SalesOrderClosedShort,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderSent,
  type ShipPolicy,
  ShipPolicyChanged,
  unfit,
} from './sales-order.ts';

type Outcome = Decision<OrderFact>;
type Context = DecisionContext<AcceptanceFacts>;
interface Because {
  readonly reason: string;
}

/** To accept what one placed oneself. */
const SELF_ACCEPT = 'sales:self-accept';

export function send(order: Order): Outcome {
  if (order.status === 'Sent' && order.modification === undefined) return [];
  if (order.status !== 'Draft') return unfit(order, 'sent');
  return [SalesOrderSent({})];
}

export function accept(order: Order, _: unknown, context: Context): Outcome {
  if (order.status === 'Accepted') return [];
  if (!isUndecided(order) || order.modification !== undefined) return unfit(order, 'accepted');
  return acceptance(order, context);
}

/** An order that stands open, accepted with what it takes of its client's credit, or why it may not be. */
export function acceptance(order: Order, context: Context): Outcome {
  const refusal = notAcceptable(order, context);
  if (refusal !== undefined) return refusal;
  const credit = creditFor(order, context);
  return isRefusal(credit) ? credit : [SalesOrderAccepted({ credit })];
}

/** Why nobody, or not this person, may accept it. */
function notAcceptable(order: Order, context: Context): Refusal | undefined {
  const { actor, may, today } = context;
  if (isPast(order, today)) return unfit({ ...order, status: 'Expired', modification: undefined }, 'accepted');
  if (order.placedBy === actor.id && !may(SELF_ACCEPT))
    return refuse('SelfApproval', `Accepting an order that one placed oneself takes the right ${SELF_ACCEPT}.`);
  return overDiscountLimit(order, context) ?? belowMinimumMargin(order, context);
}

export function decline(order: Order, { reason }: Because): Outcome {
  if (order.status === 'Declined') return [];
  if (!isUndecided(order) || order.modification !== undefined) return unfit(order, 'declined');
  return [SalesOrderDeclined({ reason })];
}

/** Silent where it was decided meanwhile, or got a later day. */
export const expire = (order: Order, _: unknown, { today }: DecisionContext<unknown>): Outcome =>
  isUndecided(order) && isPast(order, today) ? [SalesOrderExpired({})] : [];

/** What is partly delivered keeps what left: only the rest is cancelled. */
export function cancel(order: Order, { reason }: Because): Outcome {
  if (order.status === 'Cancelled') return [];
  if (order.status === 'Accepted' && isInvoicedUndelivered(order)) return invoiced();
  if (order.status === 'Accepted' && order.deliveries.length > 0) return shortened(order, reason) ?? locked(order);
  if (!isUndecided(order) && order.status !== 'Accepted') return unfit(order, 'cancelled');
  return [SalesOrderCancelled({ reason })];
}

/** What nobody has delivered yet stands on an invoice already: all of it by acceptance, or services by hand. */
const isInvoicedUndelivered = (order: Order): boolean =>
  order.invoiceMode === 'atAcceptance' || (!hasGoods(order) && (order.invoiceMode === 'atShipping' || order.invoices > 0));

const invoiced = (): Refusal =>
  refuse('DocumentLocked', 'This order is invoiced already, so it is no longer cancelled; credit its invoice.');

export function closeShort(order: Order, { reason }: Because): Outcome {
  if (order.short) return [];
  if (order.status !== 'Accepted') return unfit(order, 'closed short');
  if (isInvoicedUndelivered(order)) return invoiced();
  if (order.deliveries.length === 0)
    return invalidTransition('Nothing of this order is delivered yet; cancel it instead.', ['CancelSalesOrder']);
  return shortened(order, reason) ?? locked(order);
}

/** Cancels the rest; undefined where there is none. */
function shortened(order: Order, reason: string): Outcome | undefined {
  const lines = restOfOrder(order);
  if (lines.length > 0) return [SalesOrderClosedShort({ reason, lines, worth: worthOf(order, lines) })];
  return order.short ? [] : undefined;
}

/** What parts of lines come to with tax. */
function worthOf({ lines, currency, reckoning }: Order, parts: readonly LinePart[]): Money {
  const cancelled = parts.flatMap(({ line: number, quantity }) =>
    lines
      .filter(({ line }) => line === number)
      .map(line => ({ taxPercent: line.taxPercent, net: proportion(line.net, quantity, line.quantity) })),
  );
  return totalsOf(cancelled, currency, reckoning).gross;
}

export function changeShipPolicy(order: Order, { shipPolicy }: { readonly shipPolicy: ShipPolicy }): Outcome {
  if (order.shipPolicy === shipPolicy) return [];
  if (!isUndecided(order) && order.status !== 'Accepted') return unfit(order, 'let out otherwise');
  return [ShipPolicyChanged({ shipPolicy })];
}

/** Said by the process of the order when nothing is left to do. */
export function close(order: Order): Outcome {
  if (order.status === 'Closed') return [];
  if (order.status !== 'Accepted' || restOfOrder(order).length > 0) return unfit(order, 'closed');
  return [SalesOrderClosed({})];
}

/** Deliveries of one order; its process keeps each, and stays under 64 kB. */
const DELIVERIES_MAX = 50;

interface Delivering {
  readonly deliveryId: string;
  readonly lines: readonly LinePart[];
}

export function commit(order: Order, { deliveryId, lines }: Delivering): Outcome {
  if (order.deliveries.includes(deliveryId)) return [];
  if (order.status !== 'Accepted') return unfit(order, 'delivered');
  if (order.deliveries.length >= DELIVERIES_MAX)
    return refuse('TooManyDeliveries', `An order goes out in ${DELIVERIES_MAX} deliveries at most.`);
  const tooMuch = lines.find(({ line, quantity }) => quantity > restOfLine(order, line));
  if (tooMuch !== undefined) return beyondOrder(order, tooMuch);
  return [DeliveryCommitted({ deliveryId, lines: [...lines] })];
}

/** Only a delivery that was committed has anything to take back. */
export const withdraw = (order: Order, { deliveryId, lines }: Delivering): Outcome =>
  order.deliveries.includes(deliveryId) ? [DeliveryWithdrawn({ deliveryId, lines: [...lines] })] : [];

function restOfLine({ lines }: Order, number: number): Quantity {
  const line = lines.find(({ line }) => line === number);
  return line === undefined ? NOTHING : restOf(line);
}

const beyondOrder = (order: Order, { line, quantity }: LinePart): Refusal =>
  refuse(
    'DeliveryExceedsOrder',
    `Line ${line}: ${quantityText(quantity)} were to go out, but only ${quantityText(restOfLine(order, line))} of the order are still to be delivered.`,
    { line },
  );

const locked = ({ deliveries }: Order): Refusal =>
  refuse('DocumentLocked', 'All goods of this order have left the warehouse or are about to.', { deliveryId: deliveries[0] });
