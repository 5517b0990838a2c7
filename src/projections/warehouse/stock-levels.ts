import { z } from 'zod';
import { Stock } from '../../domain/warehouse/stock.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import type { Money } from '../../kernel/money.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { minorUnits, nullable, quantity, type RowOf, table, text } from '../../kernel/table.ts';
import { items } from '../catalogue/items.ts';
import { revised } from '../platform/event-history.ts';
import { warehouses } from './warehouses.ts';

const columns = {
  warehouse_id: text('Warehouse'),
  item_id: text('Item'),
  on_hand: quantity('What is in the warehouse'),
  reserved: quantity('What of it is promised to orders'),
  backordered: quantity('What orders wait for'),
  minimum: nullable(quantity('The least that is to be free')),
  maximum: nullable(quantity('The most that is to be there')),
  value: minorUnits('What the goods that are there cost'),
  currency: nullable(text('Currency of the value; absent until the first valued goods come')),
};
type Level = RowOf<typeof columns>;
type Cell = { readonly warehouseId: string; readonly itemId: string };

const NOTHING_THERE = { on_hand: 0, reserved: 0, backordered: 0, minimum: null, maximum: null, value: 0, currency: null };

const levelOf = (level: Level | undefined, { warehouseId, itemId }: Cell): Level =>
  level ?? { warehouse_id: warehouseId, item_id: itemId, ...NOTHING_THERE };

const promised = (before: Level, reserved: number, backordered: number): Level => ({
  ...before,
  reserved: before.reserved + reserved,
  backordered: before.backordered + backordered,
});

type Moved = Cell & { readonly cost?: Money | undefined };

/** `quantity` is negative when goods leave; their value goes with them. */
function moved(before: Level | undefined, data: Moved, quantity: number): Level {
  const level = levelOf(before, data);
  const value = level.value + Math.sign(quantity) * (data.cost?.minor ?? 0);
  return { ...level, on_hand: level.on_hand + quantity, value };
}

export const stockLevels = projection({
  name: 'stock-levels',
  version: 3,
  versioned: true,
  table: table('stock_levels', 'What each warehouse has of each item', columns, {
    key: 'Warehouse and item, joined by ~',
    indexes: ['warehouse_id', 'item_id'],
  }),
  events: Stock.events,
  on: {
    ValuationChosen: (level, data) => ({ ...levelOf(level, data), currency: data.currency }),
    StockReceived: (level, data) => moved(level, data, data.quantity),
    StockAdjusted: (level, data) => moved(level, data, data.quantity),
    StockReturned: (level, data) => moved(level, data, data.quantity),
    StockArrived: (level, data) => moved(level, data, data.quantity),
    StockConsumed: (level, data) => promised(moved(level, data, -data.quantity), -data.quantity, 0),
    StockSent: (level, data) => promised(moved(level, data, -data.quantity), -data.quantity, 0),
    StockIssued: (level, data) => promised(moved(level, data, -data.quantity), -data.quantity, 0),
    CostCorrected: (level, { before, cost }) => level && { ...level, value: level.value + before.minor - cost.minor },
    StockLimitsSet: (level, data) => ({ ...levelOf(level, data), minimum: data.minimum, maximum: data.maximum }),
    BelowMinimumDetected: () => undefined,
    AboveMaximumDetected: () => undefined,
    StockWithinLimit: () => undefined,
    StockHeld: (level, data) => promised(levelOf(level, data), data.quantity, 0),
    StockHoldReleased: (level, data) => promised(levelOf(level, data), -data.quantity, 0),
    StockPicked: () => undefined,
    StockUnpicked: () => undefined,
    StockReserved: (level, data) => promised(levelOf(level, data), data.quantity, data.waited ? -data.quantity : 0),
    StockBackordered: (level, data) => promised(levelOf(level, data), 0, data.quantity),
    StockReleased: (level, data) => promised(levelOf(level, data), -data.quantity, 0),
    BackorderWithdrawn: (level, data) => promised(levelOf(level, data), 0, -data.quantity),
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
    minimum: field.maybe(field.quantity('s.minimum')),
    maximum: field.maybe(field.quantity('s.maximum')),
    value: field.maybe(field.money('case when s.currency is not null then s.value end', 's.currency')),
  },
  key: 's.id',
} as const;

export const listStockLevels = listing({
  ...source,
  type: 'ListStockLevels',
  summary:
    'What each warehouse has of each item; `filter[short]=true` for what orders wait for, `filter[belowMinimum]=true` for what is to be refilled.',
  route: 'GET /stock-levels',
  filters: {
    warehouse: 's.warehouse_id = ?',
    item: 's.item_id = ?',
    sku: 'i.sku = upper(?)',
    short: byFlag('s.backordered > 0'),
    belowMinimum: byFlag('coalesce(s.on_hand - s.reserved < s.minimum, false)'),
    aboveMaximum: byFlag('coalesce(s.on_hand > s.maximum, false)'),
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

const GOODS_MAX = 200;
const Goods = z.strictObject({ item: z.string(), quantity: z.int() });

/** Asked by adjustments whose value decides who approves them. */
export const goodsWorth = query({
  type: 'GoodsWorth',
  summary: 'What so much of some items of a warehouse is worth, in minor units, at what its goods cost now.',
  permission: 'warehouse:read',
  reads: [stockLevels],
  input: z.strictObject({ warehouse: z.string(), goods: z.array(Goods).max(GOODS_MAX) }),
  output: z.int(),
  answer: async (db, { warehouse, goods }) => {
    const [row] = await db.rows<{ worth: number }>(
      `select coalesce(round(sum(g.quantity * s.value::numeric / s.on_hand)), 0)::bigint as worth
       from jsonb_to_recordset($2::jsonb) as g(item text, quantity bigint)
       join stock_levels s on s.warehouse_id = $1 and s.item_id = g.item and s.on_hand > 0`,
      [warehouse, JSON.stringify(goods)],
    );
    return row?.worth ?? 0;
  },
});

/** Asked before a warehouse is closed. */
export const itemsThere = query({
  type: 'ItemsThere',
  summary: 'How many items a warehouse has, or has promised to orders that wait.',
  permission: 'warehouse:read',
  reads: [stockLevels],
  input: z.strictObject({ warehouse: z.string() }),
  output: z.int(),
  answer: async (db, { warehouse }) => {
    const [row] = await db.rows<{ items: number }>(
      'select count(*)::int as items from stock_levels where warehouse_id = $1 and (on_hand > 0 or backordered > 0)',
      [warehouse],
    );
    return row?.items ?? 0;
  },
});
