/**
 * Key figures of leads and deals over a span of time. Each is a count of records that meet a condition, so the records behind a
 * figure are asked for by the very same condition.
 */
import { z } from 'zod';
import { answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { query, type ReadDatabase } from '../../kernel/query.ts';
import { differenceOf, differenceSchema } from '../difference.ts';
import { hundredths, Percent, percent, RECORDS_MAX } from '../figures.ts';
import { eventHistory } from '../platform/event-history.ts';
import { deals, PERCENT, STAGE_OF_DEAL } from './deals.ts';
import { leads } from './leads.ts';
import { pipelineStages } from './pipelines.ts';

/** What was over before the pipeline began counts nowhere, and what was merged into another deal counts there. */
const COUNTED = "d.kind not in ('archive', 'merged')";

/** A moment of the record lies in the span; $1 begins it and $2, which is not in it any more, ends it. */
const inSpan = (moment: string): string => `${moment} >= $1::timestamptz and ${moment} < $2::timestamptz`;

const MEASURES = {
  captured: { of: 'lead', condition: inSpan('r.captured_at') },
  /** Ever: the cohort of the leads captured in the span. */
  becameDeals: { of: 'lead', condition: `${inSpan('r.captured_at')} and r.deal_id is not null` },
  converted: { of: 'lead', condition: `r.stage = 'Deal' and ${inSpan('r.stage_since')}` },
  /** Ever, from the same cohort all the way. */
  becameSales: { of: 'lead', condition: `${inSpan('r.captured_at')} and r.kind = 'won'` },
  disqualified: { of: 'lead', condition: `r.stage = 'Disqualified' and ${inSpan('r.stage_since')}` },
  opened: { of: 'deal', condition: inSpan('r.opened_at') },
  won: { of: 'deal', condition: `r.kind = 'won' and ${inSpan('r.stage_since')}` },
  lost: { of: 'deal', condition: `r.kind = 'lost' and ${inSpan('r.stage_since')}` },
} as const satisfies Readonly<Record<string, { readonly of: 'lead' | 'deal'; readonly condition: string }>>;
type Measure = keyof typeof MEASURES;
const measures = Object.keys(MEASURES) as [Measure, ...Measure[]];

/**
 * Leads and deals in the same columns. A deal has the source of the lead it was; one that was none came directly. A lead has the
 * pipeline and the kind of stage of the deal it became; one that became none is in no pipeline.
 */
const RECORDS = {
  lead: `(select l.id, l.name, l.owner_id, l.source, coalesce(d.pipeline_id, 'none') as pipeline_id, l.stage, d.kind, l.stage_since, l.captured_at,
            l.deal_id, l.value as amount, l.value_currency as currency, null::timestamptz as opened_at, null::text as reason
          from leads l left join deals d on d.id = l.deal_id)`,
  deal: `(select d.id, d.name, d.owner_id, coalesce(l.source, 'direct') as source, d.pipeline_id, d.stage, d.kind, d.stage_since, null::timestamptz as captured_at,
            d.id as deal_id, d.amount, d.currency, d.opened_at, d.closed_reason as reason
          from deals d left join leads l on l.id = d.lead_id where ${COUNTED})`,
} as const;

const GROUPS = { all: "'all'", owner: 'r.owner_id', source: 'r.source', pipeline: 'r.pipeline_id' } as const;
type Group = keyof typeof GROUPS;

const counting = (measure: Measure, by: Group): string => {
  const { of, condition } = MEASURES[measure];
  return `select '${measure}' as measure, ${GROUPS[by]} as key, r.currency, count(*)::bigint as count, coalesce(sum(r.amount), 0)::bigint as amount
    from ${RECORDS[of]} r where ${condition} group by 2, 3`;
};

interface Counted {
  readonly measure: Measure;
  readonly key: string;
  readonly currency: string | null;
  readonly count: number;
  readonly amount: number;
}

interface ValueRow {
  readonly currency: string;
  readonly won: MoneyWire;
  readonly lost: MoneyWire;
  /** Of what was decided, by value; null where nothing was. */
  readonly winRatePercent: number | null;
  /** What the open deals bring a day; null where nothing was won. */
  readonly velocityPerDay: MoneyWire | null;
}
interface SalesRow extends Readonly<Record<Measure, number>> {
  readonly key: string;
  readonly conversionPercent: number | null;
  readonly conversionInSpanPercent: number | null;
  readonly leadToSalePercent: number | null;
  readonly winRatePercent: number | null;
  /** Days from opening to winning, the median; null where nothing was won. */
  readonly salesCycleDays: number | null;
  readonly values: readonly ValueRow[];
}

const Instant = z.iso.datetime();
const span = { from: Instant, until: Instant };
const by = z.enum(['all', 'owner', 'source', 'pipeline']).default('all');

export const salesReport = query({
  type: 'SalesReport',
  summary:
    'Leads captured, converted and disqualified, deals opened, won and lost from an instant until before another, with conversion and win rates by count and value, the median sales cycle and the velocity of what is open; by owner, source or pipeline.',
  route: 'GET /reports/sales',
  permission: 'crm:read',
  reads: [leads, deals],
  input: z.strictObject({ ...span, by }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        key: z.string(),
        ...(Object.fromEntries(measures.map(name => [name, z.int()])) as Record<Measure, z.ZodInt>),
        conversionPercent: Percent.describe('Of the leads captured in the span, those that ever became deals'),
        conversionInSpanPercent: Percent.describe('Of the leads decided in the span, those that were converted'),
        leadToSalePercent: Percent.describe('Of the leads captured in the span, those whose deal was ever won'),
        winRatePercent: Percent.describe('Of the deals decided in the span, those that were won'),
        salesCycleDays: z.number().nullable().describe('From opening to winning, the median in days'),
        values: z.array(
          z.strictObject({
            currency: z.string(),
            won: MoneyAnswer,
            lost: MoneyAnswer,
            winRatePercent: Percent,
            velocityPerDay: MoneyAnswer.nullable().describe('Open deals × win rate by count × mean deal won / sales cycle in days'),
          }),
        ),
      }),
    ),
  }) as unknown as z.ZodType<{ readonly rows: readonly SalesRow[] }>,
  answer: async (db, { from, until, by: group }) => {
    const counted = await db.rows<Counted>(measures.map(measure => counting(measure, group)).join(' union all '), [from, until]);
    const cycles = await db.rows<{ key: string; days: number }>(
      `select ${GROUPS[group]} as key,
         (percentile_cont(0.5) within group (order by extract(epoch from r.stage_since - r.opened_at)) / 86400)::float8 as days
       from ${RECORDS.deal} r where ${MEASURES.won.condition} group by 1`,
      [from, until],
    );
    const open = await db.rows<Open>(
      `select ${GROUPS[group]} as key, r.currency, count(*)::bigint as count from ${RECORDS.deal} r where r.kind in ('open', 'paused') group by 1, 2`,
    );
    const daysOf = new Map(cycles.map(({ key, days }) => [key, days]));
    const groups = Map.groupBy(counted, ({ key }) => key);
    return { rows: [...groups.keys()].toSorted().map(key => rowOf(key, groups.get(key) ?? [], { cycleDays: daysOf.get(key), open })) };
  },
});

