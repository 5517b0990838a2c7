import { lapsePayment, unapplyPaymentFromInvoice } from '../../commands/billing/payment.ts';
import { PaymentApplied, PaymentUnapplied } from '../../domain/billing/invoice.ts';
import { PaymentLapsed, PaymentRecorded } from '../../domain/billing/payment.ts';
import { finished, saga } from '../../kernel/saga.ts';

/** Long past any request's patience: whoever wanted the payment has died or given up. */
const PATIENCE = 'PT10M';

interface State {
  readonly invoiceIds: readonly string[];
}

/** Frees invoices of a payment that was set against them but never recorded, so that nothing looks paid that is not. */
export const paymentHolds = saga({
  name: 'payment-holds',
  stateVersion: 1,
  events: [PaymentApplied, PaymentUnapplied, PaymentRecorded, PaymentLapsed],
  startedBy: ['PaymentApplied'],
  instances: {
    PaymentApplied: ({ paymentId }) => [paymentId],
    PaymentUnapplied: ({ paymentId }) => [paymentId],
    PaymentRecorded: (_, { entityId }) => [entityId],
    PaymentLapsed: (_, { entityId }) => [entityId],
  },
  initial: (): State => ({ invoiceIds: [] }),
  on: {
    PaymentApplied: ({ invoiceIds }, _data, _payment, { entityId }) => ({
      state: { invoiceIds: [...invoiceIds.filter(id => id !== entityId), entityId] },
      wake: { unrecorded: PATIENCE },
    }),
    PaymentUnapplied: ({ invoiceIds }, _data, _payment, { entityId }) => {
      const left = invoiceIds.filter(id => id !== entityId);
      return left.length === 0 ? finished : { state: { invoiceIds: left } };
    },
    PaymentRecorded: () => finished,
    PaymentLapsed: ({ invoiceIds }, _, paymentId) => ({ send: invoiceIds.map(id => unapplyPaymentFromInvoice({ id, paymentId })) }),
  },
  alarms: { unrecorded: (_, id) => ({ send: [lapsePayment({ id })] }) },
  waits: {
    recording: (_, id) => ({
      reason: 'Invoices are held for a payment whose recording has not been completed.',
      next: 'Unless it is recorded within ten minutes, the invoices are open again.',
      record: { category: 'payment', id },
    }),
  },
  waitsFor: () => 'recording',
  onAbandon: ({ invoiceIds }) => ({
    stays: `${invoiceIds.length === 1 ? 'One invoice keeps' : `${invoiceIds.length} invoices keep`} what was set against it for a payment that was never recorded.`,
  }),
  about: id => ({ category: 'payment', id }),
});
