import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { holdFolder } from '../supervisor/folder.ts';
import { Keeper, type Say } from '../supervisor/keeper.ts';
import { freePort } from '../supervisor/ports.ts';
import { asRefusal } from '../supervisor/refused.ts';
import { installedPackage, type Package, provideBinaries } from './binaries.ts';
import { ensureCluster, passwordOf } from './cluster.ts';
import { writeWhole } from './files.ts';
import { clusterIn, findHome, type Home } from './home.ts';
import { PostgresLog } from './log.ts';
import { endOrphans } from './orphan.ts';
import { addressOf, ensureDatabase, PortTaken, type Postmaster, startPostmaster } from './postmaster.ts';

const DATABASE = 'throughline';
const PORT_ATTEMPTS_MAX = 5;
/** A stop at leisure: a checkpoint of everything in memory. */
const STOP_MS = 30_000;

export interface PostgresOptions {
  /** Postgres's files go into `postgres/` below it, or where its account can reach them. */
  readonly dataDir: string;
  readonly say?: Say;
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal;
  /** Where the programs are; the installed package unless a test says otherwise. */
  readonly source?: Package;
}

export interface EmbeddedPostgres {
  /** Address of the database `throughline`, with its superuser; stays the same when Postgres is restarted. */
  readonly url: string;
  readonly home: Home;
  /** Process of the postmaster that runs now; undefined between two. */
  pid(): number | undefined;
  /** Stops in good order; not in time, or when `hurry` fires, at once: nothing acknowledged is lost either way. */
  stop(patienceMs?: number, hurry?: AbortSignal): Promise<void>;
}

/**
 * Starts the Postgres of a data folder, making it at the first start, and keeps it running until it is stopped. One start a
 * folder; what an earlier start left running is stopped first.
 * @throws StartRefused when the operator must do something; Stopped when the signal fired; Error for the rest
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const home = await findHome(resolve(options.dataDir));
  const held = await holdFolder(home.path);
  try {
    return await startIn(home, options, held.release);
  } catch (error) {
    held.release();
    throw asRefusal(error, home.path);
  }
}

async function startIn(home: Home, options: PostgresOptions, release: () => void): Promise<EmbeddedPostgres> {
  const { say = () => undefined, signal = new AbortController().signal } = options;
  const binaries = await provideBinaries(home, options.source ?? (await installedPackage()));
  await ensureCluster(home, binaries, signal);
  const password = await passwordOf(home);
  const log = new PostgresLog(join(home.path, 'postgres.log'));
  const life = async (port: number, ending: AbortSignal): Promise<Postmaster> => {
    await endOrphans(clusterIn(home.path), say);
    return await startPostmaster({ home, binaries, port, password, log, signal: AbortSignal.any([signal, ending]) });
  };
  const { keeper, port } = await onFreePort(home, port => new Keeper({ name: 'Postgres', start: ending => life(port, ending), say }));
  let isHeld = true;
  const stop = async (patienceMs = STOP_MS, hurry = new AbortController().signal): Promise<void> => {
    await keeper.stop(patienceMs, hurry);
    await log.close();
    if (isHeld) release();
    isHeld = false;
  };
  try {
    await ensureDatabase(port, password, DATABASE);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: addressOf(port, password, DATABASE), home, pid: () => keeper.running?.pid, stop };
}

/** Starts on the port of last time, or on another when that one is taken, and keeps note of it. */
async function onFreePort(
  home: Home,
  keeperOn: (port: number) => Keeper<Postmaster>,
): Promise<{ keeper: Keeper<Postmaster>; port: number }> {
  const file = join(home.path, 'port');
  const noted = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(Number.isInteger(noted) ? noted : undefined);
    if (port !== noted) await writeWhole(file, `${port}\n`, home.account);
    const keeper = keeperOn(port);
    try {
      await keeper.start();
      return { keeper, port };
    } catch (error) {
      // Another program took the port between our look and Postgres's.
      if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS_MAX) throw error;
    }
  }
}
