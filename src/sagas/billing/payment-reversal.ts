import { unapplyPaymentFromInvoice } from '../../commands/billing/payment.ts';
import { PaymentUnapplied } from '../../domain/billing/invoice.ts';
import { PaymentReversed } from '../../domain/billing/payment.ts';
import { finished, saga } from '../../kernel/saga.ts';

interface State {
  /** Invoices and allocations that still have the payment. */
  readonly left: readonly string[];
}

const nameOf = (invoiceId: string, allocationId: string | undefined): string => `${invoiceId} ${allocationId ?? ''}`;

/** Opens every invoice again that a reversed payment was set against, also when whoever reversed it died in between. */
export const paymentReversal = saga({
  name: 'payment-reversal',
  stateVersion: 1,
  events: [PaymentReversed, PaymentUnapplied],
  startedBy: ['PaymentReversed'],
  instances: {
    PaymentReversed: ({ allocations }, { entityId }) => (allocations.length === 0 ? [] : [entityId]),
    PaymentUnapplied: ({ paymentId }) => [paymentId],
  },
  initial: (): State => ({ left: [] }),
  on: {
    PaymentReversed: (_, { allocations }, paymentId) => ({
      state: { left: allocations.map(({ invoiceId, allocationId }) => nameOf(invoiceId, allocationId)) },
      send: allocations.map(({ invoiceId: id, allocationId }) => unapplyPaymentFromInvoice({ id, paymentId, allocationId })),
    }),
    PaymentUnapplied: ({ left }, { allocationId }, _, { entityId }) => {
      const rest = left.filter(name => name !== nameOf(entityId, allocationId));
      return rest.length === 0 ? finished : { state: { left: rest } };
    },
  },
  alarms: {},
  waits: {
    unapplying: (_, id) => ({
      reason: 'The payment is reversed; the invoices it was set against are being opened again.',
      next: 'They are owed again.',
      record: { category: 'payment', id },
    }),
  },
  waitsFor: () => 'unapplying',
  onAbandon: () => ({ stays: 'Invoices that were not opened yet keep what was set against them for the reversed payment.' }),
  about: id => ({ category: 'payment', id }),
});
