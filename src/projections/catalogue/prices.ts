import { z } from 'zod';
import { ItemAdded, StandardPriceSet } from '../../domain/catalogue/item.ts';
import { PriceSet, PriceWithdrawn } from '../../domain/catalogue/price.ts';
import type { DataOf } from '../../kernel/event.ts';
import { type Field, field } from '../../kernel/field.ts';
import { byDay, listing } from '../../kernel/listing.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { day, decimal, instant, json, nullable, quantity, table, text } from '../../kernel/table.ts';
import { items } from './items.ts';
import { priceLists } from './price-lists.ts';

export type Breaks = DataOf<typeof PriceSet>['breaks'];

/** One row for every day on which a list's price of an item changes, days to come included. */
export const prices = projection({
  name: 'prices',
  version: 2,
  versioned: true,
  dated: 'valid_from',
  table: table(
    'prices',
    'Prices of items in lists, each from its day until the next',
    {
      price_list_id: text('Price list'),
      item_id: text('Item'),
      valid_from: day('First day the price holds'),
      valid_until: nullable(day('Last day the price holds, after which the one before counts again; empty where it holds for good')),
      unit_price: nullable(decimal('Price of one unit in the currency of the list; empty where the item is off the list from this day')),
      discount: nullable(decimal('Taken off price and breaks, per cent')),
      min_quantity: nullable(quantity('Fewer are not sold at this price')),
      order_multiple: nullable(quantity('Only multiples of this are sold at this price')),
      uom: nullable(text('Unit of measure the price is per')),
      breaks: json<Breaks>('Other unit prices from a quantity on, by quantity in thousandths of the unit'),
      set_by: text('Who set it'),
      set_at: instant('When it was set'),
    },
    { key: 'List, item and first day, joined by ~', indexes: ['price_list_id, item_id, valid_from', 'item_id'] },
  ),
  events: [PriceSet, PriceWithdrawn],
  keys: { PriceSet: fromItsDay, PriceWithdrawn: fromItsDay },
  on: {
    PriceSet: (_, said, _key, meta) => ({ ...placed(said, meta), ...termsOf(said), unit_price: said.unitPrice, breaks: said.breaks }),
    PriceWithdrawn: (_, place, _key, meta) => ({ ...placed(place, meta), ...termsOf({}), unit_price: null, breaks: [] }),
  },
});

function fromItsDay({ from }: { readonly from: string }, { entityId }: ViewMeta): readonly string[] {
  return [`${entityId}~${from}`];
}

function placed({ priceListId, itemId, from }: DataOf<typeof PriceWithdrawn>, { actor, occurredAt }: ViewMeta) {
  return { price_list_id: priceListId, item_id: itemId, valid_from: from, set_by: actor.id, set_at: occurredAt };
}

type Terms = Partial<Pick<DataOf<typeof PriceSet>, 'until' | 'discount' | 'minQuantity' | 'orderMultiple' | 'uom'>>;

const termsOf = ({ until, discount, minQuantity, orderMultiple, uom }: Terms) => ({
  valid_until: until ?? null,
  discount: discount ?? null,
  min_quantity: minQuantity ?? null,
  order_multiple: orderMultiple ?? null,
  uom: uom ?? null,
});

/** One row for every day on which an item's standard price in a currency changes. */
export const standardPrices = projection({
  name: 'standard-prices',
  version: 1,
  versioned: true,
  dated: 'valid_from',
  table: table(
    'standard_prices',
    'Prices of items where no list names one, each from its day until the next',
    {
      item_id: text('Item'),
      currency: text('ISO 4217 code'),
      valid_from: nullable(day('First day the price holds; empty where it holds since ever')),
      unit_price: decimal('Price of one unit'),
      set_by: text('Who set it'),
      set_at: instant('When it was set'),
    },
    { key: 'Item, currency and first day, joined by ~', indexes: ['item_id, currency, valid_from'] },
  ),
  events: [ItemAdded, StandardPriceSet],
  keys: {
    ItemAdded: ({ standardPrice }, { entityId }) => (standardPrice === undefined ? [] : [`${entityId}~${standardPrice.currency}~`]),
    StandardPriceSet: ({ currency, from }, { entityId }) => [`${entityId}~${currency}~${from}`],
  },
  on: {
    ItemAdded: (_, { standardPrice }, _key, meta) => standardPrice && standard(standardPrice, meta),
    StandardPriceSet: (_, price, _key, meta) => standard(price, meta),
  },
});

