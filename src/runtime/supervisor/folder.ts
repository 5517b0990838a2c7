import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { asRefusal, StartRefused } from './refused.ts';

const SQLITE_BUSY = 5;
/** Others may pass through, so that Postgres's account reaches its own folder; they cannot list it. */
export const PASSABLE = 0o711;
const PROBE_BYTES = 4_096;

/** A folder that belongs to this process until it is released or the process ends, however it ends. */
export interface HeldFolder {
  release(): void;
}

/**
 * Makes the folder, and those above it, unless they are there. Told to make all at once, Node calls a read-only disk a
 * missing folder; so the last one, which is mostly the only one, is made by itself.
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch(error => {
    if (error.code !== 'ENOENT') throw error;
    throw new StartRefused(`${path} cannot be made; set THROUGHLINE_DATA to another folder.`);
  });
  await mkdir(path, { mode }).catch(async error => {
    if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw error;
  });
}

/**
 * Makes the folder if need be, sees that it can be written to, and holds it for this process alone.
 * @throws StartRefused when another process holds it, when it may not be written to, or when its disk is full
 */
export async function holdFolder(path: string): Promise<HeldFolder> {
  try {
    await makeFolder(path, PASSABLE);
    await probe(path);
  } catch (error) {
    throw asRefusal(error, path);
  }
  const lock = lockIn(path);
  return { release: () => lock.close() };
}

/** Permissions and free space are known for sure only by writing. */
async function probe(path: string): Promise<void> {
  const file = join(path, `.probe-${process.pid}`);
  try {
    await writeFile(file, Buffer.alloc(PROBE_BYTES), { flush: true });
  } finally {
    await rm(file, { force: true });
  }
}

/**
 * The lock is one that SQLite takes on an empty file: Node has no call of its own for file locks. The kernel frees it when
 * the process ends, so nothing stale remains after a `kill -9`, and it holds across containers that share the folder.
 */
function lockIn(path: string): DatabaseSync {
  const file = join(path, 'lock');
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec('pragma journal_mode = off; begin exclusive');
    return lock;
  } catch (error) {
    lock?.close();
    const busy = (error as { errcode?: number }).errcode === SQLITE_BUSY;
    if (busy) throw new StartRefused(`Throughline already runs on ${path}; stop it first, or set THROUGHLINE_DATA to another folder.`);
    throw new StartRefused(`The lock ${file} cannot be taken: ${(error as Error).message}.`);
  }
}
