/** Whether what is open suffices for what is still to be sold. */
import { z } from 'zod';
import { answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { query } from '../../kernel/query.ts';
import { hundredths, RECORDS_MAX } from '../figures.ts';
import { daysIn, Period } from '../periods.ts';
import { deals, PERCENT, STAGE_OF_DEAL } from './deals.ts';
import { pipelineStages } from './pipelines.ts';
import { salesTargets } from './sales-targets.ts';

/** Deals of the period from $1 to $2: won in it by the days of $3, the company's time zone, or open and expected to be decided in it. */
const OF_PERIOD = `
  (select d.id, d.name, d.owner_id, d.currency, coalesce(d.amount, 0) as amount, d.stage, d.expected_close, d.kind = 'won' as won, ${PERCENT} as percent
   from deals d ${STAGE_OF_DEAL}
   where case when d.kind = 'won' then (d.stage_since at time zone $3::text)::date between $1::date and $2::date
     else d.kind in ('open', 'paused') and d.expected_close between $1::date and $2::date end)`;

const PARTS = `
  select owner_id, currency, 0::bigint as target, sum(amount) filter (where won)::bigint as won, sum(amount) filter (where not won)::bigint as open,
    round(sum(amount::numeric * percent / 100) filter (where not won))::bigint as weighted
  from ${OF_PERIOD} o group by 1, 2
  union all
  select owner_id, currency, amount, 0, 0, 0 from sales_targets where month between left($1::text, 7) and left($2::text, 7)`;

const GROUPS = { all: "'all'", owner: 'c.owner_id' } as const;
const by = z.enum(['all', 'owner']).default('all');
const report = { permission: 'crm:read', reads: [deals, pipelineStages, salesTargets] } as const;

const sums = ['target', 'won', 'open', 'weighted'] as const;
type Sum = (typeof sums)[number];

interface Row extends Readonly<Record<Sum, MoneyWire>> {
  readonly key: string;
  readonly coverage: number | null;
  readonly weightedCoverage: number | null;
}

/** Null where nothing is left to be sold. */
const over = (part: number, { target, won }: Readonly<Record<Sum, number>>): number | null =>
  target > won ? hundredths(part / (target - won)) : null;

export const coverageReport = query({
  ...report,
  type: 'CoverageReport',
  summary:
    'Pipeline coverage of a period, by currency: the open deals expected to close in it against what is still missing from the target, plain and weighted by the chance of their stages; by owner. Null where the target is reached.',
  route: 'GET /reports/coverage',
  input: z.strictObject({ period: Period, by }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        key: z.string(),
        ...(Object.fromEntries(sums.map(name => [name, MoneyAnswer])) as Record<Sum, typeof MoneyAnswer>),
        coverage: z.number().nullable().describe('Open / (target − won)'),
        weightedCoverage: z.number().nullable().describe('Weighted / (target − won)'),
      }),
    ),
  }) as unknown as z.ZodType<{ readonly rows: readonly Row[] }>,
  exports: 'rows',
  answer: async (db, { period, by: group }) => {
    const { from, to } = daysIn(period);
    const totals = sums.map(name => `coalesce(sum(c.${name}), 0)::bigint as ${name}`).join(', ');
    const rows = await db.rows<Readonly<Record<Sum, number>> & { readonly key: string; readonly currency: string }>(
      `select ${GROUPS[group]} as key, c.currency, ${totals} from (${PARTS}) c group by 1, 2 order by 1, 2`,
      [from, to, db.timeZone],
    );
    return {
      rows: rows.map(row => ({
        key: row.key,
        ...(Object.fromEntries(sums.map(name => [name, moneyWire({ minor: row[name], currency: row.currency })])) as Record<
          Sum,
          MoneyWire
        >),
        coverage: over(row.open, row),
        weightedCoverage: over(row.weighted, row),
      })),
    };
  },
});

const fields = {
  id: field.text('c.id'),
  name: field.text('c.name'),
  ownerId: field.text('c.owner_id'),
  stage: field.text('c.stage'),
  percent: field.integer('c.percent'),
  expectedClose: field.maybe(field.day('c.expected_close')),
  amount: field.money('c.amount', 'c.currency'),
} satisfies Fields;

export const coverageRecords = query({
  ...report,
  type: 'CoverageRecords',
  summary: 'The deals behind the coverage of a period, won or open, the largest first; at most a thousand.',
  route: 'GET /reports/coverage/deals',
  input: z.strictObject({ period: Period, by, measure: z.enum(['won', 'open']), key: z.string().max(200).default('all') }),
  output: z.strictObject({ items: z.array(answerSchema(fields)) }),
  exports: 'items',
  answer: async (db, { period, by: group, measure, key }) => {
    const { from, to } = daysIn(period);
    const rows = await db.rows(
      `select ${selectList(fields)} from ${OF_PERIOD} c where c.won = $4::boolean and ${GROUPS[group]} = $5::text
       order by c.amount desc, c.id limit ${RECORDS_MAX}`,
      [from, to, db.timeZone, measure === 'won', key],
    );
    return { items: rows.map(row => readFields(fields, row)) };
  },
});
