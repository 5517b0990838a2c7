/**
 * The composition root. `node src/main.ts` runs all of Throughline and keeps it running, with `--demo` filled with an invented
 * company up to today or the day of `--date`; `--role api|worker|eventstore` runs
 * one role alone, with DATABASE_URL and EVENTSTORE_URL from the environment, so that roles can spread over machines.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dayIn, systemClock } from './runtime/clock.ts';
import { readConfig } from './runtime/config.ts';
import { StartRefused } from './runtime/supervisor/refused.ts';
import { playRole } from './runtime/supervisor/role.ts';
import { giveUp, supervise } from './runtime/supervisor/supervise.ts';

/** Each process loads only the role it plays. */
const ROLES: Readonly<Record<string, () => Promise<void>>> = {
  api: () => playRole('API', async () => (await import('./runtime/api-role.ts')).runApi(readConfig(process.env))),
  worker: () => playRole('worker', async () => (await import('./runtime/worker-role.ts')).runWorker(readConfig(process.env))),
  eventstore: async () => void (await import('./eventstore/main.ts')),
};

const DEMO = join(import.meta.dirname, 'cli', 'demo.ts');

const SCRIPTS = {
  node: [join(import.meta.dirname, 'eventstore', 'main.ts')],
  worker: [import.meta.filename, '--role', 'worker'],
  api: [import.meta.filename, '--role', 'api'],
};

const USAGE = `Start Throughline without arguments, with --demo [--date YYYY-MM-DD], or one role of it with --role ${Object.keys(ROLES).join('|')}.`;
const OPTIONS = { role: { type: 'string' }, demo: { type: 'boolean' }, date: { type: 'string' } } as const;

interface Wish {
  readonly role?: string;
  readonly demo?: boolean;
  readonly date?: string;
}

async function main(): Promise<void> {
  const { role, demo, date } = wishOf(process.argv.slice(2));
  const play = role === undefined ? undefined : ROLES[role];
  if (play !== undefined) await play();
  else await supervise(process.env, demo ? { ...SCRIPTS, filling: [DEMO, demoDay(date)] } : SCRIPTS);
}

/** @throws StartRefused for anything that is no way to start it */
function wishOf(args: readonly string[]): Wish {
  const parsed = attempt(() => parseArgs({ args: [...args], options: OPTIONS }));
  const { role, demo, date } = parsed?.values ?? {};
  const known = role === undefined || Object.hasOwn(ROLES, role);
  const fits = (role === undefined || demo === undefined) && (date === undefined || demo === true);
  if (parsed === undefined || !known || !fits) throw new StartRefused(USAGE);
  return parsed.values;
}

/** The last day of the demo's history: never one to come, since nothing can have happened then. */
function demoDay(date: string | undefined): string {
  const today = dayIn(readConfig(process.env).timeZone, systemClock.now());
  const day = date === undefined ? today : attempt(() => Temporal.PlainDate.from(date).toString());
  if (day === undefined || day !== (date ?? today) || day > today)
    throw new StartRefused(`--date takes a day up to today, such as ${today}.`);
  return day;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

main().catch(giveUp);
