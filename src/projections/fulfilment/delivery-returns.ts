import {
  DeliveryReturnApproved,
  DeliveryReturnDrafted,
  DeliveryReturnRejected,
  type ReturnLine,
  type ReturnStatus,
} from '../../domain/fulfilment/delivery-return.ts';
import { field } from '../../kernel/field.ts';
import { listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import { day, instant, integer, json, nullable, type RowOf, table, text } from '../../kernel/table.ts';
import { creditNotes } from '../billing/credit-notes.ts';
import { accounts } from '../crm/accounts.ts';
import { revised } from '../platform/event-history.ts';

/** Codes that addresses and exports show, kept for good. */
const RETURN_STATUS_CODES: Readonly<Record<ReturnStatus, number>> = { Draft: 0, Approved: 1, Rejected: -1 };

const columns = {
  delivery_id: text('Delivery the goods left with'),
  order_id: text('Sales order of that delivery'),
  account_id: text('Account that sends the goods back'),
  warehouse_id: text('Warehouse they come back to'),
  status: text('Draft, Approved or Rejected'),
  status_code: integer('Stable code of the status: 0, 1, -1'),
  reason: text('Why they come back'),
  rejected_because: nullable(text('Why it was rejected')),
  lines: json<readonly ReturnLine[]>('The goods: line, itemId, sku, quantity in thousandths of the unit, restock'),
  drafted_at: instant('When it was noted'),
  returned_on: nullable(day('Day it was approved')),
  invoice_id: nullable(text('Invoice whose lines are credited')),
};
type Row = RowOf<typeof columns>;

const put = (row: Row | undefined, status: ReturnStatus, change: Partial<Row>): Row | undefined =>
  row && { ...row, ...change, status, status_code: RETURN_STATUS_CODES[status] };

export const deliveryReturns = projection({
  name: 'delivery-returns',
  version: 1,
  versioned: true,
  table: table('delivery_returns', 'Goods of deliveries that came back', columns, {
    indexes: ['delivery_id', 'order_id', 'account_id', 'status', 'drafted_at, id'],
  }),
  events: [DeliveryReturnDrafted, DeliveryReturnApproved, DeliveryReturnRejected],
  on: {
    DeliveryReturnDrafted: (_, { deliveryId, orderId, accountId, warehouseId, reason, lines }, _key, { occurredAt }) => ({
      delivery_id: deliveryId,
      order_id: orderId,
      account_id: accountId,
      warehouse_id: warehouseId,
      status: 'Draft',
      status_code: RETURN_STATUS_CODES.Draft,
      reason,
      rejected_because: null,
      lines,
      drafted_at: occurredAt,
      returned_on: null,
      invoice_id: null,
    }),
    DeliveryReturnApproved: (row, { returnedOn, invoiceId }) => put(row, 'Approved', { returned_on: returnedOn, invoice_id: invoiceId }),
    DeliveryReturnRejected: (row, { reason }) => put(row, 'Rejected', { rejected_because: reason }),
  },
});

const source = {
  permission: 'fulfilment:read',
  reads: [deliveryReturns, accounts, creditNotes],
  from: `delivery_returns r
    left join accounts a on a.id = r.account_id
    left join credit_notes c on c.return_id = r.id and c.number is not null`,
  fields: {
    id: field.text('r.id'),
    status: field.text('r.status'),
    statusCode: field.integer('r.status_code'),
    deliveryId: field.text('r.delivery_id'),
    orderId: field.text('r.order_id'),
    accountId: field.text('r.account_id'),
    accountName: field.maybe(field.text('a.name')),
    reason: field.text('r.reason'),
    rejectedBecause: field.maybe(field.text('r.rejected_because')),
    draftedAt: field.instant('r.drafted_at'),
    returnedOn: field.maybe(field.day('r.returned_on')),
    creditNoteId: field.maybe(field.text('c.id')),
    creditNoteNumber: field.maybe(field.text('c.number')),
  },
  key: 'r.id',
} as const;

export const listDeliveryReturns = listing({
  ...source,
  type: 'ListDeliveryReturns',
  summary: 'Goods that came back, newest first, with the credit note of each.',
  route: 'GET /delivery-returns',
  filters: { status: 'r.status = ?', order: 'r.order_id = ?', delivery: 'r.delivery_id = ?', account: 'r.account_id = ?' },
  sorts: { newest: { sql: 'r.drafted_at', descending: true }, oldest: { sql: 'r.drafted_at' } },
  usual: 'newest',
});

export const showDeliveryReturn = recordWithLines({
  ...revised('deliveryReturn', source),
  type: 'ShowDeliveryReturn',
  summary: 'One return with its lines and its credit note.',
  route: 'GET /delivery-returns/:id',
  noun: 'return',
  lines: {
    from: `delivery_returns r
      cross join lateral jsonb_to_recordset(r.lines) as l(line int, "itemId" text, sku text, quantity bigint, restock boolean)`,
    of: 'r.id',
    order: 'l.line',
    fields: {
      line: field.integer('l.line'),
      itemId: field.text('l."itemId"'),
      sku: field.text('l.sku'),
      quantity: field.quantity('l.quantity'),
      restock: field.flag('l.restock'),
    },
  },
});