interface Open {
  readonly key: string;
  readonly currency: string;
  readonly count: number;
}

/** What a group's velocity rests on beside what was decided. */
interface Pace {
  readonly cycleDays: number | undefined;
  readonly open: readonly Open[];
}

function rowOf(key: string, counted: readonly Counted[], pace: Pace): SalesRow {
  const count = (measure: Measure): number => counted.filter(row => row.measure === measure).reduce((sum, row) => sum + row.count, 0);
  const counts = Object.fromEntries(measures.map(measure => [measure, count(measure)])) as Record<Measure, number>;
  return {
    key,
    ...counts,
    conversionPercent: percent(counts.becameDeals, counts.captured),
    conversionInSpanPercent: percent(counts.converted, counts.converted + counts.disqualified),
    leadToSalePercent: percent(counts.becameSales, counts.captured),
    winRatePercent: percent(counts.won, counts.won + counts.lost),
    salesCycleDays: pace.cycleDays === undefined ? null : hundredths(pace.cycleDays),
    values: valuesOf(
      counted.filter(({ measure }) => measure === 'won' || measure === 'lost'),
      { ...pace, open: pace.open.filter(entry => entry.key === key) },
    ),
  };
}

function valuesOf(decided: readonly Counted[], { cycleDays, open }: Pace): readonly ValueRow[] {
  const decisions = decided.reduce((sum, { count }) => sum + count, 0);
  const currencies = [...new Set(decided.flatMap(({ currency }) => currency ?? []))].toSorted();
  return currencies.map(currency => {
    const worth = (wanted: Measure): number =>
      decided.filter(row => row.measure === wanted && row.currency === currency).reduce((sum, row) => sum + row.amount, 0);
    const [won, lost] = [worth('won'), worth('lost')];
    const opened = open.find(entry => entry.currency === currency)?.count ?? 0;
    // Deals won cancel out of win rate × mean deal where all are of one currency; with several, the mean is of this one's.
    const winRate = decided.reduce((sum, { measure, count }) => sum + (measure === 'won' ? count : 0), 0) / decisions;
    const sold = decided.find(row => row.measure === 'won' && row.currency === currency)?.count ?? 0;
    return {
      currency,
      won: moneyWire({ minor: won, currency }),
      lost: moneyWire({ minor: lost, currency }),
      winRatePercent: percent(won, won + lost),
      velocityPerDay:
        sold === 0 || !cycleDays ? null : moneyWire({ minor: Math.round((opened * winRate * (won / sold)) / cycleDays), currency }),
    };
  });
}

