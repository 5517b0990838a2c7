/** Backs up a house while it runs: events, sagas, effects and secrets as of one moment. Views are not in it: they follow from the events. */
import type pg from 'pg';
import type { Clock } from '../clock.ts';
import { bePatient, rowsOf, transaction } from '../database.ts';
import { identityIn } from '../proof/table-log.ts';
import { FORMAT, type Header, type Line, writeBackup } from './format.ts';
import { type BackedUp, backedUp } from './tables.ts';

export interface BackupSummary {
  readonly rows: number;
  readonly position: string | null;
}

const ROWS_AT_ONCE = 200;
const ONE_MOMENT = 'begin isolation level repeatable read read only';

/** @throws when the file exists or cannot be written; DatabaseUnavailable */
export async function backUp(pool: pg.Pool, path: string, clock: Clock): Promise<BackupSummary> {
  return transaction(
    pool,
    async client => {
      await bePatient(client);
      const tables = await backedUp(client);
      const header = await headerOf(client, tables, clock.now());
      const counted = { rows: 0 };
      await writeBackup(path, header, linesOf(client, tables, counted));
      return { rows: counted.rows, position: header.position };
    },
    ONE_MOMENT,
  );
}

async function headerOf(client: pg.PoolClient, tables: readonly BackedUp[], at: string): Promise<Header> {
  const migrations = await rowsOf<{ name: string }>(client, 'select name from ops.migrations order by name');
  const hasLog = tables.some(({ table }) => table === '"eventstore"."events"');
  const [newest] = hasLog ? await rowsOf<{ position: string | null }>(client, NEWEST) : [];
  const logId = hasLog ? ((await identityIn(client)) ?? null) : null;
  const names = migrations.map(({ name }) => name);
  return { throughline: 'backup', format: FORMAT, at, logId, position: newest?.position ?? null, migrations: names };
}

const NEWEST = 'select max(position)::text as position from eventstore.events';

async function* linesOf(client: pg.PoolClient, tables: readonly BackedUp[], counted: { rows: number }): AsyncGenerator<Line, void> {
  for (const { table, where } of tables) {
    yield { table };
    await client.query(`declare backup no scroll cursor for select t::text as row from ${table} t where ${where}`);
    for (let rows: { row: string }[] = []; ; ) {
      rows = await rowsOf<{ row: string }>(client, `fetch ${ROWS_AT_ONCE} from backup`);
      yield* rows;
      counted.rows += rows.length;
      if (rows.length < ROWS_AT_ONCE) break;
    }
    await client.query('close backup');
  }
}
