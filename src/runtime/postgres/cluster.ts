import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fullDisk, StartRefused, Stopped } from '../supervisor/refused.ts';
import { runAs } from './account.ts';
import type { Binaries } from './binaries.ts';
import { flushFolder, writeWhole } from './files.ts';
import { clusterIn, type Home } from './home.ts';

/** The superuser that owns everything in the cluster. */
export const USER = 'throughline';

const UNFINISHED = 'cluster.new-';
const PASSWORD_BYTES = 24;

/** First values of what an operator may tune in postgresql.conf; what must hold is given at each start. */
const TUNABLE = {
  max_connections: '200',
  shared_buffers: '128MB',
  // Statements and key values are personal data; the log is no place for them.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
} as const;

/** The password of the home's superuser, made at the first start; it lies in the home, readable by its owner only. */
export async function passwordOf(home: Home): Promise<string> {
  const file = join(home.path, 'password');
  const known = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (known !== '') return known;
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  await writeWhole(file, `${password}\n`, home.account);
  return password;
}

/**
 * Makes the cluster unless it is there. It is made under another name and renamed when it is whole, so that an end at any
 * moment leaves either nothing or all; each attempt has its own name, because an earlier one's initdb may still be at work.
 * @throws StartRefused when the disk is full, or when the cluster is of another major version of PostgreSQL
 */
export async function ensureCluster(home: Home, binaries: Binaries, signal: AbortSignal): Promise<void> {
  const cluster = clusterIn(home.path);
  await removeUnfinished(home.path);
  if (await stat(cluster).catch(() => undefined)) return await checkVersion(cluster, binaries, home);
  await passwordOf(home);
  const fresh = join(home.path, `${UNFINISHED}${randomBytes(4).toString('hex')}`);
  const { ok, output } = await runAs(home.account, binaries.initdb, initdbArgs(home, fresh), signal);
  if (signal.aborted) throw new Stopped();
  if (!ok) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    throw initdbRefusal(home, output);
  }
  await rename(fresh, cluster);
  await flushFolder(home.path);
}

const initdbArgs = (home: Home, folder: string): readonly string[] => [
  ...['-D', folder, '-U', USER, '--auth=scram-sha-256', `--pwfile=${join(home.path, 'password')}`, '--no-instructions'],
  // Sorting by code point is the same on every machine, so that a rebuilt read model equals the old one byte for byte.
  ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  ...Object.entries(TUNABLE).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
];

function initdbRefusal(home: Home, output: string): StartRefused {
  if (output.includes('No space left on device')) return fullDisk(home.path);
  const lines = output.split('\n').filter(line => /error|fatal|panic/i.test(line));
  return new StartRefused(`Postgres could not be set up in ${home.path}: ${lines.at(-1) ?? output.trim()}.`);
}

async function removeUnfinished(home: string): Promise<void> {
  const names = (await readdir(home)).filter(name => name.startsWith(UNFINISHED));
  // An initdb that outlived its parent may still add files; what cannot be removed now is removed by the next start.
  for (const name of names) await rm(join(home, name), { recursive: true, force: true }).catch(() => undefined);
}

async function checkVersion(cluster: string, binaries: Binaries, home: Home): Promise<void> {
  const made = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  const { output } = await runAs(home.account, binaries.postgres, ['--version']);
  const runs = /\(PostgreSQL\) (\d+)/.exec(output)?.[1];
  if (made !== runs)
    throw new StartRefused(
      `The data in ${cluster} were written by PostgreSQL ${made}, this version of Throughline brings PostgreSQL ${runs}; upgrade the data first.`,
    );
}
