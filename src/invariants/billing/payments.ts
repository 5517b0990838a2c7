import { PaymentApplied, PaymentUnapplied } from '../../domain/billing/invoice.ts';
import {
  PaymentAllocated,
  PaymentAllocationLapsed,
  PaymentLapsed,
  PaymentRecorded,
  PaymentRefunded,
  PaymentReversed,
} from '../../domain/billing/payment.ts';
import { invariant, NOTHING_YET, steps } from '../../kernel/invariant.ts';

interface Sums {
  readonly amount: number;
  readonly used: number;
  /** What the last event says is left; null where it said nothing. */
  readonly left: number | null;
}

export const paymentParts = invariant({
  name: 'payment-parts',
  promise: 'What a payment is set against, what of it was paid back and what is left of it are the payment.',
  events: [PaymentRecorded, PaymentAllocated, PaymentRefunded],
  initial: (): Sums => ({ amount: 0, used: 0, left: null }),
  on: {
    PaymentRecorded: (_, { amount, allocations }) => ({
      amount: amount.minor,
      used: allocations.reduce((sum, part) => sum + part.amount.minor, 0),
      left: null,
    }),
    PaymentAllocated: (sums, { amount, unallocated }) => ({ ...sums, used: sums.used + amount.minor, left: unallocated.minor }),
    PaymentRefunded: (sums, { amount, unallocated }) => ({ ...sums, used: sums.used + amount.minor, left: unallocated.minor }),
  },
  *always({ amount, used, left }) {
    if (used > amount) yield `parts of ${used} out of ${amount}`;
    if (left !== null && used + left !== amount) yield `${used} used and ${left} left of ${amount}`;
  },
});

interface Part {
  /** Minor units; null while the payment is not recorded. */
  readonly allocated: number | null;
  readonly applied: number;
  readonly reversed: boolean;
}

const part = (paymentId: string, invoiceId: string): string => `${paymentId} on ${invoiceId}`;
const byPart = ({ paymentId }: { readonly paymentId: string }, { entityId }: { readonly entityId: string }) => [part(paymentId, entityId)];

export const paymentAllocations = invariant({
  name: 'payment-allocations',
  promise: 'Each part of a payment is set against its invoice, once, and nothing of a payment that was never recorded or was reversed.',
  events: [PaymentRecorded, PaymentAllocated, PaymentReversed, PaymentApplied, PaymentUnapplied],
  keys: {
    PaymentRecorded: ({ allocations }, { entityId }) => allocations.map(({ invoiceId }) => part(entityId, invoiceId)),
    PaymentAllocated: ({ invoiceId }, { entityId }) => [part(entityId, invoiceId)],
    PaymentReversed: ({ allocations }, { entityId }) => [...new Set(allocations.map(({ invoiceId }) => part(entityId, invoiceId)))],
    PaymentApplied: byPart,
    PaymentUnapplied: byPart,
  },
  initial: (): Part => ({ allocated: null, applied: 0, reversed: false }),
  on: {
    PaymentRecorded: (state, { allocations }, key, { entityId }) => ({
      ...state,
      allocated: allocations.find(({ invoiceId }) => part(entityId, invoiceId) === key)?.amount.minor ?? 0,
    }),
    PaymentAllocated: (state, { amount }) => ({ ...state, allocated: (state.allocated ?? 0) + amount.minor }),
    PaymentReversed: state => ({ ...state, allocated: 0, reversed: true }),
    PaymentApplied: (state, { amount }) => ({ ...state, applied: state.applied + amount.minor }),
    PaymentUnapplied: (state, { amount }) => ({ ...state, applied: state.applied - amount.minor }),
  },
  *always({ allocated, applied, reversed }) {
    if (allocated !== null && !reversed && allocated > applied) yield `${applied} of ${allocated} set against it`;
  },
  *atRest({ allocated, applied }) {
    if (applied !== (allocated ?? 0)) yield `${applied} set against it in place of ${allocated ?? 'nothing: it was never recorded'}`;
  },
});

const STANDING = ['PaymentRecorded', 'PaymentAllocated', 'PaymentAllocationLapsed', 'PaymentRefunded'] as const;

export const paymentSteps = steps({
  name: 'payment-steps',
  promise: 'A payment is recorded or lapses, once; nothing follows its reversal.',
  events: [PaymentRecorded, PaymentLapsed, PaymentAllocated, PaymentAllocationLapsed, PaymentReversed, PaymentRefunded],
  mayFollow: {
    PaymentRecorded: [NOTHING_YET],
    PaymentLapsed: [NOTHING_YET],
    PaymentAllocated: STANDING,
    PaymentAllocationLapsed: [...STANDING, 'PaymentReversed'],
    PaymentReversed: STANDING,
    PaymentRefunded: STANDING,
  },
});
