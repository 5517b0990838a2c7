import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool, rowsOf, transaction, waitForDatabase } from '../../src/runtime/database.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { DatabaseUnavailable } from '../../src/runtime/queries/port.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.url, { max: 3 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const one = async (expression: string): Promise<unknown> => (await rowsOf<{ it: unknown }>(pool, `select ${expression} as it`))[0]?.it;

describe('values come back as the house writes them', () => {
  test.each([
    ['9007199254740991::bigint', Number.MAX_SAFE_INTEGER],
    ['array[1, null]::bigint[]', [1, null]],
    ["date '2024-02-29'", '2024-02-29'],
    ["timestamptz '2024-03-31 02:30:00.5+02'", '2024-03-31T00:30:00.500Z'],
    ["timestamptz '1999-12-31 23:59:59.123456+00'", '1999-12-31T23:59:59.123Z'],
    ["array[timestamptz '2024-01-01 00:00:00+00']", ['2024-01-01T00:00:00.000Z']],
    ['12345678901234567890.1200::numeric', '12345678901234567890.1200'],
    ["array['a', null]::text[]", ['a', null]],
    [`'{"a": [1]}'::jsonb`, { a: [1] }],
    ['null::bigint', null],
  ])('%s', async (expression, value) => expect(await one(expression)).toEqual(value));

  test('refuses a bigint that a number cannot hold', async () => {
    await expect(one('9007199254740992::bigint')).rejects.toThrow('beyond');
    expect(await one('1')).toBe(1);
  });

  test('leaves the parsers of other pools alone', async () => {
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    expect((await other.query('select 1::bigint as it')).rows).toEqual([{ it: '1' }]);
    await other.end();
  });

  test('names without a schema reach no table', async () => {
    await pool.query('create table public.secret (id text)');
    await expect(rowsOf(pool, 'select * from secret')).rejects.toThrow('does not exist');
  });
});

describe('a transaction', () => {
  test('keeps nothing of work that failed', async () => {
    await pool.query('create table public.kept (id text)');
    const work = transaction(pool, async client => {
      await client.query("insert into public.kept values ('a')");
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await one('(select count(*) from public.kept)')).toBe(0);
  });

  test('does not pretend to have committed after a statement failed unnoticed', async () => {
    const work = transaction(pool, client => client.query('select 1 / 0').catch(() => 'ignored'));
    await expect(work).rejects.toThrow('nothing was committed');
  });

  test('tells that Postgres went away, and the pool heals', async () => {
    const work = transaction(pool, async client => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await rowsOf(pool, 'select pg_terminate_backend($1)', [rows[0]?.pid]);
      await client.query('select 1');
    });
    await expect(work).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(await transaction(pool, client => rowsOf(client, 'select 1 as it'))).toEqual([{ it: 1 }]);
  });

  test('survives connections that are cut while idle in the pool', async () => {
    await pool.query('select 1');
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await other.end();
    await expect.poll(() => one('1').catch(() => 0)).toBe(1);
  });
});

test('a pool says in the words of the house that Postgres is gone', async () => {
  const nowhere = openPool('postgres://u@127.0.0.1:1/x', { max: 1 });
  await expect(nowhere.query('select 1')).rejects.toBeInstanceOf(DatabaseUnavailable);
  await expect(pool.query('select * from missing')).rejects.toBeInstanceOf(pg.DatabaseError);
  await nowhere.end();
});

describe('waiting for the database', () => {
  test('ends when it answers', async () => expect(await waitForDatabase(database.url, 1_000)).toBeUndefined());

  test('ends with one sentence, without the password, when it never does', async () =>
    expect(waitForDatabase('postgres://u:hush@127.0.0.1:1/x', 300)).rejects.toThrow(
      /^PostgreSQL at 127\.0\.0\.1:1\/x cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1\.$/,
    ));

  test('ends at once when waiting would not help', async () => {
    const absent = new URL(database.url);
    absent.pathname = '/absent';
    const begun = performance.now();
    await expect(waitForDatabase(absent.href, 20_000)).rejects.toThrow('database "absent" does not exist');
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe('migrations', () => {
  test('are applied once each, also by two processes that start together', async () => {
    await Promise.all([migrate(pool), migrate(pool)]);
    const before = await rowsOf(pool, 'select * from ops.migrations order by name');
    expect(before).toContainEqual(expect.objectContaining({ name: '001-read-side.sql' }));
    await migrate(pool);
    expect(await rowsOf(pool, 'select * from ops.migrations order by name')).toEqual(before);
  });

  test('refuse a database whose migration was another', async () => {
    await pool.query("update ops.migrations set checksum = 'x' where name = '001-read-side.sql'");
    await expect(migrate(pool)).rejects.toThrow('001-read-side.sql was changed after it had been applied');
  });

  test('refuse a database made by newer code', async () => {
    await pool.query("insert into ops.migrations values ('999-future.sql', 'x')");
    await expect(migrate(pool)).rejects.toThrow('made by a newer version');
  });
});
