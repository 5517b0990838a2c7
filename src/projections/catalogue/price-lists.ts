import { z } from 'zod';
import { type Origin, PriceList, type PriceListCard } from '../../domain/catalogue/price-list.ts';
import { PricesEntered } from '../../domain/catalogue/price-sheet.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { Currency } from '../../kernel/money.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { day, decimal, flag, instant, integer, nullable, table, text } from '../../kernel/table.ts';
import { revised } from '../platform/event-history.ts';

export const priceLists = projection({
  name: 'price-lists',
  version: 3,
  versioned: true,
  table: table(
    'price_lists',
    'Price lists',
    {
      name: text('Name'),
      currency: text('ISO 4217 code of all its prices'),
      is_default: flag('Whether it holds for whoever has no list of their own in this currency'),
      is_promotion: flag('Whether it holds for everybody while it runs'),
      valid_from: nullable(day('First day on which its prices hold; any where empty')),
      valid_until: nullable(day('Last day on which its prices hold; any where empty')),
      archived: flag('Whether its prices hold no longer'),
      origin_id: nullable(text('Price list it is a clone of')),
      change_percent: nullable(decimal('What was added to the prices of that list, per cent')),
      rounding: nullable(text('How the clone’s prices were rounded: exact, minorUnit, tenth or whole')),
      prices_to_copy: nullable(integer('How many prices that list had')),
      prices_copied: nullable(integer('How many of them are copied so far')),
      created_at: instant('When it was created'),
    },
    { indexes: ['name', 'currency'] },
  ),
  events: [...PriceList.events, PricesEntered],
  keys: { PricesEntered: ({ copy, priceListId }) => (copy === undefined ? [] : [priceListId]) },
  on: {
    PriceListCreated: (_, { currency, origin, ...card }, _key, { occurredAt }) => ({
      ...cardColumns(card),
      ...originColumns(origin),
      currency,
      archived: false,
      created_at: occurredAt,
    }),
    PriceListEdited: (row, card) => row && { ...row, ...cardColumns(card) },
    PriceListArchived: row => row && { ...row, archived: true },
    PricesEntered: (row, { prices }) => row && { ...row, prices_copied: (row.prices_copied ?? 0) + prices.length },
  },
});

const cardColumns = ({ name, isDefault, isPromotion, validFrom, validUntil }: PriceListCard) => ({
  name,
  is_default: isDefault,
  is_promotion: isPromotion ?? false,
  valid_from: validFrom ?? null,
  valid_until: validUntil ?? null,
});

const originColumns = (origin: Origin | undefined) => ({
  origin_id: origin?.priceListId ?? null,
  change_percent: origin?.changePercent ?? null,
  rounding: origin?.rounding ?? null,
  prices_to_copy: origin?.prices ?? null,
  prices_copied: origin === undefined ? null : 0,
});

const source = {
  permission: 'catalogue:read',
  reads: [priceLists],
  from: 'price_lists l',
  key: 'l.id',
  fields: {
    id: field.text('l.id'),
    name: field.text('l.name'),
    currency: field.text('l.currency'),
    isDefault: field.flag('l.is_default'),
    isPromotion: field.flag('l.is_promotion'),
    validFrom: field.maybe(field.day('l.valid_from')),
    validUntil: field.maybe(field.day('l.valid_until')),
    archived: field.flag('l.archived'),
    origin: field.maybe(
      field.object({
        priceListId: field.text('l.origin_id'),
        changePercent: field.decimal('l.change_percent'),
        rounding: field.text('l.rounding'),
        prices: field.integer('l.prices_to_copy'),
        copied: field.integer('l.prices_copied'),
      }),
    ),
    createdAt: field.instant('l.created_at'),
  },
} as const;

export const listPriceLists = listing({
  ...source,
  type: 'ListPriceLists',
  summary: 'Price lists by name.',
  route: 'GET /price-lists',
  filters: {
    name: 'l.name = ?',
    currency: 'l.currency = ?',
    default: byFlag('l.is_default'),
    promotion: byFlag('l.is_promotion'),
    archived: byFlag('l.archived'),
  },
  sorts: { name: { sql: 'l.name' }, newest: { sql: 'l.created_at', descending: true } },
  usual: 'name',
});

export const showPriceList = record({
  ...revised('priceList', source),
  type: 'ShowPriceList',
  summary: 'One price list.',
  route: 'GET /price-lists/:id',
  noun: 'price list',
});

const Found = z.strictObject({ currency: Currency, archived: z.boolean() });

/** Asked by commands that name a price list; null where there is none. */
export const priceListForPrice = query({
  type: 'PriceListForPrice',
  summary: 'What a price must know of its list.',
  permission: 'catalogue:read',
  reads: [priceLists],
  input: z.strictObject({ id: z.string().max(200) }),
  output: Found.nullable(),
  answer: async (db, { id }) => {
    const [list] = await db.rows<z.output<typeof Found>>('select l.currency, l.archived from price_lists l where l.id = $1', [id]);
    return list ?? null;
  },
});

/** Asked by commands that make a list the default. */
export const defaultListOf = query({
  type: 'DefaultListOf',
  summary: 'The default price list of a currency.',
  permission: 'catalogue:read',
  reads: [priceLists],
  input: z.strictObject({ currency: z.string().max(3) }),
  output: z.strictObject({ id: z.string().nullable() }),
  answer: async (db, { currency }) => {
    const [list] = await db.rows<{ id: string }>(
      'select l.id from price_lists l where l.is_default and not l.archived and l.currency = $1',
      [currency],
    );
    return { id: list?.id ?? null };
  },
});
