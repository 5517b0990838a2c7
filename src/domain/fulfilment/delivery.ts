/** A delivery note: the goods of an order on their way from the warehouse to the client. */
import { z } from 'zod';
import { type Decision, decider, invalid, invalidTransition, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Quantity } from '../../kernel/quantity.ts';
import { PostalAddress } from '../vocabulary.ts';

export const DeliveryLine = z.strictObject({
  line: z.int(),
  itemId: z.string(),
  sku: z.string(),
  quantity: Quantity,
  /** The reservation in the stock cell that the goods come from. */
  reservationId: z.string(),
});
export type DeliveryLine = z.output<typeof DeliveryLine>;

export const DeliveryPlanned = event('DeliveryPlanned', {
  orderId: z.string(),
  accountId: z.string(),
  warehouseId: z.string(),
  shipTo: PostalAddress.optional(),
  shipVia: z.string().optional(),
  requiredOn: z.iso.date().optional(),
  lines: z.array(DeliveryLine),
});

/** From here on the goods leave the stock. */
export const DeliveryApproved = event('DeliveryApproved', { approvedOn: z.iso.date() });
export const DeliveryShipped = event('DeliveryShipped', {
  shippedOn: z.iso.date(),
  carrier: z.string().optional(),
  trackingNumber: z.string().optional(),
});
export const DeliveryDelivered = event('DeliveryDelivered', { deliveredOn: z.iso.date() });
export const DeliveryCancelled = event('DeliveryCancelled', { reason: z.string() });

const events = [DeliveryPlanned, DeliveryApproved, DeliveryShipped, DeliveryDelivered, DeliveryCancelled] as const;
type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;

export type DeliveryStatus = 'planned' | 'approved' | 'shipped' | 'delivered' | 'cancelled';

interface State {
  readonly status: 'none' | DeliveryStatus;
  readonly orderId: string;
  readonly shippedOn?: string;
}

export const Delivery = decider({
  category: 'delivery',
  stateVersion: 1,
  events,
  initial: (): State => ({ status: 'none', orderId: '' }),
  evolve: {
    DeliveryPlanned: (_, { orderId }): State => ({ status: 'planned', orderId }),
    DeliveryApproved: (delivery): State => ({ ...delivery, status: 'approved' }),
    DeliveryShipped: (delivery, { shippedOn }): State => ({ ...delivery, status: 'shipped', shippedOn }),
    DeliveryDelivered: (delivery): State => ({ ...delivery, status: 'delivered' }),
    DeliveryCancelled: (delivery): State => ({ ...delivery, status: 'cancelled' }),
  },
});

/** The commands that each status permits. */
const PERMITTED: Readonly<Record<DeliveryStatus, readonly string[]>> = {
  planned: ['ApproveDelivery'],
  approved: ['ShipDelivery'],
  shipped: ['DeliverDelivery'],
  delivered: [],
  cancelled: [],
};

export const plan = ({ status }: State, wish: DataOf<typeof DeliveryPlanned>): Outcome =>
  status === 'none' ? [DeliveryPlanned(wish)] : [];

export function approve({ status }: State, id: string, approvedOn: string): Outcome {
  if (status === 'none') return notFound('delivery', id);
  if (status === 'approved') return [];
  if (status !== 'planned') return unfit(status, 'approved');
  return [DeliveryApproved({ approvedOn })];
}

export function ship({ status }: State, id: string, wish: DataOf<typeof DeliveryShipped>, today: string): Outcome {
  if (status === 'none') return notFound('delivery', id);
  if (status === 'shipped') return [];
  if (status !== 'approved') return unfit(status, 'shipped');
  if (wish.shippedOn > today) return invalid([{ pointer: '/shippedOn', detail: 'Goods cannot have been shipped in the future.' }]);
  return [DeliveryShipped(wish)];
}

export function deliver({ status, shippedOn }: State, id: string, deliveredOn: string, today: string): Outcome {
  if (status === 'none') return notFound('delivery', id);
  if (status === 'delivered') return [];
  if (status !== 'shipped') return unfit(status, 'delivered');
  if (deliveredOn > today) return invalid([{ pointer: '/deliveredOn', detail: 'Goods cannot have arrived in the future.' }]);
  if (shippedOn !== undefined && deliveredOn < shippedOn)
    return invalid([{ pointer: '/deliveredOn', detail: 'Goods cannot have arrived before they were shipped.' }]);
  return [DeliveryDelivered({ deliveredOn })];
}

/** With its order; who never had a delivery needs none cancelled. */
export function cancel({ status }: State, reason: string): Outcome {
  if (status === 'none' || status === 'cancelled') return [];
  if (status !== 'planned') return refuse('DocumentLocked', `The delivery is ${status}; its goods have left the stock.`);
  return [DeliveryCancelled({ reason })];
}

const unfit = (status: DeliveryStatus, wanted: string): Refusal =>
  invalidTransition(`The delivery is ${status}, so it cannot be ${wanted}.`, PERMITTED[status]);
