/**
 * How statements go to Postgres: those that come again get a name, so that they are parsed and planned once a connection instead
 * of every time, and those of one turn go out in one write.
 */
import pg from 'pg';

/** Seen so often, a statement is worth keeping on every connection that runs it. */
const WORTH_KEEPING = 3;
/** Plans lie in the memory of each server process; a statement beyond so many is planned anew each time. */
const NAMED_MAX = 400;
/** Texts counted at most: those of lists with rare filters come and go. */
const COUNTED_MAX = 2_000;

type Callback = (error: unknown, result?: unknown) => void;
type Query = (...given: readonly unknown[]) => unknown;

class Names {
  readonly #seen = new Map<string, number>();
  readonly #named = new Map<string, string>();
  #given = 0;

  /** Undefined for a text that is new, or one too many. */
  of(text: string): string | undefined {
    const known = this.#named.get(text);
    if (known !== undefined) return known;
    if (this.#named.size >= NAMED_MAX) return undefined;
    const seen = (this.#seen.get(text) ?? 0) + 1;
    if (this.#seen.size >= COUNTED_MAX) this.#seen.clear();
    this.#seen.set(text, seen);
    return seen < WORTH_KEEPING ? undefined : this.renew(text);
  }

  /** A name that no connection knows yet. */
  renew(text: string): string {
    const name = `s${++this.#given}`;
    this.#seen.delete(text);
    this.#named.set(text, name);
    return name;
  }
}

/** Of this process: connections come and go, the texts stay the same. */
const names = new Names();

/** A table behind a prepared statement was given other columns; under a new name the same statement works. */
export const isOutdated = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery';

/** From now on the connection prepares what comes again with parameters. Text without parameters may be several statements: it stays as it is. */
export function prepareRepeated(client: pg.ClientBase): void {
  const plain = client.query.bind(client) as Query;
  const prepared: Query = (text, values, callback) => {
    const name = typeof text === 'string' && Array.isArray(values) && values.length > 0 ? names.of(text) : undefined;
    if (name === undefined) return plain(text, values, callback);
    const heed = (error: unknown): void => {
      if (isOutdated(error)) names.renew(text as string);
    };
    const statement = { name, text, values };
    return typeof callback === 'function' ? plain(statement, heeding(callback as Callback, heed)) : passedOn(plain(statement), heed);
  };
  client.query = prepared as typeof client.query;
}

/** What is asked in one turn of the event loop goes out in one write: of a small statement the way to the server costs the most. */
export function sendTogether(client: pg.ClientBase & { readonly connection?: pg.Connection }): void {
  const stream = client.connection?.stream;
  if (stream === undefined) return;
  const query = client.query.bind(client) as Query;
  let gathering = false;
  const gathered: Query = (...given) => {
    if (!gathering) {
      gathering = true;
      stream.cork();
      process.nextTick(() => {
        gathering = false;
        stream.uncork();
      });
    }
    return query(...given);
  };
  client.query = gathered as typeof client.query;
}

const heeding =
  (callback: Callback, heed: (error: unknown) => void): Callback =>
  (error, result) => {
    heed(error);
    callback(error, result);
  };

function passedOn(result: unknown, heed: (error: unknown) => void): unknown {
  return (result as Promise<unknown>).catch((error: unknown) => {
    heed(error);
    throw error;
  });
}
