import { z } from 'zod';
import { PriceRounding } from '../../domain/catalogue/price-change.ts';
import { copy, enter, PriceSheet } from '../../domain/catalogue/price-sheet.ts';
import { beginning } from '../../domain/records.ts';
import { Day, Id } from '../../domain/vocabulary.ts';
import { command } from '../../kernel/command.ts';
import { PercentChangeText } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { priceListForPrice } from '../../projections/catalogue/price-lists.ts';
import { pricesToCopy } from '../../projections/catalogue/prices-to-copy.ts';
import { itemsOf } from '../knowledge.ts';
import { pricing } from './price.ts';

const PRICES_MAX = 200;

const onSheet = { permission: 'catalogue:price', decider: PriceSheet } as const;

export const enterPrices = command({
  ...onSheet,
  type: 'EnterPrices',
  summary: `Sets up to ${PRICES_MAX} prices of a list from a day on, today unless one is given: all of them, or none where one is refused.`,
  route: 'POST /price-lists/:id/price-sheets',
  input: z.strictObject({
    id: Id,
    from: Day.optional(),
    prices: z
      .array(z.strictObject({ itemId: Id, ...pricing }))
      .min(1)
      .max(PRICES_MAX),
  }),
  links: ({ id }) => [{ category: 'priceList', id }],
  facts: async (_, { id, prices }, ask) => ({
    list: await ask(priceListForPrice, { id }),
    uoms: new Map((await itemsOf(prices, ask)).map(({ id: itemId, uom }) => [itemId, uom])),
  }),
  decide: beginning(enter),
});

/** Sent one after the other until all prices of the list that is cloned are copied. */
export const copyPrices = command({
  ...onSheet,
  type: 'CopyPrices',
  summary: 'Copies the next prices of a list into its clone.',
  entityId: ({ priceListId, step }) => `${priceListId}~${step}`,
  input: z.strictObject({
    priceListId: Id,
    originId: Id,
    from: Day,
    currency: Currency,
    changePercent: PercentChangeText,
    rounding: PriceRounding,
    step: z.int().positive(),
    after: z.string().max(200),
  }),
  parent: ({ priceListId }) => ({ category: 'priceList', id: priceListId }),
  facts: (_, { originId, from, after }, ask) => ask(pricesToCopy, { id: originId, on: from, after }),
  decide: beginning(copy),
});
