import { markInvoiceOverdue } from '../../commands/billing/issue.ts';
import { CreditNoteRequested } from '../../domain/billing/crediting.ts';
import {
  CreditApplied,
  CreditUnapplied,
  InvoiceBecameOverdue,
  InvoiceIssued,
  PaymentApplied,
  PaymentUnapplied,
} from '../../domain/billing/invoice.ts';
import type { Money } from '../../kernel/money.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { type Step, saga, unmoved } from '../../kernel/saga.ts';

interface State {
  readonly dueDate: string;
}

type Next = Step<State, 'due'>;

/** No instance is left behind: what is taken back later begins one anew. */
const forgotten = { forgotten: true } as const;

const byInvoice = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];

/**
 * Until the last day for payment is over: the first moment of the day after it is at most a day away when so many whole days have
 * passed, and two hours more than that come after any change of the clocks.
 */
function until(dueDate: string, { occurredAt }: ViewMeta): string {
  const days = Temporal.PlainDate.from(occurredAt.slice(0, 10)).until(dueDate).days;
  return `P${Math.max(days + 1, 0)}DT2H`;
}

const waiting = (dueDate: string, meta: ViewMeta): Next => ({ state: { dueDate }, wake: { due: until(dueDate, meta) } });

const settled = ({ open }: { readonly open: Money }): Next => (open.minor === 0 ? forgotten : unmoved);

/** Tells of every invoice that its last day for payment is over while something is open, by the clock. */
export const invoiceOverdue = saga({
  name: 'invoice-overdue',
  stateVersion: 1,
  events: [InvoiceIssued, PaymentApplied, PaymentUnapplied, CreditApplied, CreditUnapplied, CreditNoteRequested, InvoiceBecameOverdue],
  startedBy: ['InvoiceIssued', 'PaymentUnapplied', 'CreditUnapplied'],
  instances: {
    InvoiceIssued: byInvoice,
    PaymentApplied: byInvoice,
    PaymentUnapplied: byInvoice,
    CreditApplied: byInvoice,
    CreditUnapplied: byInvoice,
    CreditNoteRequested: byInvoice,
    InvoiceBecameOverdue: byInvoice,
  },
  initial: (): State => ({ dueDate: '' }),
  on: {
    InvoiceIssued: (_, { dueDate }, _invoice, meta) => waiting(dueDate, meta),
    PaymentApplied: (_, data) => settled(data),
    PaymentUnapplied: (state, { dueDate = state.dueDate }, _invoice, meta) => (dueDate === '' ? forgotten : waiting(dueDate, meta)),
    CreditApplied: (_, data) => settled(data),
    CreditUnapplied: (_, { dueDate }, _invoice, meta) => waiting(dueDate, meta),
    CreditNoteRequested: (_, data) => settled(data),
    InvoiceBecameOverdue: () => forgotten,
  },
  alarms: { due: (_, id) => ({ send: [markInvoiceOverdue({ id })] }) },
  waits: {
    payment: ({ dueDate }, id) => ({
      reason: `The invoice can be paid until ${dueDate}.`,
      next: 'What is not paid by then is overdue.',
      record: { category: 'invoice', id },
      movedBy: { command: 'RecordPayment', permission: 'billing:pay' },
    }),
  },
  waitsFor: () => 'payment',
  onAbandon: () => ({ stays: 'The invoice is not shown as overdue by itself; the ageing report tells it all the same.' }),
  about: id => ({ category: 'invoice', id }),
});
