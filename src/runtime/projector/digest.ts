/** Hashes of whole tables, computed in Postgres a page at a time, and where two tables first differ. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { rowsOf } from '../database.ts';
import { FROM, TO } from './ddl.ts';

const PAGE_ROWS = 2_000;

/** Where a page begins: after the row of a key, as it was from a position on; null before the first. */
export type After = readonly [id: string, from: number] | null;

interface Page {
  readonly after: After;
  readonly sha256: string;
}

export interface Digest {
  readonly sha256: string;
  /** Those that are so now. */
  readonly rows: number;
  readonly pages: readonly Page[];
  /** The last row; null in an empty table. */
  readonly last: After;
}

interface PageRow {
  readonly rows: number;
  readonly last: string | null;
  readonly lastFrom: number | null;
  readonly sha256: string;
}

const pageOf = (relation: string, columns: string): string =>
  `select ${columns} from ${relation} t where $1::text is null or (t.id, t.${FROM}) > ($1 collate "C", $2::bigint)
   order by t.id, t.${FROM} limit ${PAGE_ROWS}`;

/**
 * Of all rows of a relation, as Postgres writes them, in the order of keys and of the positions from which they were so: equal
 * exactly when the relations are, byte by byte.
 */
export async function digestOf(client: pg.PoolClient, relation: string): Promise<Digest> {
  const last = (column: string): string => `(array_agg(${column} order by id desc, ${FROM} desc))[1]`;
  const sql = `select (count(*) filter (where ${TO} is null))::integer as rows, ${last('id')} as last, ${last(FROM)} as "lastFrom",
    encode(sha256(convert_to(coalesce(string_agg(row, e'\\n' order by id, ${FROM}), ''), 'UTF8')), 'hex') as sha256
    from (${pageOf(relation, `id, ${FROM}, ${TO}, t::text as row`)}) page`;
  const pages: Page[] = [];
  let rows = 0;
  for (let after: After = null; ; ) {
    const [page]: readonly PageRow[] = await rowsOf<PageRow>(client, sql, [...(after ?? [null, null])]);
    if (page === undefined || page.last === null) return { sha256: hashOf(pages), rows, pages, last: after };
    pages.push({ after, sha256: page.sha256 });
    rows += page.rows;
    after = [page.last, page.lastFrom ?? 0];
  }
}

const hashOf = (pages: readonly Page[]): string =>
  createHash('sha256')
    .update(pages.map(({ sha256 }) => sha256).join('\n'))
    .digest('hex');

type Side = readonly [client: pg.PoolClient, relation: string];

/** The first row after a key in which two tables differ, without its values. */
export async function differenceIn(live: Side, fresh: Side, after: After): Promise<string> {
  const [shown, folded] = [await rowsAfter(live, after), await rowsAfter(fresh, after)];
  const key = [...new Set([...shown.keys(), ...folded.keys()])].sort(bytewise).find(id => shown.get(id)?.text !== folded.get(id)?.text);
  if (key === undefined) return 'the rows differ in their order';
  const [here, there] = [shown.get(key), folded.get(key)];
  if (here === undefined) return `the row ${key} is missing`;
  if (there === undefined) return `the row ${key} should not be there`;
  const columns = Object.keys(there.columns).filter(name => JSON.stringify(here.columns[name]) !== JSON.stringify(there.columns[name]));
  return `the row ${key} differs in ${columns.join(', ')}`;
}

interface Content {
  readonly text: string;
  readonly columns: Readonly<Record<string, unknown>>;
}

async function rowsAfter([client, relation]: Side, after: After): Promise<ReadonlyMap<string, Content>> {
  const named = `case when ${TO} is null then id else id || ' as of position ' || ${FROM} end as id`;
  const rows = await rowsOf<Content & { id: string }>(client, pageOf(relation, `${named}, t::text as text, to_jsonb(t) as columns`), [
    ...(after ?? [null, null]),
  ]);
  return new Map(rows.map(({ id, ...content }) => [id, content]));
}

const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
