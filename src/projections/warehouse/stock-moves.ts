import { StockAdjusted, StockIssued, StockReceived } from '../../domain/warehouse/stock.ts';
import { field } from '../../kernel/field.ts';
import { byDay, listing, record } from '../../kernel/listing.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { day, decimal, integer, nullable, quantity, table, text } from '../../kernel/table.ts';
import { items } from '../catalogue/items.ts';
import { warehouses } from './warehouses.ts';

const byEvent = (_: unknown, { eventId }: ViewMeta): readonly string[] => [eventId];

/** Every movement for good: before and after chain from one to the next within a cell, in the order of the log. */
export const stockMoves = projection({
  name: 'stock-moves',
  version: 1,
  versioned: true,
  dated: 'moved_on',
  table: table(
    'stock_moves',
    'Movements of stock, one row for each, never changed',
    {
      warehouse_id: text('Warehouse'),
      item_id: text('Item'),
      kind: text('Receipt, Adjustment or Issue'),
      document: text('Category of the document that moved the stock: receipt, adjustment or delivery'),
      document_id: text('Id of that document'),
      order_id: nullable(text('Sales order the stock was issued for')),
      moved_on: day('Business day of the movement'),
      quantity: quantity('Change of what is on hand, negative when stock leaves'),
      on_hand: quantity('What is on hand after the movement'),
      unit_cost: nullable(decimal('Cost of one unit, where it was stated')),
      reason: nullable(text('Reason of an adjustment')),
      position: integer('Position in the log'),
    },
    { key: 'Id of the event', indexes: ['warehouse_id, item_id, position', 'item_id, moved_on, position', 'document_id', 'moved_on'] },
  ),
  events: [StockReceived, StockAdjusted, StockIssued],
  keys: { StockReceived: byEvent, StockAdjusted: byEvent, StockIssued: byEvent },
  on: {
    StockReceived: (_, data, _key, meta) => ({
      ...moved(data, meta),
      kind: 'Receipt',
      document: 'receipt',
      document_id: data.receiptId,
      moved_on: data.receivedOn,
      unit_cost: data.unitCost ?? null,
    }),
    StockAdjusted: (_, data, _key, meta) => ({
      ...moved(data, meta),
      kind: 'Adjustment',
      document: 'adjustment',
      document_id: data.adjustmentId,
      moved_on: data.adjustedOn,
      reason: data.reason,
    }),
    StockIssued: (_, data, _key, meta) => ({
      ...moved(data, meta),
      kind: 'Issue',
      document: 'delivery',
      document_id: data.deliveryId,
      order_id: data.orderId,
      moved_on: data.issuedOn,
      quantity: -data.quantity,
    }),
  },
});

interface Movement {
  readonly warehouseId: string;
  readonly itemId: string;
  readonly quantity: number;
  readonly onHand: number;
}

function moved({ warehouseId, itemId, quantity, onHand }: Movement, { position }: ViewMeta) {
  return {
    warehouse_id: warehouseId,
    item_id: itemId,
    order_id: null,
    quantity,
    on_hand: onHand,
    unit_cost: null,
    reason: null,
    position: Number(position),
  };
}

const source = {
  permission: 'warehouse:read',
  reads: [stockMoves, warehouses, items],
  from: 'stock_moves m left join warehouses w on w.id = m.warehouse_id left join items i on i.id = m.item_id',
  fields: {
    id: field.text('m.id'),
    kind: field.text('m.kind'),
    movedOn: field.day('m.moved_on'),
    warehouseId: field.text('m.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    itemId: field.text('m.item_id'),
    sku: field.maybe(field.text('i.sku')),
    quantity: field.quantity('m.quantity'),
    before: field.quantity('m.on_hand - m.quantity'),
    after: field.quantity('m.on_hand'),
    unitCost: field.maybe(field.decimal('m.unit_cost')),
    document: field.text('m.document'),
    documentId: field.text('m.document_id'),
    orderId: field.maybe(field.text('m.order_id')),
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
