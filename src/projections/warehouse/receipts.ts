import { type ReceiptLine, ReceiptRecorded } from '../../domain/warehouse/receipt.ts';
import { field } from '../../kernel/field.ts';
import { byDay, listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import { day, instant, json, nullable, table, text } from '../../kernel/table.ts';
import { items } from '../catalogue/items.ts';
import { accounts } from '../crm/accounts.ts';
import { revised } from '../platform/event-history.ts';
import { warehouses } from './warehouses.ts';

export const receipts = projection({
  name: 'receipts',
  version: 1,
  versioned: true,
  table: table(
    'receipts',
    'Goods receipts',
    {
      warehouse_id: text('Warehouse the goods came into'),
      received_on: day('Day the goods came'),
      reference: nullable(text("The supplier's number of the delivery")),
      supplier_id: nullable(text('Account the goods came from')),
      lines: json<readonly ReceiptLine[]>('What came: line, itemId, quantity in thousandths of the unit, unitCost'),
      recorded_at: instant('When it was recorded'),
    },
    { indexes: ['warehouse_id', 'recorded_at, id'] },
  ),
  events: [ReceiptRecorded],
  on: {
    ReceiptRecorded: (_, { warehouseId, receivedOn, reference, supplierId, lines }, _key, { occurredAt }) => ({
      warehouse_id: warehouseId,
      received_on: receivedOn,
      reference: reference ?? null,
      supplier_id: supplierId ?? null,
      lines,
      recorded_at: occurredAt,
    }),
  },
});

const source = {
  permission: 'warehouse:read',
  reads: [receipts, warehouses, accounts, items],
  from: 'receipts r left join warehouses w on w.id = r.warehouse_id left join accounts a on a.id = r.supplier_id',
  fields: {
    id: field.text('r.id'),
    warehouseId: field.text('r.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    receivedOn: field.day('r.received_on'),
    reference: field.maybe(field.text('r.reference')),
    supplierId: field.maybe(field.text('r.supplier_id')),
    supplierName: field.maybe(field.text('a.name')),
    recordedAt: field.instant('r.recorded_at'),
  },
  key: 'r.id',
} as const;

export const listReceipts = listing({
  ...source,
  type: 'ListReceipts',
  summary: 'Goods receipts, newest first.',
  route: 'GET /receipts',
  filters: {
    warehouse: 'r.warehouse_id = ?',
    supplier: 'r.supplier_id = ?',
    reference: 'r.reference = ?',
    from: byDay('r.received_on >= ?::date'),
    to: byDay('r.received_on <= ?::date'),
  },
  sorts: { newest: { sql: 'r.recorded_at', descending: true }, received: { sql: 'r.received_on', descending: true } },
  usual: 'newest',
});

export const showReceipt = recordWithLines({
  ...revised('receipt', source),
  type: 'ShowReceipt',
  summary: 'One goods receipt with its lines.',
  route: 'GET /receipts/:id',
  noun: 'goods receipt',
  lines: {
    from: `receipts r
      cross join lateral jsonb_to_recordset(r.lines) as l(line int, "itemId" text, quantity bigint, "unitCost" numeric)
      left join items i on i.id = l."itemId"`,
    of: 'r.id',
    order: 'l.line',
    fields: {
      line: field.integer('l.line'),
      itemId: field.text('l."itemId"'),
      sku: field.maybe(field.text('i.sku')),
      itemName: field.maybe(field.text('i.name')),
      quantity: field.quantity('l.quantity'),
      unitCost: field.maybe(field.decimal('l."unitCost"')),
    },
  },
});
