import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connected, rowsOf, transactionOn } from './database.ts';

const RETRY_MS = 250;
const RENEW_EVERY_MS = 500;
/** After so much silence an owner is taken to be frozen. Well above any pause of a process that is merely busy. */
const SILENCE_MS_MAX = 2_000;

const HOLDER = `${hostname()} process ${process.pid}`;

/** The lock and the news of who holds it come in one statement: there is no owner whose silence cannot be measured. */
const CLAIM = `
  with turn as materialized (select pg_try_advisory_lock(hashtextextended('throughline/' || $1, 0)) as mine),
  noted as (
    insert into ops.leases (name, holder, backend_pid, renewed_at)
    select $1, $2, pg_backend_pid(), clock_timestamp() from turn where mine
    on conflict (name) do update
    set holder = excluded.holder, backend_pid = excluded.backend_pid, renewed_at = excluded.renewed_at
  )
  select mine from turn`;

/** A frozen owner's connection is ended by the server: what it had begun is undone, and it can write nothing any more. */
const FENCE_FROZEN = `
  select pg_terminate_backend(l.pid) from pg_locks l join ops.leases on leases.name = $1 and leases.backend_pid = l.pid
  where l.locktype = 'advisory' and l.granted and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())
  and (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('throughline/' || $1, 0)
  and leases.renewed_at < clock_timestamp() - make_interval(secs => $2::numeric / 1000)`;

const RENEW = 'update ops.leases set renewed_at = clock_timestamp() where name = $1 and backend_pid = $2 returning name';

/**
 * The right to be the one writer of something, held by one connection through an advisory lock. All its writing goes over that
 * very connection, so an owner that froze and lost the lock can write nothing more, and others wait for their turn. The owner
 * shows every half second that it is alive; one that falls silent is fenced off by whoever waits.
 */
export class Ownership {
  readonly #client: pg.PoolClient;
  readonly #pool: pg.Pool;
  readonly #what: string;
  #heartbeat: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #released = false;

  private constructor(client: pg.PoolClient, pool: pg.Pool, what: string) {
    this.#client = client;
    this.#pool = pool;
    this.#what = what;
  }

  /** Waits until nobody else has it; undefined when the signal fires before. @throws DatabaseUnavailable */
  static async claim(pool: pg.Pool, what: string, signal: AbortSignal): Promise<Ownership | undefined> {
    const owner = new Ownership(await connected(pool), pool, what);
    try {
      // An owner whose machine vanished without a word loses the lock after about 20 seconds, if nobody waits for it.
      await rowsOf(owner.#client, 'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 3; set tcp_keepalives_count = 3');
      while (!signal.aborted) {
        if (await owner.#tryOnce()) return owner;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    } catch (error) {
      owner.release();
      throw error;
    }
    owner.release();
    return undefined;
  }

  async #tryOnce(): Promise<boolean> {
    const [answer] = await rowsOf<{ mine: boolean }>(this.#client, CLAIM, [this.#what, HOLDER]);
    if (answer?.mine) this.#beat(await backendOf(this.#client));
    else await rowsOf(this.#client, FENCE_FROZEN, [this.#what, SILENCE_MS_MAX]);
    return answer?.mine === true;
  }

  /** Over other connections than its own, which may be busy with a long statement. */
  #beat(backend: number): void {
    let renewing = false;
    this.#heartbeat = setInterval(async () => {
      if (renewing) return;
      renewing = true;
      const renewed = await rowsOf(this.#pool, RENEW, [this.#what, backend]).catch(() => undefined);
      renewing = false;
      // Without an answer others decide; but who sees another's name in its place has lost.
      if (renewed?.length === 0) this.release();
    }, RENEW_EVERY_MS);
    this.#heartbeat.unref();
  }

  /** All of the work or none of it; one at a time. @throws DatabaseUnavailable */
  transaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return this.#turn(() => transactionOn(this.#client, work));
  }

  /** Rows of one statement in a transaction of its own. @throws DatabaseUnavailable, else what Postgres says */
  rows<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.#turn(() => rowsOf<Row>(this.#client, sql, parameters));
  }

  /** Closes the connection, which frees the lock and rolls back what was under way. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#heartbeat);
    this.#client.release(true);
  }

  /** A statement sent while a transaction is under way on the same connection would become a part of it. */
  #turn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

async function backendOf(client: pg.PoolClient): Promise<number> {
  const [row] = await rowsOf<{ pid: number }>(client, 'select pg_backend_pid() as pid');
  return row?.pid ?? 0;
}

/** Who does what only one may do. */
export interface Lease {
  /** What it is the right to: `projector`, `sagas` … */
  readonly name: string;
  /** Machine and process. */
  readonly holder: string;
  /** How long ago the holder last showed that it is alive. */
  readonly silentMs: number;
}

/** All leases there are, those of owners that ended included. @throws DatabaseUnavailable */
export const readLeases = (pool: pg.Pool): Promise<readonly Lease[]> =>
  rowsOf<Lease>(
    pool,
    `select name, holder, (extract(epoch from clock_timestamp() - renewed_at) * 1000)::integer as "silentMs"
     from ops.leases order by name`,
  );
