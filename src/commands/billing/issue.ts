/** Issuing an invoice: started, numbered, issued. One request does all three; the saga invoice-issue finishes what a crash interrupts. */
import { z } from 'zod';
import { completeIssue, Invoice, startIssue, withdrawIssue } from '../../domain/billing/invoice.ts';
import { documentNumber, Series, seriesId, takeNext } from '../../domain/billing/series.ts';
import { Day, Id, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';

const SERIES_USUAL = 'INV';
const SeriesCode = z.string().regex(/^[A-Z][A-Z0-9]{0,9}$/, 'A code of up to 10 capital letters and digits');
const numbered = { series: SeriesCode, year: z.int().min(1900).max(9999) };

export const completeInvoiceIssue = command({
  type: 'CompleteInvoiceIssue',
  summary: 'Issues an invoice under the number its series has given it.',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, ...numbered, sequence: z.int().positive() }),
  decider: Invoice,
  entityId: byId,
  decide: (invoice, { series, year, sequence }) => completeIssue(invoice, sequence, documentNumber(series, year, sequence)),
});

export const takeNumber = command({
  type: 'TakeNumber',
  summary: 'Gives a document the next number of its series; refused as IssueDateTooEarly when a later date was issued before.',
  permission: 'billing:invoice',
  input: z.strictObject({ ...numbered, documentId: Id, issueDate: Day }),
  decider: Series,
  entityId: seriesId,
  decide: takeNext,
  follows: events =>
    events.map(({ data: { documentId, series, year, sequence } }) => completeInvoiceIssue({ id: documentId, series, year, sequence })),
});

export const issueInvoice = command({
  type: 'IssueInvoice',
  summary:
    'Issues a draft under the next number of a series, dated today; refused as IssueDateTooEarly when the series has issued a later date.',
  route: 'POST /invoices/:id/issue',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, series: SeriesCode.default(SERIES_USUAL) }),
  decider: Invoice,
  entityId: byId,
  decide: (invoice, { id, series }, { today }) => startIssue(invoice, id, series, today),
  follows: (events, documentId) =>
    events.flatMap(({ type, data }) =>
      type === 'InvoiceIssueStarted' ? [takeNumber({ series: data.series, year: data.year, documentId, issueDate: data.issueDate })] : [],
    ),
});

export const withdrawInvoiceIssue = command({
  type: 'WithdrawInvoiceIssue',
  summary: 'Makes an invoice a draft again whose number was refused.',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, because: Text(500) }),
  decider: Invoice,
  entityId: byId,
  decide: (invoice, { because }) => withdrawIssue(invoice, because),
});
