/** A delivery note: the goods of an order on their way from the warehouse to the client. */
import { z } from 'zod';
import { type Decision, decider, invalid, invalidTransition, type Refusal, refuse } from '../../kernel/decider.ts';
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

export type DeliveryStatus = 'Planned' | 'Approved' | 'Shipped' | 'Delivered' | 'Cancelled';

export interface State {
  readonly status: DeliveryStatus;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly lines: readonly Pick<DeliveryLine, 'line' | 'itemId' | 'quantity'>[];
  readonly shippedOn?: string;
}

export const Delivery = decider({
  category: 'delivery',
  stateVersion: 2,
  events,
  initial: (): State | undefined => undefined,
  evolve: {
    DeliveryPlanned: (_, { orderId, warehouseId, lines }) => ({
      status: 'Planned',
      orderId,
      warehouseId,
      lines: lines.map(({ line, itemId, quantity }) => ({ line, itemId, quantity })),
    }),
    DeliveryApproved: delivery => delivery && { ...delivery, status: 'Approved' },
    DeliveryShipped: (delivery, { shippedOn }) => delivery && { ...delivery, status: 'Shipped', shippedOn },
    DeliveryDelivered: delivery => delivery && { ...delivery, status: 'Delivered' },
    DeliveryCancelled: delivery => delivery && { ...delivery, status: 'Cancelled' },
  },
});

/** Commands each status permits. */
const DELIVERY_PERMITS: Readonly<Record<DeliveryStatus, readonly string[]>> = {
  Planned: ['ApproveDelivery'],
  Approved: ['ShipDelivery'],
  Shipped: ['DeliverDelivery'],
  Delivered: [],
  Cancelled: [],
};

export const plan = (wish: DataOf<typeof DeliveryPlanned>): Outcome => [DeliveryPlanned(wish)];

export function approve({ status }: State, { approvedOn }: DataOf<typeof DeliveryApproved>): Outcome {
  if (status === 'Approved') return [];
  if (status !== 'Planned') return unfit(status, 'approved');
  return [DeliveryApproved({ approvedOn })];
}

export function ship({ status }: State, wish: DataOf<typeof DeliveryShipped>, today: string): Outcome {
  if (status === 'Shipped') return [];
  if (status !== 'Approved') return unfit(status, 'shipped');
  if (wish.shippedOn > today) return invalid([{ pointer: '/shippedOn', detail: 'Goods cannot have been shipped in the future.' }]);
  return [DeliveryShipped(wish)];
}

export function deliver({ status, shippedOn = '' }: State, { deliveredOn }: DataOf<typeof DeliveryDelivered>, today: string): Outcome {
  if (status === 'Delivered') return [];
  if (status !== 'Shipped') return unfit(status, 'delivered');
  if (deliveredOn > today) return invalid([{ pointer: '/deliveredOn', detail: 'Goods cannot have arrived in the future.' }]);
  if (deliveredOn < shippedOn) return invalid([{ pointer: '/deliveredOn', detail: 'Goods cannot have arrived before they were shipped.' }]);
  return [DeliveryDelivered({ deliveredOn })];
}

export function cancel({ status }: State, { reason }: DataOf<typeof DeliveryCancelled>): Outcome {
  if (status === 'Cancelled') return [];
  if (status !== 'Planned') return refuse('DocumentLocked', `The delivery is in ${status}: its goods have left the stock.`);
  return [DeliveryCancelled({ reason })];
}

const unfit = (status: DeliveryStatus, wanted: string): Refusal =>
  invalidTransition(`A delivery in ${status} cannot be ${wanted}.`, DELIVERY_PERMITS[status]);
