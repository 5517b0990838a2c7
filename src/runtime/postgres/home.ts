import { createHash } from 'node:crypto';
import { lstat, readFile, realpath, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder, PASSABLE } from '../supervisor/folder.ts';
import { asRefusal, StartRefused } from '../supervisor/refused.ts';
import { type Account, give, ownerOf, runAs, unprivileged } from './account.ts';
import { writeWhole } from './files.ts';

/** Where Postgres's files lie and whom they belong to. */
export interface Home {
  readonly path: string;
  /** The account Postgres runs as; undefined means this process's own user. */
  readonly account: Account | undefined;
  /** True when the files could not lie in the data folder. */
  readonly apart: boolean;
}

const PRIVATE = 0o700;
/** In the data folder; holds the path of the home when that lies elsewhere. */
const LOCATION = 'postgres.location';

/** The folder of the cluster in a home. */
export const clusterIn = (home: string): string => join(home, 'cluster');

/**
 * Finds or makes the home of the data folder's Postgres: in the folder itself, or, for root with a folder that only root can
 * enter, in a place that an unprivileged account reaches. The data folder keeps note of that place.
 * @throws StartRefused when no place will do, or when a place that holds data cannot be used any more
 */
export async function findHome(dataDir: string): Promise<Home> {
  const noted = await readFile(join(dataDir, LOCATION), 'utf8').catch(() => undefined);
  const inside = join(dataDir, 'postgres');
  try {
    await makeFolder(dataDir, PASSABLE);
    if (noted !== undefined) return await homeAsNoted(dataDir, noted.trim());
    if (process.getuid?.() === 0) return await homeForRoot(dataDir, inside);
    await makeFolder(inside, PRIVATE);
    const owner = await ownerOf(inside);
    if (owner?.uid !== process.getuid?.()) throw belongsToAnother(inside, owner?.uid ?? 0);
    return { path: inside, account: undefined, apart: false };
  } catch (error) {
    throw asRefusal(error, inside);
  }
}

async function homeAsNoted(dataDir: string, path: string): Promise<Home> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory())
    throw new StartRefused(
      `${join(dataDir, LOCATION)} says that Postgres's files are in ${path}, but there is no such folder; bring it back.`,
    );
  const asRoot = process.getuid?.() === 0;
  if (!asRoot && found.uid !== process.getuid?.()) throw belongsToAnother(path, found.uid);
  return { path, account: asRoot ? { uid: found.uid, gid: found.gid } : undefined, apart: true };
}

const belongsToAnother = (path: string, uid: number): StartRefused =>
  new StartRefused(`Postgres's files in ${path} belong to the user with number ${uid}; start Throughline as that user, or as root.`);

async function homeForRoot(dataDir: string, inside: string): Promise<Home> {
  const holdsData = (await stat(clusterIn(inside)).catch(() => undefined)) !== undefined;
  const account = (await ownerOf(clusterIn(inside))) ?? (await ownerOf(dataDir)) ?? (await unprivileged());
  if (await settle(inside, account)) return { path: inside, account, apart: false };
  if (holdsData)
    throw new StartRefused(
      `The user with number ${account.uid}, whom Postgres runs as, cannot reach its files in ${inside} any more; let it pass.`,
    );
  await rmdir(inside).catch(() => undefined);
  return await homeApart(dataDir, account);
}

async function homeApart(dataDir: string, account: Account): Promise<Home> {
  const name = `throughline-${createHash('sha256')
    .update(await realpath(dataDir))
    .digest('hex')
    .slice(0, 16)}`;
  for (const parent of ['/var/lib', tmpdir()]) {
    const path = join(parent, name);
    if (!(await settle(path, account))) continue;
    await writeWhole(join(dataDir, LOCATION), `${path}\n`);
    return { path, account, apart: true };
  }
  throw new StartRefused(
    `Postgres cannot run as root, and the user with number ${account.uid} can reach neither ${dataDir} nor /var/lib nor ${tmpdir()}.`,
  );
}

/** Makes the folder the account's own; false when the account cannot work there. */
async function settle(path: string, account: Account): Promise<boolean> {
  try {
    await makeFolder(path, PRIVATE);
    const found = await lstat(path);
    // A link, or a folder of somebody else's in a place where everybody may write, is not ours to use.
    if (!found.isDirectory() || (found.uid !== 0 && found.uid !== account.uid)) return false;
    if (found.uid === 0) await give(path, account);
  } catch (error) {
    // Another place helps against a lack of rights, not against a disk that takes nothing.
    if (['ENOSPC', 'EDQUOT', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
  return (await runAs(account, '/bin/sh', ['-c', 'cd -- "$1" && test -w .', 'sh', path])).ok;
}
