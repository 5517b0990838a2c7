import { z } from 'zod';
import { Deal } from '../../domain/crm/deal.ts';
import { addLine, order, removeLine, undoOrder } from '../../domain/crm/deal-lines.ts';
import { DiscountText } from '../../domain/document.ts';
import { existing } from '../../domain/records.ts';
import { Address, Day, Id, Reason } from '../../domain/vocabulary.ts';
import { byId, byOwnerAndObservers, command } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { accountForOrder } from '../../projections/crm/accounts.ts';
import { itemKnown } from '../knowledge.ts';

const onDeal = { decider: Deal, entityId: byId, relations: byOwnerAndObservers } as const;

/** The number of a line, which comes as text where it stands in a path. */
const LineNumber = z.codec(z.string().regex(/^[1-9]\d{0,5}$/, 'The number of a line'), z.int(), {
  decode: Number,
  encode: String,
});

export const addDealLine = command({
  ...onDeal,
  type: 'AddDealLine',
  summary:
    'Adds what is to be sold. Without a price by hand the price of the day of the order counts; with one it takes a right and a reason.',
  route: 'POST /deals/:id/lines',
  permission: 'crm:edit',
  input: z.strictObject({
    id: Id,
    itemId: Id,
    quantity: QuantityText,
    unitPrice: PriceText.optional(),
    priceReason: Reason.optional(),
    discount: DiscountText,
  }),
  facts: async (_, { itemId }, ask) => ({ itemKnown: await itemKnown(itemId, ask) }),
  decide: existing('deal', addLine),
});

export const removeDealLine = command({
  ...onDeal,
  type: 'RemoveDealLine',
  summary: 'Takes a line off a deal that is not ordered yet.',
  route: 'POST /deals/:id/lines/:line/remove',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, line: LineNumber }),
  decide: existing('deal', removeLine),
});

export const orderDeal = command({
  ...onDeal,
  type: 'OrderDeal',
  summary:
    "Orders the deal's lines: a sales order follows by itself. Refused as Duplicate while the deal has an order, and as AccountBlocked.",
  route: 'POST /deals/:id/order',
  permission: 'sales:order',
  input: z.strictObject({ id: Id, warehouseId: Id, requiredOn: Day.optional(), shipTo: Address.optional() }),
  facts: async (deal, _, ask) => ({ account: deal === undefined ? null : await ask(accountForOrder, { id: deal.accountId }) }),
  decide: existing('deal', order),
});

export const undoDealOrder = command({
  ...onDeal,
  type: 'UndoDealOrder',
  summary: 'Frees a deal of an order that came to nothing; silent when it has another or is won.',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, orderId: Id, because: Reason }),
  decide: existing('deal', undoOrder),
});