const recordFields = {
  id: field.text('r.id'),
  name: field.text('r.name'),
  ownerId: field.text('r.owner_id'),
  source: field.text('r.source'),
  stage: field.text('r.stage'),
  stageSince: field.instant('r.stage_since'),
  amount: field.maybe(field.money('r.amount', 'r.currency')),
  reason: field.maybe(field.text('r.reason')),
} satisfies Fields;

const RecordsWish = z.strictObject({ ...span, by, measure: z.enum(measures), key: z.string().max(200).default('all') });
type RecordsWish = z.output<typeof RecordsWish>;
const Found = answerSchema(recordFields);

async function recordsOf(db: ReadDatabase, { from, until, by: group, measure, key }: RecordsWish): Promise<z.output<typeof Found>[]> {
  const { of, condition } = MEASURES[measure];
  const rows = await db.rows(
    `select ${selectList(recordFields)} from ${RECORDS[of]} r where ${condition} and ${GROUPS[group]} = $3::text
     order by r.stage_since desc, r.id limit ${RECORDS_MAX}`,
    [from, until, key],
  );
  return rows.map(row => readFields(recordFields, row));
}

export const salesRecords = query({
  type: 'SalesRecords',
  summary: 'The leads or deals behind one figure of the sales report, newest first; at most a thousand.',
  route: 'GET /reports/sales/records',
  permission: 'crm:read',
  reads: [leads, deals],
  input: RecordsWish,
  output: z.strictObject({ items: z.array(Found) }),
  exports: 'items',
  answer: async (db, wish) => ({ items: await recordsOf(db, wish) }),
});

export const salesDifference = query({
  type: 'SalesDifference',
  summary:
    'What became of a figure of the sales report: the leads or deals it counts now and did not before, those it counts no more and those it counts otherwise, each with the events that did it.',
  route: 'GET /reports/sales/difference',
  permission: 'crm:read',
  reads: [leads, deals, eventHistory],
  compares: true,
  input: RecordsWish,
  output: differenceSchema(Found),
  answer: (db, wish) => differenceOf(db, MEASURES[wish.measure].of, earlier => recordsOf(earlier, wish)),
});

