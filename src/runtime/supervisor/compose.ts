import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { startPostgres } from '../postgres/embedded.ts';
import { startBeside } from './beside.ts';
import { type Child, startChild } from './child.ts';
import { holdFolder } from './folder.ts';
import type { House } from './house.ts';
import { Keeper, type Say } from './keeper.ts';
import { freePort, hindranceTo } from './ports.ts';
import { reachDatabase, reachEventStore } from './reach.ts';
import { portRefusal, Stopped } from './refused.ts';

/** What stopping may take in good order, in milliseconds; together with the ends by force less than ten seconds. */
const STOP_MS = { api: 4_000, worker: 2_000, node: 1_000, postgres: 1_500, folder: 100 };

/** For the API of a supervisor that was killed a moment ago: on a busy machine it may be seconds on its way out. */
const PORT_PATIENCE_MS = 10_000;
const LOOK_MS = 100;

const NAMES = { api: 'The API', worker: 'The worker', node: 'The event store' } as const;

/** The arguments of node with which each role is started. */
export interface Scripts {
  readonly node: readonly string[];
  readonly worker: readonly string[];
  readonly api: readonly string[];
  /** A program that runs once when everything else does, and ends. */
  readonly filling?: readonly string[];
}

export interface Surroundings {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly scripts: Scripts;
  readonly say: Say;
  readonly print: (line: string, to: 'stdout' | 'stderr') => void;
  /** Ends a start that is under way. */
  readonly signal: AbortSignal;
}

/**
 * Starts all that makes Throughline run, in order, and keeps it running: Postgres, the event store, the worker, the API.
 * What was started is in the house at any moment, also when the start fails, and stops in the opposite order.
 * @throws StartRefused, Stopped
 */
export async function startHouse(house: House, given: Surroundings): Promise<void> {
  const { config, say } = given;
  const surroundings = config.databaseUrl === undefined ? { ...given, env: withoutPostgres(given.env) } : given;
  // A new folder had no predecessor to wait for, and is not made in vain.
  if (!existsSync(config.dataDir)) await freeOrRefused(config.port, 0);
  const held = await holdFolder(config.dataDir);
  house.add({ name: 'The data folder', stopMs: STOP_MS.folder, stop: async () => held.release() });
  await freeOrRefused(config.port, PORT_PATIENCE_MS, given.signal);
  const postgres = await database(house, surroundings);
  const eventstoreUrl = await eventStore(house, surroundings, postgres.url);
  const settings = {
    DATABASE_URL: postgres.url,
    EVENTSTORE_URL: eventstoreUrl,
    PORT: String(config.port),
    THROUGHLINE_DATA: config.dataDir,
  };
  await keep(house, surroundings, 'worker', settings);
  const { url } = await keep(house, surroundings, 'api', settings);
  say(`Throughline listens on ${url}`);
  say(`Data are kept in ${await realpath(config.dataDir)}${postgres.apart ? `, those of Postgres in ${postgres.apart}` : ''}`);
  if (given.scripts.filling) startBeside(house, given.scripts.filling, { ...surroundings, env: { ...surroundings.env, ...settings } });
}

/** Waits until the port can be listened on. @throws StartRefused after the patience; Stopped when the signal fires */
async function freeOrRefused(port: number, patienceMs: number, signal?: AbortSignal): Promise<void> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const hindrance = port === 0 ? undefined : await hindranceTo(port);
    if (hindrance === undefined) return;
    if (signal?.aborted) throw new Stopped();
    if (performance.now() > until) throw portRefusal(port, hindrance);
    await sleep(LOOK_MS);
  }
}

/** PGSSLMODE, PGOPTIONS and their like are meant for a server of the operator's, not for the embedded one. */
const withoutPostgres = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PG')));

/** The embedded Postgres, unless the operator has one. `apart` is where its files lie when not in the data folder. */
async function database(house: House, { config, say, signal }: Surroundings): Promise<{ url: string; apart: string | undefined }> {
  if (config.databaseUrl !== undefined) {
    await reachDatabase(config.databaseUrl);
    return { url: config.databaseUrl, apart: undefined };
  }
  const postgres = await startPostgres({ dataDir: config.dataDir, say, signal });
  house.add({ name: 'Postgres', stopMs: STOP_MS.postgres, stop: postgres.stop });
  return { url: postgres.url, apart: postgres.home.apart ? postgres.home.path : undefined };
}

/** The embedded node, unless the operator has an EventStoreDB. It keeps its port when it is started again. */
async function eventStore(house: House, surroundings: Surroundings, databaseUrl: string): Promise<string> {
  const { eventstoreUrl } = surroundings.config;
  if (eventstoreUrl !== undefined) {
    await reachEventStore(eventstoreUrl);
    return eventstoreUrl;
  }
  const port = await freePort();
  await keep(house, surroundings, 'node', { DATABASE_URL: databaseUrl, NODE_PORT: String(port) });
  return `esdb://127.0.0.1:${port}?tls=false`;
}

/** Starts a role as a process of its own and keeps it running; its first life. */
async function keep(
  house: House,
  { env, scripts, say, print, signal }: Surroundings,
  member: keyof typeof NAMES,
  settings: NodeJS.ProcessEnv,
): Promise<Child> {
  const name = NAMES[member];
  const spec = { name, args: scripts[member], env: { ...env, ...settings } };
  const start = (ending: AbortSignal): Promise<Child> => startChild(spec, { signal: AbortSignal.any([signal, ending]), say, print });
  const keeper = new Keeper({ name, start, say });
  house.add({ name, stopMs: STOP_MS[member], stop: (patienceMs, hurry) => keeper.stop(patienceMs, hurry) });
  return await keeper.start();
}
