/** Issuing an invoice: everything about it is frozen, then it gets its number, then it is issued for good. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalidTransition, isRefusal, notFound, type Refusal } from '../../kernel/decider.ts';
import { closedOn } from '../closed-period.ts';
import type { RateFound } from '../exchange.ts';
import { dueDateOf } from '../invoicing.ts';
import type { Party } from '../party.ts';
import { type Exchange, exchangeOf, type ManualRate } from './exchange.ts';
import {
  InvoiceBecameOverdue,
  type InvoiceFact,
  InvoiceIssued,
  InvoiceIssueStarted,
  InvoiceIssueWithdrawn,
  type State,
} from './invoice.ts';

type Outcome = Decision<InvoiceFact>;

interface Wish {
  readonly id: string;
  readonly series: string;
  /** A rate by hand, for an invoice in another currency than the books. */
  readonly rate?: ManualRate | undefined;
}

export interface IssuingFacts {
  readonly closedThrough: string | null;
  readonly seller: Party | null;
  /** Null where the account is not known. */
  readonly buyer: { readonly party: Party; readonly individual: boolean } | null;
  /** The rate for an invoice of today; undefined while there is nothing to issue. */
  readonly found?: RateFound | undefined;
  /** Whether an invoice in another currency is refused where there is no rate. */
  readonly rateRequired: boolean;
}

export function startIssue(state: State, { id, series, rate }: Wish, { today, facts }: DecisionContext<IssuingFacts>): Outcome {
  if (state.status === 'none') return notFound('invoice', id);
  if (state.status === 'issuing' || state.status === 'issued') return [];
  if (state.status !== 'draft') return invalidTransition('A cancelled invoice cannot be issued.', []);
  const closed = closedOn(today, facts.closedThrough);
  if (closed !== undefined) return closed;
  const exchange = frozenExchange(state, rate, facts);
  if (isRefusal(exchange)) return exchange;
  const { seller, buyer } = facts;
  return [
    InvoiceIssueStarted({
      series,
      year: Number(today.slice(0, 4)),
      issueDate: today,
      dueDate: dueDateOf(today, state.term),
      ...(seller === null ? {} : { seller }),
      ...(buyer === null ? {} : { buyer: buyer.party, individual: buyer.individual }),
      ...(exchange === undefined ? {} : { exchange }),
    }),
  ];
}

function frozenExchange(
  { totals }: State,
  rate: ManualRate | undefined,
  { found, rateRequired }: IssuingFacts,
): Exchange | Refusal | undefined {
  if (totals === undefined || found === undefined) return undefined;
  const exchange = exchangeOf(totals, found, rate);
  return isRefusal(exchange) && !rateRequired ? undefined : exchange;
}

/** After the number is taken nothing refuses: a number without its document would be a gap. */
export function completeIssue(state: State, sequence: number, number: string): Outcome {
  if (state.status !== 'issuing' || state.issue === undefined || state.totals === undefined) return [];
  const { accountId, orderId, totals, issue } = state;
  return [InvoiceIssued({ number, ...issue, sequence, accountId, ...(orderId === undefined ? {} : { orderId }), totals })];
}

export const withdrawIssue = (state: State, because: string): Outcome =>
  state.status === 'issuing' ? [InvoiceIssueWithdrawn({ because })] : [];

/** Said by the clock, after the last day for payment; silent where nothing is open any more. */
export function becomeOverdue({ status, issue, open, overdue }: State, today: string): Outcome {
  if (status !== 'issued' || issue === undefined || open === undefined) return [];
  if (overdue || open.minor === 0 || today <= issue.dueDate) return [];
  return [InvoiceBecameOverdue({ dueDate: issue.dueDate, open })];
}
