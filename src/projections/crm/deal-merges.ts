/** What deals got of others that were merged into them. */
import { z } from 'zod';
import { DealSplitOff, DealTakenIn } from '../../domain/crm/deal.ts';
import { type AnswerOf, answerSchema, field, readFields, selectList } from '../../kernel/field.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { NoSuchRecord, query } from '../../kernel/query.ts';
import { day, instant, json, minorUnits, nullable, personal, table, text, texts } from '../../kernel/table.ts';
import { deals } from './deals.ts';

interface Line {
  readonly line: number;
  readonly itemId: string;
  readonly quantity: string;
  readonly unitPrice: string | null;
  readonly discount: string;
}

export const dealMerges = projection({
  name: 'deal-merges',
  version: 1,
  versioned: true,
  table: table(
    'deal_merges',
    'All that a deal said when it was merged into another',
    {
      target_id: text('Deal it was merged into'),
      source_id: text('Deal that was merged'),
      name: personal(text('What the merged deal was called'), 'lead_id'),
      description: personal(nullable(text('What was asked for, in words')), 'lead_id'),
      request_category: nullable(text('What was asked for')),
      account_id: text('Account it was with'),
      owner_id: text('User who answered for it'),
      lead_id: nullable(text('Lead it came from')),
      stage: text('Stage it was in'),
      currency: text('ISO 4217 code of its amounts'),
      amount: nullable(minorUnits('What it was worth')),
      amount_added: nullable(minorUnits('What of that was added to the other deal')),
      expected_close: nullable(day('When it was expected to be decided')),
      contact_ids: texts('Persons it brought to the other deal'),
      lines: json<readonly Line[]>('What it was to sell'),
      merged_at: instant('When it was merged'),
    },
    { key: 'Target and source, joined by ~', indexes: ['target_id'] },
  ),
  events: [DealTakenIn, DealSplitOff],
  keys: { DealTakenIn: ofBoth, DealSplitOff: ofBoth },
  on: {
    DealTakenIn: (_, { sourceId, summary, contactIds, amount }, _key, { entityId, occurredAt }) => ({
      target_id: entityId,
      source_id: sourceId,
      name: summary.name,
      description: summary.description ?? null,
      request_category: summary.requestCategory ?? null,
      account_id: summary.accountId,
      owner_id: summary.ownerId,
      lead_id: summary.leadId ?? null,
      stage: summary.stage,
      currency: summary.currency,
      amount: summary.amount?.minor ?? null,
      amount_added: amount?.minor ?? null,
      expected_close: summary.expectedClose ?? null,
      contact_ids: contactIds,
      lines: summary.lines.map(({ line, itemId, quantity, unitPrice, discount }) => ({
        line,
        itemId,
        quantity: quantityText(quantity),
        unitPrice: unitPrice ?? null,
        discount,
      })),
      merged_at: occurredAt,
    }),
    DealSplitOff: () => null,
  },
});

function ofBoth({ sourceId }: { readonly sourceId: string }, { entityId }: ViewMeta): readonly string[] {
  return [`${entityId}~${sourceId}`];
}

const LineAnswer = z.strictObject({
  line: z.int(),
  itemId: z.string(),
  quantity: z.string(),
  unitPrice: z.string().nullable(),
  discount: z.string(),
});

const fields = {
  dealId: field.text('m.source_id'),
  name: field.text('m.name'),
  description: field.maybe(field.text('m.description')),
  requestCategory: field.maybe(field.text('m.request_category')),
  accountId: field.text('m.account_id'),
  ownerId: field.text('m.owner_id'),
  leadId: field.maybe(field.text('m.lead_id')),
  stage: field.text('m.stage'),
  amount: field.maybe(field.money('m.amount', 'm.currency')),
  amountAdded: field.maybe(field.money('m.amount_added', 'm.currency')),
  expectedClose: field.maybe(field.day('m.expected_close')),
  contactIds: field.texts('m.contact_ids'),
  lines: field.json('m.lines', z.array(LineAnswer)),
  mergedAt: field.instant('m.merged_at'),
};

export const showMergedDeals = query({
  type: 'ShowMergedDeals',
  summary:
    'What a deal got of others that were merged into it: all that each said then, its new contacts and what was added to the amount.',
  route: 'GET /deals/:id/merged',
  permission: 'crm:read',
  reads: [deals, dealMerges],
  input: z.strictObject({ id: z.string().max(200) }),
  output: z.strictObject({ items: z.array(answerSchema(fields)) }) as unknown as z.ZodType<{ readonly items: AnswerOf<typeof fields>[] }>,
  answer: async (db, { id }) => {
    const [seen] = await db.rows('select d.id from deals d where d.id = $1', [id]);
    if (seen === undefined) throw new NoSuchRecord('deal', id);
    const rows = await db.rows(
      `select ${selectList(fields)} from deal_merges m join deals d on d.id = m.target_id where m.target_id = $1 order by m.merged_at, m.id`,
      [id],
    );
    return { items: rows.map(row => readFields(fields, row)) };
  },
});
