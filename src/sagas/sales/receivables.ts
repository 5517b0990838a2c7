import { changeReceivableOfAccount, openReceivableOfAccount } from '../../commands/sales/credit.ts';
import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../domain/billing/crediting.ts';
import { CreditApplied, CreditUnapplied, Invoice, InvoiceIssued, PaymentApplied, PaymentUnapplied } from '../../domain/billing/invoice.ts';
import { PaymentRecorded } from '../../domain/billing/payment.ts';
import { payableOf } from '../../domain/document.ts';
import { amountText, type Money, moneyWire } from '../../kernel/money.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { finished, type Step, saga, unmoved } from '../../kernel/saga.ts';

interface State {
  readonly accountId: string;
  readonly open: Money | null;
}

const byInvoice = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];

/** Keeps in the credit of an account what is open of its invoices, each from its issue to its last payment. */
export const receivables = saga({
  name: 'receivables',
  stateVersion: 1,
  events: [
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    PaymentRecorded,
    CreditApplied,
    CreditUnapplied,
    CreditNoteRequested,
    CreditNoteRequestWithdrawn,
  ],
  startedBy: ['InvoiceIssued'],
  instances: {
    InvoiceIssued: byInvoice,
    PaymentApplied: byInvoice,
    PaymentUnapplied: byInvoice,
    CreditApplied: byInvoice,
    CreditUnapplied: byInvoice,
    CreditNoteRequested: byInvoice,
    CreditNoteRequestWithdrawn: byInvoice,
    PaymentRecorded: ({ allocations }) => allocations.map(({ invoiceId }) => invoiceId),
  },
  initial: (): State => ({ accountId: '', open: null }),
  on: {
    InvoiceIssued: (_, { accountId, orderId, totals }, invoiceId) => {
      const open = payableOf(totals);
      if (open.minor <= 0) return finished;
      return {
        state: { accountId, open },
        send: [openReceivableOfAccount({ id: accountId, invoiceId, orderId, amount: moneyWire(open) })],
      };
    },
    PaymentApplied: (state, { open }, invoiceId) => changed(state, open, invoiceId),
    PaymentUnapplied: (state, { open }, invoiceId) => changed(state, open, invoiceId),
    CreditApplied: (state, { open }, invoiceId) => changed(state, open, invoiceId),
    CreditUnapplied: (state, { open }, invoiceId) => changed(state, open, invoiceId),
    CreditNoteRequested: (state, { open }, invoiceId) => changed(state, open, invoiceId),
    CreditNoteRequestWithdrawn: (state, { open }, invoiceId) => changed(state, open, invoiceId),
    PaymentRecorded: ({ open }) => (open?.minor === 0 ? finished : unmoved),
  },
  alarms: {},
  waits: {
    payment: ({ open }, id) => ({
      reason: `${open === null ? 'The invoice' : `${amountText(open)} ${open.currency} of the invoice`} is still owed and takes up credit.`,
      next: 'Paid, the credit of the account is free again.',
      record: { category: Invoice.category, id },
      movedBy: { command: 'RecordPayment', permission: 'billing:pay' },
    }),
  },
  waitsFor: () => 'payment',
  onAbandon: ({ accountId: id, open }, invoiceId) => ({
    ...(open !== null && {
      send: [changeReceivableOfAccount({ id, invoiceId, open: moneyWire({ minor: 0, currency: open.currency }) })],
    }),
    stays: 'The invoice is owed as before and takes no credit any more.',
  }),
  about: id => ({ category: Invoice.category, id }),
});

const changed = ({ accountId: id }: State, open: Money, invoiceId: string): Step<State, never> => ({
  state: { accountId: id, open },
  send: [changeReceivableOfAccount({ id, invoiceId, open: moneyWire(open) })],
});