/** A deal in a stage of at least so many per cent is as good as promised. */
const COMMIT_PERCENT = 60;

interface ForecastRow {
  readonly key: string;
  readonly count: number;
  readonly amount: MoneyWire;
  readonly weighted: MoneyWire;
  readonly commit: MoneyWire;
}

const FORECAST_GROUPS = {
  all: "'all'",
  owner: 'd.owner_id',
  stage: 'd.stage',
  month: "coalesce(to_char(d.expected_close, 'YYYY-MM'), 'none')",
} as const;

export const forecast = query({
  type: 'Forecast',
  summary:
    'Open deals: how many, worth what, weighted by the chance of their stage, and what is as good as promised (60 % and more); by owner, stage or month of closing.',
  route: 'GET /reports/forecast',
  permission: 'crm:read',
  reads: [deals, pipelineStages],
  input: z.strictObject({ by: z.enum(['all', 'owner', 'stage', 'month']).default('all') }),
  output: z.strictObject({
    rows: z.array(z.strictObject({ key: z.string(), count: z.int(), amount: MoneyAnswer, weighted: MoneyAnswer, commit: MoneyAnswer })),
  }) as unknown as z.ZodType<{ readonly rows: readonly ForecastRow[] }>,
  exports: 'rows',
  answer: async (db, { by: group }) => {
    const rows = await db.rows<{ key: string; currency: string; count: number; amount: number; weighted: number; commit: number }>(
      `select ${FORECAST_GROUPS[group]} as key, d.currency, count(*)::bigint as count, coalesce(sum(d.amount), 0)::bigint as amount,
         coalesce(round(sum(d.amount::numeric * ${PERCENT} / 100)), 0)::bigint as weighted,
         coalesce(sum(d.amount) filter (where ${PERCENT} >= ${COMMIT_PERCENT}), 0)::bigint as commit
       from deals d ${STAGE_OF_DEAL} where d.kind in ('open', 'paused') group by 1, 2 order by 1, 2`,
    );
    return {
      rows: rows.map(({ key, currency, count, amount, weighted, commit }) => ({
        key,
        count,
        amount: moneyWire({ minor: amount, currency }),
        weighted: moneyWire({ minor: weighted, currency }),
        commit: moneyWire({ minor: commit, currency }),
      })),
    };
  },
});

interface Outcome {
  readonly outcome: 'won' | 'lost';
  readonly reason: string;
  readonly currency: string;
  readonly count: number;
  readonly amount: number;
}

export const outcomes = query({
  type: 'Outcomes',
  summary: 'Why deals were won and lost from an instant until before another: count and value by reason.',
  route: 'GET /reports/outcomes',
  permission: 'crm:read',
  reads: [leads, deals],
  input: z.strictObject(span),
  output: z.strictObject({
    rows: z.array(z.strictObject({ outcome: z.enum(['won', 'lost']), reason: z.string(), count: z.int(), amount: MoneyAnswer })),
  }),
  exports: 'rows',
  answer: async (db, { from, until }) => {
    const one = (outcome: 'won' | 'lost'): string =>
      `select '${outcome}' as outcome, coalesce(r.reason, '') as reason, r.currency, count(*)::bigint as count, coalesce(sum(r.amount), 0)::bigint as amount
       from ${RECORDS.deal} r where ${MEASURES[outcome].condition} group by 2, 3`;
    const rows = await db.rows<Outcome>(
      `select * from (${one('won')} union all ${one('lost')}) o order by outcome desc, count desc, reason, currency`,
      [from, until],
    );
    return { rows: rows.map(({ currency, amount, ...row }) => ({ ...row, amount: moneyWire({ minor: amount, currency }) })) };
  },
});
