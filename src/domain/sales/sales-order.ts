/** A sales order: what a client wants at which prices. Prices and taxes are frozen when it is placed. */
import { z } from 'zod';
import { type Decision, decider, invalidTransition, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
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
export type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;

export type OrderStatus = 'draft' | 'declined' | 'accepted' | 'cancelled';

export interface State {
  readonly status: 'none' | OrderStatus;
  readonly ownerId?: string;
  /** The delivery that goes out, once it is approved. */
  readonly deliveryId?: string | undefined;
}

export const SalesOrder = decider({
  category: 'salesOrder',
  stateVersion: 1,
  events,
  initial: (): State => ({ status: 'none' }),
  evolve: {
    SalesOrderPlaced: (_, { ownerId }): State => ({ status: 'draft', ownerId }),
    SalesOrderAccepted: (order): State => ({ ...order, status: 'accepted' }),
    SalesOrderDeclined: (order): State => ({ ...order, status: 'declined' }),
    SalesOrderCancelled: (order): State => ({ ...order, status: 'cancelled' }),
    DeliveryCommitted: (order, { deliveryId }): State => ({ ...order, deliveryId }),
    DeliveryWithdrawn: (order): State => ({ ...order, deliveryId: undefined }),
  },
});

/** The commands that each status permits. */
const PERMITTED: Readonly<Record<OrderStatus, readonly string[]>> = {
  draft: ['AcceptSalesOrder', 'DeclineSalesOrder'],
  accepted: ['CancelSalesOrder'],
  declined: [],
  cancelled: [],
};

/** The documents that follow from an order bear its id and a number of their own: `<order>~1`. */
export const followUpId = (orderId: string, number: number): string => `${orderId}~${number}`;
/** The order a document follows from; undefined for documents that stand alone. */
export function orderOf(documentId: string): string | undefined {
  const mark = documentId.lastIndexOf('~');
  return mark < 0 ? undefined : documentId.slice(0, mark);
}

export function accept({ status }: State, id: string): Outcome {
  if (status === 'none') return notFound('sales order', id);
  if (status === 'accepted') return [];
  if (status !== 'draft') return unfit(status, 'accepted');
  return [SalesOrderAccepted({})];
}

export function decline({ status }: State, id: string, reason: string): Outcome {
  if (status === 'none') return notFound('sales order', id);
  if (status === 'declined') return [];
  if (status !== 'draft') return unfit(status, 'declined');
  return [SalesOrderDeclined({ reason })];
}

export function cancel({ status, deliveryId }: State, id: string, reason: string): Outcome {
  if (status === 'none') return notFound('sales order', id);
  if (status === 'cancelled') return [];
  if (status !== 'accepted') return unfit(status, 'cancelled');
  if (deliveryId !== undefined) return locked(deliveryId);
  return [SalesOrderCancelled({ reason })];
}

export function commitDelivery({ status, deliveryId: committed }: State, id: string, deliveryId: string): Outcome {
  if (status === 'none') return notFound('sales order', id);
  if (committed === deliveryId) return [];
  if (status !== 'accepted') return unfit(status, 'delivered');
  if (committed !== undefined) return locked(committed);
  return [DeliveryCommitted({ deliveryId })];
}

export const withdrawDelivery = ({ deliveryId: committed }: State, deliveryId: string): Outcome =>
  committed === deliveryId ? [DeliveryWithdrawn({ deliveryId })] : [];

const unfit = (status: OrderStatus, wanted: string): Refusal =>
  invalidTransition(`The order is ${status}, so it cannot be ${wanted}.`, PERMITTED[status]);

const locked = (deliveryId: string): Refusal =>
  refuse('DocumentLocked', 'A delivery of this order is approved and its goods leave the warehouse.', { deliveryId });
