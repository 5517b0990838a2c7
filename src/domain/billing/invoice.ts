/** An invoice: drafted, then issued under a number for good, then settled by payments. */
import { z } from 'zod';
import { type Decision, decider, notFound, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency, Money } from '../../kernel/money.ts';
import { DocumentLine, payableOf, type Reckoning, Totals, totalsOf } from '../document.ts';
import type { PaymentTerm } from '../invoicing.ts';
import { Party } from '../party.ts';
import { type Document, type Part, reckonedPart } from '../reckoning.ts';
import { type Creditable, CreditNoteRequested, CreditNoteRequestWithdrawn, creditedBy } from './crediting.ts';
import { Exchange } from './exchange.ts';
import { answered, InvoiceSendingFailed, InvoiceSendingRequested, InvoiceSent, requested, type Sendings } from './sending.ts';

export const InvoiceDrafted = event('InvoiceDrafted', {
  accountId: z.string(),
  orderId: z.string().optional(),
  /** The delivery invoiced; absent for invoices of whole orders and by hand. */
  deliveryId: z.string().optional(),
  currency: Currency,
  paymentTermDays: z.int(),
  termEndOfMonth: z.boolean().optional(),
  reference: z.string().optional(),
  lines: z.array(DocumentLine),
  totals: Totals,
});

/** From here on nothing about the invoice changes but its number: totals are frozen, it can be neither edited nor cancelled. */
export const InvoiceIssueStarted = event(
  'InvoiceIssueStarted',
  {
    series: z.string(),
    year: z.int(),
    issueDate: z.iso.date(),
    dueDate: z.iso.date(),
    /** Who sells and who buys, as they were then; `individual` where the buyer is a person and no company. */
    seller: Party.optional(),
    buyer: Party.optional(),
    individual: z.boolean().optional(),
    exchange: Exchange.optional(),
  },
  // An invoice must name its buyer for as long as the law wants it kept: the buyer is sealed with a key of the invoice's own.
  { personal: [{ person: ({ individual }, invoiceId) => (individual ? invoiceId : undefined), fields: ['buyer'] }] },
);

export const InvoiceIssued = event('InvoiceIssued', {
  number: z.string(),
  series: z.string(),
  sequence: z.int(),
  issueDate: z.iso.date(),
  dueDate: z.iso.date(),
  accountId: z.string(),
  orderId: z.string().optional(),
  totals: Totals,
});

/** The series refused a number; the invoice is a draft again. */
export const InvoiceIssueWithdrawn = event('InvoiceIssueWithdrawn', { because: z.string() });
export const InvoiceCancelled = event('InvoiceCancelled', { reason: z.string() });
/** Its last day for payment is over and something is still open. */
export const InvoiceBecameOverdue = event('InvoiceBecameOverdue', { dueDate: z.iso.date(), open: Money });

const settlement = { amount: Money, open: Money };
/** `open` is what remains to be paid afterwards; `allocationId` where a recorded payment was set against the invoice later. */
export const PaymentApplied = event('PaymentApplied', { paymentId: z.string(), allocationId: z.string().optional(), ...settlement });
export const PaymentUnapplied = event('PaymentUnapplied', {
  paymentId: z.string(),
  allocationId: z.string().optional(),
  ...settlement,
  dueDate: z.iso.date().optional(),
});
/** A client's credit is set against the invoice. */
export const CreditApplied = event('CreditApplied', { creditNoteId: z.string(), allocationId: z.string(), ...settlement });
export const CreditUnapplied = event('CreditUnapplied', {
  creditNoteId: z.string(),
  allocationId: z.string(),
  ...settlement,
  dueDate: z.iso.date(),
});

const events = [
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
  InvoiceSendingRequested,
  InvoiceSent,
  InvoiceSendingFailed,
] as const;
export type InvoiceFact = EventOf<(typeof events)[number]>;
type Outcome = Decision<InvoiceFact>;

export interface State extends Creditable {
  readonly status: 'none' | 'draft' | 'issuing' | 'issued' | 'cancelled';
  readonly term: PaymentTerm;
  readonly issue?: Pick<DataOf<typeof InvoiceIssueStarted>, 'series' | 'issueDate' | 'dueDate'>;
  readonly overdue: boolean;
  readonly sendings: Sendings;
}

const NOTHING: State = {
  status: 'none',
  accountId: '',
  term: { paymentTermDays: 0 },
  lines: [],
  overdue: false,
  applied: {},
  credited: {},
  sendings: {},
};

