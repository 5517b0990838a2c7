/** An invoice: drafted, then issued under a number for good, then settled by payments. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalidTransition, notFound, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { amountText, Currency, Money, money } from '../../kernel/money.ts';
import { DocumentLine, payableOf, type Reckoning, Totals, totalsOf } from '../document.ts';
import { dueDateOf, type PaymentTerm } from '../invoicing.ts';
import { type Document, type Part, reckonedPart } from '../reckoning.ts';
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
export const InvoiceIssueStarted = event('InvoiceIssueStarted', {
  series: z.string(),
  year: z.int(),
  issueDate: z.iso.date(),
  dueDate: z.iso.date(),
});

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

const settlement = { paymentId: z.string(), amount: Money, open: Money };
/** `open` is what remains to be paid afterwards. */
export const PaymentApplied = event('PaymentApplied', settlement);
export const PaymentUnapplied = event('PaymentUnapplied', settlement);

const events = [
  InvoiceDrafted,
  InvoiceIssueStarted,
  InvoiceIssued,
  InvoiceIssueWithdrawn,
  InvoiceCancelled,
  PaymentApplied,
  PaymentUnapplied,
  InvoiceSendingRequested,
  InvoiceSent,
  InvoiceSendingFailed,
] as const;
type Fact = EventOf<(typeof events)[number]>;
type Started = DataOf<typeof InvoiceIssueStarted>;
type Outcome = Decision<Fact>;

interface State {
  readonly status: 'none' | 'draft' | 'issuing' | 'issued' | 'cancelled';
  readonly accountId: string;
  readonly orderId?: string | undefined;
  readonly term: PaymentTerm;
  readonly totals?: DataOf<typeof InvoiceDrafted>['totals'];
  readonly issue?: Started;
  readonly open?: Money;
  /** Minor units by payment. */
  readonly applied: Readonly<Record<string, number>>;
  readonly sendings: Sendings;
}

export const Invoice = decider({
  category: 'invoice',
  stateVersion: 3,
  events,
  initial: (): State => ({ status: 'none', accountId: '', term: { paymentTermDays: 0 }, applied: {}, sendings: {} }),
  evolve: {
    InvoiceDrafted: (state, { accountId, orderId, paymentTermDays, termEndOfMonth, totals }): State => ({
      ...state,
      status: 'draft',
      accountId,
      orderId,
      term: { paymentTermDays, ...(termEndOfMonth === undefined ? {} : { termEndOfMonth }) },
      totals,
    }),
    InvoiceIssueStarted: (state, issue): State => ({ ...state, status: 'issuing', issue }),
    InvoiceIssued: (state, { totals }): State => ({ ...state, status: 'issued', open: payableOf(totals) }),
    InvoiceIssueWithdrawn: (state): State => ({ ...state, status: 'draft' }),
    InvoiceCancelled: (state): State => ({ ...state, status: 'cancelled' }),
    PaymentApplied: (state, { paymentId, amount, open }): State => ({
      ...state,
      open,
      applied: { ...state.applied, [paymentId]: amount.minor },
    }),
    PaymentUnapplied: (state, { paymentId, open }): State => ({ ...state, open, applied: without(state.applied, paymentId) }),
    InvoiceSendingRequested: (state, sending): State => ({ ...state, sendings: requested(state.sendings, sending) }),
    InvoiceSent: (state, { sendingId }): State => ({ ...state, sendings: answered(state.sendings, sendingId) }),
    InvoiceSendingFailed: (state, { sendingId }): State => ({ ...state, sendings: answered(state.sendings, sendingId) }),
  },
});

const without = (applied: State['applied'], paymentId: string): State['applied'] =>
  Object.fromEntries(Object.entries(applied).filter(([id]) => id !== paymentId));

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

export function startIssue(state: State, id: string, series: string, issueDate: string): Outcome {
  if (state.status === 'none') return notFound('invoice', id);
  if (state.status === 'issuing' || state.status === 'issued') return [];
  if (state.status !== 'draft') return invalidTransition('A cancelled invoice cannot be issued.', []);
  const year = Number(issueDate.slice(0, 4));
  return [InvoiceIssueStarted({ series, year, issueDate, dueDate: dueDateOf(issueDate, state.term) })];
}

/** After the number is taken nothing refuses: a number without its document would be a gap. */
export function completeIssue(state: State, sequence: number, number: string): Outcome {
  if (state.status !== 'issuing' || state.issue === undefined || state.totals === undefined) return [];
  const { series, issueDate, dueDate } = state.issue;
  const { accountId, orderId, totals } = state;
  return [
    InvoiceIssued({ number, series, sequence, issueDate, dueDate, accountId, ...(orderId === undefined ? {} : { orderId }), totals }),
  ];
}

export const withdrawIssue = (state: State, because: string): Outcome =>
  state.status === 'issuing' ? [InvoiceIssueWithdrawn({ because })] : [];

export function cancel(state: State, id: string, reason: string): Outcome {
  if (state.status === 'none') return notFound('invoice', id);
  if (state.status === 'cancelled') return [];
  if (state.status !== 'draft') return refuse('DocumentLocked', 'An issued invoice stays as it is; correct it by a credit note.');
  if (state.orderId !== undefined) return refuse('DocumentLocked', 'The goods of this order are shipped, so its invoice has to be issued.');
  return [InvoiceCancelled({ reason })];
}

/** What is set against an invoice, and the account whose payment it is part of. */
interface Settlement {
  readonly id: string;
  readonly paymentId: string;
  readonly accountId: string;
  readonly amount: Money;
}

export function applyPayment(
  state: State,
  { id, paymentId, accountId, amount }: Settlement,
  { facts: owedBy }: DecisionContext<string | undefined>,
): Outcome {
  if (state.status === 'none') return notFound('invoice', id);
  if (Object.hasOwn(state.applied, paymentId)) return [];
  if (state.status !== 'issued' || state.open === undefined)
    return invalidTransition('Only an issued invoice can be paid.', ['IssueInvoice']);
  if (accountId !== state.accountId && accountId !== owedBy)
    return refuse('AccountMismatch', `Invoice ${id} is owed by another account than the one that paid.`, { invoiceId: id });
  if (amount.currency !== state.open.currency)
    return refuse('CurrencyMismatch', `The invoice is in ${state.open.currency}, the payment in ${amount.currency}.`);
  if (amount.minor > state.open.minor)
    return refuse(
      'PaymentExceedsBalance',
      `${amountText(amount)} was paid, but only ${amountText(state.open)} ${amount.currency} is open.`,
      { invoiceId: id, open: amountText(state.open) },
    );
  return [PaymentApplied({ paymentId, amount, open: money(state.open.minor - amount.minor, amount.currency) })];
}

export function unapplyPayment(state: State, paymentId: string): Outcome {
  const minor = state.applied[paymentId];
  if (minor === undefined || state.open === undefined) return [];
  const { currency } = state.open;
  return [PaymentUnapplied({ paymentId, amount: money(minor, currency), open: money(state.open.minor + minor, currency) })];
}
