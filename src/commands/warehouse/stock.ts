import { z } from 'zod';
import { Day, Id, Reason } from '../../domain/vocabulary.ts';
import { cellId, type State, Stock, type StockFact, type Valuation } from '../../domain/warehouse/stock.ts';
import {
  type AdjustmentFacts,
  adjustByHand,
  issue,
  issueRemembered,
  pick,
  type ReturnFacts,
  receive,
  release,
  reserve,
  takeBack,
  unpick,
} from '../../domain/warehouse/stock-keeping.ts';
import { type Ask, command, type DecisionContext, type RecordRef } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { QuantityChangeText, QuantityText } from '../../kernel/quantity.ts';
import { itemsForOrder } from '../../projections/catalogue/items.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { issuedGoods } from '../../projections/warehouse/stock-moves.ts';
import { warehouseKnown } from '../../projections/warehouse/warehouses.ts';

const cell = { warehouseId: Id, itemId: Id };
const orderLine = { ...cell, orderId: Id, line: z.int().positive() };

/** Who waited is served by the thread of a receipt, and sees it in the thread of the order. */
const served = ({ type, data }: StockFact): readonly RecordRef[] =>
  type === 'StockReserved' && data.waited ? [{ category: 'salesOrder', id: data.orderId }] : [];

const onStock = { decider: Stock, entityId: cellId, touches: served } as const;

/** How a cell that has no valued goods yet is to value them. */
async function valuationOf({ ledger, currency }: State, ask: Ask): Promise<Valuation> {
  if (currency !== null) return { method: ledger.method, currency };
  const settings = await ask(companySettings, {});
  return { method: settings.stockValuation, currency: settings.currency };
}

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
  facts: async (stock, _, ask) => valuationOf(stock, ask),
  decide: (stock, wish, { facts }: DecisionContext<Valuation>) => receive(stock, wish, facts),
});

/** Sent for each line of a return; the order's side has seen to what may come back. */
export const returnStock = command({
  ...onStock,
  type: 'ReturnStock',
  summary:
    'Takes goods of a delivery back into stock at what they cost when they left, and serves those who wait; refused as ReturnExceedsDelivery when more were to come back than left, as NothingIssued when nothing did.',
  permission: 'warehouse:receive',
  input: z.strictObject({
    ...cell,
    returnId: Id,
    deliveryId: Id,
    /** Of the delivery. */
    line: z.int().positive(),
    quantity: QuantityText,
    returnedOn: Day,
  }),
  facts: async (stock, wish, ask): Promise<ReturnFacts> => ({
    valuation: await valuationOf(stock, ask),
    issue: issueRemembered(stock, wish) ?? (await ask(issuedGoods, { item: wish.itemId, delivery: wish.deliveryId, line: wish.line })),
  }),
  decide: (stock, wish, { facts }: DecisionContext<ReturnFacts>) => takeBack(stock, wish, facts),
});

export const adjustStock = command({
  ...onStock,
  type: 'AdjustStock',
  summary: 'Corrects what is on hand by a difference that was found; refused as InsufficientStock where it would take reserved stock.',
  route: 'POST /adjustments',
  permission: 'warehouse:adjust',
  input: z.strictObject({ ...cell, quantity: QuantityChangeText, reason: Reason }),
  facts: async (stock, { warehouseId, itemId }, ask): Promise<AdjustmentFacts> => ({
    warehouseExists: await ask(warehouseKnown, { id: warehouseId }),
    itemStocked: (await ask(itemsForOrder, { ids: [itemId] })).some(item => item.stocked),
    valuation: await valuationOf(stock, ask),
  }),
  decide: (stock, wish, { facts, today, id }: DecisionContext<AdjustmentFacts>) =>
    adjustByHand(stock, { ...wish, adjustmentId: id('adjustment'), adjustedOn: today }, facts),
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

/** Held by the approval of a delivery. */
export const pickStock = command({
  ...onStock,
  type: 'PickStock',
  summary: 'Sets reserved stock aside for a delivery; refused as InsufficientStock where less is reserved for the line.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, deliveryId: Id, quantity: QuantityText }),
  decide: pick,
});

/** The way back from PickStock. */
export const unpickStock = command({
  ...onStock,
  type: 'UnpickStock',
  summary: 'Reserves stock as before that was set aside for a delivery which was not approved after all.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, deliveryId: Id }),
  decide: unpick,
});

export const issueStock = command({
  ...onStock,
  type: 'IssueStock',
  summary: 'Takes reserved stock out of the warehouse for a delivery.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, deliveryId: Id, quantity: QuantityText, issuedOn: Day }),
  decide: issue,
});
