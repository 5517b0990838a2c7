import { completeInvoiceIssue, takeNumber, withdrawInvoiceIssue } from '../../commands/billing/issue.ts';
import { InvoiceIssued, InvoiceIssueStarted, InvoiceIssueWithdrawn } from '../../domain/billing/invoice.ts';
import { NumberTaken } from '../../domain/billing/series.ts';
import { finished, saga } from '../../kernel/saga.ts';

interface State {
  readonly step: 'numbering' | 'issuing' | 'withdrawn';
  readonly refusal?: string;
}

/** Brings every started issue to its end: whoever began it may have died in between, and a number without a document is a gap. */
export const invoiceIssue = saga({
  name: 'invoice-issue',
  stateVersion: 1,
  events: [InvoiceIssueStarted, NumberTaken, InvoiceIssued, InvoiceIssueWithdrawn],
  startedBy: ['InvoiceIssueStarted'],
  instances: {
    InvoiceIssueStarted: (_, { entityId }) => [entityId],
    NumberTaken: ({ kind = 'invoice', documentId }) => (kind === 'invoice' ? [documentId] : []),
    InvoiceIssued: (_, { entityId }) => [entityId],
    InvoiceIssueWithdrawn: (_, { entityId }) => [entityId],
  },
  initial: (): State => ({ step: 'numbering' }),
  on: {
    InvoiceIssueStarted: (_, { series, year, issueDate }, documentId) => ({
      state: { step: 'numbering' },
      send: [takeNumber({ series, year, documentId, issueDate })],
    }),
    NumberTaken: (_, { series, year, sequence }, id) => ({
      state: { step: 'issuing' },
      send: [completeInvoiceIssue({ id, series, year, sequence })],
    }),
    InvoiceIssued: () => finished,
    InvoiceIssueWithdrawn: (_, { because }) => ({ state: { step: 'withdrawn', refusal: because } }),
  },
  onRefusal: (_, { because }, id) => ({ send: [withdrawInvoiceIssue({ id, because })] }),
  alarms: {},
  waits: {
    issuing: (_, id) => ({
      reason: 'The number is being taken from the series.',
      next: 'The invoice is issued under that number.',
      record: { category: 'invoice', id },
    }),
    issueAgain: ({ refusal }, id) => ({
      reason: `The series refused a number: ${refusal} The invoice is a draft again.`,
      next: 'Issued again with a later date or in another series, it gets its number.',
      record: { category: 'invoice', id },
      movedBy: { command: 'IssueInvoice', permission: 'billing:invoice' },
    }),
  },
  waitsFor: ({ step }) => (step === 'withdrawn' ? 'issueAgain' : 'issuing'),
  // A number may be taken at any moment, and a number whose invoice was withdrawn is a gap: nothing is taken back.
  onAbandon: ({ step }) => ({
    stays:
      step === 'withdrawn'
        ? 'The invoice is a draft and can be issued again.'
        : 'The invoice stays locked for its number; until it is issued under it, the series may have a gap.',
  }),
  about: id => ({ category: 'invoice', id }),
});
