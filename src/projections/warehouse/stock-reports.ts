/** What the stock was worth on any day, how old it is, and how fast it turns: computed from its movements, never kept. */
import { z } from 'zod';
import { Id } from '../../domain/vocabulary.ts';
import { field } from '../../kernel/field.ts';
import { listing } from '../../kernel/listing.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { query } from '../../kernel/query.ts';
import { items } from '../catalogue/items.ts';
import { stockMoves } from './stock-moves.ts';
import { warehouses } from './warehouses.ts';

const stock = { permission: 'warehouse:read', reads: [stockMoves, items, warehouses], ledger: true } as const;
const Day = z.iso.date();

export const listStockOn = listing({
  ...stock,
  type: 'ListStockOn',
  summary: 'What each warehouse has of each item and what it cost; with `clock=happened&asOf=` at the end of any business day.',
  route: 'GET /reports/stock',
  from: `(
      select m.warehouse_id, m.item_id, m.warehouse_id || '~' || m.item_id as id, sum(m.quantity)::bigint as quantity,
        coalesce(sum(m.value), 0)::bigint as value, max(m.currency) as currency
      from stock_moves m group by m.warehouse_id, m.item_id
    ) s left join warehouses w on w.id = s.warehouse_id left join items i on i.id = s.item_id`,
  where: 's.quantity <> 0 or s.value <> 0',
  fields: {
    warehouseId: field.text('s.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    itemId: field.text('s.item_id'),
    sku: field.maybe(field.text('i.sku')),
    itemName: field.maybe(field.text('i.name')),
    category: field.maybe(field.text('i.category')),
    quantity: field.quantity('s.quantity'),
    value: field.maybe(field.money('case when s.currency is not null then s.value end', 's.currency')),
  },
  key: 's.id',
  filters: { warehouse: 's.warehouse_id = ?', item: 's.item_id = ?', category: 'i.category = ?' },
  sorts: { sku: { sql: "coalesce(i.sku, '')" }, value: { sql: 's.value', descending: true } },
  usual: 'sku',
});

/** How the value is grouped: the key, and its label. */
const GROUPINGS = {
  warehouse: { key: 'm.warehouse_id', label: 'coalesce(w.name, m.warehouse_id)' },
  group: { key: "coalesce(i.category, '')", label: "coalesce(i.category, '')" },
  item: { key: 'm.item_id', label: 'coalesce(i.name, m.item_id)' },
} as const;

interface Valued {
  readonly key: string;
  readonly label: string;
  readonly value: MoneyWire;
}

export const stockValuation = query({
  ...stock,
  type: 'StockValuation',
  summary: 'What the stock was worth at the end of a day, by warehouse, by group of items or by item.',
  route: 'GET /reports/stock-valuation',
  input: z.strictObject({ by: z.enum(['warehouse', 'group', 'item']), on: Day, warehouse: Id.optional() }),
  output: z.strictObject({
    rows: z.array(z.strictObject({ key: z.string(), label: z.string(), value: MoneyAnswer })),
    totals: z.array(MoneyAnswer),
  }) as unknown as z.ZodType<{ readonly rows: readonly Valued[]; readonly totals: readonly MoneyWire[] }>,
  exports: 'rows',
  answer: async (db, { by, on, warehouse }) => {
    const { key, label } = GROUPINGS[by];
    const rows = await db.rows<{ key: string; label: string; currency: string; value: number }>(
      `select ${key} as key, min(${label}) as label, m.currency, sum(m.value)::bigint as value
       from stock_moves m left join warehouses w on w.id = m.warehouse_id left join items i on i.id = m.item_id
       where m.currency is not null and m.moved_on <= $1::date and ($2::text is null or m.warehouse_id = $2)
       group by ${key}, m.currency having sum(m.value) <> 0 order by ${key}, m.currency`,
      [on, warehouse ?? null],
    );
    const sums = Map.groupBy(rows, ({ currency }) => currency);
    return {
      rows: rows.map(row => ({ key: row.key, label: row.label, value: moneyWire({ minor: row.value, currency: row.currency }) })),
      totals: [...sums].map(([currency, own]) => moneyWire({ minor: own.reduce((sum, { value }) => sum + value, 0), currency })),
    };
  },
});

/** Days since the goods came into their warehouse, both included. */
const AGES = { to30: [0, 30], to90: [31, 90], to180: [91, 180], over180: [181, undefined] } as const;
type Age = keyof typeof AGES;
const ages = Object.keys(AGES) as Age[];

const aged = ([least, most]: readonly [number, number | undefined]): string =>
  most === undefined ? `age >= ${least}` : `age between ${least} and ${most}`;
const sums = ages.flatMap(name => [
  `coalesce(sum(upto - before) filter (where ${aged(AGES[name])}), 0)::bigint as "${name}"`,
  `coalesce(sum(worth) filter (where ${aged(AGES[name])}), 0)::bigint as "${name}Value"`,
]);

interface Part {
  readonly quantity: string;
  readonly value: MoneyWire;
}
type AgedRow = Readonly<Record<Age, Part>> & { readonly itemId: string; readonly sku: string; readonly itemName: string };

const PartAnswer = z.strictObject({ quantity: z.string(), value: MoneyAnswer });

/**
 * Of what is there on the day $1 the newest goods came last: each cell is filled up from its last movements in. The value of a
 * cell is shared by quantity, in cumulative shares, so that the parts sum up to it.
 */
const AGEING = `
  with there as (
    select m.warehouse_id, m.item_id, sum(m.quantity) as stock, sum(m.value) as value, max(m.currency) as currency
    from stock_moves m where m.moved_on <= $1::date and ($2::text is null or m.warehouse_id = $2)
    group by 1, 2 having sum(m.quantity) > 0 and max(m.currency) is not null
  ), arrivals as (
    select m.warehouse_id, m.item_id, $1::date - m.moved_on as age, m.quantity, sum(m.quantity) over newest as upto
    from stock_moves m where m.quantity > 0 and m.moved_on <= $1::date
    window newest as (partition by m.warehouse_id, m.item_id order by m.moved_on desc, m.position desc)
  ), parts as (
    select t.item_id, t.currency, t.stock, t.value, a.age, least(a.upto, t.stock) as upto, a.upto - a.quantity as before
    from there t join arrivals a on a.warehouse_id = t.warehouse_id and a.item_id = t.item_id and a.upto - a.quantity < t.stock
  ), valued as (
    select p.*, round(p.value * p.upto / p.stock) - round(p.value * p.before / p.stock) as worth from parts p
  )
  select v.item_id as "itemId", v.currency, coalesce(i.sku, '') as sku, coalesce(i.name, '') as "itemName", ${sums.join(', ')}
  from valued v left join items i on i.id = v.item_id group by v.item_id, v.currency, i.sku, i.name order by 3, 1`;

export const stockAgeing = query({
  ...stock,
  type: 'StockAgeing',
  summary: 'How long the goods that were there at the end of a day had been in their warehouse: 0–30, 31–90, 91–180 days, more.',
  route: 'GET /reports/stock-ageing',
  input: z.strictObject({ on: Day, warehouse: Id.optional() }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        ...{ itemId: z.string(), sku: z.string(), itemName: z.string() },
        ...Object.fromEntries(ages.map(name => [name, PartAnswer])),
      }),
    ),
  }) as unknown as z.ZodType<{ readonly rows: readonly AgedRow[] }>,
  exports: 'rows',
  answer: async (db, { on, warehouse }) => {
    const rows = await db.rows<Record<Age | `${Age}Value`, number> & Omit<AgedRow, Age> & { currency: string }>(AGEING, [
      on,
      warehouse ?? null,
    ]);
    const partOf = (row: (typeof rows)[number], name: Age): Part => ({
      quantity: quantityText(row[name]),
      value: moneyWire({ minor: row[`${name}Value`], currency: row.currency }),
    });
    return {
      rows: rows.map(row => ({
        ...{ itemId: row.itemId, sku: row.sku, itemName: row.itemName },
        ...(Object.fromEntries(ages.map(name => [name, partOf(row, name)])) as Record<Age, Part>),
      })),
    };
  },
});

