import { z } from 'zod';
import { DiscountText, LINES_MAX, numbered } from '../../domain/document.ts';
import { InvoiceMode } from '../../domain/invoicing.ts';
import { beginning, existing } from '../../domain/records.ts';
import type { CreditTaken } from '../../domain/sales/acceptance.ts';
import {
  accept,
  cancel,
  changeShipPolicy,
  close,
  closeShort,
  commit,
  decline,
  expire,
  send,
  withdraw,
} from '../../domain/sales/order-decisions.ts';
import { askInvoice } from '../../domain/sales/order-invoicing.ts';
import { confirm, type ModificationFacts, modify, reject, remind, wishedLines } from '../../domain/sales/order-modification.ts';
import { type PlacingFacts, place } from '../../domain/sales/placing.ts';
import { LinePart, type Order, type OrderFact, SalesOrder, ShipPolicy } from '../../domain/sales/sales-order.ts';
import { Address, Day, Id, Reason, TermDays, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, byOwner, command, type DecisionContext, type FactsContext, type Hold } from '../../kernel/command.ts';
import { PercentText, PriceText } from '../../kernel/decimal.ts';
import { Currency, moneyWire } from '../../kernel/money.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { lapsing } from '../platform/claim.ts';
import { approvable } from '../platform/holds.ts';
import { acceptanceFacts } from './acceptance-facts.ts';
import { releaseCredit, reserveCredit } from './credit.ts';
import { orderTerms, placingFacts, pricingFacts } from './placing-facts.ts';

const CHANNELS = ['staff', 'phone', 'email', 'shop', 'import'] as const;

const ordered = {
  accountId: Id,
  warehouseId: Id,
  ownerId: Id.optional(),
  currency: Currency.optional(),
  requiredOn: Day.optional(),
  shipTo: Address.optional(),
  shipPolicy: ShipPolicy.optional(),
};

/** A price by hand comes with its reason, and takes the right sales:price-by-hand. */
const orderedLine = {
  itemId: Id,
  quantity: QuantityText,
  unitPrice: PriceText.optional(),
  priceReason: Reason.optional(),
  discount: DiscountText,
};

export const placeSalesOrder = command({
  type: 'PlaceSalesOrder',
  summary:
    'Places an order at the prices of the day, which stay as they are; refused as AccountBlocked, ItemNotAvailable, NoPrice, MinQty, OrderMultiple, OverrideRequired or InvoiceModeConflict.',
  route: 'POST /sales-orders',
  permission: 'sales:order',
  input: z.strictObject({
    ...ordered,
    channel: z.enum(CHANNELS).default('staff'),
    reference: Text(100).optional(),
    shipVia: Text(100).optional(),
    paymentTermDays: TermDays.optional(),
    invoiceMode: InvoiceMode.optional(),
    lines: z.array(z.strictObject(orderedLine)).min(1).max(LINES_MAX),
  }),
  decider: SalesOrder,
  facts: (_, wish, ask, context) => placingFacts(withNumbers(wish), ask, context),
  decide: beginning((wish, context: DecisionContext<PlacingFacts>) => place(withNumbers(wish), context)),
});

/** Sent when a deal is ordered: under the id and with the line numbers the deal knows. */
export const placeDealOrder = command({
  type: 'PlaceDealOrder',
  summary: 'Places the order of a deal.',
  permission: 'sales:order',
  input: z.strictObject({
    ...ordered,
    id: Id,
    dealId: Id,
    ownerId: Id,
    currency: Currency,
    lines: z
      .array(z.strictObject({ ...orderedLine, line: z.int().positive() }))
      .min(1)
      .max(LINES_MAX),
  }),
  decider: SalesOrder,
  entityId: byId,
  parent: ({ dealId }) => ({ category: 'deal', id: dealId }),
  facts: (_, wish, ask, context) => placingFacts(wish, ask, context),
  decide: beginning(({ id: _, ...wish }, context: DecisionContext<PlacingFacts>) => place({ ...wish, channel: 'deal' }, context)),
});

