import { z } from 'zod';
import { Deal, type DealCard, DealLineAdded, DealLineRemoved, minorAfter, standingAt } from '../../domain/crm/deal.ts';
import { stageKinds } from '../../domain/crm/stages.ts';
import { field } from '../../kernel/field.ts';
import { byDay, listing } from '../../kernel/listing.ts';
import type { Money } from '../../kernel/money.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import { day, decimal, instant, integer, minorUnits, nullable, personal, quantity, table, text, texts } from '../../kernel/table.ts';
import { items } from '../catalogue/items.ts';
import { lineKey } from '../lines.ts';
import { revised } from '../platform/event-history.ts';
import { containing } from '../search.ts';
import { accountSurvivors, ofAccount } from './account-survivors.ts';
import { accounts } from './accounts.ts';
import { contacts } from './contacts.ts';
import { pipelineStages } from './pipelines.ts';

export const deals = projection({
  name: 'deals',
  version: 4,
  versioned: true,
  table: table(
    'deals',
    'Sales we hope for, and how they ended',
    {
      name: personal(text('What the deal is called'), 'lead_id'),
      account_id: text('Account it is with'),
      contact_id: nullable(text('Person to talk to')),
      contact_ids: texts('Further persons to talk to, from deals that were merged into it'),
      currency: text('ISO 4217 code of the deal'),
      amount: nullable(minorUnits('What it is worth')),
      request_category: nullable(text('What is asked for')),
      description: personal(nullable(text('What is asked for, in words')), 'lead_id'),
      expected_close: nullable(day('When it is expected to be decided')),
      owner_id: text('User who answers for it'),
      observers: texts('Users who may look at it beside its owner'),
      lead_id: nullable(text('Lead it came from')),
      pipeline_id: text('Pipeline it goes through'),
      stage: text('Stage of the pipeline'),
      stage_since: instant('When it came into this stage'),
      kind: text('Kind of its stage: open, paused, won, lost or archive; merged where it went into another deal'),
      phase: text('Phase of the sale, as its stage said when it came there'),
      percent: integer('Chance of winning it, per cent, as its stage said when it came there'),
      resume_on: nullable(day('When it is to be taken up again; while it is paused')),
      closed_reason: nullable(text('Why it was won or lost')),
      competitor: nullable(text('To whom it was lost')),
      order_id: nullable(text('Sales order made of it')),
      order_undone: nullable(text('Why its last order came to nothing')),
      merged_into: nullable(text('Deal it was merged into')),
      merge_undo_until: nullable(instant('Until when that can be undone')),
      opened_at: instant('When it was opened'),
    },
    { indexes: ['pipeline_id, stage, stage_since', 'account_id', 'owner_id', 'opened_at, id', 'using gin (observers)'] },
  ),
  events: Deal.events,
  ownRows: { permission: 'crm:read', owner: 'owner_id', observers: 'observers' },
  on: {
    DealOpened: (_, { accountId, ownerId, leadId, stage, standing, ...card }, _key, meta) => ({
      ...cardColumns(card),
      ...inStage({ to: stage, standing }, meta),
      ...NOTHING_YET,
      account_id: accountId,
      owner_id: ownerId,
      observers: [],
      lead_id: leadId ?? null,
      opened_at: meta.occurredAt,
    }),
    DealEdited: (row, card) => row && { ...row, ...cardColumns(card) },
    DealAssigned: (row, { to }) => row && { ...row, owner_id: to },
    DealObserverAdded: (row, { userId }) => row && { ...row, observers: [...row.observers, userId] },
    DealObserverRemoved: (row, { userId }) => row && { ...row, observers: row.observers.filter(id => id !== userId) },
    DealStageChanged: (row, { resumeOn, ...move }, _key, meta) => row && { ...row, ...inStage(move, meta), resume_on: resumeOn ?? null },
    DealLineAdded: () => undefined,
    DealLineRemoved: () => undefined,
    DealOrdered: (row, { orderId }) => row && { ...row, order_id: orderId, order_undone: null },
    DealOrderUndone: (row, { because }) => row && { ...row, order_id: null, order_undone: because },
    DealWon: (row, { reason, ...move }, _key, meta) => row && { ...row, ...inStage(move, meta), closed_reason: reason, resume_on: null },
    DealLost: (row, { reason, competitor, ...move }, _key, meta) =>
      row && { ...row, ...inStage(move, meta), closed_reason: reason, competitor: competitor ?? null, resume_on: null },
    DealReopened: (row, move, _key, meta) => row && { ...row, ...inStage(move, meta), closed_reason: null, competitor: null },
    DealMerged: (row, { into, undoUntil }) => row && { ...row, kind: 'merged', merged_into: into, merge_undo_until: undoUntil },
    DealMergeUndone: (row, move, _key, meta) => row && { ...row, ...backIn(row, move, meta), merged_into: null, merge_undo_until: null },
    DealTakenIn: (row, { contactIds, amount }) =>
      row && { ...row, contact_ids: [...row.contact_ids, ...contactIds], amount: amountAfter(row, amount, 1) },
    DealSplitOff: (row, { contactIds, amount }) =>
      row && { ...row, contact_ids: row.contact_ids.filter(id => !contactIds.includes(id)), amount: amountAfter(row, amount, -1) },
  },
});

