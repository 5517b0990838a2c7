/**
 * Whether the views are what the log makes of them: each is folded anew from the beginning up to where it stands, into tables
 * that only this connection sees, and compared row by row. Live and dead databases alike: a worker may go on meanwhile, since
 * all views are read as of one moment.
 */
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import type { AnyProjection } from '../../kernel/projection.ts';
import { bePatient, connected, rowsOf, transaction, transactionOn } from '../database.ts';
import type { EventLog } from '../event-log/port.ts';
import { project } from './batch.ts';
import { type Build, comparable, createTable, shapeOf, viewOf } from './ddl.ts';
import { type Digest, differenceIn, digestOf } from './digest.ts';
import { factOf } from './fact.ts';

export interface ComparisonOptions {
  readonly pool: pg.Pool;
  readonly log: Pick<EventLog, 'readAll'>;
  readonly registry: Pick<Registry, 'projections' | 'events'>;
}

/** What became of comparing one view. */
export interface ViewComparison {
  readonly name: string;
  readonly equal: boolean;
  /** Position at which it was compared, as decimal text; null when it has seen nothing. */
  readonly at: string | null;
  /** Rows of the live view. */
  readonly rows: number;
  /** SHA-256 over the rows in the order of their keys; empty where nothing could be compared. */
  readonly live: string;
  readonly fresh: string;
  /** Where they first differ: the key and the names of columns, no values, since those may be personal. */
  readonly firstDifference?: string;
}

const PAGE_MAX = 1_000;
/** A schema of the connection's own, gone with it. */
const TEMPORARY = 'pg_temp';

/** @throws DatabaseUnavailable, LogUnavailable */
export async function compareViews({ pool, log, registry }: ComparisonOptions): Promise<readonly ViewComparison[]> {
  const projections = [...registry.projections.values()].filter(({ keptBy }) => keptBy === undefined);
  const shown = await shownNames(pool);
  const begin = beginLocked(projections.filter(({ name }) => shown.has(name)));
  return transaction(
    pool,
    async live => {
      await bePatient(live);
      const standings = await standingsOf(live, projections);
      return withConnection(pool, async scratch => {
        await foldAll(scratch, standings, log, registry);
        const results: ViewComparison[] = [];
        for (const standing of standings) results.push(await compared(live, scratch, standing));
        return results;
      });
    },
    begin,
  );
}

/** What is shown cannot be exchanged while it is compared. The locks come before the snapshot, so they hold what it sees. */
const beginLocked = (projections: readonly AnyProjection[]): string =>
  [
    'begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout = 0',
    ...projections.map(projection => `lock table ${viewOf(projection)} in access share mode`),
  ].join('; ');

async function withConnection<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await connected(pool);
  try {
    return await work(client);
  } finally {
    // Closed, not given back: its temporary tables go with it.
    client.release(true);
  }
}

async function shownNames(pool: pg.Pool): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ name: string }>('select name from ops.checkpoints where shown');
  return new Set(rows.map(({ name }) => name));
}

/** A view and where it stands. */
interface Standing {
  readonly build: Build;
  readonly position: bigint | undefined;
  /** Why it cannot be compared, or why folding it anew failed. */
  problem: string | undefined;
}

interface ShownRow {
  readonly name: string;
  readonly version: number;
  readonly position: string | null;
  readonly shape: string;
}

async function standingsOf(client: pg.PoolClient, projections: readonly AnyProjection[]): Promise<readonly Standing[]> {
  const rows = await rowsOf<ShownRow>(client, 'select name, version, position::text, shape from ops.checkpoints where shown');
  const pasts = await rowsOf<{ name: string }>(client, `select viewname as name from pg_views where schemaname = 'read_past'`);
  return projections.map(projection => {
    const row = rows.find(({ name }) => name === projection.name);
    return {
      build: { projection, generation: 1, schema: TEMPORARY },
      position: row?.position == null ? undefined : BigInt(row.position),
      problem: problemOf(projection, row, new Set(pasts.map(({ name }) => name))),
    };
  });
}

/** What was made by other functions is compared all the same: what they were says less than what they made. */
function problemOf(projection: AnyProjection, row: ShownRow | undefined, pasts: ReadonlySet<string>): string | undefined {
  if (row === undefined) return 'it was never built here';
  if (row.version !== projection.version || row.shape !== shapeOf(projection))
    return `it was built as version ${row.version} of other code; a worker with this code builds it anew`;
  if (projection.versioned && !pasts.has(projection.table.name)) return 'its past was not kept; a worker with this code builds it anew';
  return undefined;
}

/** One pass over the log for all views, each up to where it stands. */
async function foldAll(
  client: pg.PoolClient,
  standings: readonly Standing[],
  log: Pick<EventLog, 'readAll'>,
  registry: Pick<Registry, 'events'>,
): Promise<void> {
  await client.query(standings.map(({ build }) => createTable(build)).join(';\n'));
  const end = standings.reduce((furthest, { position = -1n }) => (position > furthest ? position : furthest), -1n);
  for (let last: bigint | undefined; (last ?? -1n) < end; ) {
    const events = await log.readAll(last, PAGE_MAX);
    if (events.length === 0) return;
    last = events.at(-1)?.position;
    const facts = events.flatMap(event => factOf(event, registry) ?? []);
    await transactionOn(client, async () => {
      for (const standing of standings.filter(({ problem }) => problem === undefined)) {
        const upTo = standing.position ?? -1n;
        standing.problem = await project(
          client,
          standing.build,
          facts.filter(({ position }) => position <= upTo),
        );
      }
    });
  }
}

async function compared(live: pg.PoolClient, scratch: pg.PoolClient, { build, position, problem }: Standing): Promise<ViewComparison> {
  const { name } = build.projection;
  const at = position?.toString() ?? null;
  if (problem !== undefined) return { name, equal: false, at, rows: 0, live: '', fresh: '', firstDifference: problem };
  const [here, there] = [comparable(build.projection), comparable(build.projection, build)];
  const [shown, fresh]: [Digest, Digest] = [await digestOf(live, here), await digestOf(scratch, there)];
  const result = { name, at, rows: shown.rows, live: shown.sha256, fresh: fresh.sha256 };
  if (shown.sha256 === fresh.sha256) return { ...result, equal: true };
  const page = shown.pages.find(({ sha256 }, index) => sha256 !== fresh.pages[index]?.sha256);
  const after = page === undefined ? shown.last : page.after;
  const firstDifference = await differenceIn([live, here], [scratch, there], after);
  return { ...result, equal: false, firstDifference };
}
