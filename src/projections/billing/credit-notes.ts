import {
  CreditAllocated,
  CreditNoteIssued,
  CreditNoteIssueStarted,
  CreditNoteIssueWithdrawn,
  CreditNoteVoided,
  CreditRefunded,
} from '../../domain/billing/credit-note.ts';
import { payableOf } from '../../domain/document.ts';
import { field } from '../../kernel/field.ts';
import { byDay, byFlag, listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import { day, decimal, integer, minorUnits, nullable, quantity, type RowOf, table, text } from '../../kernel/table.ts';
import { accounts } from '../crm/accounts.ts';
import { lineKey, lineOf } from '../lines.ts';
import { revised } from '../platform/event-history.ts';
import { invoices } from './invoices.ts';

/** Codes that addresses and exports show, kept for good. One being numbered, or that never got its number, has none. */
const CREDIT_NOTE_STATUS_CODES = { Issuing: 0, Withdrawn: 0, Open: 1, Closed: 2, Void: 3 } as const;
type Status = keyof typeof CREDIT_NOTE_STATUS_CODES;

const columns = {
  account_id: text('Account credited'),
  invoice_id: text('Invoice it takes lines of back'),
  invoice_number: text('Number of that invoice'),
  order_id: nullable(text('Sales order of that invoice')),
  return_id: nullable(text('Return of goods it is for')),
  reason: text('Why'),
  status: text('Issuing, Withdrawn, Open while something is left, Closed or Void'),
  status_code: integer('Stable code of the status: 0, 0, 1, 2, 3'),
  number: nullable(text('Number in its series, once issued')),
  issue_date: nullable(day('Date of issue, once issued')),
  currency: text('ISO 4217 code'),
  net: minorUnits('Sum of line nets less what was taken off the whole'),
  tax: minorUnits('Tax over all rates'),
  gross: minorUnits('Net and tax'),
  payable: minorUnits('Gross and rounding: what the client gets back in all'),
  applied: minorUnits('What is set against its own invoice'),
  open: minorUnits('What is left of it as the client’s credit'),
  books_currency: nullable(text('Currency of the books, where it is in another')),
  books_net: nullable(minorUnits('Net in the currency of the books, at the rate of its invoice')),
  books_tax: nullable(minorUnits('Tax in the currency of the books')),
  books_gross: nullable(minorUnits('Net and tax in the currency of the books')),
};
type Row = RowOf<typeof columns>;

const put = (row: Row | undefined, status: Status, change: Partial<Row> = {}): Row | undefined =>
  row && { ...row, ...change, status, status_code: CREDIT_NOTE_STATUS_CODES[status] };

const left = (row: Row | undefined, open: number, change: Partial<Row> = {}): Row | undefined =>
  put(row, open === 0 ? 'Closed' : 'Open', { ...change, open });

export const creditNotes = projection({
  name: 'credit-notes',
  version: 1,
  versioned: true,
  dated: 'issue_date',
  table: table('credit_notes', 'Credit notes', columns, { indexes: ['account_id', 'invoice_id', 'issue_date', 'number'] }),
  events: [CreditNoteIssueStarted, CreditNoteIssued, CreditNoteIssueWithdrawn, CreditAllocated, CreditRefunded, CreditNoteVoided],
  on: {
    CreditNoteIssueStarted: (_, { accountId, invoiceId, invoiceNumber, orderId, returnId, reason, totals, exchange }) => ({
      account_id: accountId,
      invoice_id: invoiceId,
      invoice_number: invoiceNumber,
      order_id: orderId ?? null,
      return_id: returnId ?? null,
      reason,
      status: 'Issuing',
      status_code: CREDIT_NOTE_STATUS_CODES.Issuing,
      number: null,
      issue_date: null,
      currency: totals.gross.currency,
      net: totals.net.minor,
      tax: totals.gross.minor - totals.net.minor,
      gross: totals.gross.minor,
      payable: payableOf(totals).minor,
      applied: 0,
      open: 0,
      books_currency: exchange?.to ?? null,
      books_net: exchange?.net.minor ?? null,
      books_tax: exchange?.tax.minor ?? null,
      books_gross: exchange?.gross.minor ?? null,
    }),
    CreditNoteIssued: (row, { number, issueDate, applied, open }) =>
      left(row, open.minor, { number, issue_date: issueDate, applied: applied.minor }),
    CreditNoteIssueWithdrawn: row => put(row, 'Withdrawn'),
    CreditAllocated: (row, { open }) => left(row, open.minor),
    CreditRefunded: (row, { open }) => left(row, open.minor),
    CreditNoteVoided: row => put(row, 'Void', { open: 0 }),
  },
});

export const creditNoteLines = projection({
  name: 'credit-note-lines',
  version: 1,
  versioned: true,
  table: table(
    'credit_note_lines',
    'Lines of credit notes',
    {
      credit_note_id: text('Credit note the line is on'),
      line: integer('Number of the line on its invoice'),
      item_id: text('Item sold'),
      description: text("The item's name on the invoice"),
      uom: text('Unit of measure of quantity and unit price'),
      quantity: quantity('Quantity credited'),
      unit_price: decimal('Price of one unit'),
      discount: decimal('Discount, per cent'),
      tax_percent: decimal('Tax rate, per cent'),
      currency: text('ISO 4217 code'),
      net: minorUnits('Its part of the net of the line invoiced'),
      allowance: minorUnits('Its part of what was taken off the whole invoice, without tax'),
    },
    { key: 'Credit note and line, joined by ~', indexes: ['credit_note_id', 'item_id'] },
  ),
  events: [CreditNoteIssueStarted],
  keys: { CreditNoteIssueStarted: ({ lines }, { entityId }) => lines.map(({ line }) => lineKey(entityId, line)) },
  on: {
    CreditNoteIssueStarted: (_, { lines }, key, { entityId }) => {
      const credited = lineOf(lines, entityId, key);
      return (
        credited && {
          credit_note_id: entityId,
          line: credited.line,
          item_id: credited.itemId,
          description: credited.description,
          uom: credited.uom,
          quantity: credited.quantity,
          unit_price: credited.unitPrice,
          discount: credited.discount,
          tax_percent: credited.taxPercent,
          currency: credited.net.currency,
          net: credited.net.minor,
          allowance: credited.allowance?.minor ?? 0,
        }
      );
    },
  },
});

const source = {
  permission: 'billing:read',
  reads: [creditNotes, invoices, accounts],
  from: 'credit_notes c left join invoices i on i.id = c.invoice_id left join accounts a on a.id = c.account_id',
  fields: {
    id: field.text('c.id'),
    number: field.maybe(field.text('c.number')),
    status: field.text('c.status'),
    statusCode: field.integer('c.status_code'),
    accountId: field.text('c.account_id'),
    accountName: field.maybe(field.text("coalesce(i.buyer ->> 'name', a.name)")),
    invoiceId: field.text('c.invoice_id'),
    invoiceNumber: field.text('c.invoice_number'),
    orderId: field.maybe(field.text('c.order_id')),
    returnId: field.maybe(field.text('c.return_id')),
    reason: field.text('c.reason'),
    issueDate: field.maybe(field.day('c.issue_date')),
    net: field.money('c.net', 'c.currency'),
    tax: field.money('c.tax', 'c.currency'),
    gross: field.money('c.gross', 'c.currency'),
    payable: field.money('c.payable', 'c.currency'),
    applied: field.money('c.applied', 'c.currency'),
    open: field.money('c.open', 'c.currency'),
    books: field.maybe(
      field.object({
        net: field.money('c.books_net', 'c.books_currency'),
        tax: field.money('c.books_tax', 'c.books_currency'),
        gross: field.money('c.books_gross', 'c.books_currency'),
      }),
    ),
  },
} as const;

export const listCreditNotes = listing({
  ...source,
  type: 'ListCreditNotes',
  summary: 'Credit notes, the newest number first.',
  route: 'GET /credit-notes',
  key: 'c.id',
  filters: {
    account: 'c.account_id = ?',
    invoice: 'c.invoice_id = ?',
    order: 'c.order_id = ?',
    return: 'c.return_id = ?',
    status: 'c.status = ?',
    number: 'c.number = ?',
    issuedFrom: byDay('c.issue_date >= ?::date'),
    issuedTo: byDay('c.issue_date <= ?::date'),
    /** With something left to be set against invoices or paid out, or without. */
    unused: byFlag('c.open > 0'),
  },
  sorts: { number: { sql: "coalesce(c.number, '')", descending: true } },
  usual: 'number',
});

export const showCreditNote = recordWithLines({
  ...revised('creditNote', { ...source, reads: [...source.reads, creditNoteLines], key: 'c.id' }),
  type: 'ShowCreditNote',
  summary: 'One credit note with its lines.',
  route: 'GET /credit-notes/:id',
  noun: 'credit note',
  lines: {
    from: 'credit_note_lines l',
    of: 'l.credit_note_id',
    order: 'l.line',
    fields: {
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
    },
  },
});
