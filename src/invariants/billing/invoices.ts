import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../domain/billing/crediting.ts';
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
import { NumberTaken } from '../../domain/billing/series.ts';
import { payableOf } from '../../domain/document.ts';
import { invariant, NOTHING_YET, steps } from '../../kernel/invariant.ts';
import type { Money } from '../../kernel/money.ts';
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
  /** What credit notes took of it, by note. */
  readonly credited: Readonly<Record<string, number>>;
  /** What the last event says is open. */
  readonly open: number | null;
}

interface Settled {
  readonly amount: Money;
  readonly open: Money;
}

const paid = (balance: Balance, { amount, open }: Settled, sign: 1 | -1): Balance => ({
  ...balance,
  paid: balance.paid + sign * amount.minor,
  open: open.minor,
});

export const invoiceBalance = invariant({
  name: 'invoice-balance',
  promise: 'What an invoice was issued for is what is paid, what is credited against it and what is open, after every step.',
  events: [
    InvoiceDrafted,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    CreditApplied,
    CreditUnapplied,
    CreditNoteRequested,
    CreditNoteRequestWithdrawn,
    InvoiceBecameOverdue,
  ],
  initial: (): Balance => ({ drafted: null, issued: null, paid: 0, credited: {}, open: null }),
  on: {
    InvoiceDrafted: (balance, { totals }) => ({ ...balance, drafted: payableOf(totals).minor }),
    InvoiceIssued: (balance, { totals }) => ({ ...balance, issued: payableOf(totals).minor }),
    PaymentApplied: (balance, part) => paid(balance, part, 1),
    PaymentUnapplied: (balance, part) => paid(balance, part, -1),
    CreditApplied: (balance, part) => paid(balance, part, 1),
    CreditUnapplied: (balance, part) => paid(balance, part, -1),
    CreditNoteRequested: (balance, { creditNoteId, applied, open }) => ({
      ...balance,
      credited: { ...balance.credited, [creditNoteId]: applied.minor },
      open: open.minor,
    }),
    CreditNoteRequestWithdrawn: (balance, { creditNoteId, open }) => ({
      ...balance,
      credited: { ...balance.credited, [creditNoteId]: 0 },
      open: open.minor,
    }),
    InvoiceBecameOverdue: (balance, { open }) => ({ ...balance, open: open.minor }),
  },
  *always({ drafted, issued, paid: settled, credited, open }) {
    const taken = Object.values(credited).reduce((sum, minor) => sum + minor, 0);
    if (issued !== null && issued !== drafted) yield `drafted ${drafted}, issued ${issued}`;
    if (open !== null && (open < 0 || settled < 0 || settled + taken + open !== issued))
      yield `${settled} paid, ${taken} credited and ${open} open of ${issued}`;
  },
});

const SETTLING = [
  'InvoiceIssued',
  'PaymentApplied',
  'PaymentUnapplied',
  'CreditApplied',
  'CreditUnapplied',
  'CreditNoteRequested',
  'CreditNoteRequestWithdrawn',
  'InvoiceBecameOverdue',
] as const;

export const invoiceSteps = steps({
  name: 'invoice-steps',
  promise: 'An invoice goes from draft to issued to settled, and nothing follows its cancelling.',
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
  mayFollow: {
    InvoiceDrafted: [NOTHING_YET],
    InvoiceIssueStarted: ['InvoiceDrafted', 'InvoiceIssueWithdrawn'],
    InvoiceIssued: ['InvoiceIssueStarted'],
    InvoiceIssueWithdrawn: ['InvoiceIssueStarted'],
    InvoiceCancelled: ['InvoiceDrafted', 'InvoiceIssueWithdrawn'],
    InvoiceBecameOverdue: SETTLING.filter(type => type !== 'InvoiceBecameOverdue'),
    PaymentApplied: SETTLING,
    PaymentUnapplied: SETTLING,
    CreditApplied: SETTLING,
    CreditUnapplied: SETTLING,
    CreditNoteRequested: SETTLING,
    CreditNoteRequestWithdrawn: SETTLING,
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

export const numberAndDate = ({ sequence, issueDate }: { readonly sequence: number; readonly issueDate: string }): string =>
  `number ${sequence} of ${issueDate}`;

export const invoiceNumbers = invariant({
  name: 'invoice-numbers',
  promise: 'Every issued invoice has one number of its series, and every number belongs to one issued invoice.',
  events: [NumberTaken, InvoiceIssueStarted, InvoiceIssueWithdrawn, InvoiceIssued],
  keys: { NumberTaken: ({ kind = 'invoice', documentId }) => (kind === 'invoice' ? [documentId] : []) },
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