/** Days of stock up to which an item is fast, and normal; our own rule. */
const FAST_DAYS_MAX = 30;
const NORMAL_DAYS_MAX = 90;
const PACES = ['fast', 'normal', 'slow', 'dead'] as const;
type Pace = (typeof PACES)[number];

/** What nobody bought in the period is dead. */
function paceOf(days: string | null): Pace {
  if (days === null) return 'dead';
  if (Number(days) <= FAST_DAYS_MAX) return 'fast';
  return Number(days) <= NORMAL_DAYS_MAX ? 'normal' : 'slow';
}

interface Turned {
  readonly itemId: string;
  readonly sku: string;
  readonly itemName: string;
  readonly costOfSales: MoneyWire;
  readonly averageStock: MoneyWire;
  readonly rotation: string | null;
  readonly days: string | null;
  readonly pace: Pace;
}

export const stockRotation = query({
  ...stock,
  type: 'StockRotation',
  summary:
    'How fast items turn from a day to a day: cost of sales by average stock (of its opening and closing value), and the days of the period by that: a year makes 365 / rotation. Up to 30 days of stock is fast, up to 90 normal; unsold is dead.',
  route: 'GET /reports/stock-rotation',
  input: z.strictObject({ from: Day, to: Day, warehouse: Id.optional() }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        ...{ itemId: z.string(), sku: z.string(), itemName: z.string(), costOfSales: MoneyAnswer, averageStock: MoneyAnswer },
        ...{ rotation: z.string().nullable(), days: z.string().nullable(), pace: z.enum(PACES) },
      }),
    ),
  }) as unknown as z.ZodType<{ readonly rows: readonly Turned[] }>,
  exports: 'rows',
  answer: async (db, { from, to, warehouse }) => {
    const rows = await db.rows<Omit<Turned, 'costOfSales' | 'averageStock' | 'pace'> & { currency: string; cogs: number; average: number }>(
      `with turned as (
         select m.item_id, m.currency, coalesce(-sum(m.value) filter (where m.kind = 'Delivery' and m.moved_on >= $1::date), 0) as cogs,
           (coalesce(sum(m.value) filter (where m.moved_on < $1::date), 0) + sum(m.value)) / 2 as average
         from stock_moves m
         where m.currency is not null and m.moved_on <= $2::date and ($3::text is null or m.warehouse_id = $3)
         group by m.item_id, m.currency)
       select t.item_id as "itemId", t.currency, coalesce(i.sku, '') as sku, coalesce(i.name, '') as "itemName",
         t.cogs::bigint as cogs, round(t.average)::bigint as average,
         round(t.cogs / nullif(t.average, 0), 2)::text as rotation,
         round(($2::date - $1::date + 1) * t.average / nullif(greatest(t.cogs, 0), 0), 1)::text as days
       from turned t left join items i on i.id = t.item_id
       where t.cogs <> 0 or t.average <> 0 order by 3, 1`,
      [from, to, warehouse ?? null],
    );
    return {
      rows: rows.map(({ currency, cogs, average, ...row }) => ({
        ...row,
        costOfSales: moneyWire({ minor: cogs, currency }),
        averageStock: moneyWire({ minor: average, currency }),
        pace: paceOf(row.days),
      })),
    };
  },
});
