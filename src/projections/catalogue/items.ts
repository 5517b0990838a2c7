import { z } from 'zod';
import { Item, type ItemCard } from '../../domain/catalogue/item.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { day, decimal, flag, instant, nullable, quantity, table, text } from '../../kernel/table.ts';
import { accounts } from '../crm/accounts.ts';
import { revised } from '../platform/event-history.ts';
import { containing } from '../search.ts';

export const items = projection({
  name: 'items',
  version: 3,
  versioned: true,
  table: table(
    'items',
    'What is sold and bought: goods in stock, services and charges',
    {
      sku: text('Stock-keeping unit, unique'),
      name: text('Name'),
      uom: text('Unit of measure'),
      stocked: flag('Whether it is kept in stock; services and charges are not'),
      tax_percent: decimal('Tax that sales of it bear, per cent'),
      category: nullable(text('Category')),
      supplier_id: nullable(text('Account that supplies it')),
      packaging: nullable(text('How many of what make one unit')),
      valuation: nullable(text('How its stock is valued: fifo or average; as the company does where nothing is said')),
      reorder_level: nullable(quantity('To be reordered when so few are left')),
      standard_cost: nullable(decimal('What one unit costs us, as somebody reckons it')),
      standard_cost_currency: nullable(text('ISO 4217 code of that cost')),
      min_margin_percent: nullable(decimal('What must remain of its price above that cost, per cent of the price')),
      discontinued_on: nullable(day('Day from which it is not sold any more')),
      added_at: instant('When it was added'),
    },
    { indexes: ['sku', 'name', 'supplier_id', 'added_at, id'] },
  ),
  events: Item.events,
  on: {
    ItemAdded: (_, { sku, standardPrice: _price, ...card }, _key, { occurredAt }) => ({
      ...cardColumns(card),
      sku,
      discontinued_on: null,
      added_at: occurredAt,
    }),
    ItemEdited: (row, card) => row && { ...row, ...cardColumns(card) },
    StandardPriceSet: () => undefined,
    ItemDiscontinued: (row, { on }) => row && { ...row, discontinued_on: on },
    ItemReinstated: row => row && { ...row, discontinued_on: null },
  },
});

function cardColumns(card: ItemCard) {
  return {
    name: card.name,
    uom: card.uom,
    stocked: card.stocked,
    tax_percent: card.taxPercent,
    category: card.category ?? null,
    supplier_id: card.supplierId ?? null,
    packaging: card.packaging ?? null,
    valuation: card.valuation ?? null,
    reorder_level: card.reorderLevel ?? null,
    standard_cost: card.standardCost?.unitPrice ?? null,
    standard_cost_currency: card.standardCost?.currency ?? null,
    min_margin_percent: card.minMarginPercent ?? null,
  };
}

const source = {
  permission: 'catalogue:read',
  reads: [items, accounts],
  from: 'items i left join accounts s on s.id = i.supplier_id',
  key: 'i.id',
  fields: {
    id: field.text('i.id'),
    sku: field.text('i.sku'),
    name: field.text('i.name'),
    uom: field.text('i.uom'),
    stocked: field.flag('i.stocked'),
    taxPercent: field.decimal('i.tax_percent'),
    category: field.maybe(field.text('i.category')),
    supplierId: field.maybe(field.text('i.supplier_id')),
    supplierName: field.maybe(field.text('s.name')),
    packaging: field.maybe(field.text('i.packaging')),
    valuation: field.maybe(field.text('i.valuation')),
    reorderLevel: field.maybe(field.quantity('i.reorder_level')),
    standardCost: field.maybe(
      field.object({ unitPrice: field.decimal('i.standard_cost'), currency: field.text('i.standard_cost_currency') }),
    ),
    minMarginPercent: field.maybe(field.decimal('i.min_margin_percent')),
    discontinuedOn: field.maybe(field.day('i.discontinued_on')),
    addedAt: field.instant('i.added_at'),
  },
} as const;

export const listItems = listing({
  ...source,
  type: 'ListItems',
  summary: 'Items by SKU; `filter[search]` looks in SKU and name.',
  route: 'GET /items',
  filters: {
    search: containing('i.sku', 'i.name'),
    sku: 'i.sku = upper(?)',
    category: 'i.category = ?',
    supplier: 'i.supplier_id = ?',
    stocked: byFlag('i.stocked'),
    discontinued: byFlag('i.discontinued_on is not null'),
  },
  sorts: { sku: { sql: 'i.sku' }, name: { sql: 'i.name' }, newest: { sql: 'i.added_at', descending: true } },
  usual: 'sku',
});

export const showItem = record({
  ...revised('item', source),
  type: 'ShowItem',
  summary: 'One item.',
  route: 'GET /items/:id',
  noun: 'item',
});

export const IDS_MAX = 200;

const Sold = z.strictObject({
  id: z.string(),
  sku: z.string(),
  name: z.string(),
  uom: z.string(),
  stocked: z.boolean(),
  taxPercent: Decimal,
  discontinued: z.boolean(),
  discontinuedOn: z.iso.date().nullable(),
});

/** Asked by commands that name items; unknown ones are left out. */
export const itemsForOrder = query({
  type: 'ItemsForOrder',
  summary: 'What an order must know of its items.',
  permission: 'catalogue:read',
  reads: [items],
  input: z.strictObject({ ids: z.array(z.string()).max(IDS_MAX) }),
  output: z.array(Sold),
  answer: (db, { ids }) =>
    db.rows<z.output<typeof Sold>>(
      `select i.id, i.sku, i.name, i.uom, i.stocked, trim_scale(i.tax_percent)::text as "taxPercent",
         i.discontinued_on is not null as discontinued, i.discontinued_on as "discontinuedOn" from items i where i.id = any($1)`,
      [ids],
    ),
});

const Method = z.enum(['fifo', 'average']).nullable();

/** Asked by a stock cell before its first goods come. */
export const itemValuation = query({
  type: 'ItemValuation',
  summary: 'How the stock of an item is to be valued; null where the company decides.',
  permission: 'catalogue:read',
  reads: [items],
  input: z.strictObject({ id: z.string() }),
  output: Method,
  answer: async (db, { id }) => {
    const [row] = await db.rows<{ valuation: z.output<typeof Method> }>('select valuation from items where id = $1', [id]);
    return row?.valuation ?? null;
  },
});
