/** The database of a house for commands that work on it whether it runs or not. */
import pg from 'pg';
import type { Config } from '../runtime/config.ts';
import { startPostgres } from '../runtime/postgres/embedded.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';
import { databaseUrl } from './local.ts';

const CONNECT_MS_MAX = 5_000;

/**
 * Does work on the database that is stated, or on that of the house in the data folder; the Postgres of a house that does
 * not run is started for as long as the work takes.
 * @throws StartRefused when there is no such house, or when it is on its way up or down
 */
export async function withDatabase<Result>(
  config: Config,
  stated: string | undefined,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const url = stated ?? (await databaseUrl(config));
  if (stated !== undefined || config.databaseUrl !== undefined || (await answers(url))) return work(url);
  const postgres = await startPostgres({ dataDir: config.dataDir });
  try {
    return await work(postgres.url);
  } finally {
    await postgres.stop();
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS_MAX });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Runs a command: what it answers is the exit code; what hinders it is told as one sentence, with the exit code 2. */
export async function runCommand(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    process.stderr.write(`${error instanceof StartRefused ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 2;
  }
}
