import {
  InvoiceCancelled,
  InvoiceDrafted,
  InvoiceIssued,
  InvoiceIssueStarted,
  InvoiceIssueWithdrawn,
  PaymentApplied,
  PaymentUnapplied,
} from '../../domain/billing/invoice.ts';
import { NumberTaken } from '../../domain/billing/series.ts';
import { payableOf } from '../../domain/document.ts';
import { invariant, NOTHING_YET, steps } from '../../kernel/invariant.ts';
import { faultsOfTotals, type Priced } from '../totals.ts';

export const invoiceTotals = invariant({
  name: 'invoice-totals',
  promise: 'An invoice is the sum of its lines, and its tax is worked out once a rate.',
  events: [InvoiceDrafted],
  initial: (): Priced | null => null,
  on: { InvoiceDrafted: (_, { lines, totals }) => ({ lines, totals }) },
  *always(invoice) {
    if (invoice !== null) yield* faultsOfTotals(invoice);
  },
});

interface Balance {
  readonly drafted: number | null;
  readonly issued: number | null;
  readonly paid: number;
  /** What the last event says is open. */
  readonly open: number | null;
}

export const invoiceBalance = invariant({
  name: 'invoice-balance',
  promise: 'What an invoice was issued for is what is paid and what is open, after every payment.',
  events: [InvoiceDrafted, InvoiceIssued, PaymentApplied, PaymentUnapplied],
  initial: (): Balance => ({ drafted: null, issued: null, paid: 0, open: null }),
  on: {
    InvoiceDrafted: (balance, { totals }) => ({ ...balance, drafted: payableOf(totals).minor }),
    InvoiceIssued: (balance, { totals }) => ({ ...balance, issued: payableOf(totals).minor }),
    PaymentApplied: (balance, { amount, open }) => ({ ...balance, paid: balance.paid + amount.minor, open: open.minor }),
    PaymentUnapplied: (balance, { amount, open }) => ({ ...balance, paid: balance.paid - amount.minor, open: open.minor }),
  },
  *always({ drafted, issued, paid, open }) {
    if (issued !== null && issued !== drafted) yield `drafted ${drafted}, issued ${issued}`;
    if (open !== null && (open < 0 || paid < 0 || paid + open !== issued)) yield `${paid} paid and ${open} open of ${issued}`;
  },
});

export const invoiceSteps = steps({
  name: 'invoice-steps',
  promise: 'An invoice goes from draft to issued to settled, and nothing follows its cancelling.',
  events: [InvoiceDrafted, InvoiceIssueStarted, InvoiceIssued, InvoiceIssueWithdrawn, InvoiceCancelled, PaymentApplied, PaymentUnapplied],
  mayFollow: {
    InvoiceDrafted: [NOTHING_YET],
    InvoiceIssueStarted: ['InvoiceDrafted', 'InvoiceIssueWithdrawn'],
    InvoiceIssued: ['InvoiceIssueStarted'],
    InvoiceIssueWithdrawn: ['InvoiceIssueStarted'],
    InvoiceCancelled: ['InvoiceDrafted', 'InvoiceIssueWithdrawn'],
    PaymentApplied: ['InvoiceIssued', 'PaymentApplied', 'PaymentUnapplied'],
    PaymentUnapplied: ['PaymentApplied', 'PaymentUnapplied'],
  },
});

interface Series {
  readonly taken: number;
  readonly last: number;
  readonly before: string;
  readonly issueDate: string;
}

export const seriesNumbers = invariant({
  name: 'series-numbers',
  promise: 'The numbers of a series run from 1 without a gap, in the order of their dates.',
  events: [NumberTaken],
  initial: (): Series => ({ taken: 0, last: 0, before: '', issueDate: '' }),
  on: {
    NumberTaken: (series, { sequence, issueDate }) => ({
      taken: series.taken + 1,
      last: sequence,
      before: series.issueDate,
      issueDate,
    }),
  },
  *always({ taken, last, before, issueDate }) {
    if (last !== taken) yield `number ${last} in place of ${taken}`;
    if (issueDate < before) yield `number ${last} of ${issueDate} follows one of ${before}`;
  },
});

interface Numbered {
  readonly taken: readonly string[];
  readonly issued: readonly string[];
  /** Issues begun and neither completed nor withdrawn. */
  readonly begun: number;
}

const numberAndDate = ({ sequence, issueDate }: { readonly sequence: number; readonly issueDate: string }): string =>
  `number ${sequence} of ${issueDate}`;

export const invoiceNumbers = invariant({
  name: 'invoice-numbers',
  promise: 'Every issued invoice has one number of its series, and every number belongs to one issued invoice.',
  events: [NumberTaken, InvoiceIssueStarted, InvoiceIssueWithdrawn, InvoiceIssued],
  keys: { NumberTaken: ({ documentId }) => [documentId] },
  initial: (): Numbered => ({ taken: [], issued: [], begun: 0 }),
  on: {
    NumberTaken: (state, taken) => ({ ...state, taken: [...state.taken, numberAndDate(taken)] }),
    InvoiceIssueStarted: state => ({ ...state, begun: state.begun + 1 }),
    InvoiceIssueWithdrawn: state => ({ ...state, begun: state.begun - 1 }),
    InvoiceIssued: (state, issued) => ({ ...state, issued: [...state.issued, numberAndDate(issued)], begun: state.begun - 1 }),
  },
  *always({ taken, issued }) {
    if (taken.length > 1) yield `took ${taken.length} numbers`;
    if (issued.length > 1) yield `was issued ${issued.length} times`;
    for (const number of issued) if (!taken.includes(number)) yield `was issued under ${number}, which it never took`;
  },
  *atRest({ taken, issued, begun }) {
    if (taken.length > issued.length) yield `took ${taken.join(', ')} and was never issued`;
    if (begun !== 0) yield 'its issue was begun and never came to an end';
  },
});
