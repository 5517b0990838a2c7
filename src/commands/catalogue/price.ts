import { z } from 'zod';
import { Price, priceId, setPrice, take, withdraw } from '../../domain/catalogue/price.ts';
import { existing } from '../../domain/records.ts';
import { Day, Id, Text } from '../../domain/vocabulary.ts';
import { command } from '../../kernel/command.ts';
import { PercentText, PriceText } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { priceListForPrice } from '../../projections/catalogue/price-lists.ts';
import { itemsOf } from '../knowledge.ts';

const BREAKS_MAX = 20;

const onPrice = { permission: 'catalogue:price', decider: Price, entityId: priceId } as const;

/** What may be said of one price of a list. */
export const pricing = {
  unitPrice: PriceText,
  breaks: z
    .array(z.strictObject({ quantity: QuantityText, unitPrice: PriceText }))
    .max(BREAKS_MAX)
    .default([]),
  until: Day.optional(),
  discount: PercentText.optional(),
  minQuantity: QuantityText.optional(),
  orderMultiple: QuantityText.optional(),
  uom: Text(20).optional(),
};

export const setListPrice = command({
  ...onPrice,
  type: 'SetPrice',
  summary:
    'Sets the price of an item in a list from a day on, today unless one is given, and for good unless it ends; with breaks, other prices hold from a quantity on.',
  route: 'POST /price-lists/:id/prices',
  input: z.strictObject({ id: Id, itemId: Id, ...pricing, from: Day.optional() }),
  facts: async (_, { id, itemId }, ask) => ({
    list: await ask(priceListForPrice, { id }),
    itemUom: (await itemsOf([{ itemId }], ask))[0]?.uom,
  }),
  decide: setPrice,
});

/** Sent for every price of a sheet, where it was checked. */
export const takePrice = command({
  ...onPrice,
  type: 'TakePrice',
  summary: 'Takes over the price of one item from a sheet of prices.',
  input: z.strictObject({ id: Id, itemId: Id, ...pricing, from: Day, currency: Currency }),
  decide: take,
});

export const withdrawPrice = command({
  ...onPrice,
  type: 'WithdrawPrice',
  summary: 'Takes an item off a list from a day on, today unless one is given; the next level of the price hierarchy then counts.',
  route: 'POST /price-lists/:id/prices/:itemId/withdraw',
  input: z.strictObject({ id: Id, itemId: Id, from: Day.optional() }),
  decide: existing('price', withdraw),
});
