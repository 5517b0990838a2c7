import { CreditAllocated, CreditNoteIssued } from '../../domain/billing/credit-note.ts';
import { PaymentAllocated, PaymentRecorded, PaymentReversed } from '../../domain/billing/payment.ts';
import type { Money } from '../../kernel/money.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { day, minorUnits, table, text } from '../../kernel/table.ts';

interface Part {
  readonly invoiceId: string;
  readonly amount: Money;
}

const keyOf = ({ eventId }: ViewMeta, { invoiceId }: Part, index: number): string => `${eventId}~${index}~${invoiceId}`;
const keysOf = (parts: readonly Part[], meta: ViewMeta): readonly string[] => parts.map((part, index) => keyOf(meta, part, index));

interface Source {
  readonly accountId: string;
  readonly kind: 'payment' | 'creditNote';
  readonly day: string;
}

/** The row of one of the parts of an event; `sign` is -1 where they are taken back. */
function rowOf(parts: readonly Part[], { accountId, kind, day: on }: Source, key: string, meta: ViewMeta, sign: 1 | -1 = 1) {
  const part = parts.find((each, index) => keyOf(meta, each, index) === key);
  return (
    part && {
      invoice_id: part.invoiceId,
      account_id: accountId,
      kind,
      source_id: meta.entityId,
      day: on,
      currency: part.amount.currency,
      amount: sign * part.amount.minor,
    }
  );
}

const applied = ({ invoiceId, applied: amount }: { readonly invoiceId: string; readonly applied: Money }): readonly Part[] =>
  amount.minor === 0 ? [] : [{ invoiceId, amount }];

/** A ledger of what was set against invoices and taken back again, on its day of business: how things stood on any day is a sum over it. */
export const settlements = projection({
  name: 'settlements',
  version: 1,
  versioned: true,
  dated: 'day',
  table: table(
    'settlements',
    'What was set against invoices, day by day',
    {
      invoice_id: text('Invoice settled'),
      account_id: text('Account that owes it'),
      kind: text('payment or creditNote'),
      source_id: text('Payment or credit note'),
      day: day('Day of business it counts from'),
      currency: text('ISO 4217 code'),
      amount: minorUnits('What was set against the invoice; negative where it was taken back'),
    },
    { key: 'Event, number and invoice, joined by ~', indexes: ['invoice_id, day', 'account_id, day'] },
  ),
  events: [PaymentRecorded, PaymentAllocated, PaymentReversed, CreditNoteIssued, CreditAllocated],
  keys: {
    PaymentRecorded: ({ allocations }, meta) => keysOf(allocations, meta),
    PaymentAllocated: (part, meta) => keysOf([part], meta),
    PaymentReversed: ({ allocations }, meta) => keysOf(allocations, meta),
    CreditNoteIssued: (note, meta) => keysOf(applied(note), meta),
    CreditAllocated: (part, meta) => keysOf([part], meta),
  },
  on: {
    PaymentRecorded: (_, { accountId, receivedOn, allocations }, key, meta) =>
      rowOf(allocations, { accountId, kind: 'payment', day: receivedOn }, key, meta),
    PaymentAllocated: (_, part, key, meta) => rowOf([part], { ...part, kind: 'payment', day: part.allocatedOn }, key, meta),
    PaymentReversed: (_, { accountId, reversedOn, allocations }, key, meta) =>
      rowOf(allocations, { accountId, kind: 'payment', day: reversedOn }, key, meta, -1),
    CreditNoteIssued: (_, note, key, meta) => rowOf(applied(note), { ...note, kind: 'creditNote', day: note.issueDate }, key, meta),
    CreditAllocated: (_, part, key, meta) => rowOf([part], { ...part, kind: 'creditNote', day: part.allocatedOn }, key, meta),
  },
});

/** What was set against invoices and on which day, for reports that ask how things stood on a day of business. */
export const SETTLED = '(select s.invoice_id, s.day as on_day, s.amount from settlements s)';
