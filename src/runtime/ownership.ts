import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connected, rowsOf, transactionOn } from './database.ts';

const RETRY_MS = 500;

/**
 * The right to be the one writer of something, held by one connection through an advisory lock. All its writing goes over that
 * very connection, so an owner that froze and lost the lock can write nothing more, and others wait for their turn.
 */
export class Ownership {
  readonly #client: pg.PoolClient;
  #last: Promise<unknown> = Promise.resolve();
  #released = false;

  private constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** Waits until nobody else has it; undefined when the signal fires before. @throws DatabaseUnavailable */
  static async claim(pool: pg.Pool, what: string, signal: AbortSignal): Promise<Ownership | undefined> {
    const owner = new Ownership(await connected(pool));
    try {
      // An owner whose machine vanished without a word loses the lock after about 20 seconds.
      await rowsOf(owner.#client, 'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 3; set tcp_keepalives_count = 3');
      while (!signal.aborted) {
        const [answer] = await rowsOf<{ mine: boolean }>(owner.#client, `select pg_try_advisory_lock(hashtextextended($1, 0)) as mine`, [
          `throughline/${what}`,
        ]);
        if (answer?.mine) return owner;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    } catch (error) {
      owner.release();
      throw error;
    }
    owner.release();
    return undefined;
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
    this.#client.release(true);
  }

  /** A statement sent while a transaction is under way on the same connection would become a part of it. */
  #turn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
