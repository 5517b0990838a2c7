/** The stock card: what an item had, what came in and went out, and what was left after each movement, by business day; a corrected cost goes out with nothing. */
import { z } from 'zod';
import { Id } from '../../domain/vocabulary.ts';
import { type AnswerOf, answerSchema, field, readFields, selectList } from '../../kernel/field.ts';
import { Limit } from '../../kernel/listing.ts';
import { BadCursor, NoSuchRecord, query, type ReadDatabase } from '../../kernel/query.ts';
import { items } from '../catalogue/items.ts';
import { stockMoves } from './stock-moves.ts';
import { warehouses } from './warehouses.ts';

/** Movements of one item: $1, in a warehouse: $2, or in all, up to a day: $3, each with what was there after it. */
const CARD = `
  card as (
    select m.*, sum(m.quantity) over day::bigint as balance, sum(coalesce(m.value, 0)) over day::bigint as worth from stock_moves m
    where m.item_id = $1 and ($2::text is null or m.warehouse_id = $2) and ($3::date is null or m.moved_on <= $3)
    window day as (order by m.moved_on, m.position))`;

/** Amounts there are only where the goods are valued. */
const worth = (minor: string, currency: string) =>
  field.maybe(field.money(`case when ${currency} is not null then ${minor} end`, currency));

const movement = {
  id: field.text('c.id'),
  movedOn: field.day('c.moved_on'),
  kind: field.text('c.kind'),
  warehouseId: field.text('c.warehouse_id'),
  warehouseCode: field.maybe(field.text('w.code')),
  document: field.text('c.document'),
  documentId: field.text('c.document_id'),
  orderId: field.maybe(field.text('c.order_id')),
  quantity: field.quantity('c.quantity'),
  balance: field.quantity('c.balance'),
  value: worth('c.value', 'c.currency'),
  balanceValue: worth('c.worth', 'c.currency'),
  unitCost: field.maybe(field.decimal('c.unit_cost')),
  reason: field.maybe(field.text('c.reason')),
};

const head = {
  itemId: field.text('i.id'),
  sku: field.text('i.sku'),
  itemName: field.text('i.name'),
  uom: field.text('i.uom'),
  opening: field.quantity('t.opening'),
  in: field.quantity('t.received'),
  out: field.quantity('t.issued'),
  closing: field.quantity('t.closing'),
  openingValue: worth('t.opening_value', 't.currency'),
  inValue: worth('t.received_value', 't.currency'),
  outValue: worth('t.issued_value', 't.currency'),
  closingValue: worth('t.closing_value', 't.currency'),
};

interface Asked {
  readonly item: string;
  readonly warehouse?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const scopeOf = ({ item, warehouse, to, from }: Asked): readonly (string | null)[] => [item, warehouse ?? null, to ?? null, from ?? null];

async function headOf(db: ReadDatabase, asked: Asked): Promise<AnswerOf<typeof head>> {
  const [row] = await db.rows(
    `with ${CARD}, totals as (
       select coalesce(sum(c.quantity) filter (where c.moved_on < $4::date), 0)::bigint as opening,
         coalesce(sum(c.quantity) filter (where c.quantity > 0 and not coalesce(c.moved_on < $4, false)), 0)::bigint as received,
         coalesce(-sum(c.quantity) filter (where c.quantity < 0 and not coalesce(c.moved_on < $4, false)), 0)::bigint as issued,
         coalesce(sum(c.quantity), 0)::bigint as closing,
         coalesce(sum(c.value) filter (where c.moved_on < $4::date), 0)::bigint as opening_value,
         coalesce(sum(c.value) filter (where c.quantity > 0 and not coalesce(c.moved_on < $4, false)), 0)::bigint as received_value,
         coalesce(-sum(c.value) filter (where c.quantity <= 0 and not coalesce(c.moved_on < $4, false)), 0)::bigint as issued_value,
         coalesce(sum(c.value), 0)::bigint as closing_value,
         max(c.currency) as currency
       from card c)
     select ${selectList(head)} from items i cross join totals t where i.id = $1`,
    scopeOf(asked),
  );
  if (row === undefined) throw new NoSuchRecord('item', asked.item);
  return readFields(head, row);
}

interface Place {
  readonly moved_on: string;
  readonly position: number;
}

/** A page of movements from a day on, after the place at which the page before ended. */
const movementsOf = (db: ReadDatabase, asked: Asked, after: readonly unknown[], limit: number) =>
  db.rows<Readonly<Record<string, unknown>> & Place>(
    `with ${CARD}
     select ${selectList(movement)}, c.moved_on, c.position from card c left join warehouses w on w.id = c.warehouse_id
     where ($4::date is null or c.moved_on >= $4) and ($5::date is null or (c.moved_on, c.position) > ($5, $6::bigint))
     order by c.moved_on, c.position limit ${limit}`,
    [...scopeOf(asked), ...after],
  );

/** Where a page begins, for the same card only. */
function placeIn(db: ReadDatabase, scope: string, cursor: string | undefined): readonly unknown[] {
  if (cursor === undefined) return [null, null];
  const [madeFor, ...place] = db.unseal(cursor);
  if (madeFor !== scope) throw new BadCursor('The cursor belongs to another stock card');
  return place;
}

export const stockCard = query({
  type: 'StockCard',
  summary:
    'Movements of an item by business day, oldest first, with what was left after each, in quantity and in value; opening, in, out and closing from `from` to `to`, in one warehouse or in all.',
  route: 'GET /stock-card',
  permission: 'warehouse:read',
  reads: [stockMoves, items, warehouses],
  ledger: true,
  input: z.strictObject({
    item: Id,
    warehouse: Id.optional(),
    from: z.iso.date().optional(),
    to: z.iso.date().optional(),
    limit: Limit,
    cursor: z.string().max(2_000).optional(),
  }),
  output: z.strictObject({
    ...(answerSchema(head) as unknown as z.ZodObject<Record<string, z.ZodType>>).shape,
    movements: z.array(answerSchema(movement)),
    next: z.string().nullable(),
  }) as unknown as z.ZodType<AnswerOf<typeof head> & { movements: AnswerOf<typeof movement>[]; next: string | null }>,
  exports: 'movements',
  answer: async (db, { limit, cursor, ...asked }) => {
    const scope = JSON.stringify(scopeOf(asked));
    const rows = await movementsOf(db, asked, placeIn(db, scope, cursor), Number(limit) + 1);
    const shown = rows.slice(0, Number(limit));
    const last = shown.at(-1);
    return {
      ...(await headOf(db, asked)),
      movements: shown.map(row => readFields(movement, row)),
      next: rows.length > shown.length && last !== undefined ? db.seal([scope, last.moved_on, last.position]) : null,
    };
  },
});
