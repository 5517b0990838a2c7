/** The boards of leads and deals: a column for each stage, with its count, its sums in each currency and its newest cards. */
import { z } from 'zod';
import { DEAL_STAGES, DealStage, dealStages } from '../../domain/crm/deal-stages.ts';
import { leadStages } from '../../domain/crm/lead.ts';
import { Id } from '../../domain/vocabulary.ts';
import { type AnswerOf, answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { query, type ReadDatabase } from '../../kernel/query.ts';
import { accounts } from './accounts.ts';
import { contacts } from './contacts.ts';
import { deals } from './deals.ts';
import { leads } from './leads.ts';

/** Further cards of a column are found in the list, by its stage. */
const CARDS_MAX = 50;

/** What a board shows: rows that have a stage, an owner and perhaps a value. */
interface Board<Stage extends string, F extends Fields> {
  readonly stages: readonly Stage[];
  readonly from: string;
  readonly cards: F;
  readonly key: string;
  readonly stage: string;
  readonly since: string;
  readonly owner: string;
  /** Minor units, their currency, and the chance of getting them in per cent. */
  readonly value: { readonly minor: string; readonly currency: string; readonly percent: string };
}

type AnyBoard = Board<string, Fields>;

/** What one column holds in one currency; cards without a value have none. */
interface Total {
  readonly stage: string;
  readonly currency: string | null;
  readonly count: number;
  readonly sum: number;
  readonly weighted: number;
}

const isOwners = ({ owner }: AnyBoard, place: string) => `(${place}::text is null or ${owner} = ${place})`;

const totals = (db: ReadDatabase, board: AnyBoard, owner: string | undefined): Promise<Total[]> =>
  db.rows<Total>(
    `select ${board.stage} as stage, ${board.value.currency} as currency, count(*) as count,
       coalesce(sum(${board.value.minor}), 0)::bigint as sum,
       coalesce(round(sum(${board.value.minor} * ${board.value.percent}) / 100), 0)::bigint as weighted
     from ${board.from} where ${isOwners(board, '$1')} group by 1, 2 order by 1, 2`,
    [owner ?? null],
  );

type Card = Readonly<Record<string, unknown>> & { readonly stage: string };

const cards = (db: ReadDatabase, board: AnyBoard, owner: string | undefined): Promise<Card[]> =>
  db.rows<Card>(
    `select shown.stage, card.* from unnest($1::text[]) as shown (stage)
     cross join lateral (
       select ${selectList(board.cards)} from ${board.from} where ${board.stage} = shown.stage and ${isOwners(board, '$2')}
       order by ${board.since} desc, ${board.key} limit ${CARDS_MAX}) as card`,
    [board.stages, owner ?? null],
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
  board: Board<Stage, F>,
  owner: string | undefined,
): Promise<Column<Stage, F>[]> {
  const totalsByStage: ReadonlyMap<string, Total[]> = Map.groupBy(await totals(db, board, owner), ({ stage }) => stage);
  const cardsByStage: ReadonlyMap<string, Card[]> = Map.groupBy(await cards(db, board, owner), ({ stage }) => stage);
  return board.stages.map(stage => {
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
  stages: leadStages,
  from: 'leads l',
  key: 'l.id',
  stage: 'l.stage',
  since: 'l.stage_since',
  owner: 'l.owner_id',
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
  stages: dealStages.filter(stage => DEAL_STAGES[stage].phase !== 'Archive'),
  from: 'deals d left join accounts a on a.id = d.account_id left join contacts c on c.id = d.contact_id',
  key: 'd.id',
  stage: 'd.stage',
  since: 'd.stage_since',
  owner: 'd.owner_id',
  value: { minor: 'd.amount', currency: 'case when d.amount is not null then d.currency end', percent: 'd.percent' },
  cards: {
    id: field.text('d.id'),
    name: field.text('d.name'),
    accountId: field.text('d.account_id'),
    accountName: field.maybe(field.text('a.name')),
    contactName: field.maybe(field.text('c.name')),
    amount: field.maybe(field.money('d.amount', 'd.currency')),
    percent: field.integer('d.percent'),
    ownerId: field.text('d.owner_id'),
    expectedClose: field.maybe(field.day('d.expected_close')),
    resumeOn: field.maybe(field.day('d.resume_on')),
    orderId: field.maybe(field.text('d.order_id')),
    stageSince: field.instant('d.stage_since'),
  },
} as const;

const ofOwner = z.strictObject({ owner: Id.optional() });

const columnShape = { count: z.int(), sums: z.array(MoneyAnswer) };

const LeadColumn = z.strictObject({ ...columnShape, stage: z.enum(leadStages), cards: z.array(answerSchema(leadBoard.cards)) });

const DealColumn = z.strictObject({
  ...columnShape,
  stage: DealStage,
  phase: z.string(),
  percent: z.int(),
  weightedSums: z.array(MoneyAnswer),
  cards: z.array(answerSchema(dealBoard.cards)),
});

export const showLeadBoard = query({
  type: 'ShowLeadBoard',
  summary: `Leads by stage: how many, their value in each currency, and the ${CARDS_MAX} that came there last.`,
  route: 'GET /boards/leads',
  permission: 'crm:read',
  reads: [leads],
  input: ofOwner,
  output: z.strictObject({ columns: z.array(LeadColumn) }),
  answer: async (db, { owner }) => {
    const columns = await columnsOf(db, leadBoard, owner);
    return { columns: columns.map(({ weightedSums: _, ...column }) => column) };
  },
});

export const showDealBoard = query({
  type: 'ShowDealBoard',
  summary: `Deals by stage: how many, their amounts in each currency, plain and weighted by chance, and the ${CARDS_MAX} that came there last.`,
  route: 'GET /boards/deals',
  permission: 'crm:read',
  reads: [deals, accounts, contacts],
  input: ofOwner,
  output: z.strictObject({ columns: z.array(DealColumn) }),
  answer: async (db, { owner }) => {
    const columns = await columnsOf(db, dealBoard, owner);
    return { columns: columns.map(column => ({ ...column, ...DEAL_STAGES[column.stage] })) };
  },
});