type Standard = Omit<DataOf<typeof StandardPriceSet>, 'from'> & { readonly from?: string };

function standard({ currency, unitPrice, from }: Standard, { entityId, actor, occurredAt }: ViewMeta) {
  return { item_id: entityId, currency, valid_from: from ?? null, unit_price: unitPrice, set_by: actor.id, set_at: occurredAt };
}

export const BreaksAnswer = z.array(z.strictObject({ quantity: z.string(), unitPrice: z.string() }));

export const breaksAnswer = (breaks: Breaks): z.output<typeof BreaksAnswer> =>
  breaks.map(step => ({ quantity: quantityText(step.quantity), unitPrice: step.unitPrice }));

const breaks: Field<z.output<typeof BreaksAnswer>> = {
  sql: ['p.breaks'],
  schema: BreaksAnswer,
  read: ([value]) => breaksAnswer(value as Breaks),
};

export const listPrices = listing({
  type: 'ListPrices',
  summary: 'Prices of a list with every change of them; `filter[on]` shows those that hold on a day.',
  route: 'GET /price-lists/:id/prices',
  permission: 'catalogue:read',
  reads: [prices, priceLists, items],
  ledger: true,
  from: 'prices p join price_lists l on l.id = p.price_list_id left join items i on i.id = p.item_id',
  key: 'p.id',
  fields: {
    id: field.text('p.id'),
    itemId: field.text('p.item_id'),
    sku: field.maybe(field.text('i.sku')),
    itemName: field.maybe(field.text('i.name')),
    from: field.day('p.valid_from'),
    until: field.maybe(field.day('p.valid_until')),
    unitPrice: field.maybe(field.decimal('p.unit_price')),
    currency: field.text('l.currency'),
    breaks,
    discount: field.maybe(field.decimal('p.discount')),
    minQuantity: field.maybe(field.quantity('p.min_quantity')),
    orderMultiple: field.maybe(field.quantity('p.order_multiple')),
    uom: field.maybe(field.text('p.uom')),
    setBy: field.text('p.set_by'),
    setAt: field.instant('p.set_at'),
  },
  within: { id: 'p.price_list_id = ?' },
  filters: {
    item: 'p.item_id = ?',
    sku: 'i.sku = upper(?)',
    on: byDay(`p.valid_from = (select max(q.valid_from) from prices q
      where q.price_list_id = p.price_list_id and q.item_id = p.item_id and q.valid_from <= ?::date
        and (q.valid_until is null or q.valid_until >= ?::date))`),
  },
  sorts: {
    sku: { sql: "coalesce(i.sku, '')" },
    newest: { sql: 'p.set_at', descending: true },
    from: { sql: 'p.valid_from', descending: true },
  },
  usual: 'sku',
});

export const listStandardPrices = listing({
  type: 'ListStandardPrices',
  summary: 'Standard prices of an item through time: what holds from which day to which, in each currency.',
  route: 'GET /items/:id/standard-prices',
  permission: 'catalogue:read',
  reads: [standardPrices],
  ledger: true,
  from: `(select *, lead(valid_from) over (partition by item_id, currency order by valid_from nulls first) - 1 as valid_until
    from standard_prices) s`,
  key: 's.id',
  fields: {
    id: field.text('s.id'),
    currency: field.text('s.currency'),
    from: field.maybe(field.day('s.valid_from')),
    to: field.maybe(field.day('s.valid_until')),
    unitPrice: field.decimal('s.unit_price'),
    setBy: field.text('s.set_by'),
    setAt: field.instant('s.set_at'),
  },
  within: { id: 's.item_id = ?' },
  filters: { currency: 's.currency = ?' },
  sorts: { from: { sql: "coalesce(s.valid_from, '-infinity'::date)", descending: true } },
  usual: 'from',
});
