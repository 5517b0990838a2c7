/** The boards of leads and deals: a column for each stage, with its count, its sums in each currency and its newest cards. */
import { z } from 'zod';
import { leadStages } from '../../domain/crm/lead.ts';
import { DEFAULT_PIPELINE, type Stage, stageKinds } from '../../domain/crm/stages.ts';
import { Id } from '../../domain/vocabulary.ts';
import { type AnswerOf, answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { query, type ReadDatabase } from '../../kernel/query.ts';
import { accounts } from './accounts.ts';
import { contacts } from './contacts.ts';
import { deals, PERCENT, STAGE_OF_DEAL } from './deals.ts';
import { leads } from './leads.ts';
import { pipelineIn, pipelineStages, pipelines } from './pipelines.ts';

/** Further cards of a column are found in the list, by its stage. */
const CARDS_MAX = 50;

/** What a board shows: rows that have a stage and perhaps a value. */
interface Board<F extends Fields> {
  readonly from: string;
  readonly cards: F;
  readonly key: string;
  readonly stage: string;
  readonly since: string;
  /** What is shown at all. */
  readonly where: string;
  /** Columns that the board can be narrowed by. */
  readonly narrowedBy: readonly string[];
  /** Minor units, their currency, and the chance of getting them in per cent. */
  readonly value: { readonly minor: string; readonly currency: string; readonly percent: string };
}

/** Which part of a board is shown. */
interface Extent<Stage extends string> {
  readonly stages: readonly Stage[];
  /** A value for each of the columns it can be narrowed by; all there is where that is undefined. */
  readonly narrowedTo: readonly (string | undefined)[];
}

/** What one column holds in one currency; cards without a value have none. */
interface Total {
  readonly stage: string;
  readonly currency: string | null;
  readonly count: number;
  readonly sum: number;
  readonly weighted: number;
}

const narrowing = ({ where, narrowedBy }: Board<Fields>): string =>
  [where, ...narrowedBy.map((column, index) => `($${index + 1}::text is null or ${column} = $${index + 1})`)].join(' and ');

const values = ({ narrowedTo }: Extent<string>): readonly unknown[] => narrowedTo.map(value => value ?? null);

const totals = (db: ReadDatabase, board: Board<Fields>, extent: Extent<string>): Promise<Total[]> =>
  db.rows<Total>(
    `select ${board.stage} as stage, ${board.value.currency} as currency, count(*) as count,
       coalesce(sum(${board.value.minor}), 0)::bigint as sum,
       coalesce(round(sum(${board.value.minor} * ${board.value.percent}) / 100), 0)::bigint as weighted
     from ${board.from} where ${narrowing(board)} group by 1, 2 order by 1, 2`,
    values(extent),
  );

type Card = Readonly<Record<string, unknown>> & { readonly stage: string };

const cards = (db: ReadDatabase, board: Board<Fields>, extent: Extent<string>): Promise<Card[]> =>
  db.rows<Card>(
    `select shown.stage, card.* from unnest($${board.narrowedBy.length + 1}::text[]) as shown (stage)
     cross join lateral (
       select ${selectList(board.cards)} from ${board.from} where ${board.stage} = shown.stage and ${narrowing(board)}
       order by ${board.since} desc, ${board.key} limit ${CARDS_MAX}) as card`,
    [...values(extent), extent.stages],
  );

interface Column<Stage extends string, F extends Fields> {
  readonly stage: Stage;
  readonly count: number;
  readonly sums: MoneyWire[];
  readonly weightedSums: MoneyWire[];
  readonly cards: AnswerOf<F>[];
}

async function columnsOf<Stage extends string, F extends Fields>(
  db: ReadDatabase,
  board: Board<F>,
  extent: Extent<Stage>,
): Promise<Column<Stage, F>[]> {
  const totalsByStage: ReadonlyMap<string, Total[]> = Map.groupBy(await totals(db, board, extent), ({ stage }) => stage);
  const cardsByStage: ReadonlyMap<string, Card[]> = Map.groupBy(await cards(db, board, extent), ({ stage }) => stage);
  return extent.stages.map(stage => {
    const parts = totalsByStage.get(stage) ?? [];
    return {
      stage,
      count: parts.reduce((count, part) => count + part.count, 0),
      sums: parts.flatMap(part => valued(part, part.sum)),
      weightedSums: parts.flatMap(part => valued(part, part.weighted)),
      cards: (cardsByStage.get(stage) ?? []).map(card => readFields(board.cards, card)),
    };
  });
}

const valued = ({ currency }: Total, minor: number): MoneyWire[] => (currency === null ? [] : [moneyWire({ minor, currency })]);

const leadBoard = {
  from: 'leads l',
  key: 'l.id',
  stage: 'l.stage',
  since: 'l.stage_since',
  where: 'true',
  narrowedBy: ['l.owner_id'],
  value: { minor: 'l.value', currency: 'l.value_currency', percent: '100' },
  cards: {
    id: field.text('l.id'),
    name: field.text('l.name'),
    company: field.maybe(field.text('l.company')),
    contactName: field.maybe(field.text('l.contact_name')),
    source: field.text('l.source'),
    requestCategory: field.maybe(field.text('l.request_category')),
    value: field.maybe(field.money('l.value', 'l.value_currency')),
    tags: field.texts('l.tags'),
    ownerId: field.text('l.owner_id'),
    dealId: field.maybe(field.text('l.deal_id')),
    stageSince: field.instant('l.stage_since'),
    capturedAt: field.instant('l.captured_at'),
  },
} as const;

const dealBoard = {
  from: `deals d left join accounts a on a.id = d.account_id left join contacts c on c.id = d.contact_id ${STAGE_OF_DEAL}`,
  key: 'd.id',
  stage: 'd.stage',
  since: 'd.stage_since',
  where: "d.kind <> 'merged'",
  narrowedBy: ['d.owner_id', 'd.pipeline_id'],
  value: { minor: 'd.amount', currency: 'case when d.amount is not null then d.currency end', percent: PERCENT },
  cards: {
    id: field.text('d.id'),
    name: field.text('d.name'),
    accountId: field.text('d.account_id'),
    accountName: field.maybe(field.text('a.name')),
    contactName: field.maybe(field.text('c.name')),
    amount: field.maybe(field.money('d.amount', 'd.currency')),
    percent: field.integer(PERCENT),
    ownerId: field.text('d.owner_id'),
    expectedClose: field.maybe(field.day('d.expected_close')),
    resumeOn: field.maybe(field.day('d.resume_on')),
    orderId: field.maybe(field.text('d.order_id')),
    stageSince: field.instant('d.stage_since'),
  },
} as const;

const columnShape = { count: z.int(), sums: z.array(MoneyAnswer) };

const LeadColumn = z.strictObject({ ...columnShape, stage: z.enum(leadStages), cards: z.array(answerSchema(leadBoard.cards)) });

export const showLeadBoard = query({
  type: 'ShowLeadBoard',
  summary: `Leads by stage: how many, their value in each currency, and the ${CARDS_MAX} that came there last.`,
  route: 'GET /boards/leads',
  permission: 'crm:read',
  reads: [leads],
  input: z.strictObject({ owner: Id.optional() }),
  output: z.strictObject({ columns: z.array(LeadColumn) }),
  answer: async (db, { owner }) => {
    const columns = await columnsOf(db, leadBoard, { stages: leadStages, narrowedTo: [owner] });
    return { columns: columns.map(({ weightedSums: _, ...column }) => column) };
  },
});

const DealCardAnswer = answerSchema({ ...dealBoard.cards, ageDays: field.maybe(field.integer('')), rotting: field.maybe(field.flag('')) });

const DealColumn = z.strictObject({
  ...columnShape,
  stage: z.string(),
  name: z.string(),
  kind: z.enum(stageKinds),
  phase: z.string(),
  percent: z.int(),
  colour: z.string().nullable(),
  daysMax: z.int().nullable(),
  cardsMax: z.int().nullable().describe('More cards than this are too many at a time'),
  weightedSums: z.array(MoneyAnswer),
  rotting: z.int().nullable().describe('Deals that are longer in the stage than it allows'),
  cards: z.array(DealCardAnswer),
});

/** How many deals came to a stage before the day from which on it allows to stay. */
const ROTTING = `
  select d.stage, count(*) as count from deals d join unnest($3::text[], $4::date[]) as allowed (stage, since)
    on allowed.stage = d.stage and d.stage_since < allowed.since::timestamp at time zone 'UTC'
  where ($1::text is null or d.owner_id = $1) and d.pipeline_id = $2 and d.kind <> 'merged' group by 1`;

async function rottingIn(db: ReadDatabase, { stages, narrowedTo }: DealExtent, on: string): Promise<ReadonlyMap<string, number>> {
  const limited = stages.filter(({ daysMax }) => daysMax !== undefined);
  if (limited.length === 0) return new Map();
  const since = limited.map(({ daysMax = 0 }) => Temporal.PlainDate.from(on).subtract({ days: daysMax }).toString());
  const rows = await db.rows<{ stage: string; count: number }>(ROTTING, [
    ...narrowedTo.map(value => value ?? null),
    limited.map(({ key }) => key),
    since,
  ]);
  return new Map(rows.map(({ stage, count }) => [stage, count]));
}

interface DealExtent {
  readonly stages: readonly Stage[];
  readonly narrowedTo: readonly (string | undefined)[];
}

/** Days from one date to another; ages are counted by the date in UTC. */
const daysFrom = (instant: string, on: string): number => Temporal.PlainDate.from(instant.slice(0, 10)).until(on).days;

type DealBoardCard = AnswerOf<typeof dealBoard.cards>;

function aged(card: DealBoardCard, { daysMax }: Stage, on: string | undefined) {
  if (on === undefined) return { ...card, ageDays: null, rotting: null };
  const ageDays = daysFrom(card.stageSince, on);
  return { ...card, ageDays, rotting: daysMax !== undefined && ageDays > daysMax };
}

const CardsOn = z.iso.date().optional().describe('Day by which the age of cards is counted; without it none is told');

export const showDealBoard = query({
  type: 'ShowDealBoard',
  summary: `Deals of a pipeline by stage: how many, their amounts in each currency, plain and weighted by chance, how many are rotting, and the ${CARDS_MAX} that came there last.`,
  route: 'GET /boards/deals',
  permission: 'crm:read',
  reads: [deals, accounts, contacts, pipelines, pipelineStages],
  input: z.strictObject({ owner: Id.optional(), pipeline: Id.default(DEFAULT_PIPELINE), on: CardsOn }),
  output: z.strictObject({ pipeline: z.strictObject({ id: z.string(), name: z.string() }), columns: z.array(DealColumn) }),
  answer: async (db, { owner, pipeline: id, on }) => {
    const { name, stages: all } = await pipelineIn(db, id);
    const stages = all.filter(({ kind }) => kind !== 'archive');
    const narrowedTo = [owner, id];
    const columns = await columnsOf(db, dealBoard, { stages: stages.map(({ key }) => key), narrowedTo });
    const rotting = on === undefined ? undefined : await rottingIn(db, { stages, narrowedTo }, on);
    return {
      pipeline: { id, name },
      columns: columns.map((column, index) => {
        const stage = stages[index] as Stage;
        return {
          ...column,
          ...headOf(stage),
          rotting: rotting === undefined ? null : (rotting.get(stage.key) ?? 0),
          cards: column.cards.map(card => aged(card, stage, on)),
        };
      }),
    };
  },
});

const headOf = ({ name, kind, phase, percent, colour, daysMax, cardsMax }: Stage) => ({
  name,
  kind,
  phase,
  percent,
  colour: colour ?? null,
  daysMax: daysMax ?? null,
  cardsMax: cardsMax ?? null,
});
