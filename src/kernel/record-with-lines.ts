import { z } from 'zod';
import type { Permission, Route } from './command.ts';
import { type AnswerOf, answerSchema, type Fields, field, readFields, selectList } from './field.ts';
import type { AnyProjection } from './projection.ts';
import { NoSuchRecord, type Query, query } from './query.ts';

interface RecordWithLines<F extends Fields, L extends Fields> {
  readonly type: string;
  readonly summary: string;
  readonly route: Route;
  readonly permission: Permission;
  readonly reads: readonly AnyProjection[];
  readonly noun: string;
  readonly from: string;
  readonly key: string;
  readonly fields: F;
  readonly lines: {
    readonly fields: L;
    readonly from: string;
    /** The expression that equals the record's id. */
    readonly of: string;
    readonly order: string;
  };
}

type WithLines<F extends Fields, L extends Fields> = AnswerOf<F> & { lines: AnswerOf<L>[] };

/** One document by the id in its path, with the same fields as its list has and its lines in order. */
export function recordWithLines<F extends Fields, L extends Fields>({
  fields,
  lines,
  noun,
  ...definition
}: RecordWithLines<F, L>): Query<z.ZodObject<{ id: z.ZodString }>, WithLines<F, L>> {
  const { type, summary, route, permission, reads, from, key } = definition;
  const linesField = field.json('lines', z.array(answerSchema(lines.fields)));
  // One statement, so that a document and its lines are of one moment without a transaction.
  const sql = `
    select record.*, line.* from (select ${selectList(fields)} from ${from} where ${key} = $1 limit 1) record
    left join lateral (select ${selectList(lines.fields, LINE)}, row_number() over (order by ${lines.order}) as place
      from ${lines.from} where ${lines.of} = $1) line on true
    order by line.place`;
  return query({
    type,
    summary,
    route,
    permission,
    reads,
    input: z.strictObject({ id: z.string().max(200) }),
    output: answerSchema({ ...fields, lines: linesField }) as unknown as z.ZodType<WithLines<F, L>>,
    answer: async (db, { id }) => {
      const rows = await db.rows(sql, [id]);
      const [first] = rows;
      if (first === undefined) throw new NoSuchRecord(noun, id);
      // A document without lines comes as one row without a place.
      const placed = rows.filter(({ place }) => place !== null);
      return { ...readFields(fields, first), lines: placed.map(row => readFields(lines.fields, row, LINE)) };
    },
  });
}

/** Marks the columns of a line in a row that holds those of its document too. */
const LINE = 'l';
