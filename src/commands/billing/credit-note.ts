/** Crediting: the invoice decides what may be taken back, then the credit note gets its number. One request does it all; the saga credit-note finishes what a crash interrupts. */
import { z } from 'zod';
import { allocate, CreditNote, lapseAllocation, refund, startIssue, voidNote, withdrawIssue } from '../../domain/billing/credit-note.ts';
import { CreditNoteRequested, type CreditWish, credit, reverse, withdrawCredit } from '../../domain/billing/crediting.ts';
import { Invoice, type InvoiceFact } from '../../domain/billing/invoice.ts';
import { applyCredit, unapplyCredit } from '../../domain/billing/settling.ts';
import { closedOn } from '../../domain/closed-period.ts';
import { LINES_MAX } from '../../domain/document.ts';
import { Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, type CommandMessage, command, type DecisionContext } from '../../kernel/command.ts';
import type { Decision } from '../../kernel/decider.ts';
import { MoneyText, moneyWire } from '../../kernel/money.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { SeriesCode, takeNumber } from './issue.ts';
import { dated, invoiceRef, Method, owingAccount } from './payment.ts';

const SERIES_USUAL = 'CN';
const CreditedLines = z
  .array(z.strictObject({ line: z.int().positive(), quantity: QuantityText }))
  .min(1)
  .max(LINES_MAX);

const onInvoice = { permission: 'billing:credit', decider: Invoice, entityId: byId } as const;
const onNote = { permission: 'billing:credit', decider: CreditNote, entityId: byId } as const;

export const startCreditNote = command({
  ...onNote,
  type: 'StartCreditNote',
  summary: 'Writes the credit note that an invoice was asked for.',
  input: z.strictObject({ id: Id, invoiceId: Id, ...CreditNoteRequested.schema.omit({ creditNoteId: true, open: true }).shape }),
  parent: invoiceRef,
  decide: (note, { id: _, ...wish }, context) => startIssue(note, wish, context),
  follows: (events, documentId) =>
    events.flatMap(({ type, data }) =>
      type === 'CreditNoteIssueStarted'
        ? [takeNumber({ kind: 'creditNote', series: data.series, year: data.year, documentId, issueDate: data.issueDate })]
        : [],
    ),
});

/** The credit note that follows from what its invoice has granted. */
export const creditNoteOf = (
  { creditNoteId, open: _, ...wish }: z.output<typeof CreditNoteRequested.schema>,
  invoiceId: string,
): CommandMessage => startCreditNote({ id: creditNoteId, invoiceId, ...wish });

type Wish = Omit<CreditWish, 'creditNoteId'>;
interface Books {
  readonly closedThrough: string | null;
}

const granted =
  (decide: (invoice: Parameters<typeof credit>[0], wish: CreditWish) => Decision<InvoiceFact>, noteId?: string) =>
  (invoice: Parameters<typeof credit>[0], wish: Wish, { today, facts, id }: DecisionContext<Books>): Decision<InvoiceFact> =>
    closedOn(today, facts.closedThrough) ?? decide(invoice, { ...wish, creditNoteId: noteId ?? id('credit-note') });

const numbering = {
  facts: (_: unknown, _wish: unknown, ask: Parameters<typeof dated>[0]) => dated(ask),
  follows: (events: readonly InvoiceFact[], invoiceId: string) =>
    events.flatMap(({ type, data }) => (type === 'CreditNoteRequested' ? [creditNoteOf(data, invoiceId)] : [])),
};

export const creditInvoice = command({
  ...onInvoice,
  ...numbering,
  type: 'CreditInvoice',
  summary:
    'Takes back lines of an issued invoice by a credit note, set against it or kept as credit; refused as CreditExceedsInvoice when less is left of a line.',
  route: 'POST /invoices/:id/credit',
  input: z.strictObject({
    id: Id,
    reason: Reason,
    series: SeriesCode.default(SERIES_USUAL),
    lines: CreditedLines.optional(),
    keep: z.boolean().default(false),
  }),
  decide: granted(credit),
});

/** Sent when goods come back; silent where their return is credited already. */
export const creditReturn = command({
  ...onInvoice,
  ...numbering,
  type: 'CreditReturn',
  summary: 'Takes back the lines of an invoice whose goods came back, by a credit note of their return.',
  input: z.strictObject({
    id: Id,
    returnId: Id,
    creditNoteId: Id,
    reason: Reason,
    series: SeriesCode.default(SERIES_USUAL),
    lines: CreditedLines,
    keep: z.boolean().default(false),
  }),
  decide: (invoice, { creditNoteId, ...wish }, context) => granted(credit, creditNoteId)(invoice, wish, context),
});

