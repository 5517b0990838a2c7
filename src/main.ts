/**
 * The composition root. `node src/main.ts` runs all of Throughline and keeps it running; `--role api|worker|eventstore` runs
 * one role alone, with DATABASE_URL and EVENTSTORE_URL from the environment, so that roles can spread over machines.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
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

const SCRIPTS = {
  node: [join(import.meta.dirname, 'eventstore', 'main.ts')],
  worker: [import.meta.filename, '--role', 'worker'],
  api: [import.meta.filename, '--role', 'api'],
};

async function main(): Promise<void> {
  const role = roleAsked();
  if (role === undefined) await supervise(process.env, SCRIPTS);
  else await role();
}

/** The role asked for in the arguments; undefined means all of them. */
function roleAsked(): (() => Promise<void>) | undefined {
  const usage = new StartRefused(`Start Throughline without arguments, or one role of it with --role ${Object.keys(ROLES).join('|')}.`);
  const { values, positionals } = parseArgs({ options: { role: { type: 'string' } }, strict: false });
  if (positionals.length > 0 || Object.keys(values).some(name => name !== 'role')) throw usage;
  if (values.role === undefined) return undefined;
  if (typeof values.role !== 'string' || !Object.hasOwn(ROLES, values.role)) throw usage;
  return ROLES[values.role];
}

main().catch(giveUp);
