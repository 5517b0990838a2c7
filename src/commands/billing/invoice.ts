import { z } from 'zod';
import { cancel, draft, Invoice } from '../../domain/billing/invoice.ts';
import { DocumentLine, totalsOf } from '../../domain/document.ts';
import { Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { Currency } from '../../kernel/money.ts';

const LINES_MAX = 200;
const TERM_DAYS_MAX = 365;

export const draftOrderInvoice = command({
  type: 'DraftOrderInvoice',
  summary: 'Drafts the invoice of a sales order with the prices frozen on it; silent when it is already drafted.',
  permission: 'billing:invoice',
  input: z.strictObject({
    id: Id,
    orderId: Id,
    accountId: Id,
    currency: Currency,
    paymentTermDays: z.int().min(0).max(TERM_DAYS_MAX),
    reference: Text(100).optional(),
    lines: z.array(DocumentLine).min(1).max(LINES_MAX),
  }),
  decider: Invoice,
  entityId: byId,
  parent: ({ orderId }) => ({ category: 'salesOrder', id: orderId }),
  decide: (invoice, { id: _, ...wish }) => draft(invoice, { ...wish, totals: totalsOf(wish.lines, wish.currency) }),
});

export const cancelInvoice = command({
  type: 'CancelInvoice',
  summary: 'Gives up a draft; refused as DocumentLocked for issued invoices and for those of shipped orders.',
  route: 'POST /invoices/:id/cancel',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, reason: Reason }),
  decider: Invoice,
  entityId: byId,
  decide: (invoice, { id, reason }) => cancel(invoice, id, reason),
});
