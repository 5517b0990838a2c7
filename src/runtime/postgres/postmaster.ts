import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { endOf, type Running } from '../supervisor/keeper.ts';
import { fullDisk, StartRefused, Stopped } from '../supervisor/refused.ts';
import { spawnAs } from './account.ts';
import type { Binaries } from './binaries.ts';
import { USER } from './cluster.ts';
import { clusterIn, type Home } from './home.ts';
import type { PostgresLog } from './log.ts';

const HOST = '127.0.0.1';
/** Recovery after a crash may take minutes; no answer after this is a fault. */
const READY_MS_MAX = 600_000;
const LOOK_MS = 50;
const CONNECT_MS_MAX = 5_000;
/** An immediate stop takes milliseconds; whatever is left after this is killed, which loses nothing either. */
const IMMEDIATE_MS = 1_000;
const LAST_WORDS_MS = 500;
/** PostgreSQL's codes for a wrong password and for a user it does not let in. */
const NOT_LET_IN = ['28P01', '28000'];

export interface PostmasterOptions {
  readonly home: Home;
  readonly binaries: Binaries;
  readonly port: number;
  readonly password: string;
  readonly log: PostgresLog;
  readonly signal: AbortSignal;
}

/** Something else listens on the port that Postgres was given. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

export interface Postmaster extends Running {
  readonly pid: number;
}

/** @throws PortTaken; StartRefused when the disk is full; Stopped; Error with Postgres's own words for the rest */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const { home, binaries, log, signal } = options;
  log.forget();
  const child = spawnAs(home.account, binaries.postgres, postgresArgs(options), { cwd: home.path });
  const ended = endOf(child);
  const closed = new Promise(resolve => child.once('close', resolve));
  for (const output of [child.stdout, child.stderr]) if (output) createInterface({ input: output }).on('line', line => log.add(line));
  const running = { pid: child.pid ?? 0, ended, stop: (patienceMs: number, hurry: AbortSignal) => stop(child, ended, patienceMs, hurry) };
  const guard = guardOver(child, home);
  ended.then(() => guard?.kill('SIGKILL'));
  try {
    const failed = await untilReady(options, ended);
    if (failed === undefined) return running;
    // Its last words may still be on their way.
    await Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { ref: false })]);
    throw reasonFor(options, failed);
  } catch (error) {
    await stop(child, ended, 0, signal);
    throw error;
  }
}

/** What must hold, whatever postgresql.conf says: where it listens, and that acknowledged means flushed. */
const postgresArgs = ({ home, port }: PostmasterOptions): readonly string[] => [
  ...['-D', clusterIn(home.path), '-p', String(port)],
  ...['-c', `listen_addresses=${HOST}`, '-c', 'unix_socket_directories='],
  ...['-c', 'fsync=on', '-c', 'full_page_writes=on', '-c', 'synchronous_commit=on'],
  ...['-c', 'timezone=UTC', '-c', 'log_timezone=UTC', '-c', 'password_encryption=scram-sha-256'],
];

/**
 * A shell that waits for this process to die, however it dies, and then stops Postgres: the pipe it reads from is closed by
 * the kernel. The next start stops an orphan too, but until then it would hold memory and the port.
 */
function guardOver(postgres: ChildProcess, home: Home): ChildProcess | undefined {
  if (postgres.pid === undefined) return undefined;
  const script = 'while read -r _; do :; done; kill -INT "$1"';
  const guard = spawnAs(home.account, '/bin/sh', ['-c', script, 'sh', String(postgres.pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => undefined);
  guard.stdin?.on('error', () => undefined);
  guard.unref();
  return guard;
}

async function stop(child: ChildProcess, ended: Promise<string>, patienceMs: number, hurry: AbortSignal): Promise<void> {
  const hasEnded = ended.then(() => true);
  const within = async (milliseconds: number, signal?: AbortSignal): Promise<boolean> =>
    await Promise.race([hasEnded, sleep(milliseconds, false, { ...(signal && { signal }), ref: false }).catch(() => false)]);
  child.kill('SIGINT');
  if (await within(patienceMs, hurry)) return;
  child.kill('SIGQUIT');
  if (await within(IMMEDIATE_MS)) return;
  child.kill('SIGKILL');
  await ended;
}

/** Undefined when Postgres answers questions; how it ended when it did that instead. */
async function untilReady(options: PostmasterOptions, ended: Promise<string>): Promise<string | undefined> {
  let end: string | undefined;
  ended.then(reason => {
    end = reason;
  });
  const until = performance.now() + READY_MS_MAX;
  while (performance.now() < until) {
    if (options.signal.aborted) throw new Stopped();
    if (end !== undefined) return end;
    if (await answers(options)) return undefined;
    await Promise.race([sleep(LOOK_MS), ended]);
  }
  throw new Error(`Postgres did not get ready within ${READY_MS_MAX / 1_000} s`);
}

function reasonFor({ home, port, log }: PostmasterOptions, end: string): Error {
  const said = log.last.join('\n');
  if (said.includes('Address already in use')) return new PortTaken(`port ${port} is taken`);
  if (said.includes('No space left on device')) return fullDisk(home.path);
  const line = log.last.findLast(text => /FATAL|PANIC/.test(text)) ?? log.last.at(-1) ?? end;
  return new Error(`Postgres does not start: ${line} (more in ${join(home.path, 'postgres.log')})`);
}

async function answers({ home, port, password }: PostmasterOptions): Promise<boolean> {
  const client = clientFor(port, password, 'postgres');
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch (error) {
    if (NOT_LET_IN.includes((error as { code?: string }).code ?? ''))
      throw new StartRefused(`Postgres in ${home.path} does not accept the password in ${join(home.path, 'password')}; set it right.`);
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const clientFor = (port: number, password: string, database: string): pg.Client => {
  // The last two are said only so that PGSSLMODE and PGOPTIONS, meant for another server, do not steer this connection.
  const own = { ssl: false, options: '-c timezone=UTC' };
  const client = new pg.Client({ host: HOST, port, user: USER, password, database, connectionTimeoutMillis: CONNECT_MS_MAX, ...own });
  // A connection that breaks while idle is told here; the query in flight is rejected anyway.
  client.on('error', () => undefined);
  return client;
};

/** The address of a database of the cluster. */
export const addressOf = (port: number, password: string, database: string): string =>
  `postgres://${USER}:${password}@${HOST}:${port}/${database}`;

/** Creates the database unless it is there. */
export async function ensureDatabase(port: number, password: string, name: string): Promise<void> {
  const client = clientFor(port, password, 'postgres');
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
