/** A payment as it came in, and the invoices it settles. */
import { z } from 'zod';
import { type Decision, decider, invalid, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Money, sum } from '../../kernel/money.ts';

export const Allocation = z.strictObject({ invoiceId: z.string(), amount: Money });
export type Allocation = z.output<typeof Allocation>;

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

const events = [PaymentRecorded, PaymentLapsed] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly status: 'none' | 'recorded' | 'lapsed';
}

export const Payment = decider({
  category: 'payment',
  stateVersion: 1,
  events,
  initial: (): State => ({ status: 'none' }),
  evolve: {
    PaymentRecorded: (): State => ({ status: 'recorded' }),
    PaymentLapsed: (): State => ({ status: 'lapsed' }),
  },
});

export function recordPayment(state: State, wish: DataOf<typeof PaymentRecorded>, today: string): Decision<Fact> {
  if (state.status === 'recorded') return [];
  if (state.status === 'lapsed') return refuse('PaymentLapsed', 'Recording this payment took too long and was given up; record it anew.');
  if (wish.receivedOn > today) return invalid([{ pointer: '/receivedOn', detail: 'A payment cannot have been received in the future.' }]);
  if (wish.amount.minor <= 0) return invalid([{ pointer: '/amount', detail: 'A payment is more than zero.' }]);
  return allocated(wish) ?? [PaymentRecorded(wish)];
}

/** Every part goes to another invoice, and the parts are the whole. */
function allocated({ amount, allocations }: DataOf<typeof PaymentRecorded>) {
  const foreign = allocations.findIndex(part => part.amount.currency !== amount.currency);
  if (foreign >= 0) return refuse('CurrencyMismatch', `The payment is in ${amount.currency}; allocation ${foreign + 1} is not.`);
  const empty = allocations.findIndex(part => part.amount.minor <= 0);
  if (empty >= 0) return invalid([{ pointer: `/allocations/${empty}/amount`, detail: 'An allocation is more than zero.' }]);
  if (new Set(allocations.map(part => part.invoiceId)).size < allocations.length)
    return invalid([{ pointer: '/allocations', detail: 'Each invoice may be named once.' }]);
  const parts = sum(
    allocations.map(part => part.amount),
    amount.currency,
  );
  if (parts.minor !== amount.minor) return invalid([{ pointer: '/allocations', detail: 'The allocations do not add up to the amount.' }]);
  return undefined;
}

/** Gives up a payment that was never recorded, so that a slow request cannot record it any more. */
export const lapse = (state: State): Decision<Fact> => (state.status === 'none' ? [PaymentLapsed({})] : []);
