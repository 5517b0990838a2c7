import { z } from 'zod';
import { Day, Id, Reason } from '../../domain/vocabulary.ts';
import { type CellKey, cellId, type State, Stock, type StockFact, type Valuation } from '../../domain/warehouse/stock.ts';
import {
  type AdjustmentFacts,
  adjust,
  adjustByHand,
  arrive,
  consume,
  hold,
  issue,
  issueRemembered,
  pick,
  type ReturnFacts,
  receive,
  release,
  reserve,
  send,
  takeBack,
  unhold,
  unpick,
  writeOff,
} from '../../domain/warehouse/stock-keeping.ts';
import { type LimitFacts, setLimits, watched } from '../../domain/warehouse/stock-limits.ts';
import { type Ask, command, type DecisionContext, type RecordRef } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { NOTHING, QuantityChangeText, QuantityText } from '../../kernel/quantity.ts';
import { itemsForOrder, itemValuation } from '../../projections/catalogue/items.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { issuedGoods } from '../../projections/warehouse/stock-moves.ts';
import { warehouseKnown } from '../../projections/warehouse/warehouses.ts';
import { oneStepFacts } from './moving-facts.ts';

const cell = { warehouseId: Id, itemId: Id };
const orderLine = { ...cell, orderId: Id, line: z.int().positive() };

/** Who waited is served by the thread of a receipt, and sees it in the thread of the order. */
const served = ({ type, data }: StockFact): readonly RecordRef[] =>
  type === 'StockReserved' && data.waited ? [{ category: 'salesOrder', id: data.orderId }] : [];

const onStock = { decider: Stock, entityId: cellId, touches: served } as const;

/** How a cell that has no valued goods yet is to value them. */
async function valuationOf({ ledger, currency }: State, { itemId }: CellKey, ask: Ask): Promise<Valuation> {
  if (currency !== null) return { method: ledger.method, currency };
  const settings = await ask(companySettings, {});
  return { method: (await ask(itemValuation, { id: itemId })) ?? settings.stockValuation, currency: settings.currency };
}

/** Whether there can be such stock at all. */
const placeFacts = async ({ warehouseId, itemId }: CellKey, ask: Ask): Promise<LimitFacts> => ({
  warehouseExists: await ask(warehouseKnown, { id: warehouseId }),
  itemStocked: (await ask(itemsForOrder, { ids: [itemId] })).some(item => item.stocked),
});

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
    opening: z.literal(true).optional(),
  }),
  facts: valuationOf,
  decide: watched((stock, wish, { facts }: DecisionContext<Valuation>) => receive(stock, wish, facts)),
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
    valuation: await valuationOf(stock, wish, ask),
    issue: issueRemembered(stock, wish) ?? (await ask(issuedGoods, { item: wish.itemId, delivery: wish.deliveryId, line: wish.line })),
  }),
  decide: watched((stock, wish, { facts }: DecisionContext<ReturnFacts>) => takeBack(stock, wish, facts)),
});

export const adjustStock = command({
  ...onStock,
  type: 'AdjustStock',
  summary:
    'Corrects what is on hand by a difference that was found; refused as InsufficientStock where it would take reserved stock, as SecondApprovalRequired or SelfApproval where a rule of the company wants it drafted.',
  route: 'POST /adjustments',
  permission: 'warehouse:adjust',
  input: z.strictObject({ ...cell, quantity: QuantityChangeText, reason: Reason }),
  facts: async (stock, wish, ask): Promise<AdjustmentFacts> => ({
    ...(await placeFacts(wish, ask)),
    valuation: await valuationOf(stock, wish, ask),
    ...(await oneStepFacts(ask)),
  }),
  decide: watched((stock, wish, { facts, today, id }: DecisionContext<AdjustmentFacts>) =>
    adjustByHand(stock, { ...wish, adjustmentId: id('adjustment'), adjustedOn: today }, facts),
  ),
});

export const setStockLimits = command({
  ...onStock,
  type: 'SetStockLimits',
  summary: 'Says between what and what the stock of an item in a warehouse is to be kept; null takes a limit away.',
  route: 'POST /stock-levels/limits',
  permission: 'warehouse:administer',
  input: z.strictObject({ ...cell, minimum: QuantityText.nullable(), maximum: QuantityText.nullable() }),
  facts: (_, wish, ask) => placeFacts(wish, ask),
  decide: watched((stock, wish, { facts }: DecisionContext<LimitFacts>) => setLimits(stock, wish, facts)),
});

