import { z } from 'zod';
import { LINES_MAX } from '../../domain/document.ts';
import { beginning, existing } from '../../domain/records.ts';
import { type PlacingFacts, place } from '../../domain/sales/placing.ts';
import { accept, cancel, commit, decline, type Order, SalesOrder, withdraw } from '../../domain/sales/sales-order.ts';
import { Address, Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, command, type DecisionContext } from '../../kernel/command.ts';
import { type Decimal, PercentText, PriceText } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { placingFacts } from './placing-facts.ts';

const TERM_DAYS_MAX = 365;
const CHANNELS = ['staff', 'phone', 'email', 'shop', 'import'] as const;

const ordered = {
  accountId: Id,
  warehouseId: Id,
  ownerId: Id.optional(),
  currency: Currency.optional(),
  requiredOn: Day.optional(),
  shipTo: Address.optional(),
};

/** A price by hand comes with its reason, and takes the right sales:price-by-hand. */
const orderedLine = {
  itemId: Id,
  quantity: QuantityText,
  unitPrice: PriceText.optional(),
  priceReason: Reason.optional(),
  discount: PercentText.default('0' as Decimal),
};

const relations = (order: Order | undefined) => ({ owner: order?.ownerId });

export const placeSalesOrder = command({
  type: 'PlaceSalesOrder',
  summary:
    'Places an order at the prices of the day, which stay as they are; refused as AccountBlocked, ItemNotAvailable, NoPrice or OverrideRequired.',
  route: 'POST /sales-orders',
  permission: 'sales:order',
  input: z.strictObject({
    ...ordered,
    channel: z.enum(CHANNELS).default('staff'),
    reference: Text(100).optional(),
    shipVia: Text(100).optional(),
    paymentTermDays: z.int().min(0).max(TERM_DAYS_MAX).optional(),
    lines: z.array(z.strictObject(orderedLine)).min(1).max(LINES_MAX),
  }),
  decider: SalesOrder,
  facts: (_, wish, ask, { today }) => placingFacts(numbered(wish), ask, today),
  decide: beginning((wish, context: DecisionContext<PlacingFacts>) => place(numbered(wish), context)),
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
  facts: (_, wish, ask, { today }) => placingFacts(wish, ask, today),
  decide: beginning(({ id: _, ...wish }, context: DecisionContext<PlacingFacts>) => place({ ...wish, channel: 'deal' }, context)),
});

const numbered = <Line, Rest>({ lines, ...wish }: Rest & { readonly lines: readonly Line[] }) => ({
  ...wish,
  lines: lines.map((line, index) => ({ line: index + 1, ...line })),
});

const onOrder = { decider: SalesOrder, entityId: byId, relations } as const;

export const acceptSalesOrder = command({
  ...onOrder,
  type: 'AcceptSalesOrder',
  summary: 'Confirms an order: its goods are reserved, delivered and invoiced from here on.',
  route: 'POST /sales-orders/:id/accept',
  permission: 'sales:accept',
  input: z.strictObject({ id: Id }),
  decide: existing('sales order', accept),
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
  summary: 'Cancels an accepted order and frees its goods; refused as DocumentLocked once a delivery is approved.',
  route: 'POST /sales-orders/:id/cancel',
  permission: 'sales:cancel',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('sales order', cancel),
});

/** Held by the approval of a delivery. */
export const commitDelivery = command({
  ...onOrder,
  type: 'CommitDelivery',
  summary: 'Binds an order to a delivery that goes out; refused when the order was cancelled.',
  permission: 'fulfilment:approve',
  input: z.strictObject({ id: Id, deliveryId: Id }),
  decide: existing('sales order', commit),
});

/** The way back from CommitDelivery. */
export const withdrawDelivery = command({
  ...onOrder,
  type: 'WithdrawDelivery',
  summary: 'Frees an order from a delivery that was not approved after all.',
  permission: 'fulfilment:approve',
  input: z.strictObject({ id: Id, deliveryId: Id }),
  decide: existing('sales order', withdraw),
});
