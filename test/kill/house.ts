/** The whole product, started as a person starts it, in a process group of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../src/runtime/supervisor/ports.ts';
import { isAlive, ROOT } from '../setup/processes.ts';
import { descendantsOf, find, variableOf } from './processes.ts';

const ADMIN = { email: 'admin@localhost', password: 'a-password-for-tests' };
const START_MS_MAX = 60_000;
/** After the last fault: restarts back off up to half a minute. */
const QUIET_MS_MAX = 90_000;
const LOOK_MS = 100;

export interface Said {
  readonly at: number;
  readonly line: string;
}

export interface House {
  readonly url: string;
  /** Folder of the test: the data of the house lie in it, and what the test writes. */
  readonly folder: string;
  /** Process of the supervisor that runs now. */
  readonly pid: number;
  /** All that the supervisors have printed, with the time. */
  readonly said: readonly Said[];
  /** Starts it, again after it ended. @throws when it does not get ready */
  start(): Promise<void>;
  /** How the present supervisor ended. */
  ended(): Promise<number | string>;
  signIn(): Promise<{ readonly token: string; readonly userId: string }>;
  /** Where its data lie at the moment. */
  stores(): Promise<Stores>;
  /** Stops it and removes all it kept. */
  remove(): Promise<void>;
}

export interface Stores {
  readonly databaseUrl: string;
  readonly eventstoreUrl: string;
  readonly keysDir: string;
}

export async function prepareHouse(): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-kill-'));
  // For root: Postgres runs as an account without rights, which must reach its files in here.
  await chmod(folder, 0o711);
  const port = await freePort();
  const said: Said[] = [];
  let child: ChildProcess | undefined;
  let ended: Promise<number | string> = Promise.resolve('not started');
  const url = `http://127.0.0.1:${port}`;

  const start = async (): Promise<void> => {
    const own = { THROUGHLINE_DATA: join(folder, 'var'), PORT: String(port), DATABASE_URL: '', EVENTSTORE_URL: '', LOG_LEVEL: 'warn' };
    const env = { ...process.env, ...own, THROUGHLINE_ADMIN_PASSWORD: ADMIN.password };
    const started = spawn(process.execPath, [join(ROOT, 'src/main.ts')], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child = started;
    ended = new Promise(resolve => started.once('exit', (code, signal) => resolve(signal ?? code ?? 'unknown')));
    const { promise: ready, resolve } = Promise.withResolvers<'ready'>();
    for (const output of [started.stdout, started.stderr])
      createInterface({ input: output }).on('line', line => {
        said.push({ at: Date.now(), line });
        if (line.startsWith('Data are kept in ')) resolve('ready');
      });
    const late = sleep(START_MS_MAX, 'too late', { ref: false });
    const outcome = await Promise.race([ready, ended, late]);
    const told = said.map(({ line }) => line).filter(line => !line.startsWith('{'));
    if (outcome !== 'ready') throw new Error(`The house did not start (${outcome}):\n${told.join('\n')}`);
  };

  const pid = (): number => child?.pid ?? 0;
  const stores = async (): Promise<Stores> => {
    const [api] = await find(pid(), 'api');
    if (api === undefined) throw new Error('The API does not run');
    const keysDir = join(folder, 'var', 'keys');
    return {
      databaseUrl: await variableOf(api.pid, 'DATABASE_URL'),
      eventstoreUrl: await variableOf(api.pid, 'EVENTSTORE_URL'),
      keysDir,
    };
  };

  return {
    url,
    folder,
    said,
    start,
    stores,
    get pid() {
      return pid();
    },
    ended: () => ended,
    signIn: async () => {
      const response = await fetch(`${url}/api/v1/sessions`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(ADMIN),
      });
      const { token, user } = (await response.json()) as { token: string; user: { id: string } };
      return { token, userId: user.id };
    },
    remove: async () => {
      const left = await descendantsOf(pid());
      child?.kill('SIGTERM');
      await ended;
      for (const { pid } of left) if (isAlive(pid)) kill(pid);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As `kill -9` does; whether there was still something to kill. */
export function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** What must be known of a house to see whether it rests; its database may be another each time. */
type Resting = Pick<House, 'url'> & { stores(): Promise<Pick<Stores, 'databaseUrl'>> };

interface Readiness {
  readonly ready: boolean;
  readonly projections: readonly { readonly name: string; readonly lagSeconds: number | null }[];
}

/**
 * Waits until the house is at rest: ready, every view and every saga at the end of the log, nothing to be sent, and no
 * process in a state in which the house itself is at work. @returns how long that took, in milliseconds
 * @throws Error with what is still at work when it does not come to rest
 */
export async function atRest(house: Resting): Promise<number> {
  const begun = performance.now();
  for (let quietLooks = 0; ; ) {
    const unrest = await unrestOf(house).catch((error: Error) => error.message);
    quietLooks = unrest === undefined ? quietLooks + 1 : 0;
    // Seen twice, since something may be on its way between two places that are looked at.
    if (quietLooks === 2) return performance.now() - begun;
    if (performance.now() - begun > QUIET_MS_MAX) throw new Error(`The house is not at rest after ${QUIET_MS_MAX} ms: ${unrest}`);
    await sleep(LOOK_MS);
  }
}

async function unrestOf(house: Resting): Promise<string | undefined> {
  const readiness = (await (await fetch(`${house.url}/readyz`)).json()) as Readiness;
  const behind = readiness.projections.filter(({ lagSeconds }) => lagSeconds !== 0).map(({ name }) => name);
  if (!readiness.ready || behind.length > 0) return `ready: ${readiness.ready}, behind: ${behind.join(', ')}`;
  const { databaseUrl } = await house.stores();
  const [busy] = await query<{ busy: string | null }>(databaseUrl, BUSY);
  return busy?.busy ?? undefined;
}

const BUSY = `
  select string_agg(what, '; ') as busy from (
    select 'to be sent: ' || command || ' of ' || saga || ' ' || instance || coalesce(', ' || problem, '') as what from ops.saga_outbox
    union all
    select saga || ' ' || instance || ': ' || (waiting ->> 'reason') from ops.saga_instances
    where status = 'parked' or (status = 'running' and waiting -> 'movedBy' is null)
  ) at_work`;

/** Rows of one statement, over a connection of its own. */
export async function query<Row extends object>(url: string, sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url, options: '-c timezone=UTC' });
  // A connection may be killed while it is idle; the query in flight is rejected anyway.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...parameters])).rows;
  } finally {
    await client.end();
  }
}
