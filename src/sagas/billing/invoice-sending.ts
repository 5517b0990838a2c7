import { InvoiceSendingFailed, InvoiceSendingRequested, InvoiceSent } from '../../domain/billing/sending.ts';
import { invoiceLetter } from '../../effects/billing/invoice-letter.ts';
import { finished, saga } from '../../kernel/saga.ts';

interface State {
  readonly invoiceId: string;
}

/** An invoice on its way to the customer, until the mail server has taken it or the outbox gives it up. */
export const invoiceSending = saga({
  name: 'invoice-sending',
  stateVersion: 1,
  events: [InvoiceSendingRequested, InvoiceSent, InvoiceSendingFailed],
  startedBy: ['InvoiceSendingRequested'],
  instances: {
    InvoiceSendingRequested: ({ sendingId }) => [sendingId],
    InvoiceSent: ({ sendingId }) => [sendingId],
    InvoiceSendingFailed: ({ sendingId }) => [sendingId],
  },
  initial: (): State => ({ invoiceId: '' }),
  on: {
    InvoiceSendingRequested: (_, { sendingId, contactId }, _instance, { entityId: invoiceId }) => ({
      state: { invoiceId },
      effects: [invoiceLetter({ invoiceId, sendingId, contactId })],
    }),
    InvoiceSent: () => finished,
    InvoiceSendingFailed: () => finished,
  },
  alarms: {},
  waits: {
    sending: ({ invoiceId }) => ({
      reason: 'The letter with the invoice waits for the mail server to take it; see the effects of its thread.',
      next: 'The invoice is sent, or its sending has failed for good.',
      record: { category: 'invoice', id: invoiceId },
    }),
  },
  waitsFor: () => 'sending',
  onAbandon: () => ({ stays: 'The letter stays in the outbox and may still be sent.' }),
  /** A sending is named after its invoice. */
  about: id => ({ category: 'invoice', id: id.split('~')[0] ?? id }),
});
