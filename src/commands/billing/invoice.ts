import { z } from 'zod';
import { draftByHand } from '../../domain/billing/drafting.ts';
import { cancel, draft, Invoice } from '../../domain/billing/invoice.ts';
import { DiscountText, DocumentLine, LINES_MAX, totalsOf } from '../../domain/document.ts';
import { Id, Reason, TermDays, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { accountFor, itemsOf } from '../knowledge.ts';

const HandLine = z.strictObject({
  itemId: Id,
  quantity: QuantityText,
  unitPrice: PriceText,
  discount: DiscountText,
});

export const draftInvoice = command({
  type: 'DraftInvoice',
  summary: 'Drafts an invoice by hand, for what was not ordered here; invoices of orders draft themselves when the goods are shipped.',
  route: 'POST /invoices',
  permission: 'billing:invoice',
  input: z.strictObject({
    accountId: Id,
    currency: Currency.optional(),
    paymentTermDays: TermDays.optional(),
    reference: Text(100).optional(),
    lines: z.array(HandLine).min(1).max(LINES_MAX),
  }),
  decider: Invoice,
  parent: ({ accountId }) => ({ category: 'account', id: accountId }),
  facts: async (_, { accountId, lines }, ask, context) => {
    const items = await itemsOf(lines, ask);
    return { account: await accountFor(accountId, ask, context), items: new Map(items.map(item => [item.id, item])) };
  },
  decide: (invoice, wish, context) => (invoice.status === 'none' ? draftByHand(wish, context) : []),
});

export const draftOrderInvoice = command({
  type: 'DraftOrderInvoice',
  summary: 'Drafts the invoice of a sales order with the prices frozen on it; silent when it is already drafted.',
  permission: 'billing:invoice',
  input: z.strictObject({
    id: Id,
    orderId: Id,
    accountId: Id,
    currency: Currency,
    paymentTermDays: TermDays,
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
