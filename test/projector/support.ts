import type pg from 'pg';
import { afterEach, expect } from 'vitest';
import { openPool, rowsOf } from '../../src/runtime/database.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { type ProjectorOptions, startProjector } from '../../src/runtime/projector/projector.ts';
import { freshDatabase } from '../support/postgres.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Does this when the test is over, before what was put off earlier. */
export const afterwards = (end: () => Promise<unknown>): number => endings.push(end);

export interface Ground {
  readonly url: string;
  readonly pool: pg.Pool;
}

/** A migrated database and a pool on it, gone after the test. */
export async function ground(): Promise<Ground> {
  const database = await freshDatabase();
  afterwards(() => database.drop());
  const pool = openAnother(database.url);
  await migrate(pool);
  return { url: database.url, pool };
}

export function openAnother(url: string): pg.Pool {
  const pool = openPool(url, { max: 8 });
  afterwards(() => pool.end());
  return pool;
}

export async function projecting(options: ProjectorOptions): ReturnType<typeof startProjector> {
  const projector = await startProjector(options);
  afterwards(() => projector.stop());
  return projector;
}

export interface CheckpointSeen {
  readonly name: string;
  readonly version: number;
  readonly position: number | null;
  readonly state: string;
  readonly shown: boolean;
  readonly reason: string | null;
}

export const checkpoints = (pool: pg.Pool): Promise<CheckpointSeen[]> =>
  rowsOf(pool, 'select name, version, position, state, shown, reason from ops.checkpoints order by name, version');

/** Waits until `count` projections, or all there are, have passed a position or are stopped. */
export async function passed(pool: pg.Pool, position: bigint | undefined, count = 1): Promise<void> {
  const settled = async (): Promise<boolean> => {
    const known = await checkpoints(pool);
    return known.length >= count && known.every(({ state, position: at }) => state === 'detached' || (at ?? -1) >= Number(position ?? -1));
  };
  await expect.poll(settled, { timeout: 20_000, interval: 10 }).toBe(true);
}

/** Ends the connection of whoever keeps the views, and says how many there were. */
export async function killWriter(pool: pg.Pool): Promise<number> {
  const killed = await rowsOf(
    pool,
    `select pg_terminate_backend(pid) from pg_locks
     where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`,
  );
  return killed.length;
}

/** All rows of a view in the order of their keys, as Postgres itself writes them: equal exactly when the rows are, byte by byte. */
export async function bytesOf(pool: pg.Pool, view: string): Promise<string> {
  const [row] = await rowsOf<{ bytes: string }>(
    pool,
    `select coalesce(string_agg(t::text, e'\\n' order by id collate "C"), '') as bytes from ${view} t`,
  );
  return row?.bytes ?? '';
}
