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
  #released = false;

  private constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** Waits until nobody else has it; undefined when the signal fires before. @throws DatabaseUnavailable */
  static async claim(pool: pg.Pool, what: string, signal: AbortSignal): Promise<Ownership | undefined> {
    const owner = new Ownership(await connected(pool));
    try {
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
    return transactionOn(this.#client, work);
  }

  /** Closes the connection, which frees the lock and rolls back what was under way. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#client.release(true);
  }
}
