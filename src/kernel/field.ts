import { z } from 'zod';
import { MoneyAnswer, type MoneyWire, moneyWire } from './money.ts';
import { quantityText } from './quantity.ts';

/** A value of an answer: the SQL expressions it is read from, its shape on the wire, and the way between. */
export interface Field<Value = unknown> {
  readonly sql: readonly string[];
  readonly schema: z.ZodType<Value>;
  readonly read: (values: readonly unknown[]) => Value;
}

export type Fields = Readonly<Record<string, Field>>;

export type AnswerOf<F extends Fields> = { [Name in keyof F]: F[Name] extends Field<infer Value> ? Value : never };

const plain = <Value>(sql: string, schema: z.ZodType<Value>): Field<Value> => ({ sql: [sql], schema, read: ([value]) => value as Value });

/** Fields by SQL expression. A `maybe` around one admits null. */
export const field = {
  text: (sql: string) => plain(sql, z.string()),
  flag: (sql: string) => plain(sql, z.boolean()),
  integer: (sql: string) => plain(sql, z.int()),
  /** ISO 8601 date. */
  day: (sql: string) => plain(sql, z.iso.date()),
  /** ISO 8601 instant in UTC. */
  instant: (sql: string) => plain(sql, z.iso.datetime()),
  texts: (sql: string) => plain(sql, z.array(z.string())),
  json: <Value>(sql: string, schema: z.ZodType<Value>) => plain(sql, schema),
  /** A numeric column as decimal text without idle zeros. */
  decimal: (sql: string): Field<string> => ({
    sql: [`trim_scale(${sql})::text`],
    schema: z.string().meta({ format: 'decimal' }),
    read: ([value]) => value as string,
  }),
  /** Integer thousandths as decimal text. */
  quantity: (sql: string): Field<string> => ({
    sql: [sql],
    schema: z.string().meta({ format: 'quantity' }),
    read: ([value]) => quantityText(value as number),
  }),
  /** Minor units and their currency. */
  money: (minor: string, currency: string): Field<MoneyWire> => ({
    sql: [minor, currency],
    schema: MoneyAnswer,
    read: ([value, code]) => moneyWire({ minor: value as number, currency: code as string }),
  }),
  /** Several fields as one object. */
  object: <F extends Fields>(fields: F): Field<AnswerOf<F>> => ({
    sql: Object.values(fields).flatMap(entry => entry.sql),
    schema: answerSchema(fields),
    read: values => readAll(fields, values),
  }),
  maybe: <Value>(inner: Field<Value>): Field<Value | null> => ({
    sql: inner.sql,
    schema: inner.schema.nullable(),
    read: values => (values[0] === null ? null : inner.read(values)),
  }),
};

/** `select` list of the fields, under positional names that `readFields` knows; `mark` tells those of one list from another's. */
export const selectList = (fields: Fields, mark = 'f'): string =>
  Object.values(fields)
    .flatMap(entry => entry.sql)
    .map((sql, index) => `${sql} as ${mark}${index}`)
    .join(', ');

/** The values of fields out of a row made by their `selectList`. */
export const readFields = <F extends Fields>(fields: F, row: Readonly<Record<string, unknown>>, mark = 'f'): AnswerOf<F> =>
  readAll(
    fields,
    Object.values(fields)
      .flatMap(entry => entry.sql)
      .map((_, index) => row[`${mark}${index}`]),
  );

function readAll<F extends Fields>(fields: F, values: readonly unknown[]): AnswerOf<F> {
  let from = 0;
  const next = ({ sql, read }: Field): unknown => read(values.slice(from, (from += sql.length)));
  return Object.fromEntries(Object.entries(fields).map(([name, entry]) => [name, next(entry)])) as AnswerOf<F>;
}

export const answerSchema = <F extends Fields>(fields: F): z.ZodType<AnswerOf<F>> =>
  z.strictObject(Object.fromEntries(Object.entries(fields).map(([name, entry]) => [name, entry.schema]))) as unknown as z.ZodType<
    AnswerOf<F>
  >;
