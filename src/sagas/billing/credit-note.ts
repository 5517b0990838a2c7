import { creditNoteOf, withdrawCreditNoteIssue, withdrawInvoiceCredit } from '../../commands/billing/credit-note.ts';
import { completeCreditNoteIssue, takeNumber } from '../../commands/billing/issue.ts';
import { CreditNoteIssued, CreditNoteIssueStarted, CreditNoteIssueWithdrawn, CreditNoteVoided } from '../../domain/billing/credit-note.ts';
import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../domain/billing/crediting.ts';
import { NumberTaken } from '../../domain/billing/series.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { saga } from '../../kernel/saga.ts';

interface State {
  readonly invoiceId: string;
}

/** No instance is left behind: voiding the note later begins one anew. */
const forgotten = { forgotten: true } as const;

const byNote = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];
const named = ({ creditNoteId }: { readonly creditNoteId: string }): readonly string[] => [creditNoteId];

/** Brings every credit note that an invoice granted to its number, or gives back what was reserved for it. */
export const creditNote = saga({
  name: 'credit-note',
  stateVersion: 1,
  events: [
    CreditNoteRequested,
    CreditNoteIssueStarted,
    NumberTaken,
    CreditNoteIssued,
    CreditNoteIssueWithdrawn,
    CreditNoteVoided,
    CreditNoteRequestWithdrawn,
  ],
  startedBy: ['CreditNoteRequested', 'CreditNoteVoided'],
  instances: {
    CreditNoteRequested: named,
    CreditNoteIssueStarted: byNote,
    NumberTaken: ({ kind, documentId }) => (kind === 'creditNote' ? [documentId] : []),
    CreditNoteIssued: byNote,
    CreditNoteIssueWithdrawn: byNote,
    CreditNoteVoided: byNote,
    CreditNoteRequestWithdrawn: named,
  },
  initial: (): State => ({ invoiceId: '' }),
  on: {
    CreditNoteRequested: (_, request, _note, { entityId: invoiceId }) => ({
      state: { invoiceId },
      send: [creditNoteOf(request, invoiceId)],
    }),
    CreditNoteIssueStarted: (_, { series, year, issueDate }, documentId) => ({
      send: [takeNumber({ kind: 'creditNote', series, year, documentId, issueDate })],
    }),
    NumberTaken: (_, { series, year, sequence }, id) => ({ send: [completeCreditNoteIssue({ id, series, year, sequence })] }),
    CreditNoteIssued: () => forgotten,
    CreditNoteIssueWithdrawn: ({ invoiceId: id }, _, creditNoteId) => ({ send: [withdrawInvoiceCredit({ id, creditNoteId })] }),
    CreditNoteVoided: (_, { invoiceId }, creditNoteId) => ({
      state: { invoiceId },
      send: [withdrawInvoiceCredit({ id: invoiceId, creditNoteId })],
    }),
    CreditNoteRequestWithdrawn: () => forgotten,
  },
  onRefusal: (_, { because }, id) => ({ send: [withdrawCreditNoteIssue({ id, because })] }),
  alarms: {},
  waits: {
    issuing: ({ invoiceId }) => ({
      reason: 'The credit note is being written and numbered, or what it took of its invoice is being given back.',
      next: 'It is issued, or its invoice can be credited anew.',
      record: { category: 'invoice', id: invoiceId },
    }),
  },
  waitsFor: () => 'issuing',
  // A number may be taken at any moment, and a number whose credit note was withdrawn is a gap: nothing is taken back.
  onAbandon: () => ({
    stays: 'What the invoice reserved for it stays reserved; until the credit note is issued, its series may have a gap.',
  }),
  about: id => ({ category: 'creditNote', id }),
});
