/** How much of what their stages demand the open deals really have. Gates ask when a deal moves; what is asked later, or emptied, shows here. */
import { z } from 'zod';
import type { NeedKey } from '../../domain/crm/deal-needs.ts';
import { answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { query, type ReadDatabase } from '../../kernel/query.ts';
import { Percent, percent, RECORDS_MAX } from '../figures.ts';
import { dealLines, deals } from './deals.ts';
import { pipelineIn, pipelineStages, pipelines } from './pipelines.ts';

/** Whether a deal has what a stage may need. A day of closing to come was to come when it was asked for. */
const MET: Readonly<Record<NeedKey, string>> = {
  contactId: 'd.contact_id is not null',
  description: 'd.description is not null',
  expectedClose: 'd.expected_close is not null',
  expectedCloseAhead: 'd.expected_close is not null',
  requestCategory: 'd.request_category is not null',
  amount: 'd.amount is not null',
  amountAboveZero: 'coalesce(d.amount, 0) > 0',
  lines: 'exists (select from deal_lines l where l.deal_id = d.id)',
  orderId: 'd.order_id is not null',
};

/** Each open deal with what the stages up to its own demand, and what of that it lacks; $1 and $2 say which stage demands what. */
const CHECKED = `
  (select d.id, d.name, d.owner_id, d.stage, count(*) as demanded, array_agg(n.need order by n.need) filter (where not case n.need ${Object.entries(
    MET,
  )
    .map(([need, met]) => `when '${need}' then ${met}`)
    .join(' ')} end) as missing
   from deals d join unnest($1::text[], $2::text[]) as n (stage, need) on n.stage = d.pipeline_id || '~' || d.stage
   where d.kind = 'open' group by d.id, d.name, d.owner_id, d.stage)`;

const GROUPS = { all: "'all'", owner: 'c.owner_id' } as const;
const by = z.enum(['all', 'owner']).default('all');
const report = { permission: 'crm:read', reads: [deals, dealLines, pipelines, pipelineStages] } as const;

/** Each stage of every pipeline in use by deals, with each need of it and of the open stages before it. */
async function demands(db: ReadDatabase): Promise<readonly [stages: readonly string[], needs: readonly string[]]> {
  const used = await db.rows<{ id: string }>("select distinct pipeline_id as id from deals where kind = 'open'");
  const pairs: [string, string][] = [];
  for (const { id } of used) {
    const open = (await pipelineIn(db, id)).stages.filter(({ kind }) => kind === 'open');
    for (const [place, { key }] of open.entries())
      for (const need of new Set(open.slice(0, place + 1).flatMap(({ needs }) => needs))) pairs.push([`${id}~${key}`, need]);
  }
  return [pairs.map(([stage]) => stage), pairs.map(([, need]) => need)];
}

export const completenessReport = query({
  ...report,
  type: 'CompletenessReport',
  summary: 'Of all that the stages of open deals demand, how much the deals have; by owner.',
  route: 'GET /reports/completeness',
  input: z.strictObject({ by }),
  output: z.strictObject({
    rows: z.array(z.strictObject({ key: z.string(), deals: z.int(), mandatory: z.int(), filled: z.int(), completePercent: Percent })),
  }),
  exports: 'rows',
  answer: async (db, { by: group }) => {
    const rows = await db.rows<{ key: string; deals: number; mandatory: number; filled: number }>(
      `select ${GROUPS[group]} as key, count(*)::bigint as deals, sum(c.demanded)::bigint as mandatory,
         sum(c.demanded - coalesce(cardinality(c.missing), 0))::bigint as filled
       from ${CHECKED} c group by 1 order by 1`,
      await demands(db),
    );
    return { rows: rows.map(row => ({ ...row, completePercent: percent(row.filled, row.mandatory) })) };
  },
});

const fields = {
  id: field.text('c.id'),
  name: field.text('c.name'),
  ownerId: field.text('c.owner_id'),
  stage: field.text('c.stage'),
  missing: field.texts('c.missing'),
} satisfies Fields;

export const completenessRecords = query({
  ...report,
  type: 'CompletenessRecords',
  summary: 'The open deals that lack what their stages demand, and what each lacks, those that lack most first; at most a thousand.',
  route: 'GET /reports/completeness/deals',
  input: z.strictObject({ by, key: z.string().max(200).default('all') }),
  output: z.strictObject({ items: z.array(answerSchema(fields)) }),
  exports: 'items',
  answer: async (db, { by: group, key }) => {
    const rows = await db.rows(
      `select ${selectList(fields)} from ${CHECKED} c where c.missing is not null and ${GROUPS[group]} = $3::text
       order by cardinality(c.missing) desc, c.id limit ${RECORDS_MAX}`,
      [...(await demands(db)), key],
    );
    return { items: rows.map(row => readFields(fields, row)) };
  },
});