const NOTHING_YET = {
  contact_ids: [],
  resume_on: null,
  closed_reason: null,
  competitor: null,
  order_id: null,
  order_undone: null,
  merged_into: null,
  merge_undo_until: null,
};

const amountAfter = ({ amount }: { readonly amount: number | null }, change: Money | undefined, sign: 1 | -1): number | null =>
  change === undefined ? amount : minorAfter(amount ?? 0, change, sign);

/** A deal is in its stage since it came there first, unless that stage is gone meanwhile. */
function backIn(row: { readonly stage: string; readonly stage_since: string }, move: Arrival, meta: ViewMeta) {
  const there = inStage(move, meta);
  return there.stage === row.stage ? { ...there, stage_since: row.stage_since } : there;
}

type Arrival = Parameters<typeof standingAt>[0];

function inStage(move: Arrival, { occurredAt }: ViewMeta) {
  const { stage, standing } = standingAt(move);
  const { pipelineId, kind, phase, percent } = standing;
  return { stage, stage_since: occurredAt, pipeline_id: pipelineId, kind, phase, percent };
}

/** The stage a deal is in as its pipeline has it at the time that is asked about; without a row where the pipeline is as it was delivered. */
export const STAGE_OF_DEAL = "left join pipeline_stages s on s.id = d.pipeline_id || '~' || d.stage";
/** The deal that a merged one ends in, over all that came after; null for any other. */
const SURVIVOR = `case when d.merged_into is not null then (
  with recursive way as (
    select n.id, n.merged_into from deals n where n.id = d.merged_into
    union select n.id, n.merged_into from deals n join way on n.id = way.merged_into)
  select way.id from way where way.merged_into is null) end`;
/** Who is still open has the chance its stage has now; what is closed keeps the one it had. */
export const PERCENT = "case when d.kind in ('open', 'paused') then coalesce(s.percent, d.percent) else d.percent end";

function cardColumns(card: DealCard) {
  return {
    name: card.name,
    contact_id: card.contactId ?? null,
    currency: card.currency,
    amount: card.amount?.minor ?? null,
    request_category: card.requestCategory ?? null,
    description: card.description ?? null,
    expected_close: card.expectedClose ?? null,
  };
}

export const dealLines = projection({
  name: 'deal-lines',
  version: 1,
  versioned: true,
  table: table(
    'deal_lines',
    'What deals are to sell',
    {
      deal_id: text('Deal the line is on'),
      line: integer('Number of the line on its deal'),
      item_id: text('Item to be sold'),
      quantity: quantity('Quantity to be sold'),
      unit_price: nullable(decimal('Price of one unit by hand, in the currency of the deal; empty where the price list counts')),
      price_reason: nullable(text('Why the price is by hand')),
      discount: decimal('Discount, per cent'),
    },
    { key: 'Deal and line, joined by ~', indexes: ['deal_id', 'item_id'] },
  ),
  events: [DealLineAdded, DealLineRemoved],
  keys: { DealLineAdded: ofLine, DealLineRemoved: ofLine },
  on: {
    DealLineAdded: (_, { itemId, unitPrice, priceReason, ...rest }, _key, { entityId }) => ({
      ...rest,
      deal_id: entityId,
      item_id: itemId,
      unit_price: unitPrice ?? null,
      price_reason: priceReason ?? null,
    }),
    DealLineRemoved: () => null,
  },
});

function ofLine({ line }: { readonly line: number }, { entityId }: ViewMeta): readonly string[] {
  return [lineKey(entityId, line)];
}

