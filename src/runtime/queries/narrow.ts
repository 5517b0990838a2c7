/**
 * Gives a query the tables it declared, under their own names and narrowed to the rows its caller may see, as common table
 * expressions before its own SQL. How far this holds: the session's search path is empty, so a bare name reaches one of these
 * expressions or nothing, and a name with a schema is refused here. SQL is written by us, never by callers; this guards
 * against forgetting, not against malice.
 */
import type { Caller } from '../../kernel/authority.ts';
import type { AnyProjection } from '../../kernel/projection.ts';
import type { AnyQuery } from '../../kernel/query.ts';

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const SCHEMA_NAMED = /\b(read|read_data|ops|eventstore|public|pg_catalog|information_schema)"?\s*\./i;
const OWN_WITH = /^\s*with\s+(recursive\s+)?/i;

/** @throws when the SQL names a schema */
export function narrow(query: AnyQuery, caller: Caller, sql: string, parameters: readonly unknown[]): Statement {
  if (SCHEMA_NAMED.test(sql)) throw new Error(`${query.type} names a schema; a query reads the tables it declared, by their bare names`);
  if (query.reads.length === 0) return { text: sql, values: parameters };
  const values = [...parameters];
  let ownerPlace: string | undefined;
  const owner = (): string => (ownerPlace ??= `$${values.push(caller.actor.id)}::text`);
  const tables = query.reads.map(
    read => `${read.table.name} as not materialized (select * from read.${read.table.name} where ${visible(query, read, caller, owner)})`,
  );
  const own = OWN_WITH.exec(sql);
  const rest = own === null ? ` ${sql}` : `, ${sql.slice(own[0].length)}`;
  return { text: `with ${own?.[1] ?? ''}${tables.join(', ')}${rest}`, values };
}

/** The condition under which a row of a table is this caller's to see. */
function visible(query: AnyQuery, { ownRows }: AnyProjection, caller: Caller, owner: () => string): string {
  if (ownRows === undefined) return ownsSome(query, caller) ? 'true' : 'false';
  if (caller.may(ownRows.permission)) return 'true';
  return caller.mayOwn(ownRows.permission) ? `${ownRows.owner} = ${owner()}` : 'false';
}

/** A right to one's own records shows nothing where no table says whose its rows are. */
const ownsSome = (query: AnyQuery, caller: Caller): boolean =>
  caller.may(query.permission) || query.reads.some(({ ownRows }) => ownRows?.permission === query.permission);
