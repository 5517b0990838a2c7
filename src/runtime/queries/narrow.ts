/**
 * Gives a query the tables it declared, under their own names and narrowed to the rows its caller may see, as common table
 * expressions before its own SQL. How far this holds: the session's search path is empty, so a bare name reaches one of these
 * expressions or nothing, and a name with a schema is refused here. SQL is written by us, never by callers; this guards
 * against forgetting, not against malice.
 */
import type { Caller } from '../../kernel/authority.ts';
import { type AnyProjection, placeKey } from '../../kernel/projection.ts';
import type { AnyQuery } from '../../kernel/query.ts';
import { columnNames, FROM, pastViewOf, TO, viewOf } from '../projector/ddl.ts';

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const SCHEMA_NAMED = /\b(read|read_data|read_past|ops|eventstore|public|pg_catalog|information_schema)"?\s*\./i;
const OWN_WITH = /^\s*with\s+(recursive\s+)?/i;

/** Where in the past a statement reads. */
export type Past =
  /** Up to a place in the log: the position of the first event that does not count. */
  | { readonly before: bigint }
  /** Dated rows up to the end of an ISO 8601 date. */
  | { readonly day: string };

/** @throws when the SQL names a schema */
export function narrow(query: AnyQuery, caller: Caller, sql: string, parameters: readonly unknown[], past?: Past): Statement {
  if (SCHEMA_NAMED.test(sql)) throw new Error(`${query.type} names a schema; a query reads the tables it declared, by their bare names`);
  if (query.reads.length === 0) return { text: sql, values: parameters };
  const values = [...parameters];
  const places = new Map<string, string>();
  // Each value has one place, however many tables ask for it.
  const bind = (value: string, type: string): string => {
    const place = places.get(value + type) ?? `$${values.push(value)}::${type}`;
    places.set(value + type, place);
    return place;
  };
  const tables = query.reads.map(read => {
    const { relation, condition } = sourceOf(read, past, bind);
    const conditions = [condition, visible(query, read, caller, past, bind)].join(' and ');
    return `${read.table.name} as not materialized (select ${columnNames(read).join(', ')} from ${relation} where ${conditions})`;
  });
  const own = OWN_WITH.exec(sql);
  const rest = own === null ? ` ${sql}` : `, ${sql.slice(own[0].length)}`;
  return { text: `with ${own?.[1] ?? ''}${tables.join(', ')}${rest}`, values };
}

type Bind = (value: string, type: string) => string;

interface Source {
  readonly relation: string;
  /** Which of its rows count, before it is asked who asks. */
  readonly condition: string;
}

const everything = (read: AnyProjection): Source => ({ relation: viewOf(read), condition: 'true' });

/** What a table is read from. Rows of a chronicle never change; those of other tables are kept as they were. */
export function sourceOf(read: AnyProjection, past: Past | undefined, bind: Bind): Source {
  if (past === undefined) return everything(read);
  if ('day' in past)
    return read.dated === undefined
      ? everything(read)
      : { relation: viewOf(read), condition: `(${read.dated} is null or ${read.dated} <= ${bind(past.day, 'date')})` };
  if (read.every !== undefined) return { relation: viewOf(read), condition: `id < ${bind(placeKey(past.before.toString()), 'text')}` };
  const before = bind(past.before.toString(), 'bigint');
  return { relation: pastViewOf(read), condition: `${FROM} < ${before} and (${TO} is null or ${TO} >= ${before})` };
}

/**
 * The condition under which a row of a table is this caller's to see. Rights are today's, in the past too: who hands a record
 * on loses sight of its past, and who answers for it today sees all of it. What is gone today belongs to nobody.
 */
function visible(query: AnyQuery, read: AnyProjection, caller: Caller, past: Past | undefined, bind: Bind): string {
  const { ownRows } = read;
  if (ownRows === undefined) return ownsSome(query, caller) ? 'true' : 'false';
  if (caller.may(ownRows.permission)) return 'true';
  if (!caller.mayOwn(ownRows.permission)) return 'false';
  const who = bind(caller.actor.id, 'text');
  const { owner, observers } = ownRows;
  const owned = observers === undefined ? `${owner} = ${who}` : `(${owner} = ${who} or ${observers} @> array[${who}])`;
  return past !== undefined && 'before' in past ? `id in (select id from ${viewOf(read)} where ${owned})` : owned;
}

/** A right to one's own records shows nothing where no table says whose its rows are. */
const ownsSome = (query: AnyQuery, caller: Caller): boolean =>
  caller.may(query.permission) || query.reads.some(({ ownRows }) => ownRows?.permission === query.permission);
