/** Hashes of whole tables, computed in Postgres a page at a time, and where two tables first differ. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { rowsOf } from '../database.ts';

const PAGE_ROWS = 2_000;

interface Page {
  /** Key before the first of the page; null at the beginning. */
  readonly after: string | null;
  readonly sha256: string;
}

export interface Digest {
  readonly sha256: string;
  readonly rows: number;
  readonly pages: readonly Page[];
  /** The last key; null in an empty table. */
  readonly last: string | null;
}

interface PageRow {
  readonly rows: number;
  readonly last: string | null;
  readonly sha256: string;
}

const pageOf = (relation: string, columns: string): string =>
  `select ${columns} from ${relation} t where $1::text is null or id > $1 collate "C" order by id limit ${PAGE_ROWS}`;

/** Of all rows as Postgres writes them, in the order of keys: equal exactly when the tables are, byte by byte. */
export async function digestOf(client: pg.PoolClient, relation: string): Promise<Digest> {
  const sql = `select count(*)::integer as rows, max(id) as last,
    encode(sha256(convert_to(coalesce(string_agg(row, e'\\n' order by id), ''), 'UTF8')), 'hex') as sha256
    from (${pageOf(relation, 'id, t::text as row')}) page`;
  const pages: Page[] = [];
  let rows = 0;
  for (let after: string | null = null; ; ) {
    const [page]: readonly PageRow[] = await rowsOf<PageRow>(client, sql, [after]);
    if (page === undefined || page.rows === 0) return { sha256: hashOf(pages), rows, pages, last: after };
    pages.push({ after, sha256: page.sha256 });
    rows += page.rows;
    after = page.last;
  }
}

const hashOf = (pages: readonly Page[]): string =>
  createHash('sha256')
    .update(pages.map(({ sha256 }) => sha256).join('\n'))
    .digest('hex');

type Side = readonly [client: pg.PoolClient, relation: string];

/** The first row after a key in which two tables differ, without its values. */
export async function differenceIn(live: Side, fresh: Side, after: string | null): Promise<string> {
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

async function rowsAfter([client, relation]: Side, after: string | null): Promise<ReadonlyMap<string, Content>> {
  const rows = await rowsOf<Content & { id: string }>(client, pageOf(relation, 'id, t::text as text, to_jsonb(t) as columns'), [after]);
  return new Map(rows.map(({ id, ...content }) => [id, content]));
}

const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
