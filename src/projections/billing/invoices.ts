import { z } from 'zod';
import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../domain/billing/crediting.ts';
import type { Exchange } from '../../domain/billing/exchange.ts';
import {
  CreditApplied,
  CreditUnapplied,
  InvoiceBecameOverdue,
  InvoiceCancelled,
  InvoiceDrafted,
  InvoiceIssued,
  InvoiceIssueStarted,
  InvoiceIssueWithdrawn,
  PaymentApplied,
  PaymentUnapplied,
} from '../../domain/billing/invoice.ts';
import { payableOf, reckoningOf, type Totals } from '../../domain/document.ts';
import { Party } from '../../domain/party.ts';
import { field } from '../../kernel/field.ts';
import { byDay, byInstant, listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import {
  day,
  decimal,
  flag,
  instant,
  integer,
  json,
  minorUnits,
  nullable,
  personal,
  quantity,
  type RowOf,
  table,
  text,
} from '../../kernel/table.ts';
import { accountSurvivors, ofAccount } from '../crm/account-survivors.ts';
import { accounts } from '../crm/accounts.ts';
import { lineKey, lineOf } from '../lines.ts';
import { revised } from '../platform/event-history.ts';

/** Codes that addresses and exports show, kept for good. An invoice being numbered still counts as a draft. */
const INVOICE_STATUS_CODES = { Draft: 6, Issuing: 6, Unpaid: 1, Paid: 2, PartiallyPaid: 3, Overdue: 4, Cancelled: 5 } as const;
type Status = keyof typeof INVOICE_STATUS_CODES;

const settled = (open: number, gross: number): Status => (open === 0 ? 'Paid' : open === gross ? 'Unpaid' : 'PartiallyPaid');

const columns = {
  account_id: text('Account that owes'),
  order_id: nullable(text('Sales order invoiced')),
  reference: nullable(text("The customer's or the importing system's reference")),
  status: text('Draft, Issuing, Unpaid, PartiallyPaid, Paid, Overdue or Cancelled'),
  status_code: integer('Stable code of the status: 6, 6, 1, 3, 2, 4, 5'),
  number: nullable(text('Number in its series, once issued')),
  issue_date: nullable(day('Date of issue, once issued')),
  due_date: nullable(day('Last day for payment, once issued')),
  currency: text('ISO 4217 code'),
  net: minorUnits('Sum of line nets'),
  tax: minorUnits('Tax over all rates'),
  gross: minorUnits('Net and tax'),
  allowance: minorUnits('Taken off the whole document, without tax; within net'),
  rounding: minorUnits('To be paid beside gross so that prices shown with tax are kept; of either sign'),
  payable: minorUnits('Gross and rounding: what is to be paid in all'),
  tax_rounding: text('Whether tax is rounded once a rate (document) or once a line'),
  prices_include_tax: flag('Whether its prices include tax'),
  open: minorUnits('What remains to be paid; nothing before issue'),
  credited: minorUnits('What credit notes take back of it, set against it or kept as credit'),
  credits: json<Readonly<Record<string, number>>>('The same by credit note, in minor units'),
  delivery_id: nullable(text('Delivery invoiced; nothing for whole orders and invoices by hand')),
  seller: nullable(json<Party>('Who sells, as it was at issue: name, legalName, taxId, address')),
  buyer: personal(nullable(json<Party>('Who buys, as it was at issue: name, legalName, taxId, address')), 'buyer_person'),
  buyer_person: nullable(text('The invoice itself, where its buyer is a person and no company: the buyer is sealed with its key')),
  books_currency: nullable(text('Currency of the books, where the invoice is in another')),
  exchange_rate: nullable(decimal('Units of the currency of the books for so many units as the multiplier says, frozen at issue')),
  exchange_multiplier: nullable(integer('How many units the rate is for')),
  exchange_day: nullable(day('Day of the rate')),
  exchange_source: nullable(text('bnr: the National Bank of Romania; manual: by hand')),
  exchange_reason: nullable(text('Why the rate was entered by hand')),
  books_net: nullable(minorUnits('Net in the currency of the books')),
  books_tax: nullable(minorUnits('Tax in the currency of the books')),
  books_gross: nullable(minorUnits('Net and tax in the currency of the books')),
  drafted_at: instant('When the draft was made'),
};
type Row = RowOf<typeof columns>;

const put = (row: Row | undefined, status: Status, change: Partial<Row> = {}): Row | undefined =>
  row && { ...row, ...change, status, status_code: INVOICE_STATUS_CODES[status] };

/** What is open of an issued invoice tells its status. */
const owing = (row: Row | undefined, open: number, change: Partial<Row> = {}): Row | undefined =>
  row && put(row, settled(open, row.payable), { ...change, open });

const amountsOf = (totals: Totals) => ({
  net: totals.net.minor,
  tax: totals.gross.minor - totals.net.minor,
  gross: totals.gross.minor,
  allowance: totals.allowance?.minor ?? 0,
  rounding: totals.rounding?.minor ?? 0,
  payable: payableOf(totals).minor,
  tax_rounding: reckoningOf(totals).taxRounding,
  prices_include_tax: reckoningOf(totals).pricesIncludeTax,
});

const crediting = (row: Row | undefined, credits: Row['credits']): Partial<Row> =>
  row === undefined ? {} : { credits, credited: Object.values(credits).reduce((sum, minor) => sum + minor, 0) };

const exchangeOf = (exchange: Exchange | undefined) => ({
  books_currency: exchange?.to ?? null,
  exchange_rate: exchange?.rate ?? null,
  exchange_multiplier: exchange?.multiplier ?? null,
  exchange_day: exchange?.day ?? null,
  exchange_source: exchange?.source ?? null,
  exchange_reason: exchange?.reason ?? null,
  books_net: exchange?.net.minor ?? null,
  books_tax: exchange?.tax.minor ?? null,
  books_gross: exchange?.gross.minor ?? null,
});

export const invoices = projection({
  name: 'invoices',
  version: 3,
  versioned: true,
  dated: 'issue_date',
  table: table('invoices', 'Invoices from draft to payment', columns, {
    indexes: ['account_id', 'order_id', 'issue_date', 'drafted_at, id'],
  }),
  events: [
    InvoiceDrafted,
    InvoiceIssueStarted,
    InvoiceIssued,
    InvoiceIssueWithdrawn,
    InvoiceCancelled,
    InvoiceBecameOverdue,
    PaymentApplied,
    PaymentUnapplied,
    CreditApplied,
    CreditUnapplied,
    CreditNoteRequested,
    CreditNoteRequestWithdrawn,
  ],
  on: {
    InvoiceDrafted: (_, { accountId, orderId, deliveryId, reference, currency, totals }, _key, { occurredAt }) => ({
      account_id: accountId,
      order_id: orderId ?? null,
      reference: reference ?? null,
      status: 'Draft',
      status_code: INVOICE_STATUS_CODES.Draft,
      number: null,
      issue_date: null,
      due_date: null,
      currency,
      ...amountsOf(totals),
      open: 0,
      credited: 0,
      credits: {},
      delivery_id: deliveryId ?? null,
      seller: null,
      buyer: null,
      buyer_person: null,
      ...exchangeOf(undefined),
      drafted_at: occurredAt,
    }),
    InvoiceIssueStarted: (row, { seller, buyer, individual, exchange }, invoiceId) =>
      put(row, 'Issuing', {
        seller: seller ?? null,
        buyer: buyer ?? null,
        buyer_person: individual ? invoiceId : null,
        ...exchangeOf(exchange),
      }),
    InvoiceIssued: (row, { number, issueDate, dueDate }) =>
      row && owing(row, row.payable, { number, issue_date: issueDate, due_date: dueDate }),
    InvoiceIssueWithdrawn: row => put(row, 'Draft'),
    InvoiceCancelled: row => put(row, 'Cancelled'),
    PaymentApplied: (row, { open }) => owing(row, open.minor),
    PaymentUnapplied: (row, { open }) => owing(row, open.minor),
    CreditApplied: (row, { open }) => owing(row, open.minor),
    CreditUnapplied: (row, { open }) => owing(row, open.minor),
    CreditNoteRequested: (row, { creditNoteId, totals, open, cancels }) => {
      const change = crediting(row, { ...row?.credits, [creditNoteId]: payableOf(totals).minor });
      return cancels ? put(row, 'Cancelled', { ...change, open: open.minor }) : owing(row, open.minor, change);
    },
    CreditNoteRequestWithdrawn: (row, { creditNoteId, open }) => {
      const { [creditNoteId]: _, ...credits } = row?.credits ?? {};
      return owing(row, open.minor, crediting(row, credits));
    },
    InvoiceBecameOverdue: row => put(row, 'Overdue'),
  },
});

export const invoiceLines = projection({
  name: 'invoice-lines',
  version: 2,
  versioned: true,
  table: table(
    'invoice_lines',
    'Lines of invoices',
    {
      invoice_id: text('Invoice the line is on'),
      line: integer('Number of the line on its document'),
      item_id: text('Item sold'),
      description: text("The item's name when the price was frozen"),
      uom: text('Unit of measure of quantity and unit price'),
      quantity: quantity('Quantity sold'),
      unit_price: decimal('Price of one unit'),
      discount: decimal('Discount, per cent'),
      tax_percent: decimal('Tax rate, per cent'),
      currency: text('ISO 4217 code'),
      net: minorUnits('Quantity × unit price less discount, without tax'),
      allowance: minorUnits('Its share of what is taken off the whole document, without tax'),
    },
    { key: 'Invoice and line, joined by ~', indexes: ['invoice_id', 'item_id'] },
  ),
  events: [InvoiceDrafted],
  keys: { InvoiceDrafted: ({ lines }, { entityId }) => lines.map(({ line }) => lineKey(entityId, line)) },
  on: {
    InvoiceDrafted: (_, { lines }, key, { entityId }) => {
      const sold = lineOf(lines, entityId, key);
      return (
        sold && {
          invoice_id: entityId,
          line: sold.line,
          item_id: sold.itemId,
          description: sold.description,
          uom: sold.uom,
          quantity: sold.quantity,
          unit_price: sold.unitPrice,
          discount: sold.discount,
          tax_percent: sold.taxPercent,
          currency: sold.net.currency,
          net: sold.net.minor,
          allowance: sold.allowance?.minor ?? 0,
        }
      );
    },
  },
});

const from = 'invoices i left join accounts a on a.id = i.account_id';
const fields = {
  id: field.text('i.id'),
  number: field.maybe(field.text('i.number')),
  status: field.text('i.status'),
  statusCode: field.integer('i.status_code'),
  accountId: field.text('i.account_id'),
  accountName: field.maybe(field.text("coalesce(i.buyer ->> 'name', a.name)")),
  orderId: field.maybe(field.text('i.order_id')),
  deliveryId: field.maybe(field.text('i.delivery_id')),
  reference: field.maybe(field.text('i.reference')),
  issueDate: field.maybe(field.day('i.issue_date')),
  dueDate: field.maybe(field.day('i.due_date')),
  net: field.money('i.net', 'i.currency'),
  tax: field.money('i.tax', 'i.currency'),
  gross: field.money('i.gross', 'i.currency'),
  allowance: field.money('i.allowance', 'i.currency'),
  rounding: field.money('i.rounding', 'i.currency'),
  payable: field.money('i.payable', 'i.currency'),
  taxRounding: field.text('i.tax_rounding'),
  pricesIncludeTax: field.flag('i.prices_include_tax'),
  open: field.money('i.open', 'i.currency'),
  credited: field.money('i.credited', 'i.currency'),
  exchange: field.maybe(
    field.object({
      rate: field.decimal('i.exchange_rate'),
      multiplier: field.integer('i.exchange_multiplier'),
      day: field.day('i.exchange_day'),
      source: field.text('i.exchange_source'),
      reason: field.maybe(field.text('i.exchange_reason')),
      net: field.money('i.books_net', 'i.books_currency'),
      tax: field.money('i.books_tax', 'i.books_currency'),
      gross: field.money('i.books_gross', 'i.books_currency'),
    }),
  ),
  draftedAt: field.instant('i.drafted_at'),
};

export const listInvoices = listing({
  type: 'ListInvoices',
  summary: 'Invoices, newest first.',
  route: 'GET /invoices',
  permission: 'billing:read',
  reads: [invoices, accounts, accountSurvivors],
  from,
  fields,
  key: 'i.id',
  filters: {
    account: ofAccount('i.account_id', '?'),
    order: 'i.order_id = ?',
    status: 'i.status = ?',
    number: 'i.number = ?',
    reference: 'i.reference = ?',
    issuedFrom: byDay('i.issue_date >= ?::date'),
    issuedTo: byDay('i.issue_date <= ?::date'),
    /** Drafts made before an instant, which nobody has issued since. */
    draftedBefore: byInstant("(i.status = 'Draft' and i.drafted_at < ?::timestamptz)"),
    /** Not paid in full, and its last day for payment was before the day. */
    overdueOn: byDay('(i.open > 0 and i.due_date < ?::date)'),
  },
  sorts: {
    newest: { sql: 'i.drafted_at', descending: true },
    number: { sql: "coalesce(i.number, '')" },
    open: { sql: 'i.open', descending: true },
  },
  usual: 'newest',
});

const parties = {
  seller: field.maybe(field.json('i.seller', Party)),
  buyer: field.maybe(field.json('i.buyer', Party)),
};

const lineFields = {
  line: field.integer('l.line'),
  itemId: field.text('l.item_id'),
  description: field.text('l.description'),
  uom: field.text('l.uom'),
  quantity: field.quantity('l.quantity'),
  unitPrice: field.decimal('l.unit_price'),
  discount: field.decimal('l.discount'),
  taxPercent: field.decimal('l.tax_percent'),
  net: field.money('l.net', 'l.currency'),
  allowance: field.money('l.allowance', 'l.currency'),
};

export const showInvoice = recordWithLines({
  type: 'ShowInvoice',
  summary: 'One invoice with its lines.',
  route: 'GET /invoices/:id',
  ...revised('invoice', {
    permission: 'billing:read',
    reads: [invoices, invoiceLines, accounts],
    from,
    key: 'i.id',
    fields: { ...fields, ...parties },
  }),
  noun: 'invoice',
  lines: { fields: lineFields, from: 'invoice_lines l', of: 'l.invoice_id', order: 'l.line' },
});

/** Asked before a payment is set against invoices; unknown ones are left out. */
export const openOfInvoices = query({
  type: 'OpenOfInvoices',
  summary: 'What is open of invoices, in minor units.',
  permission: 'billing:read',
  reads: [invoices],
  input: z.strictObject({ ids: z.array(z.string().max(200)) }),
  output: z.array(z.strictObject({ id: z.string(), minor: z.int() })),
  answer: (db, { ids }) => db.rows('select i.id, i.open as minor from invoices i where i.id = any($1)', [ids]),
});

/** Asked when goods of a delivery come back. */
export const invoiceOfGoods = query({
  type: 'InvoiceOfGoods',
  summary: 'The issued invoice of a delivery, or of its order where that was invoiced whole; null while there is none.',
  permission: 'billing:read',
  reads: [invoices],
  input: z.strictObject({ orderId: z.string(), deliveryId: z.string() }),
  output: z.string().nullable(),
  answer: async (db, { orderId, deliveryId }) => {
    const [row] = await db.rows<{ id: string }>(
      `select id from invoices where order_id = $1 and number is not null and status <> 'Cancelled' and coalesce(delivery_id, $2) = $2
       order by delivery_id nulls last, id desc limit 1`,
      [orderId, deliveryId],
    );
    return row?.id ?? null;
  },
});
