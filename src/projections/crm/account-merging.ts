import { z } from 'zod';
import { AccountCard } from '../../domain/crm/account.ts';
import { mergeFields } from '../../domain/crm/account-merge.ts';
import { query } from '../../kernel/query.ts';
import { eventHistory } from '../platform/event-history.ts';
import { accountSurvivors, survivorOf } from './account-survivors.ts';
import { accounts } from './accounts.ts';

const Field = z.enum(mergeFields);

const Answer = z.strictObject({
  survivor: z
    .strictObject({ id: z.string(), ownerId: z.string(), card: AccountCard, personId: z.string().nullable(), individual: z.boolean() })
    .nullable(),
  newer: z.array(Field),
});

interface Row {
  readonly id: string;
  readonly ownerId: string;
  readonly card: Readonly<Record<string, unknown>>;
  readonly personId: string | null;
  readonly individual: boolean;
}

/** Asked before accounts are merged: who is to live on, and what was said later of the one that is not. */
export const survivorForMerge = query({
  type: 'SurvivorForMerge',
  summary: 'The account that is to live on, and which fields were said later of the other.',
  permission: 'crm:read',
  reads: [accounts, accountSurvivors, eventHistory],
  input: z.strictObject({ id: z.string(), survivorId: z.string(), fields: z.array(Field) }),
  output: Answer,
  answer: async (db, { id, survivorId, fields }) => {
    const [row] = await db.rows<Row>(
      `select a.id, a.owner_id as "ownerId", a.person_id as "personId", a.individual_id is not null as individual, jsonb_strip_nulls(jsonb_build_object(
         'name', a.name, 'kinds', a.kinds, 'code', a.code, 'legalName', a.legal_name, 'taxId', a.tax_id, 'currency', a.currency,
         'priceListId', a.price_list_id, 'paymentTermDays', a.payment_term_days, 'phone', a.phone, 'fax', a.fax, 'website', a.website,
         'address', a.address, 'creditLimit', case when a.credit_limit is not null
           then jsonb_build_object('minor', a.credit_limit, 'currency', a.currency) end)) as card
       from accounts a where a.id = ${survivorOf('$1::text')}`,
      [survivorId],
    );
    if (row === undefined) return { survivor: null, newer: [] };
    const newer = await db.rows<{ field: (typeof mergeFields)[number] }>(LATER, [id, row.id, fields]);
    return { survivor: { ...row, card: AccountCard.parse(row.card) }, newer: newer.map(({ field }) => field) };
  },
});

/** Fields that were said of $1 after they were last said of $2: when it was created with them, or by an edit. */
const LATER = `
  with said as (
    select f.field, h.record_id, max(h.id) as last from event_history h cross join unnest($3::text[]) as f (field)
    where h.category = 'account' and h.record_id in ($1, $2)
      and (h.type = 'AccountCreated' or h.type = 'AccountEdited' and h.data -> 'changed' ? f.field)
    group by 1, 2
  )
  select one.field from said one join said other using (field) where one.record_id = $1 and other.record_id = $2 and one.last > other.last`;
