/** A credit note: what an invoice gives back, under a number of its own; set against the invoice, or kept as the client's credit. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalidTransition, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Money, subtract } from '../../kernel/money.ts';
import { payableOf, Totals } from '../document.ts';
import { CreditNoteRequested } from './crediting.ts';
import { type DatedFacts, enough, faultOfRefund, type Refund } from './payment.ts';

/** All that the credit note says; its number comes next. */
export const CreditNoteIssueStarted = event('CreditNoteIssueStarted', {
  ...CreditNoteRequested.schema.omit({ creditNoteId: true, open: true }).shape,
  invoiceId: z.string(),
  year: z.int(),
  issueDate: z.iso.date(),
});

export const CreditNoteIssued = event('CreditNoteIssued', {
  number: z.string(),
  series: z.string(),
  sequence: z.int(),
  issueDate: z.iso.date(),
  accountId: z.string(),
  invoiceId: z.string(),
  orderId: z.string().optional(),
  totals: Totals,
  /** What is set against its invoice, and what is left as the client's credit. */
  applied: Money,
  open: Money,
});
/** The series refused a number. */
export const CreditNoteIssueWithdrawn = event('CreditNoteIssueWithdrawn', { because: z.string() });

/** Credit is set against another invoice; `open` is what is left of it. */
export const CreditAllocated = event('CreditAllocated', {
  allocationId: z.string(),
  accountId: z.string(),
  invoiceId: z.string(),
  amount: Money,
  open: Money,
  allocatedOn: z.iso.date(),
});
export const CreditAllocationLapsed = event('CreditAllocationLapsed', { allocationId: z.string() });
/** Credit is paid out to the client. */
export const CreditRefunded = event('CreditRefunded', {
  accountId: z.string(),
  amount: Money,
  open: Money,
  refundedOn: z.iso.date(),
  method: z.string(),
  reference: z.string().optional(),
});
/** It was a mistake, and nothing was done with it: its number stays, and what it took of its invoice may be credited anew. */
export const CreditNoteVoided = event('CreditNoteVoided', {
  accountId: z.string(),
  invoiceId: z.string(),
  amount: Money,
  voidedOn: z.iso.date(),
  reason: z.string(),
});

const events = [
  CreditNoteIssueStarted,
  CreditNoteIssued,
  CreditNoteIssueWithdrawn,
  CreditAllocated,
  CreditAllocationLapsed,
  CreditRefunded,
  CreditNoteVoided,
] as const;
type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;
type Started = DataOf<typeof CreditNoteIssueStarted>;

interface State {
  readonly status: 'none' | 'issuing' | 'withdrawn' | 'issued' | 'void';
  readonly accountId: string;
  readonly issue?: Pick<Started, 'series' | 'issueDate' | 'invoiceId' | 'orderId' | 'totals' | 'applied'>;
  /** What is left of it as the client's credit. */
  readonly open?: Money;
  readonly allocations: readonly string[];
  readonly lapsed: readonly string[];
}

export const CreditNote = decider({
  category: 'creditNote',
  stateVersion: 1,
  events,
  initial: (): State => ({ status: 'none', accountId: '', allocations: [], lapsed: [] }),
  evolve: {
    CreditNoteIssueStarted: (state, { accountId, series, issueDate, invoiceId, orderId, totals, applied }): State => ({
      ...state,
      status: 'issuing',
      accountId,
      issue: { series, issueDate, invoiceId, orderId, totals, applied },
    }),
    CreditNoteIssued: (state, { open }): State => ({ ...state, status: 'issued', open }),
    CreditNoteIssueWithdrawn: (state): State => ({ ...state, status: 'withdrawn' }),
    CreditAllocated: (state, { allocationId, open }): State => ({ ...state, open, allocations: [...state.allocations, allocationId] }),
    CreditAllocationLapsed: (state, { allocationId }): State => ({ ...state, lapsed: [...state.lapsed, allocationId] }),
    CreditRefunded: (state, { open }): State => ({ ...state, open }),
    CreditNoteVoided: (state): State => ({ ...state, status: 'void' }),
  },
});

/** Asked for by its invoice, which has reserved what it takes. */
export function startIssue(state: State, wish: Omit<Started, 'year' | 'issueDate'>, { today }: DecisionContext<unknown>): Outcome {
  if (state.status !== 'none' && state.status !== 'withdrawn') return [];
  return [CreditNoteIssueStarted({ ...wish, year: Number(today.slice(0, 4)), issueDate: today })];
}

/** After the number is taken nothing refuses: a number without its document would be a gap. */
export function completeIssue(state: State, sequence: number, number: string): Outcome {
  if (state.status !== 'issuing' || state.issue === undefined) return [];
  const { accountId, issue } = state;
  return [CreditNoteIssued({ number, sequence, accountId, ...issue, open: subtract(payableOf(issue.totals), issue.applied) })];
}

export const withdrawIssue = (state: State, because: string): Outcome =>
  state.status === 'issuing' ? [CreditNoteIssueWithdrawn({ because })] : [];

interface AllocationWish {
  readonly id: string;
  readonly allocationId: string;
  readonly invoiceId: string;
  readonly amount: Money;
}

export function allocate(state: State, wish: AllocationWish, { today }: DecisionContext<unknown>): Outcome {
  const { id, allocationId, invoiceId, amount } = wish;
  if (state.allocations.includes(allocationId)) return [];
  if (state.lapsed.includes(allocationId)) return refuse('AllocationLapsed', 'This took too long and was given up; ask for it anew.');
  const credit = creditOf(state, id, amount);
  if ('refused' in credit) return credit;
  const open = subtract(credit, amount);
  return [CreditAllocated({ allocationId, accountId: state.accountId, invoiceId, amount, open, allocatedOn: today })];
}

/** Gives up an allocation that never came about. */
export const lapseAllocation = (state: State, { allocationId }: { readonly allocationId: string }): Outcome =>
  state.allocations.includes(allocationId) || state.lapsed.includes(allocationId) ? [] : [CreditAllocationLapsed({ allocationId })];

export function refund(state: State, { id, ...wish }: Refund, { today, facts }: DecisionContext<DatedFacts>): Outcome {
  const credit = creditOf(state, id, wish.amount);
  if ('refused' in credit) return credit;
  const fault = faultOfRefund(wish, today, facts);
  return fault ?? [CreditRefunded({ ...wish, accountId: state.accountId, open: subtract(credit, wish.amount) })];
}

export function voidNote(state: State, { id, reason }: { readonly id: string; readonly reason: string }, today: string): Outcome {
  if (state.status === 'void') return [];
  if (state.status !== 'issued' || state.issue === undefined || state.open === undefined) return notFound('credit note', id);
  const amount = payableOf(state.issue.totals);
  if (state.open.minor !== amount.minor) return refuse('DocumentLocked', 'A part of this credit note is used already, so it stays.');
  return [CreditNoteVoided({ accountId: state.accountId, invoiceId: state.issue.invoiceId, amount, voidedOn: today, reason })];
}

function creditOf({ status, open }: State, id: string, amount: Money): Money | Refusal {
  if (status === 'void') return invalidTransition('A void credit note leaves nothing to use.', []);
  if (status !== 'issued' || open === undefined) return notFound('credit note', id);
  return enough(open, amount);
}
