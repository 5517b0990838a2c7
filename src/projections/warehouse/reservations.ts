import { BackorderWithdrawn, StockBackordered, StockIssued, StockReleased, StockReserved } from '../../domain/warehouse/stock.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { day, instant, integer, nullable, quantity, type RowOf, table, text } from '../../kernel/table.ts';
import { items } from '../catalogue/items.ts';
import { warehouses } from './warehouses.ts';

const columns = {
  warehouse_id: text('Warehouse'),
  item_id: text('Item'),
  order_id: text('Sales order that holds or waits'),
  line: integer('Number of the line in the order'),
  reserved: quantity('What is promised to the line'),
  waiting: quantity('What the line waits for'),
  ordered_on: nullable(day('Day of the order, by which those who wait are served; absent while nothing waits')),
  since: instant('When the line first asked'),
};
type Reservation = RowOf<typeof columns>;
type Promise = {
  readonly reservationId: string;
  readonly warehouseId: string;
  readonly itemId: string;
  readonly orderId: string;
  readonly line: number;
  readonly quantity: number;
};

const rowOf = (row: Reservation | undefined, { warehouseId, itemId, orderId, line }: Promise, { occurredAt }: ViewMeta): Reservation =>
  row ?? {
    warehouse_id: warehouseId,
    item_id: itemId,
    order_id: orderId,
    line,
    reserved: 0,
    waiting: 0,
    ordered_on: null,
    since: occurredAt,
  };

/** A line that neither holds nor waits for anything any more is no reservation. */
function changed(before: Reservation, reserved: number, waiting: number): Reservation | null {
  const after = { ...before, reserved: before.reserved + reserved, waiting: before.waiting + waiting };
  return after.reserved === 0 && after.waiting === 0 ? null : after;
}

const byReservation = ({ reservationId }: Promise): readonly string[] => [reservationId];

export const reservations = projection({
  name: 'reservations',
  version: 1,
  versioned: true,
  table: table('reservations', 'Order lines that hold stock or wait for it', columns, {
    key: 'Order and line, joined by ~',
    indexes: ['order_id', 'item_id, warehouse_id'],
  }),
  events: [StockReserved, StockBackordered, StockReleased, BackorderWithdrawn, StockIssued],
  keys: {
    StockReserved: byReservation,
    StockBackordered: byReservation,
    StockReleased: byReservation,
    BackorderWithdrawn: byReservation,
    StockIssued: byReservation,
  },
  on: {
    StockReserved: (row, data, _, meta) => changed(rowOf(row, data, meta), data.quantity, data.waited ? -data.quantity : 0),
    StockBackordered: (row, data, _, meta) => changed({ ...rowOf(row, data, meta), ordered_on: data.orderedOn }, 0, data.quantity),
    StockReleased: (row, { quantity }) => row && changed(row, -quantity, 0),
    BackorderWithdrawn: (row, { quantity }) => row && changed(row, 0, -quantity),
    StockIssued: (row, { quantity }) => row && changed(row, -quantity, 0),
  },
});

const source = {
  permission: 'warehouse:read',
  reads: [reservations, warehouses, items],
  from: 'reservations r left join warehouses w on w.id = r.warehouse_id left join items i on i.id = r.item_id',
  fields: {
    id: field.text('r.id'),
    orderId: field.text('r.order_id'),
    line: field.integer('r.line'),
    warehouseId: field.text('r.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    itemId: field.text('r.item_id'),
    sku: field.maybe(field.text('i.sku')),
    reserved: field.quantity('r.reserved'),
    waiting: field.quantity('r.waiting'),
    orderedOn: field.maybe(field.day('r.ordered_on')),
    since: field.instant('r.since'),
  },
  key: 'r.id',
} as const;

export const listReservations = listing({
  ...source,
  type: 'ListReservations',
  summary: 'Order lines that hold stock or wait for it; `filter[waiting]=true` for backorders.',
  route: 'GET /reservations',
  filters: {
    warehouse: 'r.warehouse_id = ?',
    item: 'r.item_id = ?',
    order: 'r.order_id = ?',
    waiting: byFlag('r.waiting > 0'),
  },
  sorts: { oldest: { sql: 'r.since' }, newest: { sql: 'r.since', descending: true } },
  usual: 'oldest',
});

export const showReservation = record({
  ...source,
  type: 'ShowReservation',
  summary: 'What one order line holds and waits for; the id is order and line, joined by ~.',
  route: 'GET /reservations/:id',
  noun: 'reservation',
});