export const Invoice = decider({
  category: 'invoice',
  stateVersion: 4,
  events,
  initial: (): State => NOTHING,
  evolve: {
    InvoiceDrafted: (state, { accountId, orderId, paymentTermDays, termEndOfMonth, lines, totals }): State => ({
      ...state,
      status: 'draft',
      accountId,
      orderId,
      term: { paymentTermDays, ...(termEndOfMonth === undefined ? {} : { termEndOfMonth }) },
      lines: lines.map(withoutHistory),
      totals,
    }),
    InvoiceIssueStarted: (state, { series, issueDate, dueDate, exchange }): State => ({
      ...state,
      status: 'issuing',
      issue: { series, issueDate, dueDate },
      exchange,
    }),
    InvoiceIssued: (state, { number, totals }): State => ({ ...state, status: 'issued', number, open: payableOf(totals) }),
    InvoiceIssueWithdrawn: (state): State => ({ ...state, status: 'draft' }),
    InvoiceCancelled: (state): State => ({ ...state, status: 'cancelled' }),
    InvoiceBecameOverdue: (state): State => ({ ...state, overdue: true }),
    PaymentApplied: (state, { paymentId, allocationId = paymentId, amount, open }): State => applied(state, allocationId, amount, open),
    PaymentUnapplied: (state, { paymentId, allocationId = paymentId, open }): State => unapplied(state, allocationId, open),
    CreditApplied: (state, { allocationId, amount, open }): State => applied(state, allocationId, amount, open),
    CreditUnapplied: (state, { allocationId, open }): State => unapplied(state, allocationId, open),
    CreditNoteRequested: (state, request): State => ({
      ...owing(state, request.open),
      credited: { ...state.credited, [request.creditNoteId]: creditedBy(request) },
    }),
    CreditNoteRequestWithdrawn: (state, { creditNoteId, open }): State => ({
      ...owing(state, open),
      credited: without(state.credited, creditNoteId),
    }),
    InvoiceSendingRequested: (state, sending): State => ({ ...state, sendings: requested(state.sendings, sending) }),
    InvoiceSent: (state, { sendingId }): State => ({ ...state, sendings: answered(state.sendings, sendingId) }),
    InvoiceSendingFailed: (state, { sendingId }): State => ({ ...state, sendings: answered(state.sendings, sendingId) }),
  },
});

/** How a line's price was found is told by the events; decisions do not ask it. */
const withoutHistory = ({ price: { tried: _, ...price }, ...line }: DocumentLine): DocumentLine => ({ ...line, price });

/** Whatever is paid or taken back, the clock has to say anew that it is overdue. */
const owing = (state: State, open: Money): State => ({ ...state, open, overdue: false });

const applied = (state: State, key: string, { minor }: Money, open: Money): State => ({
  ...owing(state, open),
  applied: { ...state.applied, [key]: minor },
});

const unapplied = (state: State, key: string, open: Money): State => ({ ...owing(state, open), applied: without(state.applied, key) });

const without = <Value>(entries: Readonly<Record<string, Value>>, key: string): Readonly<Record<string, Value>> =>
  Object.fromEntries(Object.entries(entries).filter(([id]) => id !== key));

/** The invoice of a delivery bears its id, so that a delivery is invoiced once. */
export const invoiceOfDelivery = (deliveryId: string): string => deliveryId;

interface OrderWish extends Omit<DataOf<typeof InvoiceDrafted>, 'totals'> {
  readonly reckoning?: Reckoning | undefined;
  readonly parts?: readonly Part[] | undefined;
}

/** Of the order's lines, all or the parts named. */
export function draftOfOrder(state: State, { parts, reckoning, ...wish }: OrderWish): Outcome {
  if (state.status !== 'none') return [];
  const tooMuch = parts?.find(part => !wish.lines.some(line => holds(line, part)));
  if (tooMuch !== undefined) return refuse('MoreThanOrdered', `Line ${tooMuch.line} of the order has less left to invoice.`, tooMuch);
  return [InvoiceDrafted({ ...wish, ...documentOf({ ...wish, parts, reckoning }) })];
}

const holds = ({ line, quantity }: DocumentLine, part: Part): boolean => line === part.line && part.before + part.quantity <= quantity;

const documentOf = ({ lines, currency, parts, reckoning }: OrderWish): Document =>
  parts === undefined ? { lines, totals: totalsOf(lines, currency, reckoning) } : reckonedPart(lines, parts, currency, reckoning);

export function cancel(state: State, id: string, reason: string): Outcome {
  if (state.status === 'none') return notFound('invoice', id);
  if (state.status === 'cancelled') return [];
  if (state.status !== 'draft') return refuse('DocumentLocked', 'An issued invoice stays as it is; correct it by a credit note.');
  if (state.orderId !== undefined) return refuse('DocumentLocked', 'The goods of this order are shipped, so its invoice has to be issued.');
  return [InvoiceCancelled({ reason })];
}
