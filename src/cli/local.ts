/** What the command line shares with a house that runs on this machine: its database. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { registry } from '../kernel/module.ts';
import { modules } from '../modules/index.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Config, readConfig } from '../runtime/config.ts';
import { openPool, waitForDatabase } from '../runtime/database.ts';
import { createIdentity } from '../runtime/identity/identity.ts';
import type { Identity } from '../runtime/identity/port.ts';
import { addressOf } from '../runtime/postgres/postmaster.ts';
import type { QueryRunner } from '../runtime/queries/port.ts';
import { createQueryRunner } from '../runtime/queries/runner.ts';
import { sharedSecret } from '../runtime/secrets.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';

export interface LocalHouse {
  readonly pool: pg.Pool;
  readonly identity: Identity;
  readonly queries: QueryRunner;
  readonly registry: ReturnType<typeof registry>;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 3;
const PATIENCE_MS = 5_000;
const DATABASE = 'throughline';

/** @throws StartRefused when no house runs here */
export async function openLocalHouse(): Promise<LocalHouse> {
  const url = await databaseUrl(readConfig(process.env));
  await waitForDatabase(url, PATIENCE_MS).catch(error => {
    throw new StartRefused(`${error instanceof Error ? error.message : String(error)} Is Throughline running? Start it with npm start.`);
  });
  const pool = openPool(url, { max: CONNECTIONS_MAX });
  const house = registry(modules);
  const secret = await sharedSecret(pool, 'cursors');
  const queries = createQueryRunner({ pool, registry: house, secret, patienceMs: PATIENCE_MS });
  const identity = createIdentity({ database: pool, registry: house, queries, clock: systemClock });
  const close = async (): Promise<void> => {
    await queries.close();
    await pool.end();
  };
  return { pool, identity, queries, registry: house, close };
}

/** DATABASE_URL, or the address of the Postgres that a running start keeps in its data folder. */
export async function databaseUrl({ databaseUrl: stated, dataDir }: Config): Promise<string> {
  if (stated !== undefined) return stated;
  const apart = (await readFile(join(dataDir, 'postgres.location'), 'utf8').catch(() => '')).trim();
  const home = apart === '' ? join(dataDir, 'postgres') : apart;
  const [port, password] = await Promise.all(['port', 'password'].map(name => readFile(join(home, name), 'utf8').catch(() => '')));
  if (!port?.trim() || !password?.trim())
    throw new StartRefused(`There is no Throughline in ${dataDir}; start it with npm start, or name its folder by THROUGHLINE_DATA.`);
  return addressOf(Number(port), password.trim(), DATABASE);
}

/** Runs a command of the command line: its lines go to standard output, what hinders it to standard error as one sentence. */
export async function runLocally(work: (house: LocalHouse) => Promise<readonly string[]>): Promise<void> {
  let house: LocalHouse | undefined;
  try {
    house = await openLocalHouse();
    process.stdout.write((await work(house)).map(line => `${line}\n`).join(''));
  } catch (error) {
    process.stderr.write(`${error instanceof StartRefused ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await house?.close();
  }
}
