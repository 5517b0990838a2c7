import { type DocumentStatus, StockDocument, type StockDocumentLine } from '../../domain/warehouse/stock-document.ts';
import { field } from '../../kernel/field.ts';
import { byDay, byInstant, listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import { day, instant, json, nullable, table, text } from '../../kernel/table.ts';
import { items } from '../catalogue/items.ts';
import { revised } from '../platform/event-history.ts';
import { warehouses } from './warehouses.ts';

/** What a line of a transfer lost on its way. */
type ShownLine = StockDocumentLine & { readonly lost?: number };

const status = (value: DocumentStatus): string => value;

export const stockDocuments = projection({
  name: 'stock-documents',
  version: 2,
  versioned: true,
  table: table(
    'stock_documents',
    'Documents that change stock when they are approved',
    {
      kind: text('receipt, issue, transfer or adjustment'),
      status: text('Draft, Pending, Approved or Rejected'),
      warehouse_id: text('Warehouse the goods come into or leave'),
      to_warehouse_id: nullable(text('Warehouse a transfer goes to')),
      dated_on: day('Business day of the movements'),
      received_on: nullable(day('Day on which a transfer in two steps arrived')),
      reason: nullable(text('Why an adjustment or an issue')),
      reference: nullable(text("The supplier's number of the delivery")),
      supplier_id: nullable(text('Account the goods come from')),
      author_id: text('User who drafted it'),
      reviewer_id: nullable(text('User who gave the first of two approvals')),
      approver_id: nullable(text('User who approved it')),
      rejected_because: nullable(text('Why it was rejected')),
      lines: json<readonly ShownLine[]>('What moves: line, itemId, quantity in thousandths of the unit, unitCost, lost'),
      drafted_at: instant('When it was drafted'),
    },
    { indexes: ['status, drafted_at, id', 'drafted_at, id', 'warehouse_id'] },
  ),
  events: StockDocument.events,
  on: {
    StockDocumentDrafted: (_, data, _key, { occurredAt }) => ({
      kind: data.kind as string,
      status: status('Draft'),
      warehouse_id: data.warehouseId,
      to_warehouse_id: data.toWarehouseId ?? null,
      dated_on: data.datedOn,
      received_on: null,
      reason: data.reason ?? null,
      reference: data.reference ?? null,
      supplier_id: data.supplierId ?? null,
      author_id: data.authorId,
      reviewer_id: null,
      approver_id: null,
      rejected_because: null,
      lines: data.lines as readonly ShownLine[],
      drafted_at: occurredAt,
    }),
    StockDocumentEdited: (row, { datedOn, reason, lines }) =>
      row && {
        ...row,
        status: status('Draft'),
        dated_on: datedOn,
        reason: reason ?? null,
        reviewer_id: null,
        lines: lines as readonly ShownLine[],
      },
    StockDocumentReviewed: (row, { reviewerId }) => row && { ...row, status: status('Pending'), reviewer_id: reviewerId },
    StockDocumentApproved: (row, { approverId }) => row && { ...row, status: status('Approved'), approver_id: approverId },
    StockDocumentRejected: (row, { reason }) => row && { ...row, status: status('Rejected'), rejected_because: reason },
    TransferReceived: (row, { receivedOn, lines }) =>
      row && {
        ...row,
        received_on: receivedOn,
        lines: row.lines.map(line => ({ ...line, lost: lines.find(other => other.line === line.line)?.lost ?? 0 })),
      },
  },
});

const CODE = `case d.status when 'Approved' then 1 when 'Rejected' then -1 else 0 end`;

const source = {
  permission: 'warehouse:read',
  reads: [stockDocuments, warehouses, items],
  from: 'stock_documents d left join warehouses w on w.id = d.warehouse_id left join warehouses t on t.id = d.to_warehouse_id',
  fields: {
    id: field.text('d.id'),
    kind: field.text('d.kind'),
    status: field.text('d.status'),
    /** 0 Draft or Pending, 1 Approved, -1 Rejected. */
    statusCode: field.integer(CODE),
    warehouseId: field.text('d.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    toWarehouseId: field.maybe(field.text('d.to_warehouse_id')),
    toWarehouseCode: field.maybe(field.text('t.code')),
    datedOn: field.day('d.dated_on'),
    receivedOn: field.maybe(field.day('d.received_on')),
    reason: field.maybe(field.text('d.reason')),
    reference: field.maybe(field.text('d.reference')),
    supplierId: field.maybe(field.text('d.supplier_id')),
    authorId: field.text('d.author_id'),
    reviewerId: field.maybe(field.text('d.reviewer_id')),
    approverId: field.maybe(field.text('d.approver_id')),
    rejectedBecause: field.maybe(field.text('d.rejected_because')),
    draftedAt: field.instant('d.drafted_at'),
  },
  key: 'd.id',
} as const;

export const listStockDocuments = listing({
  ...source,
  type: 'ListStockDocuments',
  summary: 'Stock documents, newest first; `filter[status]=Draft&sort=oldest` for those that were left lying.',
  route: 'GET /stock-documents',
  filters: {
    kind: 'd.kind = ?',
    status: 'd.status = ?',
    warehouse: 'd.warehouse_id = ?',
    from: byDay('d.dated_on >= ?::date'),
    to: byDay('d.dated_on <= ?::date'),
    draftedBefore: byInstant('d.drafted_at < ?::timestamptz'),
  },
  sorts: { newest: { sql: 'd.drafted_at', descending: true }, oldest: { sql: 'd.drafted_at' } },
  usual: 'newest',
});

export const showStockDocument = recordWithLines({
  ...revised('stockDocument', source),
  type: 'ShowStockDocument',
  summary: 'One stock document with its lines.',
  route: 'GET /stock-documents/:id',
  noun: 'stock document',
  lines: {
    from: `stock_documents d
      cross join lateral jsonb_to_recordset(d.lines) as l(line int, "itemId" text, quantity bigint, "unitCost" numeric, lost bigint)
      left join items i on i.id = l."itemId"`,
    of: 'd.id',
    order: 'l.line',
    fields: {
      line: field.integer('l.line'),
      itemId: field.text('l."itemId"'),
      sku: field.maybe(field.text('i.sku')),
      itemName: field.maybe(field.text('i.name')),
      quantity: field.quantity('l.quantity'),
      unitCost: field.maybe(field.decimal('l."unitCost"')),
      lost: field.quantity('coalesce(l.lost, 0)'),
    },
  },
});
