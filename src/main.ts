/**
 * The composition root. `node src/main.ts` runs all of Throughline and keeps it running; `--role api|worker|eventstore` runs
 * one role alone, with DATABASE_URL and EVENTSTORE_URL from the environment, so that roles can spread over machines.
 */
import { parseArgs } from 'node:util';
import { type Config, readConfig } from './runtime/config.ts';
import { scriptsBeside, startHouse } from './runtime/supervisor/compose.ts';
import { House } from './runtime/supervisor/house.ts';
import { StartRefused, Stopped } from './runtime/supervisor/refused.ts';
import { playRole } from './runtime/supervisor/role.ts';

const ROLES: Readonly<Record<string, (config: Config) => Promise<void>>> = {
  // Each process loads only the role it plays.
  api: config => playRole('API', async () => (await import('./runtime/api-role.ts')).runApi(config)),
  worker: config => playRole('worker', async () => (await import('./runtime/worker-role.ts')).runWorker(config)),
  eventstore: async () => void (await import('./eventstore/main.ts')),
};

async function main(): Promise<void> {
  const role = roleAsked();
  const config = readConfig(process.env);
  if (role === undefined) await supervise(config);
  else await role(config);
}

function roleAsked(): ((config: Config) => Promise<void>) | undefined {
  const usage = `Start Throughline without arguments, or one role of it with --role ${Object.keys(ROLES).join('|')}.`;
  let role: string | undefined;
  try {
    role = parseArgs({ options: { role: { type: 'string' } } }).values.role;
  } catch {
    throw new StartRefused(usage);
  }
  if (role === undefined) return undefined;
  if (!Object.hasOwn(ROLES, role)) throw new StartRefused(usage);
  return ROLES[role];
}

/** Runs everything until a signal asks it to stop; a second signal takes its patience. */
async function supervise(config: Config): Promise<void> {
  const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
  // Whoever read our output may go away; that is no reason to stop.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  const house = new House(say);
  const stopping = new AbortController();
  const stop = async (): Promise<void> => {
    if (stopping.signal.aborted) return house.hurry();
    stopping.abort();
    say('Throughline stops; once more to hurry.');
    await house.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  const print = (line: string, to: 'stdout' | 'stderr'): void => void process[to].write(`${line}\n`);
  try {
    await startHouse(house, {
      config,
      env: process.env,
      scripts: scriptsBeside(import.meta.filename),
      say,
      print,
      signal: stopping.signal,
    });
  } catch (error) {
    await house.stop();
    if (!(error instanceof Stopped)) throw error;
  }
}

main().catch((error: unknown) => {
  if (error instanceof StartRefused) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`Throughline cannot go on: ${(error as Error).stack}\n`);
  process.exit(1);
});
