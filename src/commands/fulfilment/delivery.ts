import { z } from 'zod';
import {
  admitReturn,
  approve,
  cancel,
  Delivery,
  deliver,
  plan,
  type State,
  ship,
  withdrawReturn,
} from '../../domain/fulfilment/delivery.ts';
import { beginning, existing } from '../../domain/records.ts';
import { Address, Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, command, type Hold } from '../../kernel/command.ts';
import { QuantityText, quantityText } from '../../kernel/quantity.ts';
import { deliveryCommitment } from '../sales/holds.ts';
import { goodsPicked } from '../warehouse/holds.ts';

const onDelivery = { decider: Delivery, entityId: byId } as const;
const Line = z.strictObject({ line: z.int().positive(), itemId: Id, sku: z.string(), quantity: QuantityText, reservationId: Id });

/** Sent for what is reserved of an order. */
export const planDelivery = command({
  ...onDelivery,
  type: 'PlanDelivery',
  summary: 'Plans a delivery of what is reserved of an order.',
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

/** The order lets these goods go, and every line of them is set aside. */
function heldFor({ orderId, warehouseId, lines }: State, deliveryId: string): Hold[] {
  const goods = lines.map(({ line, itemId, quantity }) =>
    goodsPicked({ warehouseId, itemId, orderId, line, deliveryId, quantity: quantityText(quantity) }),
  );
  return [deliveryCommitment(orderId, deliveryId, lines), ...goods];
}

export const approveDelivery = command({
  ...onDelivery,
  type: 'ApproveDelivery',
  summary:
    'Releases the goods to leave the stock, all lines or none: refused as InsufficientStock with the line that lacks goods, or when the order was cancelled.',
  route: 'POST /deliveries/:id/approve',
  permission: 'fulfilment:approve',
  input: z.strictObject({ id: Id }),
  decide: existing('delivery', (delivery, _, { today }) => approve(delivery, { approvedOn: today })),
  holds: (events, delivery, id) => (events.length > 0 && delivery ? heldFor(delivery, id) : []),
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

/** Held by the approval of a return. */
export const admitDeliveryReturn = command({
  ...onDelivery,
  type: 'AdmitReturn',
  summary: 'Lets goods of a delivery come back; refused as ReturnExceedsDelivery when more were to come than left.',
  permission: 'fulfilment:approve',
  input: z.strictObject({
    id: Id,
    returnId: Id,
    lines: z.array(z.strictObject({ line: z.int().positive(), quantity: QuantityText })),
  }),
  decide: existing('delivery', (delivery, { id: _, ...wish }) => admitReturn(delivery, wish)),
});

/** The way back from AdmitReturn. */
export const withdrawDeliveryReturn = command({
  ...onDelivery,
  type: 'WithdrawReturn',
  summary: 'Takes back that goods may return, when their return did not come about.',
  permission: 'fulfilment:approve',
  input: z.strictObject({ id: Id, returnId: Id }),
  decide: existing('delivery', (delivery, { id: _, ...wish }) => withdrawReturn(delivery, wish)),
});
