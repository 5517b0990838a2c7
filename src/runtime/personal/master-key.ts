/** The master keys: outside the database, in a file that only the house may read. Whoever has the database alone has no person's key. */
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Queryable, rowsOf } from '../database.ts';
import { flushFolder } from '../postgres/files.ts';
import { StartRefused } from '../supervisor/refused.ts';
import { KEY_BYTES } from './crypto.ts';

const OTHERS = 0o077;
const LINE = /^(\d{1,4}) ([A-Za-z0-9_-]{43})$/;

export interface MasterKeys {
  /** Version of the key that seals from now on. */
  readonly newest: number;
  readonly keys: ReadonlyMap<number, Buffer>;
  /** Key for hashes by which equal values are found without being kept; follows from the first key, so it stays. */
  readonly blind: Buffer;
}

export const masterKeyFile = (folder: string): string => join(folder, 'master.key');

/**
 * The master keys of this database. At the first start of all they are made. The file has a line for each version: its number
 * and 32 bytes in base64url.
 * @throws StartRefused when the file is missing although persons have keys, belongs to another database, or others may read it
 */
export async function masterKeys(database: Queryable, folder: string): Promise<MasterKeys> {
  const path = masterKeyFile(folder);
  const content = (await readClosed(path)) ?? (await firstKey(database, path));
  const keys = new Map(
    content
      .trim()
      .split('\n')
      .map(line => parsed(path, line)),
  );
  const first = keys.get(1);
  if (first === undefined) throw new StartRefused(`${path} lacks the master key 1.`);
  await demandThisDatabase(database, path, first);
  const blind = Buffer.from(hkdfSync('sha256', first, '', 'throughline blind index', KEY_BYTES));
  return { newest: Math.max(...keys.keys()), keys, blind };
}

async function readClosed(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if ((found.mode & OTHERS) !== 0) throw new StartRefused(`Others may read ${path}, which holds the master key. Run: chmod 600 ${path}`);
  return await readFile(path, 'utf8').catch((error: Error) => {
    throw new StartRefused(`${path} cannot be read: ${error.message}`);
  });
}

async function firstKey(database: Queryable, path: string): Promise<string> {
  const [known] = await rowsOf<{ sealed: boolean }>(
    database,
    `select exists (select from ops.person_keys) or exists (select from ops.secrets where name = $1) as sealed`,
    [MARK],
  );
  if (known?.sealed !== false) {
    // Another process may have made both while we looked; the file comes first.
    const made = await readClosed(path);
    if (made !== undefined) return made;
    throw new StartRefused(`${path} is missing, and personal data in this database are sealed with it. Put it back from its backup.`);
  }
  await place(path, `1 ${randomBytes(KEY_BYTES).toString('base64url')}\n`);
  // Another process may have been first: then the key is its key.
  return (await readClosed(path)) ?? '';
}

/** Puts the file there whole or not at all, and never over another. */
async function place(path: string, content: string): Promise<void> {
  const fresh = `${path}.${randomBytes(8).toString('hex')}`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(fresh, path).catch(error => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(fresh);
  }
  await flushFolder(dirname(path));
}

function parsed(path: string, line: string): readonly [number, Buffer] {
  const [, version, key] = LINE.exec(line) ?? [];
  if (version === undefined || key === undefined) throw new StartRefused(`${path} is not a file of master keys.`);
  return [Number(version), Buffer.from(key, 'base64url')];
}

const MARK = 'master-key';

/** The database keeps a mark of its master key, by which another one is known before it seals anything. */
async function demandThisDatabase(database: Queryable, path: string, first: Buffer): Promise<void> {
  const mark = createHmac('sha256', first).update(MARK).digest('base64url');
  await rowsOf(database, 'insert into ops.secrets (name, value) values ($1, $2) on conflict (name) do nothing', [MARK, mark]);
  const [row] = await rowsOf<{ value: string }>(database, 'select value from ops.secrets where name = $1', [MARK]);
  if (row?.value !== mark) throw new StartRefused(`${path} is not the master key that this database was sealed with.`);
}
