import {
  BackorderWithdrawn,
  StockAdjusted,
  StockBackordered,
  StockIssued,
  StockReceived,
  StockReleased,
  StockReserved,
  StockReturned,
} from '../../domain/warehouse/stock.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { quantity, type RowOf, table, text } from '../../kernel/table.ts';
import { items } from '../catalogue/items.ts';
import { revised } from '../platform/event-history.ts';
import { warehouses } from './warehouses.ts';

const columns = {
  warehouse_id: text('Warehouse'),
  item_id: text('Item'),
  on_hand: quantity('What is in the warehouse'),
  reserved: quantity('What of it is promised to orders'),
  backordered: quantity('What orders wait for'),
};
type Level = RowOf<typeof columns>;
type Cell = { readonly warehouseId: string; readonly itemId: string };

const levelOf = (level: Level | undefined, { warehouseId, itemId }: Cell): Level =>
  level ?? { warehouse_id: warehouseId, item_id: itemId, on_hand: 0, reserved: 0, backordered: 0 };

const changed = (before: Level, onHand: number, reserved: number, backordered: number): Level => ({
  ...before,
  on_hand: before.on_hand + onHand,
  reserved: before.reserved + reserved,
  backordered: before.backordered + backordered,
});

export const stockLevels = projection({
  name: 'stock-levels',
  version: 2,
  versioned: true,
  table: table('stock_levels', 'What each warehouse has of each item', columns, {
    key: 'Warehouse and item, joined by ~',
    indexes: ['warehouse_id', 'item_id'],
  }),
  events: [StockReceived, StockAdjusted, StockReturned, StockReserved, StockBackordered, StockReleased, BackorderWithdrawn, StockIssued],
  on: {
    StockReceived: (level, data) => changed(levelOf(level, data), data.quantity, 0, 0),
    StockAdjusted: (level, data) => changed(levelOf(level, data), data.quantity, 0, 0),
    StockReturned: (level, data) => changed(levelOf(level, data), data.quantity, 0, 0),
    StockReserved: (level, data) => changed(levelOf(level, data), 0, data.quantity, data.waited ? -data.quantity : 0),
    StockBackordered: (level, data) => changed(levelOf(level, data), 0, 0, data.quantity),
    StockReleased: (level, data) => changed(levelOf(level, data), 0, -data.quantity, 0),
    BackorderWithdrawn: (level, data) => changed(levelOf(level, data), 0, 0, -data.quantity),
    StockIssued: (level, data) => changed(levelOf(level, data), -data.quantity, -data.quantity, 0),
  },
});

const source = {
  permission: 'warehouse:read',
  reads: [stockLevels, warehouses, items],
  from: 'stock_levels s left join warehouses w on w.id = s.warehouse_id left join items i on i.id = s.item_id',
  fields: {
    id: field.text('s.id'),
    warehouseId: field.text('s.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    itemId: field.text('s.item_id'),
    sku: field.maybe(field.text('i.sku')),
    itemName: field.maybe(field.text('i.name')),
    onHand: field.quantity('s.on_hand'),
    reserved: field.quantity('s.reserved'),
    available: field.quantity('s.on_hand - s.reserved'),
    backordered: field.quantity('s.backordered'),
  },
  key: 's.id',
} as const;

export const listStockLevels = listing({
  ...source,
  type: 'ListStockLevels',
  summary: 'What each warehouse has of each item; `filter[short]=true` for what orders wait for.',
  route: 'GET /stock-levels',
  filters: {
    warehouse: 's.warehouse_id = ?',
    item: 's.item_id = ?',
    sku: 'i.sku = upper(?)',
    short: byFlag('s.backordered > 0'),
  },
  sorts: {
    sku: { sql: "coalesce(i.sku, '')" },
    backordered: { sql: 's.backordered', descending: true },
    available: { sql: 's.on_hand - s.reserved' },
  },
  usual: 'sku',
});

export const showStockLevel = record({
  ...revised('stock', source),
  type: 'ShowStockLevel',
  summary: 'What one warehouse has of one item; the id is warehouse and item, joined by ~.',
  route: 'GET /stock-levels/:id',
  noun: 'stock of this item in this warehouse',
});
