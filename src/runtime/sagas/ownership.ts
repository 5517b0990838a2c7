import type pg from 'pg';
import { connected, transactionOn } from '../database.ts';
import { DatabaseUnavailable } from '../queries/port.ts';

/**
 * The right to run sagas, held by one connection through an advisory lock. Whatever the runner writes goes over that very
 * connection, so an owner that froze and lost it can write nothing more, and a second worker waits.
 */
export class Ownership {
  readonly #client: pg.PoolClient;
  readonly #lost = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  private constructor(client: pg.PoolClient) {
    this.#client = client;
    client.on('error', this.#onError);
  }

  /** The ownership, or undefined while another one has it. @throws when Postgres does not answer */
  static async claim(pool: pg.Pool): Promise<Ownership | undefined> {
    const owner = new Ownership(await connected(pool));
    try {
      const [answer] = await owner.query<{ mine: boolean }>(
        `select pg_try_advisory_lock(hashtext('throughline'), hashtext('sagas')) as mine`,
      );
      if (answer?.mine === true) return owner;
    } catch (error) {
      owner.release();
      throw error;
    }
    owner.release();
    return undefined;
  }

  /** Fires when the connection is gone, and the ownership with it. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** One statement in a transaction of its own. @throws DatabaseUnavailable, after which the ownership is lost */
  async query<Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<readonly Row[]> {
    return (await this.#turn(() => this.#client.query<Row>(sql, parameters))).rows;
  }

  /** All of the work or none of it. @throws DatabaseUnavailable, after which the ownership is lost */
  transaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    return this.#turn(() => transactionOn(this.#client, work));
  }

  /** Closes the connection, which frees the lock and rolls back what was under way. */
  release(): void {
    this.#lost.abort();
    this.#client.off('error', this.#onError);
    this.#client.release(true);
  }

  /** Lets transactions of different loops run one after the other; any failure gives the ownership up. */
  #turn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(async () => {
      if (this.#lost.signal.aborted) throw new DatabaseUnavailable('The connection that runs sagas is gone');
      try {
        return await work();
      } catch (error) {
        this.#lost.abort();
        throw new DatabaseUnavailable(`The connection that runs sagas failed: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  readonly #onError = (): void => this.#lost.abort();
}
