import { PaymentApplied, PaymentUnapplied } from '../../domain/billing/invoice.ts';
import { PaymentLapsed, PaymentRecorded } from '../../domain/billing/payment.ts';
import { invariant, NOTHING_YET, steps } from '../../kernel/invariant.ts';

interface Sums {
  readonly amount: number;
  readonly parts: number;
}

export const paymentParts = invariant({
  name: 'payment-parts',
  promise: 'The parts of a payment are no more than the payment.',
  events: [PaymentRecorded],
  initial: (): Sums => ({ amount: 0, parts: 0 }),
  on: {
    PaymentRecorded: (_, { amount, allocations }) => ({
      amount: amount.minor,
      parts: allocations.reduce((sum, part) => sum + part.amount.minor, 0),
    }),
  },
  *always({ amount, parts }) {
    if (parts > amount) yield `parts of ${parts} out of ${amount}`;
  },
});

interface Part {
  /** Minor units; null while the payment is not recorded. */
  readonly allocated: number | null;
  readonly applied: number;
}

const part = (paymentId: string, invoiceId: string): string => `${paymentId} on ${invoiceId}`;
const byPart = ({ paymentId }: { readonly paymentId: string }, { entityId }: { readonly entityId: string }) => [part(paymentId, entityId)];

export const paymentAllocations = invariant({
  name: 'payment-allocations',
  promise: 'Each part of a payment is set against its invoice, once, and nothing of a payment that was never recorded.',
  events: [PaymentRecorded, PaymentApplied, PaymentUnapplied],
  keys: {
    PaymentRecorded: ({ allocations }, { entityId }) => allocations.map(({ invoiceId }) => part(entityId, invoiceId)),
    PaymentApplied: byPart,
    PaymentUnapplied: byPart,
  },
  initial: (): Part => ({ allocated: null, applied: 0 }),
  on: {
    PaymentRecorded: (state, { allocations }, key, { entityId }) => ({
      ...state,
      allocated: allocations.find(({ invoiceId }) => part(entityId, invoiceId) === key)?.amount.minor ?? 0,
    }),
    PaymentApplied: (state, { amount }) => ({ ...state, applied: state.applied + amount.minor }),
    PaymentUnapplied: (state, { amount }) => ({ ...state, applied: state.applied - amount.minor }),
  },
  *always({ allocated, applied }) {
    if (allocated !== null && allocated !== applied) yield `${applied} of ${allocated} set against it`;
  },
  *atRest({ allocated, applied }) {
    if (allocated === null && applied !== 0) yield `${applied} of a payment that was never recorded`;
  },
});

export const paymentSteps = steps({
  name: 'payment-steps',
  promise: 'A payment is recorded or lapses, once.',
  events: [PaymentRecorded, PaymentLapsed],
  mayFollow: { PaymentRecorded: [NOTHING_YET], PaymentLapsed: [NOTHING_YET] },
});