export const reverseInvoice = command({
  ...onInvoice,
  ...numbering,
  type: 'ReverseInvoice',
  summary: 'Cancels an issued invoice that nobody has paid, by a credit note of all of it; refused as InvoiceSettled otherwise.',
  route: 'POST /invoices/:id/reverse',
  input: z.strictObject({ id: Id, reason: Reason, series: SeriesCode.default(SERIES_USUAL) }),
  decide: granted(reverse),
});

export const withdrawInvoiceCredit = command({
  ...onInvoice,
  type: 'WithdrawInvoiceCredit',
  summary: 'Gives back what an invoice reserved for a credit note that was not issued, or is void.',
  input: z.strictObject({ id: Id, creditNoteId: Id }),
  decide: withdrawCredit,
});

export const withdrawCreditNoteIssue = command({
  ...onNote,
  type: 'WithdrawCreditNoteIssue',
  summary: 'Gives up a credit note whose number was refused.',
  input: z.strictObject({ id: Id, because: Text(500) }),
  decide: (note, { because }) => withdrawIssue(note, because),
});

export const voidCreditNote = command({
  ...onNote,
  type: 'VoidCreditNote',
  summary: 'Voids a credit note nothing of which is used; its number stays. Refused as DocumentLocked otherwise.',
  route: 'POST /credit-notes/:id/void',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: (note, wish, { today }) => voidNote(note, wish, today),
  follows: (events, creditNoteId) =>
    events.flatMap(({ type, data }) => (type === 'CreditNoteVoided' ? [withdrawInvoiceCredit({ id: data.invoiceId, creditNoteId })] : [])),
});

export const applyCreditToInvoice = command({
  ...onInvoice,
  type: 'ApplyCredit',
  summary:
    'Sets a client’s credit against an invoice; refused as AccountMismatch when another owes it, as PaymentExceedsBalance when less is open.',
  input: z.strictObject({ id: Id, creditNoteId: Id, allocationId: Id, accountId: Id, amount: MoneyText }),
  facts: owingAccount,
  decide: applyCredit,
});

export const unapplyCreditFromInvoice = command({
  ...onInvoice,
  type: 'UnapplyCredit',
  summary: 'Takes back a credit set against an invoice that did not come about.',
  input: z.strictObject({ id: Id, creditNoteId: Id, allocationId: Id }),
  decide: unapplyCredit,
});

export const allocateCredit = command({
  ...onNote,
  type: 'AllocateCredit',
  summary:
    'Sets credit left of a credit note against an invoice of the client; refused as CreditExceeded when less is left, as PaymentExceedsBalance when less is open.',
  route: 'POST /credit-notes/:id/allocate',
  input: z.strictObject({ id: Id, invoiceId: Id, amount: MoneyText }),
  links: part => [invoiceRef(part)],
  decide: (note, wish, context) => allocate(note, { ...wish, allocationId: `${wish.id}~${context.id('allocation')}` }, context),
  holds: (events, _, creditNoteId) =>
    events.flatMap(({ type, data }) => {
      if (type !== 'CreditAllocated') return [];
      const { allocationId, accountId, invoiceId: id, amount } = data;
      return [
        {
          take: applyCreditToInvoice({ id, creditNoteId, allocationId, accountId, amount: moneyWire(amount) }),
          release: unapplyCreditFromInvoice({ id, creditNoteId, allocationId }),
        },
      ];
    }),
});

export const lapseCreditAllocation = command({
  ...onNote,
  type: 'LapseCreditAllocation',
  summary: 'Gives up setting a credit against an invoice that never came about.',
  input: z.strictObject({ id: Id, allocationId: Id }),
  decide: lapseAllocation,
});

export const refundCredit = command({
  ...onNote,
  type: 'RefundCredit',
  summary: 'Records that credit left of a credit note was paid out to the client; refused as CreditExceeded when less is left.',
  route: 'POST /credit-notes/:id/refund',
  input: z.strictObject({ id: Id, amount: MoneyText, refundedOn: Day.optional(), method: Method, reference: Text(100).optional() }),
  facts: (_, _wish, ask) => dated(ask),
  decide: (note, { refundedOn, ...wish }, context) => refund(note, { ...wish, refundedOn: refundedOn ?? context.today }, context),
});
