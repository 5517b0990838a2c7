import { z } from 'zod';
import { Invoice } from '../../domain/billing/invoice.ts';
import {
  type Allocation,
  allocate,
  lapse,
  lapseAllocation,
  Payment,
  type RecordingFacts,
  recordPayment as record,
  refund,
  reverse,
} from '../../domain/billing/payment.ts';
import { applyPayment, unapplyPayment } from '../../domain/billing/settling.ts';
import { Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, command, type Hold, type RecordRef } from '../../kernel/command.ts';
import { type Money, MoneyText, moneyWire } from '../../kernel/money.ts';
import { openOfInvoices } from '../../projections/billing/invoices.ts';
import { accountForOrder } from '../../projections/crm/accounts.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { closedPeriods } from '../../projections/platform/periods.ts';

const ALLOCATIONS_MAX = 100;

const onInvoice = { permission: 'billing:pay', decider: Invoice, entityId: byId } as const;
const onPayment = { permission: 'billing:pay', decider: Payment, entityId: byId } as const;

/** Another account than the invoice names may owe it now: the one into which that was merged. */
export const owingAccount = async (
  invoice: { readonly status: string; readonly accountId: string },
  { accountId }: { readonly accountId: string },
  ask: Ask,
): Promise<string | undefined> =>
  accountId === invoice.accountId || invoice.status === 'none' ? undefined : (await ask(accountForOrder, { id: invoice.accountId }))?.id;

export const applyPaymentToInvoice = command({
  ...onInvoice,
  type: 'ApplyPayment',
  summary:
    'Sets a part of a payment against an invoice; refused as AccountMismatch when another owes it, as PaymentExceedsBalance when less is open.',
  input: z.strictObject({ id: Id, paymentId: Id, allocationId: Id.optional(), accountId: Id, amount: MoneyText }),
  facts: owingAccount,
  decide: applyPayment,
});

export const unapplyPaymentFromInvoice = command({
  ...onInvoice,
  type: 'UnapplyPayment',
  summary: 'Takes back what was set against an invoice for a payment that did not come to be, or was reversed.',
  input: z.strictObject({ id: Id, paymentId: Id, allocationId: Id.optional() }),
  decide: unapplyPayment,
});

export const Method = z.enum(['bank', 'card', 'cash', 'other']).default('bank');

export const recordPayment = command({
  type: 'RecordPayment',
  summary:
    'Records a payment and the invoices it settles; what they leave is the client’s credit. Refused as AccountMismatch, CurrencyMismatch or PaymentExceedsBalance by any of them, or as PeriodClosed.',
  route: 'POST /payments',
  permission: 'billing:pay',
  input: z.strictObject({
    accountId: Id,
    amount: MoneyText,
    receivedOn: Day.optional(),
    method: Method,
    reference: Text(100).optional(),
    allocations: z
      .array(z.strictObject({ invoiceId: Id, amount: MoneyText }))
      .max(ALLOCATIONS_MAX)
      .default([]),
  }),
  decider: Payment,
  parent: ({ accountId, allocations: [first] }) => (first === undefined ? { category: 'account', id: accountId } : invoiceRef(first)),
  links: ({ allocations }) => allocations.slice(1).map(invoiceRef),
  facts: async (_, { allocations }, ask): Promise<RecordingFacts> => {
    const { overpaymentToCredit } = await ask(companySettings, {});
    const ids = overpaymentToCredit ? allocations.map(part => part.invoiceId) : [];
    const open = ids.length === 0 ? [] : await ask(openOfInvoices, { ids });
    return { ...(await dated(ask)), overpaymentToCredit, open: new Map(open.map(({ id, minor }) => [id, minor])) };
  },
  decide: (payment, { receivedOn, ...wish }, context) => record(payment, { ...wish, receivedOn: receivedOn ?? context.today }, context),
  holds: (events, _, paymentId) =>
    events.flatMap(({ type, data }) =>
      type === 'PaymentRecorded' ? data.allocations.map(part => settlement({ paymentId, accountId: data.accountId }, part)) : [],
    ),
});

/** How far the books are closed. */
export const dated = async (ask: Ask) => ({ closedThrough: (await ask(closedPeriods, {})).books });

export const allocatePayment = command({
  ...onPayment,
  type: 'AllocatePayment',
  summary:
    'Sets credit left of a payment against an invoice; refused as CreditExceeded when less is left, as PaymentExceedsBalance when less is open.',
  route: 'POST /payments/:id/allocate',
  input: z.strictObject({ id: Id, invoiceId: Id, amount: MoneyText }),
  links: part => [invoiceRef(part)],
  facts: (_, _wish, ask) => dated(ask),
  decide: (payment, wish, context) => allocate(payment, { ...wish, allocationId: `${wish.id}~${context.id('allocation')}` }, context),
  holds: (events, _, paymentId) =>
    events.flatMap(({ type, data }) =>
      type === 'PaymentAllocated' ? [settlement({ paymentId, allocationId: data.allocationId, accountId: data.accountId }, data)] : [],
    ),
});

export const reversePayment = command({
  ...onPayment,
  type: 'ReversePayment',
  summary: 'Takes a payment back that did not come in after all or belongs elsewhere: all invoices it was set against are open again.',
  route: 'POST /payments/:id/reverse',
  input: z.strictObject({ id: Id, reason: Reason }),
  facts: (_, _wish, ask) => dated(ask),
  decide: reverse,
  follows: (events, paymentId) =>
    events.flatMap(({ type, data }) =>
      type === 'PaymentReversed'
        ? data.allocations.map(({ invoiceId, allocationId }) => unapplyPaymentFromInvoice({ id: invoiceId, paymentId, allocationId }))
        : [],
    ),
});

export const refundPayment = command({
  ...onPayment,
  type: 'RefundPayment',
  summary: 'Records that credit left of a payment was paid back to the client; refused as CreditExceeded when less is left.',
  route: 'POST /payments/:id/refund',
  input: z.strictObject({ id: Id, amount: MoneyText, refundedOn: Day.optional(), method: Method, reference: Text(100).optional() }),
  facts: (_, _wish, ask) => dated(ask),
  decide: (payment, { refundedOn, ...wish }, context) => refund(payment, { ...wish, refundedOn: refundedOn ?? context.today }, context),
});

export const lapsePayment = command({
  ...onPayment,
  type: 'LapsePayment',
  summary: 'Gives up a payment that never came to be recorded.',
  input: z.strictObject({ id: Id }),
  decide: lapse,
});

export const lapsePaymentAllocation = command({
  ...onPayment,
  type: 'LapsePaymentAllocation',
  summary: 'Gives up setting a payment against an invoice that never came about.',
  input: z.strictObject({ id: Id, allocationId: Id }),
  decide: lapseAllocation,
});

export const invoiceRef = ({ invoiceId }: { readonly invoiceId: string }): RecordRef => ({ category: Invoice.category, id: invoiceId });

interface OfPayment {
  readonly paymentId: string;
  readonly allocationId?: string;
  readonly accountId: string;
}

const settlement = ({ accountId, ...payment }: OfPayment, { invoiceId: id, amount }: Allocation): Hold => ({
  take: applyPaymentToInvoice({ id, ...payment, accountId, amount: moneyWire(amount as Money) }),
  release: unapplyPaymentFromInvoice({ id, ...payment }),
});
