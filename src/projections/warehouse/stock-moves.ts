import { z } from 'zod';
import { unitCostOf } from '../../domain/warehouse/costing.ts';
import {
  CostCorrected,
  StockAdjusted,
  StockArrived,
  StockConsumed,
  StockIssued,
  StockReceived,
  StockReturned,
  StockSent,
} from '../../domain/warehouse/stock.ts';
import { field } from '../../kernel/field.ts';
import { byDay, listing, record } from '../../kernel/listing.ts';
import type { Money } from '../../kernel/money.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { Quantity } from '../../kernel/quantity.ts';
import { query } from '../../kernel/query.ts';
import { day, decimal, integer, minorUnits, nullable, quantity, table, text } from '../../kernel/table.ts';
import { items } from '../catalogue/items.ts';
import { warehouses } from './warehouses.ts';

const byEvent = (_: unknown, { eventId }: ViewMeta): readonly string[] => [eventId];

/** What kind of movement each kind of document makes. */
const KIND_OF: Readonly<Record<string, string>> = {
  receipt: 'Receipt',
  delivery: 'Delivery',
  return: 'Delivery',
  issue: 'Issue',
  transfer: 'Internal',
  adjustment: 'Adjustment',
};

/** In the order of the codes that kinds have in exports: 1 Receipt, 2 Delivery, 3 Issue, 4 Internal, 5 Opening, 6 Adjustment. */
const CODED = ['Receipt', 'Delivery', 'Issue', 'Internal', 'Opening', 'Adjustment'];

/** Every movement for good: before and after chain from one to the next within a cell, in the order of the log. */
export const stockMoves = projection({
  name: 'stock-moves',
  version: 3,
  versioned: true,
  dated: 'moved_on',
  table: table(
    'stock_moves',
    'Movements of stock and corrections of what they cost, one row for each, never changed',
    {
      warehouse_id: text('Warehouse'),
      item_id: text('Item'),
      kind: text(
        'Receipt, Delivery, Issue, Internal, Opening or Adjustment; goods that come back are deliveries with a quantity above zero',
      ),
      document: text('Document that moved the stock: receipt, delivery, return, issue, transfer or adjustment'),
      document_id: text('Id of that document'),
      line: integer('Number of the line in that document'),
      order_id: nullable(text('Sales order the stock was issued for')),
      delivery_id: nullable(text('Delivery whose goods came back')),
      moved_on: day('Business day of the movement'),
      quantity: quantity('Change of what is on hand, negative when stock leaves, nothing where only its cost is corrected'),
      on_hand: quantity('What is on hand after the movement'),
      unit_cost: nullable(decimal('Cost of one unit, as it was stated or as it follows from the cost of the goods that moved')),
      value: nullable(minorUnits('Change of the value of the stock; absent where it was not valued')),
      currency: nullable(text('Currency of the value')),
      reason: nullable(text('Reason of an adjustment or of an issue for our own use')),
      position: integer('Position in the log'),
    },
    {
      key: 'Id of the event',
      indexes: ['warehouse_id, item_id, position', 'item_id, moved_on, position', 'document_id', 'delivery_id', 'moved_on'],
    },
  ),
  events: [StockReceived, StockAdjusted, StockReturned, StockIssued, StockConsumed, StockSent, StockArrived, CostCorrected],
  keys: {
    StockReceived: byEvent,
    StockAdjusted: byEvent,
    StockReturned: byEvent,
    StockIssued: byEvent,
    StockConsumed: byEvent,
    StockSent: byEvent,
    StockArrived: byEvent,
    CostCorrected: byEvent,
  },
  on: {
    StockReceived: (_, data, _key, meta) => ({
      ...moved(data, data.quantity, meta),
      ...documented('receipt', data.receiptId, data.line),
      ...(data.opening && { kind: 'Opening' }),
      moved_on: data.receivedOn,
      unit_cost: data.unitCost ?? unitCost(data),
    }),
    StockAdjusted: (_, data, _key, meta) => ({
      ...moved(data, data.quantity, meta),
      ...documented('adjustment', data.adjustmentId, data.line ?? 1),
      moved_on: data.adjustedOn,
      reason: data.reason,
    }),
    StockReturned: (_, data, _key, meta) => ({
      ...moved(data, data.quantity, meta),
      ...documented('return', data.returnId, data.line),
      delivery_id: data.deliveryId,
      moved_on: data.returnedOn,
    }),
    StockIssued: (_, data, _key, meta) => ({
      ...moved(data, -data.quantity, meta),
      ...documented('delivery', data.deliveryId, data.line),
      order_id: data.orderId,
      moved_on: data.issuedOn,
    }),
    StockConsumed: (_, data, _key, meta) => ({
      ...moved(data, -data.quantity, meta),
      ...documented('issue', data.documentId, data.line),
      moved_on: data.consumedOn,
      reason: data.reason ?? null,
    }),
    StockSent: (_, data, _key, meta) => ({
      ...moved(data, -data.quantity, meta),
      ...documented('transfer', data.documentId, data.line),
      moved_on: data.sentOn,
    }),
    StockArrived: (_, data, _key, meta) => ({
      ...moved(data, data.quantity, meta),
      ...documented('transfer', data.documentId, data.line),
      moved_on: data.arrivedOn,
    }),
    CostCorrected: (_, data, _key, meta) => ({
      ...moved(data, 0, meta),
      ...documented(data.document, data.documentId, data.line),
      moved_on: data.movedOn,
      value: data.before.minor - data.cost.minor,
    }),
  },
});

