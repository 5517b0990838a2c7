import { z } from 'zod';
import { applyPayment, Invoice, unapplyPayment } from '../../domain/billing/invoice.ts';
import { type Allocation, lapse, Payment, recordPayment as record } from '../../domain/billing/payment.ts';
import { Day, Id, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { MoneyText, moneyWire } from '../../kernel/money.ts';
import { accountForOrder } from '../../projections/crm/accounts.ts';

const ALLOCATIONS_MAX = 100;

const onInvoice = { permission: 'billing:pay', decider: Invoice, entityId: byId } as const;

export const applyPaymentToInvoice = command({
  ...onInvoice,
  type: 'ApplyPayment',
  summary:
    'Sets a part of a payment against an invoice; refused as AccountMismatch when another owes it, as PaymentExceedsBalance when less is open.',
  input: z.strictObject({ id: Id, paymentId: Id, accountId: Id, amount: MoneyText }),
  /** Another account than the invoice names may owe it now: the one into which that was merged. */
  facts: async (invoice, { accountId }, ask) =>
    accountId === invoice.accountId || invoice.status === 'none' ? undefined : (await ask(accountForOrder, { id: invoice.accountId }))?.id,
  decide: applyPayment,
});

export const unapplyPaymentFromInvoice = command({
  ...onInvoice,
  type: 'UnapplyPayment',
  summary: 'Takes back what was set against an invoice for a payment that did not come to be.',
  input: z.strictObject({ id: Id, paymentId: Id }),
  decide: (invoice, { paymentId }) => unapplyPayment(invoice, paymentId),
});

export const recordPayment = command({
  type: 'RecordPayment',
  summary:
    'Records a payment and the invoices it settles; refused as AccountMismatch, CurrencyMismatch or PaymentExceedsBalance by any of them.',
  route: 'POST /payments',
  permission: 'billing:pay',
  input: z.strictObject({
    accountId: Id,
    amount: MoneyText,
    receivedOn: Day.optional(),
    method: z.enum(['bank', 'card', 'cash', 'other']).default('bank'),
    reference: Text(100).optional(),
    allocations: z
      .array(z.strictObject({ invoiceId: Id, amount: MoneyText }))
      .min(1)
      .max(ALLOCATIONS_MAX),
  }),
  decider: Payment,
  parent: ({ allocations }) => invoiceRef(allocations[0]),
  links: ({ allocations }) => allocations.slice(1).flatMap(part => invoiceRef(part) ?? []),
  decide: (payment, { receivedOn, ...wish }, { today }) => record(payment, { ...wish, receivedOn: receivedOn ?? today }, today),
  holds: (events, _, paymentId) =>
    events.flatMap(({ type, data }) =>
      type === 'PaymentRecorded' ? data.allocations.map(part => settlement({ paymentId, accountId: data.accountId }, part)) : [],
    ),
});

export const lapsePayment = command({
  type: 'LapsePayment',
  summary: 'Gives up a payment that never came to be recorded.',
  permission: 'billing:pay',
  input: z.strictObject({ id: Id }),
  decider: Payment,
  entityId: byId,
  decide: lapse,
});

const invoiceRef = (part: { readonly invoiceId: string } | undefined) => part && { category: Invoice.category, id: part.invoiceId };

const settlement = (payment: { readonly paymentId: string; readonly accountId: string }, { invoiceId, amount }: Allocation) => ({
  take: applyPaymentToInvoice({ id: invoiceId, ...payment, amount: moneyWire(amount) }),
  release: unapplyPaymentFromInvoice({ id: invoiceId, paymentId: payment.paymentId }),
});
