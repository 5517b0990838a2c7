/** Setting payments and credits against an invoice, and taking them back: never more than is open, whatever comes at one time. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalidTransition, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { amountText, type Money, money } from '../../kernel/money.ts';
import { CreditApplied, CreditUnapplied, type InvoiceFact, PaymentApplied, PaymentUnapplied, type State } from './invoice.ts';

type Outcome = Decision<InvoiceFact>;

/** What is set against an invoice, and the account whose money it is. */
interface Settlement {
  readonly id: string;
  readonly accountId: string;
  readonly amount: Money;
}

/** What remains open afterwards, or why it cannot be set against the invoice. */
function openAfter(state: State, { id, accountId, amount }: Settlement, owedBy: string | undefined): Money | Refusal {
  if (state.status === 'none') return notFound('invoice', id);
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
  return money(state.open.minor - amount.minor, amount.currency);
}

interface OfPayment {
  readonly paymentId: string;
  readonly allocationId?: string | undefined;
}

/** `facts`: the account that owes the invoice now, where it is not the one it names. */
export function applyPayment(
  state: State,
  { paymentId, allocationId, ...part }: Settlement & OfPayment,
  { facts: owedBy }: DecisionContext<string | undefined>,
): Outcome {
  if (Object.hasOwn(state.applied, allocationId ?? paymentId)) return [];
  const open = openAfter(state, part, owedBy);
  return 'refused' in open ? open : [PaymentApplied({ paymentId, allocationId, amount: part.amount, open })];
}

interface OfCredit {
  readonly creditNoteId: string;
  readonly allocationId: string;
}

export function applyCredit(
  state: State,
  { creditNoteId, allocationId, ...part }: Settlement & OfCredit,
  { facts: owedBy }: DecisionContext<string | undefined>,
): Outcome {
  if (Object.hasOwn(state.applied, allocationId)) return [];
  const open = openAfter(state, part, owedBy);
  return 'refused' in open ? open : [CreditApplied({ creditNoteId, allocationId, amount: part.amount, open })];
}

export function unapplyPayment(state: State, { paymentId, allocationId }: OfPayment): Outcome {
  const back = takenBack(state, allocationId ?? paymentId);
  return back === undefined ? [] : [PaymentUnapplied({ paymentId, allocationId, ...back })];
}

export function unapplyCredit(state: State, { creditNoteId, allocationId }: OfCredit): Outcome {
  const back = takenBack(state, allocationId);
  return back === undefined ? [] : [CreditUnapplied({ creditNoteId, allocationId, ...back })];
}

function takenBack({ applied, open, issue }: State, key: string) {
  const minor = applied[key];
  if (minor === undefined || open === undefined || issue === undefined) return undefined;
  return { amount: money(minor, open.currency), open: money(open.minor + minor, open.currency), dueDate: issue.dueDate };
}
