import { z } from 'zod';
import {
  DeliveryApproved,
  DeliveryCancelled,
  DeliveryDelivered,
  type DeliveryLine,
  DeliveryPlanned,
  DeliveryShipped,
  type DeliveryStatus,
} from '../../domain/fulfilment/delivery.ts';
import { PostalAddress } from '../../domain/vocabulary.ts';
import { field } from '../../kernel/field.ts';
import { byDay, listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import { day, instant, json, nullable, type RowOf, table, text } from '../../kernel/table.ts';
import { accounts } from '../crm/accounts.ts';
import { revised } from '../platform/event-history.ts';
import { salesOrders } from '../sales/sales-orders.ts';
import { warehouses } from '../warehouse/warehouses.ts';

const columns = {
  order_id: text('Sales order delivered'),
  account_id: text('Account that gets the goods'),
  warehouse_id: text('Warehouse the goods come from'),
  status: text('Planned, Approved, Shipped, Delivered or Cancelled'),
  ship_to: nullable(json<z.output<typeof PostalAddress>>('Where the goods go')),
  ship_via: nullable(text('Carrier asked for')),
  required_on: nullable(day('Day the client wants the goods')),
  lines: json<readonly DeliveryLine[]>('The goods: line, itemId, sku, quantity in thousandths of the unit, reservationId'),
  planned_at: instant('When all goods were reserved and the delivery planned'),
  approved_on: nullable(day('Day the goods were released to leave the stock')),
  shipped_on: nullable(day('Day the goods left')),
  delivered_on: nullable(day('Day the goods arrived')),
  carrier: nullable(text('Carrier the goods went with')),
  tracking_number: nullable(text("The carrier's number of the consignment")),
};
type Row = RowOf<typeof columns>;

const put = (row: Row | undefined, status: DeliveryStatus, change: Partial<Row> = {}): Row | undefined =>
  row && { ...row, ...change, status };

export const deliveries = projection({
  name: 'deliveries',
  version: 1,
  versioned: true,
  table: table('deliveries', 'Delivery notes', columns, { indexes: ['order_id', 'account_id', 'status', 'planned_at, id'] }),
  events: [DeliveryPlanned, DeliveryApproved, DeliveryShipped, DeliveryDelivered, DeliveryCancelled],
  on: {
    DeliveryPlanned: (_, { orderId, accountId, warehouseId, shipTo, shipVia, requiredOn, lines }, _key, { occurredAt }) => ({
      order_id: orderId,
      account_id: accountId,
      warehouse_id: warehouseId,
      status: 'Planned',
      ship_to: shipTo ?? null,
      ship_via: shipVia ?? null,
      required_on: requiredOn ?? null,
      lines,
      planned_at: occurredAt,
      approved_on: null,
      shipped_on: null,
      delivered_on: null,
      carrier: null,
      tracking_number: null,
    }),
    DeliveryApproved: (row, { approvedOn }) => put(row, 'Approved', { approved_on: approvedOn }),
    DeliveryShipped: (row, { shippedOn, carrier, trackingNumber }) =>
      put(row, 'Shipped', { shipped_on: shippedOn, carrier: carrier ?? null, tracking_number: trackingNumber ?? null }),
    DeliveryDelivered: (row, { deliveredOn }) => put(row, 'Delivered', { delivered_on: deliveredOn }),
    DeliveryCancelled: row => put(row, 'Cancelled'),
  },
});

/** The last delivery of `sales_orders o` that came to something, else the last that was cancelled. */
export const lastDelivery = `select * from deliveries d where d.order_id = o.id order by d.status = 'Cancelled', d.planned_at desc, d.id desc limit 1`;

const source = {
  permission: 'fulfilment:read',
  reads: [deliveries, salesOrders, accounts, warehouses],
  from: `deliveries d
    left join sales_orders o on o.id = d.order_id
    left join accounts a on a.id = d.account_id
    left join warehouses w on w.id = d.warehouse_id`,
  fields: {
    id: field.text('d.id'),
    status: field.text('d.status'),
    orderId: field.text('d.order_id'),
    orderReference: field.maybe(field.text('o.reference')),
    accountId: field.text('d.account_id'),
    accountName: field.maybe(field.text('a.name')),
    warehouseId: field.text('d.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    shipTo: field.maybe(field.json('d.ship_to', PostalAddress)),
    shipVia: field.maybe(field.text('d.ship_via')),
    requiredOn: field.maybe(field.day('d.required_on')),
    plannedAt: field.instant('d.planned_at'),
    approvedOn: field.maybe(field.day('d.approved_on')),
    shippedOn: field.maybe(field.day('d.shipped_on')),
    deliveredOn: field.maybe(field.day('d.delivered_on')),
    carrier: field.maybe(field.text('d.carrier')),
    trackingNumber: field.maybe(field.text('d.tracking_number')),
  },
  key: 'd.id',
} as const;

export const listDeliveries = listing({
  ...source,
  type: 'ListDeliveries',
  summary: 'Delivery notes, newest first.',
  route: 'GET /deliveries',
  filters: {
    status: 'd.status = ?',
    order: 'd.order_id = ?',
    orderReference: 'o.reference = ?',
    account: 'd.account_id = ?',
    warehouse: 'd.warehouse_id = ?',
    shippedFrom: byDay('d.shipped_on >= ?::date'),
    shippedTo: byDay('d.shipped_on <= ?::date'),
  },
  sorts: {
    newest: { sql: 'd.planned_at', descending: true },
    oldest: { sql: 'd.planned_at' },
    required: { sql: "coalesce(d.required_on, 'infinity'::date)" },
  },
  usual: 'newest',
});

export const showDelivery = recordWithLines({
  ...revised('delivery', source),
  type: 'ShowDelivery',
  summary: 'One delivery note with its lines.',
  route: 'GET /deliveries/:id',
  noun: 'delivery',
  lines: {
    from: `deliveries d
      cross join lateral jsonb_to_recordset(d.lines) as l(line int, "itemId" text, sku text, quantity bigint, "reservationId" text)`,
    of: 'd.id',
    order: 'l.line',
    fields: {
      line: field.integer('l.line'),
      itemId: field.text('l."itemId"'),
      sku: field.text('l.sku'),
      quantity: field.quantity('l.quantity'),
      reservationId: field.text('l."reservationId"'),
    },
  },
});

const ReturnedFrom = z.strictObject({
  orderId: z.string(),
  accountId: z.string(),
  warehouseId: z.string(),
  lines: z.array(z.strictObject({ line: z.int(), itemId: z.string(), sku: z.string() })),
});

/** Asked by whoever notes that goods come back. */
export const deliveryForReturn = query({
  type: 'DeliveryForReturn',
  summary: 'What a delivery was, for goods that come back; null where there is none.',
  permission: 'fulfilment:read',
  reads: [deliveries],
  input: z.strictObject({ id: z.string().max(200) }),
  output: ReturnedFrom.nullable(),
  answer: async (db, { id }) => {
    const [row] = await db.rows<Pick<Row, 'order_id' | 'account_id' | 'warehouse_id' | 'lines'>>(
      'select order_id, account_id, warehouse_id, lines from deliveries where id = $1',
      [id],
    );
    if (row === undefined) return null;
    const lines = row.lines.map(({ line, itemId, sku }) => ({ line, itemId, sku }));
    return { orderId: row.order_id, accountId: row.account_id, warehouseId: row.warehouse_id, lines };
  },
});
