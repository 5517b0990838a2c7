/** How deals go through the stages of a pipeline: who moves on, how long they stay, and where they are lost. */
import { z } from 'zod';
import { DEFAULT_PIPELINE } from '../../domain/crm/stages.ts';
import { answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { query, type ReadDatabase } from '../../kernel/query.ts';
import { hundredths, Percent, percent, RECORDS_MAX } from '../figures.ts';
import { dealStays } from './deal-stays.ts';
import { deals } from './deals.ts';
import { leads } from './leads.ts';
import { pipelineIn, pipelineStages, pipelines } from './pipelines.ts';

/**
 * $1 to before $2 is the span, $3 the pipeline, $4 its stages in order.
 * `stays` are those that began before its end, `passages` what they come to by deal and stage: returns add up. A passage is over
 * when the deal was in no stay of it at the end of the span, and was over in the span when the last of them ended in it. A deal
 * that was merged into another counts there.
 */
const PASSAGES = `
  with stays as (
    select e.deal_id, e.stage, e.kind, e.revision, e.entered_at, e.from_stage, o.place,
      lead(e.entered_at) over (partition by e.deal_id order by e.revision) as left_at
    from deal_stays e left join unnest($4::text[]) with ordinality as o (stage, place) on o.stage = e.stage and e.pipeline_id = $3),
  passages as (
    select s.deal_id, s.stage, min(s.place) as place, min(s.entered_at) as entered_at, min(s.revision) as revision,
      bool_or(s.left_at is null or s.left_at >= $2::timestamptz) as staying, max(s.left_at) filter (where s.left_at < $2) as left_at,
      sum(extract(epoch from greatest(least(coalesce(s.left_at, 'infinity'), $2) - s.entered_at, interval '0')))::float8 as seconds
    from stays s where s.entered_at < $2 and s.place is not null group by s.deal_id, s.stage),
  passed as (
    select p.*, d.name, d.owner_id, d.amount, d.currency, coalesce(l.source, 'direct') as source,
      p.entered_at >= $1::timestamptz as entered,
      exists (select from stays n where n.deal_id = p.deal_id and n.revision > p.revision and n.place > p.place and n.kind in ('open', 'won')) as moved_on,
      not p.staying and p.left_at >= $1 as was_left,
      exists (select from stays n where n.deal_id = p.deal_id and n.kind = 'lost' and n.from_stage = p.stage and n.entered_at >= $1 and n.entered_at < $2) as was_lost
    from passages p join deals d on d.id = p.deal_id left join leads l on l.id = d.lead_id
    where d.kind not in ('archive', 'merged'))`;

const MEASURES = {
  /** For the first time, in the span: the cohort. */
  entered: 'p.entered',
  /** Of these, ever, to a later stage that is open or won. */
  movedOn: 'p.entered and p.moved_on',
  left: 'p.was_left',
  /** At the end of the span; how long they will stay is not known yet. */
  staying: 'p.staying',
  lost: 'p.was_lost',
} as const;
type Measure = keyof typeof MEASURES;
const measures = Object.keys(MEASURES) as [Measure, ...Measure[]];

const GROUPS = { all: "'all'", owner: 'p.owner_id', source: 'p.source' } as const;

const Instant = z.iso.datetime();
const scope = {
  from: Instant,
  until: Instant,
  pipeline: z.string().max(200).default(DEFAULT_PIPELINE),
  by: z.enum(['all', 'owner', 'source']).default('all'),
};
const report = { permission: 'crm:read', reads: [dealStays, deals, leads, pipelines, pipelineStages] } as const;

/** Stages in which deals are worked on or wait; what is won or lost stays so. */
async function placesOf(
  db: ReadDatabase,
  pipeline: string,
): Promise<{ readonly all: readonly string[]; readonly shown: readonly string[] }> {
  const { stages } = await pipelineIn(db, pipeline);
  const shown = stages.filter(({ kind }) => kind === 'open' || kind === 'paused');
  return { all: stages.map(({ key }) => key), shown: shown.map(({ key }) => key) };
}

interface Counted extends Readonly<Record<Measure, number>> {
  readonly key: string;
  readonly stage: string;
  readonly left_mean: number | null;
  readonly left_median: number | null;
  readonly staying_mean: number | null;
  readonly staying_median: number | null;
}
interface Lost {
  readonly key: string;
  readonly stage: string;
  readonly currency: string;
  readonly amount: number;
}

const DAY_S = 86_400;
const seconds = (measure: 'left' | 'staying'): string => `
  avg(p.seconds) filter (where ${MEASURES[measure]}) as ${measure}_mean,
  percentile_cont(0.5) within group (order by p.seconds) filter (where ${MEASURES[measure]}) as ${measure}_median`;
const days = (value: number | null): number | null => (value === null ? null : hundredths(value / DAY_S));

const Days = z.number().nullable();
interface StageRow extends Readonly<Record<Measure, number>> {
  readonly key: string;
  readonly stage: string;
  readonly conversionPercent: number | null;
  readonly meanDays: number | null;
  readonly medianDays: number | null;
  readonly stayingMeanDays: number | null;
  readonly stayingMedianDays: number | null;
  readonly lostValues: readonly MoneyWire[];
}

export const stageReport = query({
  ...report,
  type: 'StageReport',
  summary:
    'The open and paused stages of a pipeline in order, from an instant until before another: of the deals that entered, how many came to a later stage; mean and median days of those that left, returns added up; those still in it apart; and what was lost from it. By owner or source.',
  route: 'GET /reports/stages',
  input: z.strictObject(scope),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        key: z.string(),
        stage: z.string(),
        ...(Object.fromEntries(measures.map(name => [name, z.int()])) as Record<Measure, z.ZodInt>),
        conversionPercent: Percent.describe('Of the deals that entered in the span, those that ever came to a later stage'),
        meanDays: Days,
        medianDays: Days,
        stayingMeanDays: Days.describe('Until the end of the span, of those still in it then'),
        stayingMedianDays: Days,
        lostValues: z.array(MoneyAnswer),
      }),
    ),
  }) as unknown as z.ZodType<{ readonly rows: readonly StageRow[] }>,
  exports: 'rows',
  answer: async (db, { from, until, pipeline, by }) => {
    const places = await placesOf(db, pipeline);
    const parameters = [from, until, pipeline, places.all];
    const counts = measures.map(name => `count(*) filter (where ${MEASURES[name]})::bigint as "${name}"`).join(', ');
    const rows = await db.rows<Counted>(
      `${PASSAGES} select ${GROUPS[by]} as key, p.stage, ${counts}, ${seconds('left')}, ${seconds('staying')} from passed p group by 1, 2`,
      parameters,
    );
    const lost = await db.rows<Lost>(
      `${PASSAGES} select ${GROUPS[by]} as key, p.stage, p.currency, sum(p.amount)::bigint as amount
       from passed p where ${MEASURES.lost} and p.amount is not null group by 1, 2, 3 order by 3`,
      parameters,
    );
    const inOrder = rows
      .filter(({ stage }) => places.shown.includes(stage))
      .toSorted((a, b) => (a.key === b.key ? places.shown.indexOf(a.stage) - places.shown.indexOf(b.stage) : a.key < b.key ? -1 : 1));
    return {
      rows: inOrder.map(row =>
        rowOf(
          row,
          lost.filter(({ key, stage }) => key === row.key && stage === row.stage),
        ),
      ),
    };
  },
});

