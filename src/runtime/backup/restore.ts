/** Restores a backup into an empty database, all of it or nothing. */
import pg from 'pg';
import { createTable } from '../../eventstore/schema.ts';
import type { Clock } from '../clock.ts';
import { bePatient, openPool, type Queryable, rowsOf, transaction } from '../database.ts';
import { migrate } from '../migrations/migrate.ts';
import { lastBlock } from '../proof/blocks.ts';
import type { HeadWriter } from '../proof/heads.ts';
import { StartRefused } from '../supervisor/refused.ts';
import { type BackupFile, type Header, type Line, readBackup } from './format.ts';
import { backedUp } from './tables.ts';

export interface RestoreOptions {
  readonly url: string;
  readonly path: string;
  /** Writes into the record of heads that the log was restored. */
  readonly heads: HeadWriter;
  readonly clock: Clock;
}

export interface RestoreSummary {
  readonly rows: number;
  readonly header: Header;
}

const ROWS_AT_ONCE = 200;
const BYTES_AT_ONCE = 4 * 1024 * 1024;
const CONNECTIONS_MAX = 2;

/** @throws StartRefused when the file is damaged or of a newer version, or when the database is not empty */
export async function restore({ url, path, heads, clock }: RestoreOptions): Promise<RestoreSummary> {
  const backup = await readBackup(path);
  const pool = openPool(url, { max: CONNECTIONS_MAX });
  try {
    await demandEmpty(pool);
    await shape(pool, url, backup.header);
    const rows = await transaction(pool, client => load(client, backup));
    await tellHeads(pool, heads, clock);
    return { rows, header: backup.header };
  } finally {
    await pool.end();
  }
}

async function demandEmpty(database: Queryable): Promise<void> {
  for (const table of ['eventstore.events', 'ops.sagas', 'ops.passwords']) {
    const [there] = await rowsOf<{ there: boolean }>(database, 'select to_regclass($1) is not null as there', [table]);
    const [row] = there?.there ? await rowsOf(database, `select from ${table} limit 1`) : [];
    if (row !== undefined)
      throw new StartRefused(
        `${table} holds something already; restore into a database, or a data folder, in which nothing was ever done.`,
      );
  }
}

/** The tables as they were when the backup was made; the next start brings them to the shape of its version. */
async function shape(pool: pg.Pool, url: string, { migrations }: Header): Promise<void> {
  await migrate(pool, new Set(migrations)).catch((error: Error) => {
    throw new StartRefused(`The backup does not fit this version: ${error.message}`);
  });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await createTable(client);
  } finally {
    await client.end();
  }
}

async function load(client: pg.PoolClient, { lines }: BackupFile): Promise<number> {
  await bePatient(client);
  const known = new Set((await backedUp(client)).map(({ table }) => table));
  await client.query(`truncate ${[...known].join(', ')}`);
  let rows = 0;
  for await (const { table, batch } of batches(lines)) {
    // Names are put into statements below, and a file may come from anywhere.
    if (!known.has(table)) throw new StartRefused(`The backup holds the table ${table}, which is not known here.`);
    await client.query(
      `insert into ${table} select (given.row).* from (select text::${table} as row from unnest($1::text[]) as texts(text) offset 0) given`,
      [batch],
    );
    rows += batch.length;
  }
  return rows;
}

/** Rows of one table at a time, bounded in number and bytes. */
async function* batches(lines: AsyncIterable<Line>): AsyncGenerator<{ readonly table: string; readonly batch: readonly string[] }, void> {
  let table = '';
  let batch: string[] = [];
  let bytes = 0;
  for await (const line of lines) {
    const isFull = batch.length >= ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE;
    if (batch.length > 0 && ('table' in line || isFull)) {
      yield { table, batch };
      batch = [];
      bytes = 0;
    }
    if ('table' in line) table = line.table;
    else {
      batch.push(line.row);
      bytes += line.row.length;
    }
  }
  if (batch.length > 0) yield { table, batch };
}

/** From here on the log goes another way than heads say that were signed after the backup. */
async function tellHeads(pool: pg.Pool, heads: HeadWriter, clock: Clock): Promise<void> {
  const last = await lastBlock(pool);
  if (last === undefined) return;
  const { logId, block } = last;
  const hash = block.hash.toString('hex');
  await heads.add({ logId, position: `${block.position}`, events: block.events, hash, at: clock.now(), restored: true });
}