const withNumbers = <Line, Rest>({ lines, ...wish }: Rest & { readonly lines: readonly Line[] }) => ({
  ...wish,
  lines: numbered(lines),
});

/** Quantities of lines. */
const Parts = z.array(z.strictObject({ ...LinePart.shape, quantity: QuantityText }));

const onOrder = { decider: SalesOrder, entityId: byId, relations: byOwner } as const;

/** What an order takes of its client's credit. */
function creditTaken({ accountId: id, orderId }: { readonly accountId: string; readonly orderId: string }, credit: CreditTaken): Hold {
  const { amount, limit, overridden } = credit;
  const wish = { amount: moneyWire(amount), ...(limit && { limit: moneyWire(limit) }), ...(overridden && { overridden }) };
  return { take: reserveCredit({ id, orderId, ...wish }), release: releaseCredit({ id, orderId }) };
}

const { overridable, approvals } = approvable('discountOverLimit', 'belowMinimumMargin', 'creditLimit');
const onAcceptance = {
  ...onOrder,
  permission: 'sales:accept',
  input: z.strictObject({ id: Id, approvals }),
  overridable,
  facts: (order: Order | undefined, _: unknown, ask: Ask, context: FactsContext) => acceptanceFacts(order, ask, context),
  holds: (events: readonly OrderFact[], order: Order | undefined, orderId: string) =>
    events.flatMap(({ type, data }) =>
      type === 'SalesOrderAccepted' && order && data.credit && data.credit.amount.minor > 0
        ? [creditTaken({ accountId: order.accountId, orderId }, data.credit)]
        : [],
    ),
} as const;

export const acceptSalesOrder = command({
  ...onAcceptance,
  type: 'AcceptSalesOrder',
  summary:
    'Confirms an order: its goods are reserved, delivered and invoiced from here on. Refused as SelfApproval to whoever placed it, without the right sales:self-accept, as OverrideRequired where a line gives more discount than the caller may or leaves less than its minimum margin, as CreditLimitExceeded, as ClientOnStop while invoices are overdue for too long, and as AccountBlocked.',
  route: 'POST /sales-orders/:id/accept',
  decide: existing('sales order', accept),
});

export const sendSalesOrder = command({
  ...onOrder,
  type: 'SendSalesOrder',
  summary: 'Records that the client was sent a draft to accept.',
  route: 'POST /sales-orders/:id/send',
  permission: 'sales:order',
  input: z.strictObject({ id: Id }),
  decide: existing('sales order', send),
});

export const modifySalesOrder = command({
  ...onOrder,
  type: 'ModifySalesOrder',
  summary:
    'Offers the client other lines than they ordered: named lines get the price of today, all others keep theirs. The client confirms or rejects it.',
  route: 'POST /sales-orders/:id/modify',
  permission: 'sales:order',
  input: z.strictObject({
    id: Id,
    reason: Reason,
    lines: z
      .array(z.strictObject({ ...orderedLine, line: z.int().positive().optional(), discount: PercentText.optional() }))
      .max(LINES_MAX)
      .default([]),
    remove: z.array(z.int().positive()).max(LINES_MAX).default([]),
  }),
  facts: async (order, wish, ask, context): Promise<ModificationFacts> => {
    const { expiryDays } = await orderTerms(ask);
    if (order === undefined) return { expiryDays, items: new Map(), prices: new Map(), leastPrices: new Map() };
    const lines = wishedLines(order, wish);
    return { expiryDays, ...(await pricingFacts({ ...order, lines }, ask, context)) };
  },
  decide: existing('sales order', modify),
});

export const confirmModification = command({
  ...onAcceptance,
  type: 'ConfirmModification',
  summary: 'Records that the client agrees to the changed order, which accepts it and is refused like that.',
  route: 'POST /sales-orders/:id/confirm-modification',
  decide: existing('sales order', confirm),
});

export const rejectModification = command({
  ...onOrder,
  type: 'RejectModification',
  summary: 'Records that the client does not want the changed order, which declines it.',
  route: 'POST /sales-orders/:id/reject-modification',
  permission: 'sales:accept',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('sales order', reject),
});