export const reserveStock = command({
  ...onStock,
  type: 'ReserveStock',
  summary: 'Promises to an order line what is free; what is short waits in the queue of the cell.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, quantity: QuantityText, orderedOn: Day }),
  decide: watched(reserve),
});

export const releaseStock = command({
  ...onStock,
  type: 'ReleaseStock',
  summary: 'Gives up what an order line holds and waits for; those who wait are served.',
  permission: 'warehouse:reserve',
  input: z.strictObject(orderLine),
  decide: watched(release),
});

/** Held by the approval of a delivery. */
export const pickStock = command({
  ...onStock,
  type: 'PickStock',
  summary: 'Sets reserved stock aside for a delivery; refused as InsufficientStock where less is reserved for the line.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, deliveryId: Id, quantity: QuantityText }),
  decide: watched(pick),
});

/** The way back from PickStock. */
export const unpickStock = command({
  ...onStock,
  type: 'UnpickStock',
  summary: 'Reserves stock as before that was set aside for a delivery which was not approved after all.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, deliveryId: Id }),
  decide: watched(unpick),
});

export const issueStock = command({
  ...onStock,
  type: 'IssueStock',
  summary: 'Takes reserved stock out of the warehouse for a delivery.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...orderLine, deliveryId: Id, quantity: QuantityText, issuedOn: Day }),
  decide: watched(issue),
});

const documentLine = { ...cell, documentId: Id, line: z.int().positive() };

/** Taken for each line of a document whose goods leave, before it is approved. */
export const holdStock = command({
  ...onStock,
  type: 'HoldStock',
  summary: 'Keeps free stock for a line of a document; refused as InsufficientStock when less is free, or could be spared on its day.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...documentLine, quantity: QuantityText, on: Day }),
  decide: watched(hold),
});

export const unholdStock = command({
  ...onStock,
  type: 'UnholdStock',
  summary: 'Frees what was kept for a line of a document that was not approved; those who wait are served.',
  permission: 'warehouse:reserve',
  input: z.strictObject(documentLine),
  decide: watched(unhold),
});

/** Sent for each line of an approved goods issue. */
export const consumeStock = command({
  ...onStock,
  type: 'ConsumeStock',
  summary: 'Takes stock that is held for a goods issue out of the warehouse.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...documentLine, quantity: QuantityText, reason: Reason.optional(), consumedOn: Day }),
  decide: watched(consume),
});

/** Sent for each line of an approved transfer. */
export const sendStock = command({
  ...onStock,
  type: 'SendStock',
  summary: 'Takes stock that is held for a transfer out of the warehouse.',
  permission: 'warehouse:reserve',
  input: z.strictObject({ ...documentLine, quantity: QuantityText, toWarehouseId: Id, sentOn: Day }),
  decide: watched(send),
});

/** Sent for each line of a transfer when it arrives. */
export const arriveStock = command({
  ...onStock,
  type: 'ArriveStock',
  summary: 'Puts what left another warehouse into stock, at the value with which it left; what was lost on the way is written off.',
  permission: 'warehouse:receive',
  input: z.strictObject({ ...documentLine, quantity: QuantityText, lost: QuantityText.optional(), value: z.int().min(0), arrivedOn: Day }),
  facts: valuationOf,
  decide: watched((stock, { lost, ...wish }, { facts }: DecisionContext<Valuation>) =>
    arrive(stock, { ...wish, lost: lost ?? NOTHING }, facts),
  ),
});

/** Sent for each line of an approved adjustment. */
export const postAdjustment = command({
  ...onStock,
  type: 'PostAdjustment',
  summary: 'Enters a line of an approved adjustment: what was found more, or less.',
  permission: 'warehouse:adjust',
  input: z.strictObject({
    ...cell,
    adjustmentId: Id,
    line: z.int().positive(),
    quantity: QuantityChangeText,
    reason: Reason,
    adjustedOn: Day,
  }),
  facts: valuationOf,
  decide: watched((stock, wish, { facts }: DecisionContext<Valuation>) =>
    wish.quantity > NOTHING ? adjust(stock, wish, facts) : writeOff(stock, wish),
  ),
});
