/** A payment as it came in, the invoices it is set against, and what of it is the client's credit. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, invalidTransition, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { amountText, type Currency, Money, money, subtract, sum } from '../../kernel/money.ts';
import { closedOn } from '../closed-period.ts';

export const Allocation = z.strictObject({ invoiceId: z.string(), amount: Money });
export type Allocation = z.output<typeof Allocation>;

/** What the parts leave of the amount is the client's credit. */
export const PaymentRecorded = event('PaymentRecorded', {
  accountId: z.string(),
  amount: Money,
  receivedOn: z.iso.date(),
  method: z.string(),
  reference: z.string().optional(),
  allocations: z.array(Allocation),
});

/** The payment never came to be recorded, and what was held for it is free again; from here on it cannot be recorded. */
export const PaymentLapsed = event('PaymentLapsed', {});

/** A part of the client's credit is set against an invoice; `unallocated` is what is left. */
export const PaymentAllocated = event('PaymentAllocated', {
  allocationId: z.string(),
  accountId: z.string(),
  invoiceId: z.string(),
  amount: Money,
  unallocated: Money,
  allocatedOn: z.iso.date(),
});
/** The allocation never came about, and the invoice held for it is free again. */
export const PaymentAllocationLapsed = event('PaymentAllocationLapsed', { allocationId: z.string() });

/** An allocation as it is taken back: without an id it was made when the payment was recorded. */
const TakenBack = z.strictObject({ ...Allocation.shape, allocationId: z.string().optional() });

/** The payment did not come after all, or belongs elsewhere: all invoices it was set against are open again. */
export const PaymentReversed = event('PaymentReversed', {
  accountId: z.string(),
  amount: Money,
  reversedOn: z.iso.date(),
  reason: z.string(),
  allocations: z.array(TakenBack),
});

/** Credit is paid out to the client. */
export const PaymentRefunded = event('PaymentRefunded', {
  accountId: z.string(),
  amount: Money,
  unallocated: Money,
  refundedOn: z.iso.date(),
  method: z.string(),
  reference: z.string().optional(),
});

const events = [PaymentRecorded, PaymentLapsed, PaymentAllocated, PaymentAllocationLapsed, PaymentReversed, PaymentRefunded] as const;
type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;

interface State {
  readonly status: 'none' | 'recorded' | 'reversed' | 'lapsed';
  readonly accountId: string;
  readonly amount?: Money;
  readonly unallocated?: Money;
  readonly allocations: readonly z.output<typeof TakenBack>[];
  /** Allocations that were given up. */
  readonly lapsed: readonly string[];
}

export const Payment = decider({
  category: 'payment',
  stateVersion: 2,
  events,
  initial: (): State => ({ status: 'none', accountId: '', allocations: [], lapsed: [] }),
  evolve: {
    PaymentRecorded: (state, { accountId, amount, allocations }): State => ({
      ...state,
      status: 'recorded',
      accountId,
      amount,
      unallocated: leftOver(amount, allocations),
      allocations,
    }),
    PaymentLapsed: (state): State => ({ ...state, status: 'lapsed' }),
    PaymentAllocated: (state, { allocationId, invoiceId, amount, unallocated }): State => ({
      ...state,
      unallocated,
      allocations: [...state.allocations, { allocationId, invoiceId, amount }],
    }),
    PaymentAllocationLapsed: (state, { allocationId }): State => ({ ...state, lapsed: [...state.lapsed, allocationId] }),
    PaymentReversed: (state): State => ({ ...state, status: 'reversed', allocations: [] }),
    PaymentRefunded: (state, { unallocated }): State => ({ ...state, unallocated }),
  },
});

/** What parts leave of an amount. */
export const leftOver = (amount: Money, allocations: readonly Allocation[]): Money =>
  subtract(
    amount,
    sum(
      allocations.map(part => part.amount),
      amount.currency,
    ),
  );

export interface RecordingFacts {
  readonly closedThrough: string | null;
  /** Whether what is paid beyond an invoice becomes the client's credit, instead of being refused. */
  readonly overpaymentToCredit: boolean;
  /** Minor units open, by invoice; for capping what is set against it. */
  readonly open: ReadonlyMap<string, number>;
}

type Recording = DataOf<typeof PaymentRecorded>;

export function recordPayment(state: State, wish: Recording, { today, facts }: DecisionContext<RecordingFacts>): Outcome {
  if (state.status === 'lapsed') return refuse('PaymentLapsed', 'Recording this payment took too long and was given up; record it anew.');
  if (state.status !== 'none') return [];
  if (wish.receivedOn > today) return invalid([{ pointer: '/receivedOn', detail: 'A payment cannot have been received in the future.' }]);
  if (wish.amount.minor <= 0) return invalid([{ pointer: '/amount', detail: 'A payment is more than zero.' }]);
  const closed = closedOn(wish.receivedOn, facts.closedThrough);
  return closed ?? faultOf(wish) ?? [PaymentRecorded(facts.overpaymentToCredit ? capped(wish, facts.open) : wish)];
}

/** No invoice gets more than is open of it; the rest is credit. */
const capped = (wish: Recording, open: RecordingFacts['open']): Recording => ({
  ...wish,
  allocations: wish.allocations
    .map(({ invoiceId, amount }) => ({
      invoiceId,
      amount: money(Math.min(amount.minor, open.get(invoiceId) ?? amount.minor), amount.currency),
    }))
    .filter(({ amount }) => amount.minor > 0),
});

