import { appendFile, chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPool } from '../../src/runtime/database.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { journalFile, readJournal, writeJournal } from '../../src/runtime/personal/journal.ts';
import { MasterKeyUnknown, PersonKeys } from '../../src/runtime/personal/keys.ts';
import { masterKeyFile, masterKeys } from '../../src/runtime/personal/master-key.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.url, { max: 4 });
  await migrate(pool);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-keys-'));
  await pool.query('delete from ops.person_keys; delete from ops.secrets');
  return () => rm(folder, { recursive: true });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const MODE = 0o777;

describe('the master key', () => {
  test('is made at the first start, for its owner alone, and is the same at the next', async () => {
    const first = await masterKeys(pool, folder);
    expect((await stat(masterKeyFile(folder))).mode & MODE).toBe(0o600);
    const second = await masterKeys(pool, folder);
    expect(second.keys.get(1)).toEqual(first.keys.get(1));
    expect(second.blind).toEqual(first.blind);
  });

  test('is one for all processes that start at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => masterKeys(pool, folder)));
    expect(new Set(all.map(({ keys }) => keys.get(1)?.toString('hex'))).size).toBe(1);
  });

  test('is never made anew while the database was sealed with one that is missing', async () => {
    await masterKeys(pool, folder);
    await rm(masterKeyFile(folder));
    await expect(masterKeys(pool, folder)).rejects.toThrow('is missing, and personal data in this database are sealed with it');
    await expect(stat(masterKeyFile(folder))).rejects.toThrow('ENOENT');
  });

  test('is refused when others may read it', async () => {
    await masterKeys(pool, folder);
    await chmod(masterKeyFile(folder), 0o640);
    await expect(masterKeys(pool, folder)).rejects.toThrow('chmod 600');
  });

  test('is refused when it is that of another database, and when it is no key at all', async () => {
    await masterKeys(pool, folder);
    await writeFile(masterKeyFile(folder), `1 ${Buffer.alloc(32, 7).toString('base64url')}\n`);
    await expect(masterKeys(pool, folder)).rejects.toThrow('is not the master key that this database was sealed with');
    await writeFile(masterKeyFile(folder), 'hello\n');
    await expect(masterKeys(pool, folder)).rejects.toThrow('is not a file of master keys');
  });

  test('may be followed by a second one, which seals from then on; both open what they sealed', async () => {
    const before = new PersonKeys(pool, await masterKeys(pool, folder));
    await before.make(['P1']);
    await appendFile(masterKeyFile(folder), `2 ${Buffer.alloc(32, 2).toString('base64url')}\n`);
    const after = new PersonKeys(pool, await masterKeys(pool, folder));
    await after.make(['P1', 'P2']);
    expect(after.known('P1')).toEqual(before.known('P1'));
    const { rows } = await pool.query('select person, master from ops.person_keys order by person');
    expect(rows).toEqual([
      { person: 'P1', master: 1 },
      { person: 'P2', master: 2 },
    ]);
    await expect(before.load(['P2'])).rejects.toThrow(MasterKeyUnknown);
  });

  test('opens no person’s key that stands under another person’s name', async () => {
    const keys = new PersonKeys(pool, await masterKeys(pool, folder));
    await keys.make(['P1', 'P2']);
    await pool.query(`update ops.person_keys set wrapped = (select wrapped from ops.person_keys where person = 'P1') where person = 'P2'`);
    await expect(new PersonKeys(pool, await masterKeys(pool, folder)).load(['P2'])).rejects.toThrow();
  });
});

describe('the journal of erasures', () => {
  test('keeps who was erased, for its owner alone', async () => {
    await writeJournal(folder, ['P1', 'P2'], '2026-03-02T09:00:00.000Z');
    await writeJournal(folder, ['P3'], '2026-03-03T09:00:00.000Z');
    expect([...(await readJournal(folder))]).toEqual(['P1', 'P2', 'P3']);
    expect((await stat(journalFile(folder))).mode & MODE).toBe(0o600);
  });

  test('loses nobody to a line that a crash cut off', async () => {
    await writeJournal(folder, ['P1'], '2026-03-02T09:00:00.000Z');
    await appendFile(journalFile(folder), '{"person":"P2","era');
    expect([...(await readJournal(folder))]).toEqual(['P1']);
    await writeJournal(folder, ['P3'], '2026-03-03T09:00:00.000Z');
    await expect(readJournal(folder)).resolves.toEqual(new Set(['P1', 'P3']));
    expect(await readFile(journalFile(folder), 'utf8')).toMatch(/\n$/);
  });

  test('is refused when a line is not of it', async () => {
    await writeFile(journalFile(folder), 'nobody\n');
    await expect(readJournal(folder)).rejects.toThrow('has a line that is not of it: nobody');
  });
});
