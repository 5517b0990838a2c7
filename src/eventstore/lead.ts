/**
 * The one connection that may write. It holds an advisory lock for as long as it lives; Postgres gives the lock away only
 * when the connection's backend is gone, so whoever holds it knows that every earlier write is settled, one way or the other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Slot } from './group.ts';
import { createTable, demandFitness, readSettings } from './schema.ts';

const CONNECT_TIMEOUT_MS = 2_000;
const STATEMENT_TIMEOUT_MS = 5_000;
/** Longer than the statement's own time-out, so that only a frozen server is cut off blindly. */
const ANSWER_TIMEOUT_MS = 6_000;
const LOCK_RETRY_MS = 50;
/** How many of the newest event ids are remembered, to recognise repeated appends that name no revision. */
export const RECENT_IDS_MAX = 16_384;

export interface Lead {
  readonly client: pg.Client;
  /** Position of the newest event; 0 in an empty log. */
  readonly head: bigint;
  /** Newest last. */
  readonly recent: readonly Slot[];
}

/** Another node holds the lock. */
export class AnotherNodeWrites extends Error {
  override readonly name = 'AnotherNodeWrites';
  constructor() {
    super('Another node is already writing to this database; only one may.');
  }
}

/**
 * Connects, demands fitness, takes the lock within `patienceMs` and reads where the log stands.
 * @param node names this node's connections, so that it can end one of its own that got stuck and still holds the lock
 * @throws AnotherNodeWrites, UnfitDatabase, or what Postgres says
 */
export async function takeLead(databaseUrl: string, node: string, patienceMs: number): Promise<Lead> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: node,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    // A node whose machine vanished without a word loses the lock after about 20 seconds. Its few statements are planned once.
    options: '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3 -c plan_cache_mode=force_generic_plan',
  });
  // A connection may break at any time, also between queries; the writer listens once it has the lead.
  client.on('error', () => {});
  try {
    await client.connect();
    demandFitness(await readSettings(client));
    await lock(client, node, patienceMs);
    await createTable(client);
    const recent = await newestSlots(client);
    return { client, head: recent.at(-1)?.position ?? 0n, recent };
  } catch (error) {
    abandon(client);
    throw error;
  }
}

/** Closes a connection without waiting for a server that may never answer. */
export function abandon(client: pg.Client): void {
  client.end().catch(() => {});
}

async function lock(client: pg.Client, node: string, patienceMs: number): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await tryLock(client))) {
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()', [
      node,
    ]);
    if (performance.now() >= giveUpAt) throw new AnotherNodeWrites();
    await sleep(LOCK_RETRY_MS);
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    "select pg_try_advisory_lock(hashtextextended('throughline/eventstore', 0)) as locked",
  );
  return rows[0]?.locked === true;
}

async function newestSlots(client: pg.Client): Promise<Slot[]> {
  const { rows } = await client.query<[string, string, string, string]>({
    text: 'select id, stream, revision, position from eventstore.events order by position desc limit $1',
    values: [RECENT_IDS_MAX],
    rowMode: 'array',
  });
  return rows.reverse().map(([id, stream, revision, position]) => ({ id, stream, revision: BigInt(revision), position: BigInt(position) }));
}