/** Every part goes to another invoice, and the parts are no more than the whole. */
function faultOf({ amount, allocations }: Recording): Refusal | undefined {
  const foreign = allocations.findIndex(part => part.amount.currency !== amount.currency);
  if (foreign >= 0) return refuse('CurrencyMismatch', `The payment is in ${amount.currency}; allocation ${foreign + 1} is not.`);
  const empty = allocations.findIndex(part => part.amount.minor <= 0);
  if (empty >= 0) return invalid([{ pointer: `/allocations/${empty}/amount`, detail: 'An allocation is more than zero.' }]);
  if (new Set(allocations.map(part => part.invoiceId)).size < allocations.length)
    return invalid([{ pointer: '/allocations', detail: 'Each invoice may be named once.' }]);
  if (leftOver(amount, allocations).minor < 0)
    return invalid([{ pointer: '/allocations', detail: 'The allocations are more than the amount.' }]);
  return undefined;
}

/** Gives up a payment that was never recorded, so that a slow request cannot record it any more. */
export const lapse = (state: State): Outcome => (state.status === 'none' ? [PaymentLapsed({})] : []);

interface AllocationWish {
  readonly id: string;
  readonly allocationId: string;
  readonly invoiceId: string;
  readonly amount: Money;
}

export interface DatedFacts {
  readonly closedThrough: string | null;
}

export function allocate(state: State, wish: AllocationWish, { today, facts }: DecisionContext<DatedFacts>): Outcome {
  const { id, allocationId, invoiceId, amount } = wish;
  if (state.allocations.some(part => part.allocationId === allocationId)) return [];
  if (state.lapsed.includes(allocationId)) return refuse('AllocationLapsed', 'This took too long and was given up; ask for it anew.');
  const credit = creditOf(state, id, amount);
  if ('refused' in credit) return credit;
  const closed = closedOn(today, facts.closedThrough);
  if (closed !== undefined) return closed;
  const unallocated = subtract(credit, amount);
  return [PaymentAllocated({ allocationId, accountId: state.accountId, invoiceId, amount, unallocated, allocatedOn: today })];
}

/** Gives up an allocation that never came about. */
export const lapseAllocation = (state: State, { allocationId }: { readonly allocationId: string }): Outcome =>
  state.allocations.some(part => part.allocationId === allocationId) || state.lapsed.includes(allocationId)
    ? []
    : [PaymentAllocationLapsed({ allocationId })];

interface Reversal {
  readonly id: string;
  readonly reason: string;
}

export function reverse(state: State, { id, reason }: Reversal, { today, facts }: DecisionContext<DatedFacts>): Outcome {
  if (state.status === 'reversed') return [];
  if (state.status !== 'recorded' || state.amount === undefined || state.unallocated === undefined) return notFound('payment', id);
  const { accountId, amount, allocations, unallocated } = state;
  if (leftOver(amount, allocations).minor !== unallocated.minor)
    return refuse('PaymentRefunded', 'A part of this payment was paid back to the client, so it did come in.');
  const closed = closedOn(today, facts.closedThrough);
  return closed ?? [PaymentReversed({ accountId, amount, reversedOn: today, reason, allocations: [...allocations] })];
}

export interface Refund {
  readonly id: string;
  readonly amount: Money;
  readonly refundedOn: string;
  readonly method: string;
  readonly reference?: string | undefined;
}

export function refund(state: State, { id, ...wish }: Refund, { today, facts }: DecisionContext<DatedFacts>): Outcome {
  const credit = creditOf(state, id, wish.amount);
  if ('refused' in credit) return credit;
  const fault = faultOfRefund(wish, today, facts);
  return fault ?? [PaymentRefunded({ ...wish, accountId: state.accountId, unallocated: subtract(credit, wish.amount) })];
}

/** Money goes out on a day that has come and is open. */
export function faultOfRefund({ refundedOn }: Pick<Refund, 'refundedOn'>, today: string, { closedThrough }: DatedFacts) {
  if (refundedOn > today) return invalid([{ pointer: '/refundedOn', detail: 'Money cannot have been paid back in the future.' }]);
  return closedOn(refundedOn, closedThrough);
}

/** What of the payment is credit, where so much can be taken of it. */
function creditOf({ status, unallocated }: State, id: string, amount: Money): Money | Refusal {
  if (status === 'reversed') return invalidTransition('A reversed payment leaves nothing to use.', ['RecordPayment']);
  if (unallocated === undefined) return notFound('payment', id);
  return enough(unallocated, amount);
}

/** A credit, where it is in the currency asked for and as much as is asked. */
export function enough(credit: Money, amount: Money): Money | Refusal {
  if (amount.minor <= 0) return invalid([{ pointer: '/amount', detail: 'The amount is more than zero.' }]);
  if (amount.currency !== credit.currency) return mismatch(credit.currency, amount.currency);
  if (amount.minor > credit.minor)
    return refuse('CreditExceeded', `Only ${amountText(credit)} ${credit.currency} of it is left to use.`, { left: amountText(credit) });
  return credit;
}

const mismatch = (own: Currency, asked: Currency): Refusal => refuse('CurrencyMismatch', `The credit is in ${own}, not in ${asked}.`);
