import { PricesEntered } from '../../domain/catalogue/price-sheet.ts';
import { field } from '../../kernel/field.ts';
import { listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { day, flag, instant, integer, table, text } from '../../kernel/table.ts';

export const priceSheets = projection({
  name: 'price-sheets',
  version: 1,
  versioned: true,
  table: table(
    'price_sheets',
    'Prices of a list that were said at once',
    {
      price_list_id: text('Price list'),
      valid_from: day('Day from which they hold'),
      prices: integer('How many they are'),
      copied: flag('Whether they were copied from another list'),
      entered_by: text('Who entered them'),
      entered_at: instant('When they were entered'),
    },
    { indexes: ['price_list_id, entered_at, id'] },
  ),
  events: [PricesEntered],
  on: {
    PricesEntered: (_, { priceListId, from, prices, copy }, _key, { actor, occurredAt }) => ({
      price_list_id: priceListId,
      valid_from: from,
      prices: prices.length,
      copied: copy !== undefined,
      entered_by: actor.id,
      entered_at: occurredAt,
    }),
  },
});

const source = {
  permission: 'catalogue:read',
  reads: [priceSheets],
  from: 'price_sheets s',
  key: 's.id',
  fields: {
    id: field.text('s.id'),
    priceListId: field.text('s.price_list_id'),
    from: field.day('s.valid_from'),
    prices: field.integer('s.prices'),
    copied: field.flag('s.copied'),
    enteredBy: field.text('s.entered_by'),
    enteredAt: field.instant('s.entered_at'),
  },
} as const;

export const listPriceSheets = listing({
  ...source,
  type: 'ListPriceSheets',
  summary: 'Sheets of prices of a list, the newest first.',
  route: 'GET /price-lists/:id/price-sheets',
  within: { id: 's.price_list_id = ?' },
  sorts: { newest: { sql: 's.entered_at', descending: true } },
  usual: 'newest',
});

export const showPriceSheet = record({
  ...source,
  type: 'ShowPriceSheet',
  summary: 'One sheet of prices; the prices stand in the list.',
  route: 'GET /price-sheets/:id',
  noun: 'price sheet',
});
