/** Issuing an invoice: started, numbered, issued. One request does all three; the saga invoice-issue finishes what a crash interrupts. */
import { z } from 'zod';
import { CreditNote, completeIssue as completeCreditNote } from '../../domain/billing/credit-note.ts';
import { Invoice } from '../../domain/billing/invoice.ts';
import { becomeOverdue, completeIssue, type IssuingFacts, startIssue, withdrawIssue } from '../../domain/billing/issuing.ts';
import { DocumentKind, documentNumber, Series, seriesId, takeNext } from '../../domain/billing/series.ts';
import { Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { exchangeRateFor } from '../../projections/catalogue/exchange-rates.ts';
import { buyerOf } from '../../projections/crm/accounts.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { closedPeriods } from '../../projections/platform/periods.ts';

const SERIES_USUAL = 'INV';
export const SeriesCode = z.string().regex(/^[A-Z][A-Z0-9]{0,9}$/, 'A code of up to 10 capital letters and digits');
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

export const completeCreditNoteIssue = command({
  type: 'CompleteCreditNoteIssue',
  summary: 'Issues a credit note under the number its series has given it.',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, ...numbered, sequence: z.int().positive() }),
  decider: CreditNote,
  entityId: byId,
  decide: (note, { series, year, sequence }) => completeCreditNote(note, sequence, documentNumber(series, year, sequence)),
});

const completions = { invoice: completeInvoiceIssue, creditNote: completeCreditNoteIssue } as const;

export const takeNumber = command({
  type: 'TakeNumber',
  summary:
    'Gives a document the next number of its series; refused as IssueDateTooEarly when a later date was issued before, as SeriesMismatch where the series numbers other documents.',
  permission: 'billing:invoice',
  input: z.strictObject({ ...numbered, kind: DocumentKind.optional(), documentId: Id, issueDate: Day }),
  decider: Series,
  entityId: seriesId,
  decide: takeNext,
  follows: events =>
    events.map(({ data: { kind = 'invoice', documentId: id, series, year, sequence } }) =>
      completions[kind]({ id, series, year, sequence }),
    ),
});

const ManualRate = z.strictObject({ rate: PriceText, reason: Reason });

export const issueInvoice = command({
  type: 'IssueInvoice',
  summary:
    'Issues a draft under the next number of a series, dated today, with seller, buyer and rate of exchange as they are; refused as IssueDateTooEarly when the series has issued a later date, as PeriodClosed, or as NoExchangeRate.',
  route: 'POST /invoices/:id/issue',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, series: SeriesCode.default(SERIES_USUAL), rate: ManualRate.optional() }),
  decider: Invoice,
  entityId: byId,
  facts: async ({ accountId, totals }, _, ask, { today }): Promise<IssuingFacts> => {
    const { seller, rateRequired } = await ask(companySettings, {});
    return {
      closedThrough: (await ask(closedPeriods, {})).books,
      seller,
      rateRequired,
      buyer: await ask(buyerOf, { id: accountId }),
      found: totals && (await ask(exchangeRateFor, { currency: totals.gross.currency, on: today })),
    };
  },
  decide: startIssue,
  follows: (events, documentId) =>
    events.flatMap(({ type, data }) =>
      type === 'InvoiceIssueStarted' ? [takeNumber({ series: data.series, year: data.year, documentId, issueDate: data.issueDate })] : [],
    ),
});

/** Sent by the clock after the last day for payment. */
export const markInvoiceOverdue = command({
  type: 'MarkInvoiceOverdue',
  summary: 'Notes that the last day for payment is over and something is still open; silent otherwise.',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id }),
  decider: Invoice,
  entityId: byId,
  decide: (invoice, _, { today }) => becomeOverdue(invoice, today),
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
