import { z } from 'zod';
import { add, discontinue, edit, Item, reinstate, setStandardPrice } from '../../domain/catalogue/item.ts';
import { beginning, editable, existing } from '../../domain/records.ts';
import { Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, command, type FactsContext } from '../../kernel/command.ts';
import { PercentText, PriceText } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { accountKnown } from '../knowledge.ts';
import { lapsing, uniqueKey } from '../platform/claim.ts';

/** Written and compared in capitals. */
const Sku = Text(40).toUpperCase();

const UnitPrice = z.strictObject({ unitPrice: PriceText, currency: Currency });

const card = {
  name: Text(200),
  uom: Text(20),
  stocked: z.boolean().default(true),
  taxPercent: PercentText,
  category: Text(100).optional(),
  supplierId: Id.optional(),
  packaging: Text(200).optional(),
  valuation: z.enum(['fifo', 'average']).optional(),
  reorderLevel: QuantityText.optional(),
  standardCost: UnitPrice.optional(),
  minMarginPercent: PercentText.optional(),
};

const onItem = { decider: Item, entityId: byId } as const;

const knowledge = async (supplierId: string | null | undefined, ask: Ask, context: FactsContext) => ({
  supplierKnown: await accountKnown(supplierId, ask, context),
});

export const addItem = command({
  type: 'AddItem',
  summary: 'Adds an item; refused as Duplicate when another has its SKU, which stays for good.',
  route: 'POST /items',
  permission: 'catalogue:edit',
  decider: Item,
  input: z.strictObject({ ...card, sku: Sku, standardPrice: UnitPrice.optional() }),
  facts: (_, { supplierId }, ask, context) => knowledge(supplierId, ask, context),
  decide: beginning(add),
  holds: (events, _, id) => events.flatMap(fact => (fact.type === 'ItemAdded' ? [uniqueKey('sku', fact.data.sku, id)] : [])),
});

export const editItem = command({
  ...onItem,
  type: 'EditItem',
  summary: 'Changes the fields that are given; null empties one.',
  route: 'POST /items/:id/edit',
  permission: 'catalogue:edit',
  input: z.strictObject({ id: Id, ...editable(card) }),
  facts: (_, { supplierId }, ask, context) => knowledge(supplierId, ask, context),
  decide: existing('item', edit),
});

export const setItemStandardPrice = command({
  ...onItem,
  type: 'SetStandardPrice',
  summary: 'Sets what the item costs where no list names a price, from a day on: today unless one is given.',
  route: 'POST /items/:id/standard-price',
  permission: 'catalogue:price',
  input: z.strictObject({ id: Id, ...UnitPrice.shape, from: Day.optional() }),
  decide: existing('item', setStandardPrice),
});

export const discontinueItem = command({
  ...onItem,
  type: 'DiscontinueItem',
  summary: 'Ends the sale of an item, today unless a day is given.',
  route: 'POST /items/:id/discontinue',
  permission: 'catalogue:edit',
  input: z.strictObject({ id: Id, on: Day.optional(), reason: Reason.optional() }),
  decide: existing('item', discontinue),
});

export const reinstateItem = command({
  ...onItem,
  type: 'ReinstateItem',
  summary: 'Sells a discontinued item again.',
  route: 'POST /items/:id/reinstate',
  permission: 'catalogue:edit',
  input: z.strictObject({ id: Id }),
  decide: existing('item', reinstate),
});

/** For a command on an item that vanished with what it held. */
export const lapseItemHold = lapsing('LapseItemHold', Item);
