/** The whole product for a measurement: its roles as processes, started as a person starts it, on data of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/runtime/supervisor/ports.ts';
import { cpuByRole, processesOf } from './processes.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
const ADMIN = { email: 'admin@localhost', password: 'a-password-for-benches' };
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 15_000;

export interface BenchHouse {
  readonly url: string;
  /** From the start of the process to its word that it listens, in milliseconds. */
  readonly startMs: number;
  /** A session of the administrator, as a bearer token. */
  signIn(): Promise<string>;
  stores(): Promise<{ readonly databaseUrl: string; readonly eventstoreUrl: string }>;
  /** Processor time spent so far by role, in milliseconds. */
  cpu(): Promise<ReadonlyMap<string, number>>;
  /** Stops the processes; the data stay. */
  stop(): Promise<void>;
}

export interface BenchFolder {
  readonly path: string;
  remove(): Promise<void>;
}

export async function freshFolder(): Promise<BenchFolder> {
  const path = await mkdtemp(join(tmpdir(), 'throughline-bench-'));
  // For root: Postgres runs as an account without rights, which must reach its files in here.
  await chmod(path, 0o711);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** @param env in addition, for instance NODE_OPTIONS with a profiler */
export async function startHouse(folder: BenchFolder, env: NodeJS.ProcessEnv = {}): Promise<BenchHouse> {
  const port = await freePort();
  const own = { THROUGHLINE_DATA: join(folder.path, 'var'), PORT: String(port), DATABASE_URL: '', EVENTSTORE_URL: '' };
  const begun = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'src/main.ts')], {
    cwd: ROOT,
    env: { ...process.env, LOG_LEVEL: 'warn', ...env, ...own, THROUGHLINE_ADMIN_PASSWORD: ADMIN.password },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<'ended'>(resolve => child.once('exit', () => resolve('ended')));
  await saysReady(child, ended);
  const startMs = performance.now() - begun;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    startMs,
    signIn: () => signIn(url),
    stores: async () => ({
      databaseUrl: await variableBelow(child.pid ?? 0, 'DATABASE_URL'),
      eventstoreUrl: await variableBelow(child.pid ?? 0, 'EVENTSTORE_URL'),
    }),
    cpu: () => cpuByRole(child.pid ?? 0),
    stop: async () => {
      child.kill('SIGTERM');
      const outcome = await Promise.race([ended, sleep(STOP_MS_MAX, 'late', { ref: false })]);
      if (outcome === 'late') child.kill('SIGKILL');
      await ended;
    },
  };
}

async function saysReady(child: ChildProcess, ended: Promise<'ended'>): Promise<void> {
  const said: string[] = [];
  const { promise: ready, resolve } = Promise.withResolvers<'ready'>();
  for (const output of [child.stdout, child.stderr])
    if (output !== null)
      createInterface({ input: output }).on('line', line => {
        said.push(line);
        if (line.startsWith('Data are kept in ')) resolve('ready');
        else if (line.startsWith('{')) console.error(line);
      });
  const outcome = await Promise.race([ready, ended, sleep(START_MS_MAX, 'late', { ref: false })]);
  if (outcome === 'ready') return;
  child.kill('SIGKILL');
  throw new Error(`The house did not start (${outcome}):\n${said.join('\n')}`);
}

async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(ADMIN),
  });
  if (!response.ok) throw new Error(`Signing in was answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { token: string }).token;
}

/** A variable that the supervisor gave to its API: the stores' addresses are known to its roles only. */
async function variableBelow(supervisor: number, name: string): Promise<string> {
  const api = (await processesOf(supervisor)).find(({ line }) => line.endsWith('--role api'));
  const entries = api === undefined ? [] : (await readFile(`/proc/${api.pid}/environ`, 'utf8')).split('\0');
  const found = entries.find(entry => entry.startsWith(`${name}=`));
  if (found === undefined) throw new Error(`No API with ${name} runs below process ${supervisor}`);
  return found.slice(name.length + 1);
}
