/** A delivery note: the goods of an order on their way from the warehouse to the client. */
import { z } from 'zod';
import { type Decision, decider, invalid, invalidTransition, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { minus, NOTHING, Quantity, quantityText, total } from '../../kernel/quantity.ts';
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

const ReturnedPart = z.strictObject({ line: z.int(), quantity: Quantity });
export type ReturnedPart = z.output<typeof ReturnedPart>;
/** Goods of the delivery may come back with a return; they cannot with another. */
export const ReturnAdmitted = event('ReturnAdmitted', { returnId: z.string(), lines: z.array(ReturnedPart) });
/** The return did not come about. */
export const ReturnWithdrawn = event('ReturnWithdrawn', { returnId: z.string() });

const events = [
  DeliveryPlanned,
  DeliveryApproved,
  DeliveryShipped,
  DeliveryDelivered,
  DeliveryCancelled,
  ReturnAdmitted,
  ReturnWithdrawn,
] as const;
type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;

export type DeliveryStatus = 'Planned' | 'Approved' | 'Shipped' | 'Delivered' | 'Cancelled';

export interface State {
  readonly status: DeliveryStatus;
  readonly orderId: string;
  readonly warehouseId: string;
  readonly lines: readonly Pick<DeliveryLine, 'line' | 'itemId' | 'quantity'>[];
  readonly shippedOn?: string;
  /** What came back, or is about to, by return. */
  readonly returned: Readonly<Record<string, readonly ReturnedPart[]>>;
}

export const Delivery = decider({
  category: 'delivery',
  stateVersion: 3,
  events,
  initial: (): State | undefined => undefined,
  evolve: {
    DeliveryPlanned: (_, { orderId, warehouseId, lines }) => ({
      status: 'Planned',
      orderId,
      warehouseId,
      lines: lines.map(({ line, itemId, quantity }) => ({ line, itemId, quantity })),
      returned: {},
    }),
    DeliveryApproved: delivery => delivery && { ...delivery, status: 'Approved' },
    DeliveryShipped: (delivery, { shippedOn }) => delivery && { ...delivery, status: 'Shipped', shippedOn },
    DeliveryDelivered: delivery => delivery && { ...delivery, status: 'Delivered' },
    DeliveryCancelled: delivery => delivery && { ...delivery, status: 'Cancelled' },
    ReturnAdmitted: (delivery, { returnId, lines }) => delivery && { ...delivery, returned: { ...delivery.returned, [returnId]: lines } },
    ReturnWithdrawn: (delivery, { returnId }) => delivery && { ...delivery, returned: without(delivery.returned, returnId) },
  },
});

const without = (returned: State['returned'], returnId: string): State['returned'] =>
  Object.fromEntries(Object.entries(returned).filter(([id]) => id !== returnId));

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

/** A delivery's state stays small. */
const RETURNS_MAX = 50;

/** How much of a line left and has not come back yet. */
export const returnable = ({ lines, returned }: State, line: number): Quantity => {
  const back = Object.values(returned).flatMap(parts => parts.filter(part => part.line === line).map(({ quantity }) => quantity));
  return minus(lines.find(entry => entry.line === line)?.quantity ?? NOTHING, total(back));
};

/** Never more comes back of a line than left of it, over all returns. */
export function admitReturn(delivery: State, wish: DataOf<typeof ReturnAdmitted>): Outcome {
  const { status, returned } = delivery;
  if (Object.hasOwn(returned, wish.returnId)) return [];
  if (status !== 'Shipped' && status !== 'Delivered') return unfit(status, 'returned');
  if (Object.keys(returned).length >= RETURNS_MAX)
    return refuse('TooManyReturns', `Goods of a delivery come back ${RETURNS_MAX} times at most.`);
  const beyond = wish.lines.find(({ line, quantity }) => quantity > returnable(delivery, line));
  return beyond === undefined ? [ReturnAdmitted(wish)] : exceeding(delivery, beyond);
}

export const withdrawReturn = ({ returned }: State, { returnId }: DataOf<typeof ReturnWithdrawn>): Outcome =>
  Object.hasOwn(returned, returnId) ? [ReturnWithdrawn({ returnId })] : [];

function exceeding(delivery: State, { line, quantity }: ReturnedPart): Refusal {
  const left = returnable(delivery, line);
  return refuse(
    'ReturnExceedsDelivery',
    `${quantityText(quantity)} of line ${line} were to come back; ${quantityText(left)} of it left and are not back yet.`,
    { line, wanted: quantityText(quantity), returnable: quantityText(left) },
  );
}

const unfit = (status: DeliveryStatus, wanted: string): Refusal =>
  invalidTransition(`A delivery in ${status} cannot be ${wanted}.`, DELIVERY_PERMITS[status]);
