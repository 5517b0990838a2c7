/**
 * I4: every read table made anew from the log in another database, compared with the live one. The rows of processes belong
 * to the runner of sagas and not to the projector: they are made anew too, by a second runner that is at its place in the log
 * without sending anything, and compared without their alarms, which history does not set.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openPool } from '../../src/runtime/database.ts';
import { connectEventLog } from '../../src/runtime/event-log/eventstore.ts';
import type { Executor } from '../../src/runtime/executor/port.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { PersonalData } from '../../src/runtime/personal/personal-data.ts';
import { viewOf } from '../../src/runtime/projector/ddl.ts';
import { startProjector } from '../../src/runtime/projector/projector.ts';
import { startSagas } from '../../src/runtime/sagas/runner.ts';
import { query, type Stores } from './house.ts';

const REBUILD_MS_MAX = 60_000;
const LOOK_MS = 50;
const POOL_MAX = 6;

const house = registry(modules);
const TABLES = [...house.projections.values()].filter(({ keptBy }) => keptBy === undefined).map(viewOf);
/** Those of effects stay where they are: nothing is sent again from a copy. */
const TOLD = [...house.projections.values()].filter(({ keptBy }) => keptBy !== 'effects');
/** What the second runner finds begun waits for adoption there, and says so; what it waits for follows from the state. */
const PROCESSES = `(select saga || '~' || instance as id, case status when 'unadopted' then 'running' else status end as status,
  state::text as state, attempt, correlation_id, since, about_category, about_id, refusal from ops.saga_instances)`;

export interface Comparison {
  readonly tables: number;
  readonly rows: number;
  /** Each table that is not the same, with the first row that differs. */
  readonly differences: readonly string[];
}

export async function rebuiltAndCompared(stores: Stores): Promise<Comparison> {
  const { databaseUrl } = stores;
  const name = `rebuilt_${Date.now().toString(36)}`;
  await query(databaseUrl, `create database ${name}`);
  const copyUrl = new URL(databaseUrl);
  copyUrl.pathname = `/${name}`;
  try {
    await rebuild(copyUrl.href, stores);
    return await compared(databaseUrl, copyUrl.href);
  } finally {
    await query(databaseUrl, `drop database if exists ${name} with (force)`);
  }
}

/** Nothing that is read again may act again. */
const unused: Executor = {
  execute: ({ command }) => Promise.reject(new Error(`Reading the log again sent ${command}`)),
};

async function rebuild(copyUrl: string, { databaseUrl, eventstoreUrl, keysDir }: Stores): Promise<void> {
  const pool = openPool(copyUrl, { max: POOL_MAX });
  // The keys of persons are where the house keeps them, not in the copy.
  const live = openPool(databaseUrl, { max: 2 });
  const personal = await PersonalData.open({ pool: live, registry: house, keysDir });
  const log = personal.sealed(connectEventLog({ url: eventstoreUrl }));
  try {
    await migrate(pool);
    const projector = await startProjector({ log, pool, registry: house });
    const sagas = startSagas({ log, pool, registry: house, executor: unused, clock: systemClock });
    await sagas.installed;
    await reached(pool, await log.head()).finally(() => Promise.all([projector.stop(), sagas.stop()]));
  } finally {
    await log.close();
    await personal.close();
    await Promise.all([pool.end(), live.end()]);
  }
}

async function reached(pool: pg.Pool, head: bigint | undefined): Promise<void> {
  const giveUpAt = performance.now() + REBUILD_MS_MAX;
  const sql = `select name, coalesce(position, 0)::text as position, state, reason from ops.checkpoints`;
  for (;;) {
    const { rows } = await pool.query<{ name: string; position: string; state: string; reason: string }>(sql);
    const failed = rows.filter(({ state }) => state === 'detached');
    if (failed.length > 0) throw new Error(`Rebuilding failed: ${failed.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`);
    const behind = rows.filter(({ position }) => BigInt(position) < (head ?? 0n));
    if (rows.length === TOLD.length && behind.length === 0) return;
    if (performance.now() > giveUpAt)
      throw new Error(`Not rebuilt within ${REBUILD_MS_MAX} ms: ${behind.map(({ name }) => name).join(', ')}`);
    await sleep(LOOK_MS);
  }
}

async function compared(liveUrl: string, copyUrl: string): Promise<Comparison> {
  const differences: string[] = [];
  let rows = 0;
  for (const table of [...TABLES, PROCESSES]) {
    const [live, copy] = await Promise.all([contentOf(liveUrl, table), contentOf(copyUrl, table)]);
    rows += live.length;
    if (hashOf(live) !== hashOf(copy)) differences.push(`${table}: ${firstDifference(live, copy)}`);
  }
  return { tables: TABLES.length + 1, rows, differences };
}

/** Each row as Postgres writes it, in the order of keys. */
async function contentOf(url: string, table: string): Promise<readonly string[]> {
  const rows = await query<{ row: string }>(url, `select t::text as row from ${table} t order by id collate "C"`);
  return rows.map(({ row }) => row);
}

const hashOf = (rows: readonly string[]): string => createHash('sha256').update(rows.join('\n')).digest('hex');

function firstDifference(live: readonly string[], copy: readonly string[]): string {
  const index = live.findIndex((row, place) => row !== copy[place]);
  const place = index < 0 ? live.length : index;
  return `live has ${live[place] ?? 'nothing'} where rebuilt has ${copy[place] ?? 'nothing'}`;
}
