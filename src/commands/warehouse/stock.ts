import { z } from 'zod';
import { Day, Id, Reason } from '../../domain/vocabulary.ts';
import { cellId, Stock, type StockFact } from '../../domain/warehouse/stock.ts';
import { adjustByHand, issue, receive, release, reserve } from '../../domain/warehouse/stock-keeping.ts';
import { command, type RecordRef } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { QuantityChangeText, QuantityText } from '../../kernel/quantity.ts';
import { itemsForOrder } from '../../projections/catalogue/items.ts';
import { warehouseKnown } from '../../projections/warehouse/warehouses.ts';

const cell = { warehouseId: Id, itemId: Id };
const orderLine = { ...cell, orderId: Id, line: z.int().positive() };

/** Who waited is served by the thread of a receipt, and sees it in the thread of the order. */
const served = ({ type, data }: StockFact): readonly RecordRef[] =>
  type === 'StockReserved' && data.waited ? [{ category: 'salesOrder', id: data.orderId }] : [];

const onStock = { decider: Stock, entityId: cellId, touches: served } as const;

/** Sent for each line of a goods receipt. */
export const receiveStock = command({
  ...onStock,
  type: 'ReceiveStock',
  summary: 'Puts a line of a goods receipt into stock and serves those who wait, oldest order first.',
  permission: 'warehouse:receive',
  input: z.strictObject({
    ...cell,
    receiptId: Id,
    line: z.int().positive(),
    quantity: QuantityText,
    unitCost: PriceText.optional(),
    receivedOn: Day,
  }),
  decide: receive,
});

export const adjustStock = command({
  ...onStock,
  type: 'AdjustStock',
  summary: 'Corrects what is on hand by a difference that was found; refused as InsufficientStock where it would take reserved stock.',
  route: 'POST /adjustments',
  permission: 'warehouse:adjust',
  input: z.strictObject({ ...cell, quantity: QuantityChangeText, reason: Reason }),
  facts: async (_, { warehouseId, itemId }, ask) => ({
    warehouseExists: await ask(warehouseKnown, { id: warehouseId }),
    itemStocked: (await ask(itemsForOrder, { ids: [itemId] })).some(item => item.stocked),
  }),
  decide: (stock, wish, { facts, today, id }) => adjustByHand(stock, { ...wish, adjustmentId: id('adjustment'), adjustedOn: today }, facts),
});

export const reserveStock = command({
  ...onStock,
  type: 'ReserveStock',
  summary: 'Promises to an order line what is free; what is short waits in the queue of the cell.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, quantity: QuantityText, orderedOn: Day }),
  decide: reserve,
});

export const releaseStock = command({
  ...onStock,
  type: 'ReleaseStock',
  summary: 'Gives up what an order line holds and waits for; those who wait are served.',
  permission: 'warehouse:reserve',
  input: z.strictObject(orderLine),
  decide: release,
});

export const issueStock = command({
  ...onStock,
  type: 'IssueStock',
  summary: 'Takes reserved stock out of the warehouse for a delivery.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, deliveryId: Id, issuedOn: Day }),
  decide: issue,
});
