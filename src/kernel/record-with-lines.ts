import { z } from 'zod';
import type { Permission, Route } from './command.ts';
import { type AnswerOf, answerSchema, type Fields, field, readFields, selectList } from './field.ts';
import type { AnyProjection } from './projection.ts';
import { NoSuchRecord, type Query, query, type ReadDatabase } from './query.ts';

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
  return query({
    type,
    summary,
    route,
    permission,
    reads,
    input: z.strictObject({ id: z.string().max(200) }),
    output: answerSchema({ ...fields, lines: linesField }) as unknown as z.ZodType<WithLines<F, L>>,
    answer: async (db, { id }) => {
      const [found] = await select(db, fields, `${from} where ${key} = $1`, id);
      if (found === undefined) throw new NoSuchRecord(noun, id);
      return { ...found, lines: await select(db, lines.fields, `${lines.from} where ${lines.of} = $1 order by ${lines.order}`, id) };
    },
  });
}

async function select<F extends Fields>(db: ReadDatabase, fields: F, from: string, id: string): Promise<AnswerOf<F>[]> {
  const rows = await db.rows(`select ${selectList(fields)} from ${from}`, [id]);
  return rows.map(row => readFields(fields, row));
}
