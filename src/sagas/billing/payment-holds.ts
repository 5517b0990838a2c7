import { lapseCreditAllocation, unapplyCreditFromInvoice } from '../../commands/billing/credit-note.ts';
import { lapsePayment, lapsePaymentAllocation, unapplyPaymentFromInvoice } from '../../commands/billing/payment.ts';
import { CreditAllocated, CreditAllocationLapsed } from '../../domain/billing/credit-note.ts';
import { CreditApplied, CreditUnapplied, PaymentApplied, PaymentUnapplied } from '../../domain/billing/invoice.ts';
import { PaymentAllocated, PaymentAllocationLapsed, PaymentLapsed, PaymentRecorded } from '../../domain/billing/payment.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import { finished, type Step, saga } from '../../kernel/saga.ts';

/** Long past any request's patience: whoever wanted the payment has died or given up. */
const PATIENCE = 'PT10M';

interface State {
  readonly invoiceIds: readonly string[];
  /** What is set against an invoice later bears a name of its own: the instance's. Absent while a payment itself is recorded. */
  readonly allocationOf?: { readonly kind: 'payment' | 'creditNote'; readonly id: string };
}

type Next = Step<State, 'unrecorded'>;

const held = ({ invoiceIds }: State, invoiceId: string, allocationOf?: State['allocationOf']): Next => ({
  state: { invoiceIds: [...invoiceIds.filter(id => id !== invoiceId), invoiceId], ...(allocationOf === undefined ? {} : { allocationOf }) },
  wake: { unrecorded: PATIENCE },
});

function freed(state: State, invoiceId: string): Next {
  const left = state.invoiceIds.filter(id => id !== invoiceId);
  return left.length === 0 ? finished : { state: { ...state, invoiceIds: left } };
}

const takingBack = (state: State, instance: string): CommandMessage[] => state.invoiceIds.map(id => takenBack(state, id, instance));

function takenBack({ allocationOf }: State, id: string, instance: string): CommandMessage {
  if (allocationOf === undefined) return unapplyPaymentFromInvoice({ id, paymentId: instance });
  return allocationOf.kind === 'payment'
    ? unapplyPaymentFromInvoice({ id, paymentId: allocationOf.id, allocationId: instance })
    : unapplyCreditFromInvoice({ id, creditNoteId: allocationOf.id, allocationId: instance });
}

function givenUp({ allocationOf }: State, instance: string): CommandMessage {
  if (allocationOf === undefined) return lapsePayment({ id: instance });
  const allocation = { id: allocationOf.id, allocationId: instance };
  return allocationOf.kind === 'payment' ? lapsePaymentAllocation(allocation) : lapseCreditAllocation(allocation);
}

/** Frees invoices of what was set against them for a payment or a credit that never came to be, so that nothing looks paid that is not. */
export const paymentHolds = saga({
  name: 'payment-holds',
  stateVersion: 2,
  events: [
    PaymentApplied,
    PaymentUnapplied,
    PaymentRecorded,
    PaymentLapsed,
    PaymentAllocated,
    PaymentAllocationLapsed,
    CreditApplied,
    CreditUnapplied,
    CreditAllocated,
    CreditAllocationLapsed,
  ],
  startedBy: ['PaymentApplied', 'CreditApplied'],
  instances: {
    PaymentApplied: ({ paymentId, allocationId }) => [allocationId ?? paymentId],
    PaymentUnapplied: ({ paymentId, allocationId }) => [allocationId ?? paymentId],
    PaymentRecorded: (_, { entityId }) => [entityId],
    PaymentLapsed: (_, { entityId }) => [entityId],
    PaymentAllocated: ({ allocationId }) => [allocationId],
    PaymentAllocationLapsed: ({ allocationId }) => [allocationId],
    CreditApplied: ({ allocationId }) => [allocationId],
    CreditUnapplied: ({ allocationId }) => [allocationId],
    CreditAllocated: ({ allocationId }) => [allocationId],
    CreditAllocationLapsed: ({ allocationId }) => [allocationId],
  },
  initial: (): State => ({ invoiceIds: [] }),
  on: {
    PaymentApplied: (state, { paymentId, allocationId }, _, { entityId }) =>
      held(state, entityId, allocationId === undefined ? undefined : { kind: 'payment', id: paymentId }),
    PaymentUnapplied: (state, _data, _instance, { entityId }) => freed(state, entityId),
    PaymentRecorded: () => finished,
    PaymentLapsed: (state, _, instance) => ({ send: takingBack(state, instance) }),
    PaymentAllocated: () => finished,
    PaymentAllocationLapsed: (state, _, instance) => ({ send: takingBack(state, instance) }),
    CreditApplied: (state, { creditNoteId }, _, { entityId }) => held(state, entityId, { kind: 'creditNote', id: creditNoteId }),
    CreditUnapplied: (state, _data, _instance, { entityId }) => freed(state, entityId),
    CreditAllocated: () => finished,
    CreditAllocationLapsed: (state, _, instance) => ({ send: takingBack(state, instance) }),
  },
  alarms: { unrecorded: (state, instance) => ({ send: [givenUp(state, instance)] }) },
  waits: {
    recording: ({ allocationOf }, id) => ({
      reason: 'Invoices are held for a payment or a credit whose recording has not been completed.',
      next: 'Unless it is recorded within ten minutes, the invoices are open again.',
      record: allocationOf === undefined ? { category: 'payment', id } : { category: allocationOf.kind, id: allocationOf.id },
    }),
  },
  waitsFor: () => 'recording',
  onAbandon: ({ invoiceIds }) => ({
    stays: `${invoiceIds.length === 1 ? 'One invoice keeps' : `${invoiceIds.length} invoices keep`} what was set against it for a payment that was never recorded.`,
  }),
  /** An allocation is named after its payment or credit note. */
  about: id => ({ category: 'payment', id: id.split('~')[0] ?? id }),
});
