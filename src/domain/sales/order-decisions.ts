/** What is decided about an order once it is placed: sent, accepted, declined, expired, cancelled, bound to its deliveries. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, type Refusal, refuse } from '../../kernel/decider.ts';
import { NOTHING, quantityText } from '../../kernel/quantity.ts';
import { type AcceptanceFacts, overDiscountLimit } from './discount-limit.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  hasGoods,
  isPast,
  isUndecided,
  type LinePart,
  type Order,
  type OrderFact,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderSent,
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
  return notAcceptable(order, context) ?? [SalesOrderAccepted({})];
}

/** Why nobody, or not this person, may accept an order that stands open. */
export function notAcceptable(order: Order, context: Context): Refusal | undefined {
  const { actor, may, today } = context;
  if (isPast(order, today)) return unfit({ ...order, status: 'Expired', modification: undefined }, 'accepted');
  if (order.placedBy === actor.id && !may(SELF_ACCEPT))
    return refuse('SelfApproval', `Accepting an order that one placed oneself takes the right ${SELF_ACCEPT}.`);
  return overDiscountLimit(order, context);
}

export function decline(order: Order, { reason }: Because): Outcome {
  if (order.status === 'Declined') return [];
  if (!isUndecided(order) || order.modification !== undefined) return unfit(order, 'declined');
  return [SalesOrderDeclined({ reason })];
}

/** Silent where it was decided meanwhile, or got a later day. */
export const expire = (order: Order, _: unknown, { today }: DecisionContext<unknown>): Outcome =>
  isUndecided(order) && isPast(order, today) ? [SalesOrderExpired({})] : [];

export function cancel(order: Order, { reason }: Because): Outcome {
  if (order.status === 'Cancelled') return [];
  if (!isUndecided(order) && order.status !== 'Accepted') return unfit(order, 'cancelled');
  const [deliveryId] = order.deliveries;
  if (deliveryId !== undefined) return locked(deliveryId);
  if (order.status === 'Accepted' && !hasGoods(order))
    return refuse('DocumentLocked', 'This order is of services alone; it was invoiced when it was accepted.');
  return [SalesOrderCancelled({ reason })];
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
  const tooMuch = lines.find(part => part.quantity > undelivered(order, part.line));
  if (tooMuch !== undefined) return beyondOrder(order, tooMuch);
  return [DeliveryCommitted({ deliveryId, lines: [...lines] })];
}

/** Only a delivery that was committed has anything to take back. */
export const withdraw = (order: Order, { deliveryId, lines }: Delivering): Outcome =>
  order.deliveries.includes(deliveryId) ? [DeliveryWithdrawn({ deliveryId, lines: [...lines] })] : [];

const undelivered = ({ lines }: Order, number: number) => {
  const line = lines.find(({ line }) => line === number);
  return line === undefined ? NOTHING : line.quantity - line.delivered;
};

const beyondOrder = (order: Order, { line, quantity }: LinePart): Refusal =>
  refuse(
    'DeliveryExceedsOrder',
    `Line ${line}: ${quantityText(quantity)} were to go out, but only ${quantityText(undelivered(order, line))} of the order are still to be delivered.`,
    { line },
  );

const locked = (deliveryId: string): Refusal =>
  refuse('DocumentLocked', 'A delivery of this order is approved and its goods leave the warehouse.', { deliveryId });