const source = {
  permission: 'crm:read',
  reads: [deals, dealLines, accounts, accountSurvivors, contacts, items, pipelineStages],
  from: `deals d left join account_survivors v on v.id = d.account_id
    left join accounts a on a.id = coalesce(v.survivor_id, d.account_id) left join contacts c on c.id = d.contact_id ${STAGE_OF_DEAL}`,
  key: 'd.id',
  fields: {
    id: field.text('d.id'),
    name: field.text('d.name'),
    accountId: field.text('coalesce(v.survivor_id, d.account_id)'),
    accountName: field.maybe(field.text('a.name')),
    contactId: field.maybe(field.text('d.contact_id')),
    contactName: field.maybe(field.text('c.name')),
    contactIds: field.texts('d.contact_ids'),
    currency: field.text('d.currency'),
    amount: field.maybe(field.money('d.amount', 'd.currency')),
    percent: field.integer(PERCENT),
    requestCategory: field.maybe(field.text('d.request_category')),
    description: field.maybe(field.text('d.description')),
    expectedClose: field.maybe(field.day('d.expected_close')),
    ownerId: field.text('d.owner_id'),
    observers: field.texts('d.observers'),
    leadId: field.maybe(field.text('d.lead_id')),
    pipelineId: field.text('d.pipeline_id'),
    stage: field.text('d.stage'),
    kind: field.text('d.kind'),
    stageSince: field.instant('d.stage_since'),
    resumeOn: field.maybe(field.day('d.resume_on')),
    closedReason: field.maybe(field.text('d.closed_reason')),
    competitor: field.maybe(field.text('d.competitor')),
    orderId: field.maybe(field.text('d.order_id')),
    orderUndone: field.maybe(field.text('d.order_undone')),
    mergedInto: field.maybe(field.text('d.merged_into')),
    mergeUndoUntil: field.maybe(field.instant('d.merge_undo_until')),
    survivorId: field.maybe(field.text(SURVIVOR)),
    openedAt: field.instant('d.opened_at'),
  },
} as const;

export const listDeals = listing({
  ...source,
  type: 'ListDeals',
  summary:
    'Deals, newest first; `filter[search]` looks in the names of deal and account, `filter[resumesTo]` finds pauses that end by a day. Deals that were merged into another are found by their id.',
  route: 'GET /deals',
  where: "d.kind <> 'merged'",
  filters: {
    search: containing('d.name', 'a.name'),
    pipeline: 'd.pipeline_id = ?',
    stage: 'd.stage = ?',
    kind: 'd.kind = ?',
    owner: 'd.owner_id = ?',
    observer: 'd.observers @> array[?::text]',
    account: ofAccount('d.account_id', '?'),
    contact: '(d.contact_id = ? or d.contact_ids @> array[?::text])',
    lead: 'd.lead_id = ?',
    requestCategory: 'd.request_category = ?',
    closesFrom: byDay('d.expected_close >= ?::date'),
    closesTo: byDay('d.expected_close <= ?::date'),
    resumesTo: byDay('d.resume_on <= ?::date'),
  },
  sorts: {
    newest: { sql: 'd.opened_at', descending: true },
    waiting: { sql: 'd.stage_since' },
    name: { sql: 'd.name' },
    closing: { sql: "coalesce(d.expected_close, 'infinity'::date)" },
  },
  usual: 'newest',
});

export const showDeal = recordWithLines({
  ...revised('deal', source),
  type: 'ShowDeal',
  summary: 'One deal with its lines.',
  route: 'GET /deals/:id',
  noun: 'deal',
  lines: {
    from: 'deal_lines l left join items i on i.id = l.item_id',
    of: 'l.deal_id',
    order: 'l.line',
    fields: {
      line: field.integer('l.line'),
      itemId: field.text('l.item_id'),
      sku: field.maybe(field.text('i.sku')),
      itemName: field.maybe(field.text('i.name')),
      quantity: field.quantity('l.quantity'),
      unitPrice: field.maybe(field.decimal('l.unit_price')),
      priceReason: field.maybe(field.text('l.price_reason')),
      discount: field.decimal('l.discount'),
    },
  },
});

/** So many are moved at a time when their stage is removed; what moves them asks again until none is left. */
const IN_STAGE_MAX = 100;

export const dealsInStage = query({
  type: 'DealsInStage',
  summary: `The first ${IN_STAGE_MAX} deals in a stage of a pipeline.`,
  permission: 'crm:read',
  reads: [deals],
  input: z.strictObject({ pipelineId: z.string(), stage: z.string() }),
  output: z.array(z.string()),
  answer: async (db, { pipelineId, stage }) => {
    const rows = await db.rows<{ id: string }>(
      `select d.id from deals d where d.pipeline_id = $1 and d.stage = $2 and d.kind <> 'merged' order by d.id limit ${IN_STAGE_MAX}`,
      [pipelineId, stage],
    );
    return rows.map(({ id }) => id);
  },
});

export const dealForMerge = query({
  type: 'DealForMerge',
  summary: 'What merging deals must know of the other one.',
  permission: 'crm:read',
  reads: [deals],
  input: z.strictObject({ id: z.string() }),
  output: z
    .strictObject({
      ownerId: z.string(),
      accountId: z.string(),
      currency: z.string(),
      kind: z.enum([...stageKinds, 'merged']),
      survivorId: z.string().nullable(),
    })
    .nullable(),
  answer: async (db, { id }) => {
    const [row] = await db.rows(
      `select d.owner_id as "ownerId", d.account_id as "accountId", d.currency, d.kind, ${SURVIVOR} as "survivorId" from deals d where d.id = $1`,
      [id],
    );
    return (row ?? null) as never;
  },
});
