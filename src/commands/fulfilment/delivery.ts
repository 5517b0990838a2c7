import { z } from 'zod';
import { approve, cancel, Delivery, deliver, plan, ship } from '../../domain/fulfilment/delivery.ts';
import { beginning, existing } from '../../domain/records.ts';
import { Address, Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { deliveryCommitment } from '../sales/holds.ts';

const onDelivery = { decider: Delivery, entityId: byId } as const;
const Line = z.strictObject({ line: z.int().positive(), itemId: Id, sku: z.string(), quantity: QuantityText, reservationId: Id });

/** Sent once every line of an order is reserved. */
export const planDelivery = command({
  ...onDelivery,
  type: 'PlanDelivery',
  summary: 'Plans the delivery of an order whose goods are all reserved.',
  permission: 'fulfilment:approve',
  input: z.strictObject({
    id: Id,
    orderId: Id,
    accountId: Id,
    warehouseId: Id,
    shipTo: Address.optional(),
    shipVia: z.string().optional(),
    requiredOn: Day.optional(),
    lines: z.array(Line),
  }),
  parent: ({ orderId }) => ({ category: 'salesOrder', id: orderId }),
  decide: beginning(({ id: _, ...wish }) => plan(wish)),
});

export const approveDelivery = command({
  ...onDelivery,
  type: 'ApproveDelivery',
  summary: 'Releases the goods to leave the stock; refused when the order was cancelled.',
  route: 'POST /deliveries/:id/approve',
  permission: 'fulfilment:approve',
  input: z.strictObject({ id: Id }),
  decide: existing('delivery', (delivery, _, { today }) => approve(delivery, { approvedOn: today })),
  holds: (events, delivery, id) => (events.length > 0 && delivery ? [deliveryCommitment(delivery.orderId, id, delivery.lines)] : []),
});

export const shipDelivery = command({
  ...onDelivery,
  type: 'ShipDelivery',
  summary: 'Records that the goods left, today unless an earlier day is given.',
  route: 'POST /deliveries/:id/ship',
  permission: 'fulfilment:ship',
  input: z.strictObject({ id: Id, shippedOn: Day.optional(), carrier: Text(100).optional(), trackingNumber: Text(100).optional() }),
  decide: existing('delivery', (delivery, { id: _, shippedOn, ...wish }, { today }) =>
    ship(delivery, { ...wish, shippedOn: shippedOn ?? today }, today),
  ),
});

export const deliverDelivery = command({
  ...onDelivery,
  type: 'DeliverDelivery',
  summary: 'Records that the goods arrived, today unless an earlier day is given.',
  route: 'POST /deliveries/:id/deliver',
  permission: 'fulfilment:ship',
  input: z.strictObject({ id: Id, deliveredOn: Day.optional() }),
  decide: existing('delivery', (delivery, { deliveredOn }, { today }) => deliver(delivery, { deliveredOn: deliveredOn ?? today }, today)),
});

/** With its order; where no delivery was planned there is none to cancel. */
export const cancelDelivery = command({
  ...onDelivery,
  type: 'CancelDelivery',
  summary: 'Cancels a delivery that is not approved yet.',
  permission: 'fulfilment:approve',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: (delivery, { reason }) => (delivery === undefined ? [] : cancel(delivery, { reason })),
});
