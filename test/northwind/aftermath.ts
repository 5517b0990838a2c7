/** What a company may go through after a day's work: a killed worker, a takeover, a rebuild, a restore elsewhere. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { type Program, startProgram } from '../setup/processes.ts';
import type { TestHouse } from '../support/house.ts';
import { freshDatabase } from '../support/postgres.ts';

const LOOK_MS = 200;

/** The environment in which commands of the house find it. */
export const environmentOf = ({ databaseUrl, eventstoreUrl, keysDir }: TestHouse): NodeJS.ProcessEnv => ({
  DATABASE_URL: databaseUrl,
  EVENTSTORE_URL: eventstoreUrl,
  THROUGHLINE_DATA: keysDir,
  THROUGHLINE_KEYS: keysDir,
  THROUGHLINE_PROOF: join(keysDir, 'proof'),
  LOG_LEVEL: 'warn',
  PORT: '0',
});

function started(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const program = startProgram(file, args, { env });
  onTestFinished(() => program.kill());
  return program;
}

/** Runs a command of the house to its end; what it said, and its exit code. */
export async function ran(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | string; said: string }> {
  const program = started(`src/cli/${command}.ts`, args, env);
  return { code: await program.ended, said: program.said() };
}

/** Starts a second worker, kills the first, and answers how long nobody kept the views, in milliseconds. */
export async function relieved(house: TestHouse): Promise<number> {
  await started('src/main.ts', ['--role', 'worker'], environmentOf(house)).line(/^Throughline's worker/);
  const killedAt = performance.now();
  process.kill(house.worker.pid, 'SIGKILL');
  const id = await house.make('/warehouses', { code: 'RELIEF', name: 'Relief' });
  await house.until(`/warehouses/${id}`, () => true);
  return performance.now() - killedAt;
}

/** Restores a backup of the house on a database of its own, keys and heads beside it. The environment of the copy. */
export async function restoredElsewhere(house: TestHouse): Promise<NodeJS.ProcessEnv> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-restored-'));
  const database = await freshDatabase();
  onTestFinished(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });
  const here = environmentOf(house);
  const file = join(folder, 'backup');
  const made = await ran('backup', [file], here);
  if (made.code !== 0) throw new Error(made.said);
  const keys = join(folder, 'keys');
  await cp(house.keysDir, keys, { recursive: true });
  const there = {
    ...here,
    DATABASE_URL: database.url,
    EVENTSTORE_URL: '',
    THROUGHLINE_DATA: join(folder, 'var'),
    THROUGHLINE_KEYS: keys,
    THROUGHLINE_PROOF: join(keys, 'proof'),
  };
  const restored = await ran('restore', [file], there);
  if (restored.code !== 0) throw new Error(restored.said);
  return there;
}

/** Runs the whole house until its views have been made anew from the log, then stops it. */
export async function caughtUp(env: NodeJS.ProcessEnv): Promise<void> {
  const house = started('src/main.ts', [], env);
  const url = (await house.line(/^Throughline listens on /)).replace('Throughline listens on ', '');
  while (!(await isCurrent(url))) await sleep(LOOK_MS);
  house.kill('SIGTERM');
  await house.ended;
}

interface Ready {
  readonly ready: boolean;
  readonly projections: readonly { readonly lagSeconds: number | null; readonly state: string }[];
}

async function isCurrent(url: string): Promise<boolean> {
  const { ready, projections } = (await (await fetch(`${url}/readyz`)).json()) as Ready;
  return ready && projections.every(({ state, lagSeconds }) => state === 'live' && lagSeconds === 0);
}