interface Movement {
  readonly warehouseId: string;
  readonly itemId: string;
  readonly onHand: number;
  readonly cost?: Money | undefined;
}

function moved({ warehouseId, itemId, onHand, cost }: Movement, quantity: number, { position }: ViewMeta) {
  return {
    warehouse_id: warehouseId,
    item_id: itemId,
    order_id: null,
    delivery_id: null,
    quantity,
    on_hand: onHand,
    unit_cost: unitCost({ quantity, cost }),
    value: cost === undefined ? null : Math.sign(quantity) * cost.minor,
    currency: cost?.currency ?? null,
    reason: null,
    position: Number(position),
  };
}

const documented = (document: string, documentId: string, line: number) => ({
  ...{ kind: KIND_OF[document] ?? document, document, document_id: documentId, line },
});

const unitCost = ({ quantity, cost }: { readonly quantity: number; readonly cost?: Money | undefined }): string | null =>
  cost === undefined || quantity === 0 ? null : unitCostOf(cost, Math.abs(quantity) as Quantity);

const source = {
  permission: 'warehouse:read',
  reads: [stockMoves, warehouses, items],
  from: 'stock_moves m left join warehouses w on w.id = m.warehouse_id left join items i on i.id = m.item_id',
  fields: {
    id: field.text('m.id'),
    kind: field.text('m.kind'),
    kindCode: field.integer(`array_position('{${CODED.join(',')}}'::text[], m.kind)`),
    movedOn: field.day('m.moved_on'),
    warehouseId: field.text('m.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    itemId: field.text('m.item_id'),
    sku: field.maybe(field.text('i.sku')),
    quantity: field.quantity('m.quantity'),
    before: field.quantity('m.on_hand - m.quantity'),
    after: field.quantity('m.on_hand'),
    unitCost: field.maybe(field.decimal('m.unit_cost')),
    value: field.maybe(field.money('m.value', 'm.currency')),
    document: field.text('m.document'),
    documentId: field.text('m.document_id'),
    line: field.integer('m.line'),
    orderId: field.maybe(field.text('m.order_id')),
    deliveryId: field.maybe(field.text('m.delivery_id')),
    reason: field.maybe(field.text('m.reason')),
  },
  key: 'm.id',
} as const;

export const listStockMoves = listing({
  ...source,
  ledger: true,
  type: 'ListStockMoves',
  summary: 'Movements of stock with the quantity before and after, newest first.',
  route: 'GET /stock-moves',
  filters: {
    warehouse: 'm.warehouse_id = ?',
    item: 'm.item_id = ?',
    kind: 'm.kind = ?',
    document: 'm.document_id = ?',
    order: 'm.order_id = ?',
    from: byDay('m.moved_on >= ?::date'),
    to: byDay('m.moved_on <= ?::date'),
  },
  sorts: { newest: { sql: 'm.position', descending: true }, oldest: { sql: 'm.position' } },
  usual: 'newest',
});

export const showStockMove = record({
  ...source,
  type: 'ShowStockMove',
  summary: 'One movement of stock.',
  route: 'GET /stock-moves/:id',
  noun: 'stock movement',
});

const Issued = z.strictObject({ quantity: Quantity, value: z.int(), returned: Quantity });

/** Asked by returns of goods that the cell itself does not remember. */
export const issuedGoods = query({
  type: 'IssuedGoods',
  summary: 'How many of an item a line of a delivery took out of any warehouse, what they cost, and how many came back.',
  permission: 'warehouse:read',
  reads: [stockMoves],
  input: z.strictObject({ item: z.string(), delivery: z.string(), line: z.int() }),
  output: Issued.nullable(),
  answer: async (db, { item, delivery, line }) => {
    const [row] = await db.rows<z.output<typeof Issued>>(
      `select -coalesce(sum(m.quantity) filter (where m.document_id = $2), 0)::bigint as quantity,
         -coalesce(sum(m.value) filter (where m.document_id = $2), 0)::bigint as value,
         coalesce(sum(m.quantity) filter (where m.delivery_id = $2), 0)::bigint as returned
       from stock_moves m where m.item_id = $1 and m.line = $3 and (m.document_id = $2 or m.delivery_id = $2)`,
      [item, delivery, line],
    );
    return row === undefined || row.quantity === 0 ? null : row;
  },
});
