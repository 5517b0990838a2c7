import { CreditNoteIssued, CreditNoteVoided, CreditRefunded } from '../../domain/billing/credit-note.ts';
import { InvoiceIssued } from '../../domain/billing/invoice.ts';
import { PaymentRecorded, PaymentRefunded, PaymentReversed } from '../../domain/billing/payment.ts';
import { payableOf } from '../../domain/document.ts';
import type { Money } from '../../kernel/money.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { day, minorUnits, nullable, table, text } from '../../kernel/table.ts';

export const MOVEMENT_KINDS = ['Invoice', 'CreditNote', 'CreditNoteVoid', 'Payment', 'Refund', 'Reversal'] as const;
export type MovementKind = (typeof MOVEMENT_KINDS)[number];

interface Movement {
  readonly accountId: string;
  readonly kind: MovementKind;
  readonly day: string;
  readonly reference?: string | undefined;
}

const moved = ({ accountId, kind, day: on, reference }: Movement, { entityId }: ViewMeta, debit: Money | null, credit: Money | null) => ({
  account_id: accountId,
  kind,
  document_id: entityId,
  reference: reference ?? null,
  day: on,
  currency: (debit ?? credit)?.currency ?? '',
  debit: debit?.minor ?? 0,
  credit: credit?.minor ?? 0,
});

const owed = (movement: Movement, amount: Money, meta: ViewMeta) => moved(movement, meta, amount, null);
const given = (movement: Movement, amount: Money, meta: ViewMeta) => moved(movement, meta, null, amount);

const each = (_: unknown, { eventId }: ViewMeta): readonly string[] => [eventId];

/** A ledger of the accounts of clients: what raised and what lowered what they owe. */
export const accountMovements = projection({
  name: 'account-movements',
  version: 1,
  versioned: true,
  dated: 'day',
  table: table(
    'account_movements',
    'What raised and what lowered what clients owe',
    {
      account_id: text('Account of the client'),
      kind: text('Invoice, CreditNote, CreditNoteVoid, Payment, Refund or Reversal'),
      document_id: text('Invoice, credit note or payment'),
      reference: nullable(text('Its number, or the reference of the payment')),
      day: day('Day of business'),
      currency: text('ISO 4217 code'),
      debit: minorUnits('Raises what is owed'),
      credit: minorUnits('Lowers what is owed'),
    },
    { key: 'Event', indexes: ['account_id, day', 'day'] },
  ),
  events: [InvoiceIssued, CreditNoteIssued, CreditNoteVoided, CreditRefunded, PaymentRecorded, PaymentReversed, PaymentRefunded],
  keys: {
    InvoiceIssued: each,
    CreditNoteIssued: each,
    CreditNoteVoided: each,
    CreditRefunded: each,
    PaymentRecorded: each,
    PaymentReversed: each,
    PaymentRefunded: each,
  },
  on: {
    InvoiceIssued: (_, { accountId, number, issueDate, totals }, _key, meta) =>
      owed({ accountId, kind: 'Invoice', day: issueDate, reference: number }, payableOf(totals), meta),
    CreditNoteIssued: (_, { accountId, number, issueDate, totals }, _key, meta) =>
      given({ accountId, kind: 'CreditNote', day: issueDate, reference: number }, payableOf(totals), meta),
    CreditNoteVoided: (_, { accountId, voidedOn, amount }, _key, meta) =>
      owed({ accountId, kind: 'CreditNoteVoid', day: voidedOn }, amount, meta),
    CreditRefunded: (_, { accountId, refundedOn, reference, amount }, _key, meta) =>
      owed({ accountId, kind: 'Refund', day: refundedOn, reference }, amount, meta),
    PaymentRecorded: (_, { accountId, receivedOn, reference, amount }, _key, meta) =>
      given({ accountId, kind: 'Payment', day: receivedOn, reference }, amount, meta),
    PaymentReversed: (_, { accountId, reversedOn, amount }, _key, meta) =>
      owed({ accountId, kind: 'Reversal', day: reversedOn }, amount, meta),
    PaymentRefunded: (_, { accountId, refundedOn, reference, amount }, _key, meta) =>
      owed({ accountId, kind: 'Refund', day: refundedOn, reference }, amount, meta),
  },
});
