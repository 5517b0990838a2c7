/** A sales order: what a client wants at which prices. Prices and taxes are frozen when it is placed. */
import { z } from 'zod';
import { type Decision, decider, invalidTransition, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency } from '../../kernel/money.ts';
import { DocumentLine, Totals } from '../document.ts';
import { PostalAddress } from '../vocabulary.ts';

/** `reference` is the client's own number of the order; `shipVia` the carrier asked for. */
export const SalesOrderPlaced = event('SalesOrderPlaced', {
  accountId: z.string(),
  warehouseId: z.string(),
  ownerId: z.string(),
  dealId: z.string().optional(),
  channel: z.string(),
  reference: z.string().optional(),
  orderedOn: z.iso.date(),
  requiredOn: z.iso.date().optional(),
  shipTo: PostalAddress.optional(),
  shipVia: z.string().optional(),
  paymentTermDays: z.int(),
  currency: Currency,
  lines: z.array(DocumentLine),
  totals: Totals,
});

export const SalesOrderAccepted = event('SalesOrderAccepted', {});
export const SalesOrderDeclined = event('SalesOrderDeclined', { reason: z.string() });
export const SalesOrderCancelled = event('SalesOrderCancelled', { reason: z.string() });
/** A delivery of the order is approved: its goods leave, so it can no longer be cancelled. */
export const DeliveryCommitted = event('DeliveryCommitted', { deliveryId: z.string() });
/** The delivery was not approved after all. */
export const DeliveryWithdrawn = event('DeliveryWithdrawn', { deliveryId: z.string() });

const events = [
  SalesOrderPlaced,
  SalesOrderAccepted,
  SalesOrderDeclined,
  SalesOrderCancelled,
  DeliveryCommitted,
  DeliveryWithdrawn,
] as const;
export type OrderFact = EventOf<(typeof events)[number]>;
type Outcome = Decision<OrderFact>;

export type OrderStatus = 'Draft' | 'Declined' | 'Accepted' | 'Cancelled';

export interface Order {
  readonly status: OrderStatus;
  readonly ownerId: string;
  /** False for services alone, which are invoiced as soon as they are accepted. */
  readonly hasGoods: boolean;
  /** The delivery that goes out, once it is approved. */
  readonly deliveryId?: string | undefined;
}

export const SalesOrder = decider({
  category: 'salesOrder',
  stateVersion: 1,
  events,
  initial: (): Order | undefined => undefined,
  evolve: {
    SalesOrderPlaced: (_, { ownerId, lines }) => ({ status: 'Draft', ownerId, hasGoods: lines.some(({ stocked }) => stocked) }),
    SalesOrderAccepted: order => order && { ...order, status: 'Accepted' },
    SalesOrderDeclined: order => order && { ...order, status: 'Declined' },
    SalesOrderCancelled: order => order && { ...order, status: 'Cancelled' },
    DeliveryCommitted: (order, { deliveryId }) => order && { ...order, deliveryId },
    DeliveryWithdrawn: order => order && { ...order, deliveryId: undefined },
  },
});

/** Commands each status permits. */
const ORDER_PERMITS: Readonly<Record<OrderStatus, readonly string[]>> = {
  Draft: ['AcceptSalesOrder', 'DeclineSalesOrder'],
  Accepted: ['CancelSalesOrder'],
  Declined: [],
  Cancelled: [],
};

/** The documents that follow from an order bear its id and a number of their own: `<order>~1`. */
export const followUpId = (orderId: string, number: number): string => `${orderId}~${number}`;
/** The order a document follows from; none for documents that stand alone. */
export function orderOf(documentId: string): readonly string[] {
  const mark = documentId.lastIndexOf('~');
  return mark < 0 ? [] : [documentId.slice(0, mark)];
}

export function accept({ status }: Order): Outcome {
  if (status === 'Accepted') return [];
  if (status !== 'Draft') return unfit(status, 'accepted');
  return [SalesOrderAccepted({})];
}

export function decline({ status }: Order, { reason }: DataOf<typeof SalesOrderDeclined>): Outcome {
  if (status === 'Declined') return [];
  if (status !== 'Draft') return unfit(status, 'declined');
  return [SalesOrderDeclined({ reason })];
}

export function cancel({ status, deliveryId, hasGoods }: Order, { reason }: DataOf<typeof SalesOrderCancelled>): Outcome {
  if (status === 'Cancelled') return [];
  if (status !== 'Accepted') return unfit(status, 'cancelled');
  if (deliveryId !== undefined) return locked(deliveryId);
  if (!hasGoods) return refuse('DocumentLocked', 'This order is of services alone; it was invoiced when it was accepted.');
  return [SalesOrderCancelled({ reason })];
}

export function commit({ status, deliveryId: committed }: Order, { deliveryId }: DataOf<typeof DeliveryCommitted>): Outcome {
  if (committed === deliveryId) return [];
  if (status !== 'Accepted') return unfit(status, 'delivered');
  if (committed !== undefined) return locked(committed);
  return [DeliveryCommitted({ deliveryId })];
}

/** Only the delivery that was committed has anything to take back. */
export const withdraw = ({ deliveryId: committed }: Order, { deliveryId }: DataOf<typeof DeliveryWithdrawn>): Outcome =>
  committed === deliveryId ? [DeliveryWithdrawn({ deliveryId })] : [];

const unfit = (status: OrderStatus, wanted: string): Refusal =>
  invalidTransition(`A sales order in ${status} cannot be ${wanted}.`, ORDER_PERMITS[status]);

const locked = (deliveryId: string): Refusal =>
  refuse('DocumentLocked', 'A delivery of this order is approved and its goods leave the warehouse.', { deliveryId });
