/**
 * Whether customers stay: who bought in a period, who of them had bought in the one before, and what those bring. An account is
 * active in a period in which an invoice of it was paid whole or goods were delivered to it.
 */
import { z } from 'zod';
import { answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { query } from '../../kernel/query.ts';
import { accounts } from '../crm/accounts.ts';
import { Percent, percent, RECORDS_MAX } from '../figures.ts';
import { deliveries } from '../fulfilment/deliveries.ts';
import { daysBefore, daysIn, Period } from '../periods.ts';
import { salesOrders } from '../sales/sales-orders.ts';
import { invoices } from './invoices.ts';
import { SETTLED, settlements } from './settled.ts';

/** $1 to $2 is the period, $3 to $4 the one before. */
const NOW = 'between $1::date and $2::date';
const BEFORE = 'between $3::date and $4::date';

/** Each account with what it did in the two periods. */
const CUSTOMERS = `
  (select a.id, a.name, a.owner_id, coalesce(d.before, false) as before, coalesce(d.now, false) as now, coalesce(o.orders, 0) as orders
   from accounts a
   left join (
     select account_id, bool_or(on_day ${BEFORE}) as before, bool_or(on_day ${NOW}) as now from (
       select i.account_id, max(s.on_day) as on_day from invoices i join ${SETTLED} s on s.invoice_id = i.id where i.status = 'Paid' group by i.id, i.account_id
       union all select account_id, delivered_on from deliveries where delivered_on is not null) deeds
     group by account_id) d on d.account_id = a.id
   left join (
     select account_id, count(*) as orders from sales_orders
     where ordered_on ${NOW} and status not in ('Draft', 'Declined', 'Cancelled') group by account_id) o on o.account_id = a.id)`;

const MEASURES = {
  activeBefore: 'c.before',
  active: 'c.now',
  retained: 'c.before and c.now',
  lost: 'c.before and not c.now',
  /** Active now and not in the period before: for the first time, or again. */
  won: 'c.now and not c.before',
  ordered: 'c.orders >= 1',
  orderedAgain: 'c.orders >= 2',
} as const;
type Measure = keyof typeof MEASURES;
const measures = Object.keys(MEASURES) as [Measure, ...Measure[]];

const GROUPS = { all: "'all'", owner: 'c.owner_id' } as const;
const by = z.enum(['all', 'owner']).default('all');

const report = { permission: 'billing:read', reads: [invoices, settlements, deliveries, salesOrders, accounts] } as const;

const daysOf = (period: string): readonly string[] => [daysIn(period), daysBefore(period)].flatMap(({ from, to }) => [from, to]);

interface RevenueRow {
  readonly key: string;
  readonly currency: string;
  readonly before: number;
  readonly kept: number;
}

interface Kept {
  readonly before: MoneyWire;
  readonly kept: MoneyWire;
  readonly netRetentionPercent: number | null;
}
type Row = Readonly<Record<Measure, number>> & {
  readonly key: string;
  readonly retentionPercent: number | null;
  readonly churnPercent: number | null;
  readonly repeatPercent: number | null;
  readonly revenue: readonly Kept[];
};

/** What the accounts invoiced in the period before brought then, and bring now; net of tax, by day of issue. */
const REVENUE = (group: keyof typeof GROUPS): string => `
  select ${GROUPS[group]} as key, r.currency, sum(r.before)::bigint as before, sum(r.now)::bigint as kept
  from ${CUSTOMERS} c join (
    select account_id, currency, coalesce(sum(net) filter (where issue_date ${BEFORE}), 0)::bigint as before,
      coalesce(sum(net) filter (where issue_date ${NOW}), 0)::bigint as now
    from invoices where issue_date is not null and status <> 'Cancelled' group by account_id, currency) r on r.account_id = c.id
  where r.before <> 0 group by 1, 2 order by 1, 2`;

export const customerReport = query({
  ...report,
  type: 'CustomerReport',
  summary:
    'Customers of a period against the one before: retention, churn, who ordered again, and the revenue of those who stayed; by owner. A customer is active when an invoice was paid whole or goods arrived.',
  route: 'GET /reports/customers',
  input: z.strictObject({ period: Period, by }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        key: z.string(),
        ...(Object.fromEntries(measures.map(name => [name, z.int()])) as Record<Measure, z.ZodInt>),
        retentionPercent: Percent.describe('Of those active in the period before, those active in this one'),
        churnPercent: Percent.describe('Of those active in the period before, those not active in this one'),
        repeatPercent: Percent.describe('Of those who ordered, those who ordered twice or more'),
        revenue: z.array(z.strictObject({ before: MoneyAnswer, kept: MoneyAnswer, netRetentionPercent: Percent })),
      }),
    ),
  }) as unknown as z.ZodType<{ readonly rows: readonly Row[] }>,
  answer: async (db, { period, by: group }) => {
    const days = daysOf(period);
    const counts = measures.map(name => `count(*) filter (where ${MEASURES[name]})::bigint as "${name}"`).join(', ');
    const rows = await db.rows<Readonly<Record<Measure, number>> & { readonly key: string }>(
      `select ${GROUPS[group]} as key, ${counts} from ${CUSTOMERS} c where c.before or c.now or c.orders > 0 group by 1 order by 1`,
      days,
    );
    const revenue = Map.groupBy(await db.rows<RevenueRow>(REVENUE(group), days), ({ key }) => key);
    return { rows: rows.map(row => rowOf(row, revenue.get(row.key) ?? [])) };
  },
});

const rowOf = (row: Readonly<Record<Measure, number>> & { readonly key: string }, revenue: readonly RevenueRow[]): Row => ({
  ...row,
  retentionPercent: percent(row.retained, row.activeBefore),
  churnPercent: percent(row.lost, row.activeBefore),
  repeatPercent: percent(row.orderedAgain, row.ordered),
  revenue: revenue.map(({ currency, before, kept }) => ({
    before: moneyWire({ minor: before, currency }),
    kept: moneyWire({ minor: kept, currency }),
    netRetentionPercent: percent(kept, before),
  })),
});

const fields = {
  id: field.text('c.id'),
  name: field.text('c.name'),
  ownerId: field.text('c.owner_id'),
  activeBefore: field.flag('c.before'),
  active: field.flag('c.now'),
  orders: field.integer('c.orders'),
} satisfies Fields;

export const customerRecords = query({
  ...report,
  type: 'CustomerRecords',
  summary: 'The accounts behind one figure of the customer report, by name; at most a thousand.',
  route: 'GET /reports/customers/accounts',
  input: z.strictObject({ period: Period, by, measure: z.enum(measures), key: z.string().max(200).default('all') }),
  output: z.strictObject({ items: z.array(answerSchema(fields)) }),
  exports: 'items',
  answer: async (db, { period, by: group, measure, key }) => {
    const rows = await db.rows(
      `select ${selectList(fields)} from ${CUSTOMERS} c where ${MEASURES[measure]} and ${GROUPS[group]} = $5::text
       order by c.name, c.id limit ${RECORDS_MAX}`,
      [...daysOf(period), key],
    );
    return { items: rows.map(row => readFields(fields, row)) };
  },
});
