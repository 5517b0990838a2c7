import { z } from 'zod';
import { draftByHand } from '../../domain/billing/drafting.ts';
import { cancel, draftOfOrder, Invoice } from '../../domain/billing/invoice.ts';
import { DiscountText, DocumentLine, LINES_MAX, Reckoning } from '../../domain/document.ts';
import { Part } from '../../domain/reckoning.ts';
import { Id, Reason, TermDays, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { PercentText, PriceText } from '../../kernel/decimal.ts';
import { Currency, MoneyText } from '../../kernel/money.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { accountFor, invoicingFor, itemsOf } from '../knowledge.ts';

const HandLine = z.strictObject({
  itemId: Id,
  quantity: QuantityText,
  unitPrice: PriceText,
  discount: DiscountText,
});

/** Taken off the whole document. */
const DocumentDiscount = z.union([z.strictObject({ percent: PercentText }), z.strictObject({ amount: MoneyText })]);

export const draftInvoice = command({
  type: 'DraftInvoice',
  summary: 'Drafts an invoice by hand, for what was not ordered here; invoices of orders draft themselves when the goods are shipped.',
  route: 'POST /invoices',
  permission: 'billing:invoice',
  input: z.strictObject({
    accountId: Id,
    currency: Currency.optional(),
    paymentTermDays: TermDays.optional(),
    termEndOfMonth: z.boolean().optional(),
    pricesIncludeTax: z.boolean().optional(),
    reference: Text(100).optional(),
    discount: DocumentDiscount.optional(),
    lines: z.array(HandLine).min(1).max(LINES_MAX),
  }),
  decider: Invoice,
  parent: ({ accountId }) => ({ category: 'account', id: accountId }),
  facts: async (_, { accountId, lines }, ask, context) => {
    const items = await itemsOf(lines, ask);
    return {
      account: await accountFor(accountId, ask, context),
      invoicing: await invoicingFor(accountId, ask),
      items: new Map(items.map(item => [item.id, item])),
    };
  },
  decide: (invoice, wish, context) => (invoice.status === 'none' ? draftByHand(wish, context) : []),
});

export const draftOrderInvoice = command({
  type: 'DraftOrderInvoice',
  summary:
    'Drafts an invoice of a sales order, or of the parts of it that were delivered, with the prices frozen on it; silent when it is already drafted.',
  permission: 'billing:invoice',
  input: z.strictObject({
    id: Id,
    orderId: Id,
    accountId: Id,
    currency: Currency,
    paymentTermDays: TermDays,
    termEndOfMonth: z.boolean().optional(),
    reference: Text(100).optional(),
    deliveryId: Id.optional(),
    /** All lines of the order, and how its totals were worked out. */
    lines: z.array(DocumentLine).min(1).max(LINES_MAX),
    reckoning: Reckoning.optional(),
    /** What is invoiced of them and what was before; all of every line when absent. */
    parts: z.array(Part).min(1).max(LINES_MAX).optional(),
  }),
  decider: Invoice,
  entityId: byId,
  parent: ({ orderId }) => ({ category: 'salesOrder', id: orderId }),
  decide: (invoice, { id: _, ...wish }) => draftOfOrder(invoice, wish),
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
