/** The way to Postgres: pools whose values come back as the house writes them, and transactions. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { types } from './database-values.ts';
import { DatabaseUnavailable } from './queries/port.ts';
import { isOutdated, prepareRepeated, sendTogether } from './statements.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Longer than the server's own time-out, so that only a server that answers no more is given up on. */
const ANSWER_TIMEOUT_MS = 35_000;
const LOCK_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const CONNECT_RETRY_MS = 250;

export interface PoolOptions {
  /** Connections at most. */
  readonly max: number;
  /** Told of connections that broke while nobody used them. */
  readonly onError?: (error: Error) => void;
  /**
   * Whether a statement that comes again is planned once for all values: for many small questions, most of whose time would be
   * planning. Questions whose best plan depends on their values want it false.
   */
  readonly plansOnce?: boolean;
}

/**
 * A pool for Postgres. bigint comes as a safe integer, date and numeric as text, timestamptz as ISO 8601 in UTC with
 * milliseconds, json parsed. Names without a schema reach nothing but Postgres's own catalogue. A pool never fails by
 * itself: broken connections are replaced when next asked for, and until then its `query` throws DatabaseUnavailable.
 */
export function openPool(url: string, { max, onError = () => {}, plansOnce = false }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    types,
    application_name: 'throughline',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    pipeline: true,
    onConnect: async client => {
      // A connection may break while it is in use but idle; without a listener that would end the process.
      client.on('error', () => {});
      prepareRepeated(client);
      sendTogether(client);
      const planning = plansOnce ? 'force_generic_plan' : 'auto';
      await client.query(`set time zone 'UTC'; set datestyle = 'ISO'; set search_path = ''; set plan_cache_mode = ${planning}`);
    },
  });
  pool.on('error', onError);
  const query = pool.query.bind(pool) as (...given: readonly unknown[]) => Promise<unknown>;
  const speaking = (...given: readonly unknown[]): Promise<unknown> =>
    query(...given).catch((error: unknown) => {
      throw asUnavailable(error);
    });
  pool.query = speaking as typeof pool.query;
  return pool;
}

/** What runs statements: a pool or one of its clients. */
export type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>;

/** Rows of one statement. @throws DatabaseUnavailable when Postgres is out of reach, else what Postgres says */
export async function rowsOf<Row extends object>(database: Queryable, sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  try {
    return (await database.query<Row>(sql, [...parameters])).rows;
  } catch (error) {
    throw asUnavailable(error);
  }
}

const PLAIN_BEGIN = 'begin';

/**
 * Does work in one transaction: all of it is committed, or nothing is.
 * @throws DatabaseUnavailable when Postgres is out of reach, the outcome of a commit then being unknown
 */
export async function transaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
  begin = PLAIN_BEGIN,
): Promise<Result> {
  const client = await connected(pool);
  let broken = false;
  try {
    return await transactionOn(client, work, begin);
  } catch (error) {
    broken = isBroken(error);
    throw error;
  } finally {
    // A connection in doubt is closed rather than given to the next.
    client.release(broken);
  }
}

/** The same on a connection that is held already. */
export async function transactionOn<Client extends Queryable, Result>(
  client: Client,
  work: (client: Client) => Promise<Result>,
  begin = PLAIN_BEGIN,
): Promise<Result> {
  try {
    const begun = client.query(begin);
    begun.catch(() => undefined);
    // A living connection cannot refuse a plain `begin`, so the first statements go with it.
    if (begin !== PLAIN_BEGIN) await begun;
    const result = await work(client);
    await begun;
    const { command } = await client.query('commit');
    // Postgres answers ROLLBACK when a statement failed and the work went on regardless.
    if (command !== 'COMMIT') throw new Error('A statement of this transaction had failed, so nothing was committed');
    return result;
  } catch (error) {
    const failure = asUnavailable(error);
    if (!isBroken(failure)) await rowsOf(client, 'rollback');
    throw failure;
  }
}

/** A connection of the pool. @throws DatabaseUnavailable */
export async function connected(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw asUnavailable(error);
  }
}

/** SQLSTATE classes and codes that speak of the server's state and not of the statement. */
const UNAVAILABLE_CLASSES = ['08', '53', '57', '58'];
const UNAVAILABLE_CODES = ['25006', '25P03', '25P04', '40001', '40P01', '55P03'];
const NETWORK_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
];
const CLIENT_MESSAGES =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed)/;

/** Whether an error means that Postgres, rather than the statement, is at fault: trying again later may help. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (NETWORK_CODES.includes(code) || UNAVAILABLE_CODES.includes(code) || isOutdated(error)) return true;
  return error instanceof pg.DatabaseError ? UNAVAILABLE_CLASSES.includes(code.slice(0, 2)) : CLIENT_MESSAGES.test(error.message);
}

/** Whether the connection itself is in doubt: it broke or fell silent. After a mere error of the server it goes on. */
function isBroken(error: unknown): boolean {
  const cause = error instanceof DatabaseUnavailable ? error.cause : error;
  return isUnavailable(error) && !(cause instanceof pg.DatabaseError && cause.severity === 'ERROR');
}

/** The same error, as DatabaseUnavailable when it is of that kind. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable || !isUnavailable(error)) return error;
  return new DatabaseUnavailable(`Postgres does not answer: ${messageOf(error)}`, { cause: error });
}

const messageOf = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : error instanceof Error ? error.message : String(error);

/** Waits until Postgres answers. @throws DatabaseUnavailable after the patience, or at once when waiting would not help */
export async function waitForDatabase(url: string, patienceMs: number): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const failure = await attempt(url);
    if (failure === undefined) return;
    if (performance.now() + CONNECT_RETRY_MS > giveUpAt || !isUnavailable(failure))
      throw new DatabaseUnavailable(`PostgreSQL at ${placeOf(url)} cannot be reached: ${messageOf(failure)}.`, { cause: failure });
    await sleep(CONNECT_RETRY_MS);
  }
}

async function attempt(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: CONNECT_TIMEOUT_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return undefined;
  } catch (error) {
    return error;
  } finally {
    client.end().catch(() => {});
  }
}

/** Host, port and database of a URL, without the password. */
function placeOf(url: string): string {
  const { host, port, database } = new pg.Client({ connectionString: url });
  return `${host}:${port}/${database ?? ''}`;
}

const PATIENCE_MS = 24 * 60 * 60 * 1_000;

/** A statement that may take long, as the making of an index does. Only in a transaction that called `bePatient`. */
export const patiently = (text: string): pg.QueryConfig & { readonly query_timeout: number } => ({ text, query_timeout: PATIENCE_MS });

/** Lets statements of this transaction take as long as they need, locks included. */
export const bePatient = (client: Queryable): Promise<unknown> =>
  client.query('set local statement_timeout = 0; set local lock_timeout = 0');