const rowOf = (row: Counted, lost: readonly Lost[]): StageRow => ({
  key: row.key,
  stage: row.stage,
  ...(Object.fromEntries(measures.map(name => [name, row[name]])) as Record<Measure, number>),
  conversionPercent: percent(row.movedOn, row.entered),
  meanDays: days(row.left_mean),
  medianDays: days(row.left_median),
  stayingMeanDays: days(row.staying_mean),
  stayingMedianDays: days(row.staying_median),
  lostValues: lost.map(({ currency, amount }) => moneyWire({ minor: amount, currency })),
});

const fields = {
  id: field.text('p.deal_id'),
  name: field.text('p.name'),
  ownerId: field.text('p.owner_id'),
  source: field.text('p.source'),
  enteredAt: field.instant('p.entered_at'),
  leftAt: field.maybe(field.instant('p.left_at')),
  days: field.decimal(`round((p.seconds / ${DAY_S})::numeric, 2)`),
  amount: field.maybe(field.money('p.amount', 'p.currency')),
} satisfies Fields;

export const stageRecords = query({
  ...report,
  type: 'StageRecords',
  summary: 'The deals behind one figure of the stage report, the longest stay first; at most a thousand.',
  route: 'GET /reports/stages/deals',
  input: z.strictObject({ ...scope, stage: z.string().max(200), measure: z.enum(measures), key: z.string().max(200).default('all') }),
  output: z.strictObject({ items: z.array(answerSchema(fields)) }),
  exports: 'items',
  answer: async (db, { from, until, pipeline, by, stage, measure, key }) => {
    const { all } = await placesOf(db, pipeline);
    const rows = await db.rows(
      `${PASSAGES} select ${selectList(fields)} from passed p where ${MEASURES[measure]} and p.stage = $5 and ${GROUPS[by]} = $6::text
       order by p.seconds desc, p.deal_id limit ${RECORDS_MAX}`,
      [from, until, pipeline, all, stage, key],
    );
    return { items: rows.map(row => readFields(fields, row)) };
  },
});