/** Sent two days after the client was asked. */
export const remindOfModification = command({
  ...onOrder,
  type: 'RemindOfModification',
  summary: 'Notes that the client has not answered a changed order for two days; silent once they have.',
  permission: 'sales:order',
  input: z.strictObject({ id: Id }),
  decide: existing('sales order', remind),
});

/** Sent when the last day of an order has passed. */
export const expireSalesOrder = command({
  ...onOrder,
  type: 'ExpireSalesOrder',
  summary: 'Lets an order lapse that nobody accepted in time; silent where it was decided meanwhile.',
  permission: 'sales:order',
  input: z.strictObject({ id: Id }),
  decide: existing('sales order', expire),
});

export const declineSalesOrder = command({
  ...onOrder,
  type: 'DeclineSalesOrder',
  summary: 'Turns down an order that is not accepted yet.',
  route: 'POST /sales-orders/:id/decline',
  permission: 'sales:accept',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('sales order', decline),
});

export const cancelSalesOrder = command({
  ...onOrder,
  type: 'CancelSalesOrder',
  summary:
    'Cancels an order and frees its goods. Of an order that is partly delivered the rest is cancelled; refused as DocumentLocked where no rest is left.',
  route: 'POST /sales-orders/:id/cancel',
  permission: 'sales:cancel',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('sales order', cancel),
});

export const closeSalesOrderShort = command({
  ...onOrder,
  type: 'CloseSalesOrderShort',
  summary: 'Ends an order that is partly delivered: the rest is cancelled and its goods are free, what left is invoiced.',
  route: 'POST /sales-orders/:id/close-short',
  permission: 'sales:cancel',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('sales order', closeShort),
});

export const changeSalesOrderShipPolicy = command({
  ...onOrder,
  type: 'ChangeShipPolicy',
  summary: 'Lets an order out in parts, so that what is reserved need not wait for the rest, or only complete.',
  route: 'POST /sales-orders/:id/ship-policy',
  permission: 'sales:order',
  input: z.strictObject({ id: Id, shipPolicy: ShipPolicy }),
  decide: existing('sales order', changeShipPolicy),
});

/** Sent when an acceptance took credit and never came. */
export const lapseSalesOrderHold = lapsing('LapseSalesOrderHold', SalesOrder);

export const invoiceSalesOrder = command({
  ...onOrder,
  type: 'InvoiceSalesOrder',
  summary:
    'Drafts an invoice of what was delivered, or of some lines of it, of an order that is invoiced by hand; refused as InvoiceBeforeDelivery beyond that, as InvoiceModeConflict where the order is invoiced by itself.',
  route: 'POST /sales-orders/:id/invoice',
  permission: 'billing:invoice',
  input: z.strictObject({ id: Id, lines: Parts.min(1).max(LINES_MAX).optional() }),
  decide: existing('sales order', askInvoice),
});

/** Sent when all is delivered and paid. */
export const closeSalesOrder = command({
  ...onOrder,
  type: 'CloseSalesOrder',
  summary: 'Closes an order of which nothing is left to deliver, to invoice or to be paid.',
  permission: 'sales:order',
  input: z.strictObject({ id: Id }),
  decide: existing('sales order', close),
});

const delivering = z.strictObject({
  id: Id,
  deliveryId: Id,
  lines: z.array(z.strictObject({ ...LinePart.shape, quantity: QuantityText })),
});

/** Held by the approval of a delivery. */
export const commitDelivery = command({
  ...onOrder,
  type: 'CommitDelivery',
  summary: 'Binds an order to a delivery that goes out; refused when the order was cancelled.',
  permission: 'fulfilment:approve',
  input: delivering,
  decide: existing('sales order', commit),
});

/** The way back from CommitDelivery. */
export const withdrawDelivery = command({
  ...onOrder,
  type: 'WithdrawDelivery',
  summary: 'Frees an order from a delivery that was not approved after all.',
  permission: 'fulfilment:approve',
  input: delivering,
  decide: existing('sales order', withdraw),
});
