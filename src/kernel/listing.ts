import { z } from 'zod';
import type { Permission, Route } from './command.ts';
import { type AnswerOf, answerSchema, type Fields, readFields, selectList } from './field.ts';
import type { AnyProjection } from './projection.ts';
import { BadCursor, NoSuchRecord, type Query, query, type ReadDatabase } from './query.ts';

const PAGE_USUAL = 50;
export const LIMIT_MAX = 200;

/** `limit` of every list: 1 to 200, 50 when absent. */
export const Limit = z
  .string()
  .regex(/^([1-9]|[1-9]\d|1\d\d|200)$/, 'A whole number from 1 to 200')
  .default(String(PAGE_USUAL));

export interface Page<Item> {
  readonly items: Item[];
  /** Cursor of the next page; null on the last one. */
  readonly next: string | null;
}

/** One value the rows are ordered by; the expression is never null. */
interface Sort {
  readonly sql: string;
  readonly descending?: boolean;
}

interface Source<F extends Fields> {
  readonly permission: Permission;
  readonly reads: readonly AnyProjection[];
  readonly ledger?: true;
  /** `from` clause over the tables read, e.g. `invoices i left join accounts a on a.id = i.account_id`. */
  readonly from: string;
  readonly fields: F;
}

interface Listing<F extends Fields, Sorts extends Record<string, Sort>> extends Source<F> {
  readonly type: string;
  readonly summary: string;
  readonly route: Route;
  /** Unique SQL expression that breaks ties and anchors cursors. */
  readonly key: string;
  /** Name in the route's path → condition with `?` for its value. */
  readonly within?: Readonly<Record<string, string>>;
  /** Parameter name → condition with `?` for its value; offered as `filter[name]`. */
  readonly filters?: Readonly<Record<string, string | Filter>>;
  readonly sorts: Sorts;
  readonly usual: keyof Sorts & string;
  /** A condition that always holds. */
  readonly where?: string;
}

/** A condition on a value that is not just any text. */
interface Filter {
  readonly sql: string;
  readonly input: z.ZodType<string>;
}

/** Filters by an instant: ISO 8601 with its offset, nothing else that Postgres would take for one. */
export const byInstant = (sql: string): Filter => ({ sql, input: z.iso.datetime({ offset: true }) });

/** Filters by an ISO 8601 date. */
export const byDay = (sql: string): Filter => ({ sql, input: z.iso.date() });

/** Filters by whether something holds: `true` or `false`; the condition compares an expression that is one or the other. */
export const byFlag = (holds: string): Filter => ({ sql: `(${holds}) = ?::boolean`, input: z.enum(['true', 'false']) });

const FilterText = z.string().min(1).max(200);

type ListInput = { readonly limit: string; readonly cursor?: string | undefined; readonly sort: string } & Readonly<
  Record<string, string | undefined>
>;

/** A list in pages by keyset: filters and sorts are the allow-listed ones, every row is seen once however the list grows meanwhile. */
export function listing<F extends Fields, Sorts extends Record<string, Sort>>(
  definition: Listing<F, Sorts>,
): Query<z.ZodType<ListInput>, Page<AnswerOf<F>>> {
  const within = definition.within ?? {};
  const given = Object.entries(definition.filters ?? {}).map(([name, filter]) => {
    const { sql, input } = typeof filter === 'string' ? { sql: filter, input: FilterText } : filter;
    return { name: `filter[${name}]`, sql, input };
  });
  const filters = Object.fromEntries(given.map(({ name, sql }) => [name, sql]));
  const item = answerSchema(definition.fields);
  return query({
    type: definition.type,
    summary: definition.summary,
    route: definition.route,
    permission: definition.permission,
    reads: definition.reads,
    ...(definition.ledger === undefined ? {} : { ledger: definition.ledger }),
    input: z.strictObject({
      limit: Limit,
      cursor: z.string().max(2_000).optional(),
      sort: z.enum(Object.keys(definition.sorts) as [string, ...string[]]).default(definition.usual),
      ...Object.fromEntries(Object.keys(within).map(name => [name, z.string().max(200)])),
      ...Object.fromEntries(given.map(({ name, input }) => [name, input.optional()])),
    }) as unknown as z.ZodType<ListInput>,
    output: z.strictObject({ items: z.array(item), next: z.string().nullable() }) as unknown as z.ZodType<Page<AnswerOf<F>>>,
    exports: 'items',
    answer: (db, input) => page(db, definition, { ...within, ...filters }, input),
  });
}

async function page<F extends Fields, Sorts extends Record<string, Sort>>(
  db: ReadDatabase,
  { fields, from, key, sorts, type, where }: Listing<F, Sorts>,
  conditionsByName: Readonly<Record<string, string>>,
  input: ListInput,
): Promise<Page<AnswerOf<F>>> {
  const parameters: unknown[] = [];
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const sort = sorts[input.sort] as Sort;
  const conditions = where === undefined ? [] : [where];
  for (const [name, condition] of Object.entries(conditionsByName)) {
    const value = input[name];
    if (value !== undefined) conditions.push(condition.replaceAll('?', bind(value)));
  }
  const scope = JSON.stringify([type, input.sort, conditions.length]);
  if (input.cursor !== undefined) {
    const [madeFor, last, lastKey] = db.unseal(input.cursor);
    if (madeFor !== scope) throw new BadCursor('The cursor belongs to another list');
    conditions.push(`(${sort.sql}, ${key}) ${sort.descending ? '<' : '>'} (${bind(last)}, ${bind(lastKey)})`);
  }
  const limit = Number(input.limit);
  const direction = sort.descending ? 'desc' : 'asc';
  const rows = await db.rows(
    `select ${selectList(fields)}, (${sort.sql})::text as sort_value, ${key} as sort_key from ${from}
     ${conditions.length === 0 ? '' : `where ${conditions.map(condition => `(${condition})`).join(' and ')}`}
     order by ${sort.sql} ${direction}, ${key} ${direction} limit ${limit + 1}`,
    parameters,
  );
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(row => readFields(fields, row)),
    next: rows.length > limit && last !== undefined ? db.seal([scope, last['sort_value'], last['sort_key']]) : null,
  };
}

/** One record by the id in its path, with the same fields as its list has. */
export function record<F extends Fields>(
  definition: Source<F> & {
    readonly type: string;
    readonly summary: string;
    readonly route: Route;
    readonly noun: string;
    readonly key: string;
  },
): Query<z.ZodObject<{ id: z.ZodString }>, AnswerOf<F>> {
  const { fields, from, key, noun } = definition;
  return query({
    type: definition.type,
    summary: definition.summary,
    route: definition.route,
    permission: definition.permission,
    reads: definition.reads,
    input: z.strictObject({ id: z.string().max(200) }),
    output: answerSchema(fields),
    answer: async (db, { id }) => {
      const [row] = await db.rows(`select ${selectList(fields)} from ${from} where ${key} = $1`, [id]);
      if (row === undefined) throw new NoSuchRecord(noun, id);
      return readFields(fields, row);
    },
  });
}
