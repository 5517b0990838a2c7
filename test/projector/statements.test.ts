import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPool } from '../../src/runtime/database.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database?.drop());

test('plans a statement that comes again once a connection, and answers as if it were new', async () => {
  const pool = openPool(database.url, { max: 1 });
  try {
    for (let n = 0; n < 5; n++) expect((await pool.query('select $1::int + 1 as next', [n])).rows).toEqual([{ next: n + 1 }]);
    const { rows } = await pool.query('select statement from pg_prepared_statements');
    expect(rows).toEqual([{ statement: 'select $1::int + 1 as next' }]);
  } finally {
    await pool.end();
  }
});

test('gets over a table that was given other columns, at the next try', async () => {
  const pool = openPool(database.url, { max: 1 });
  try {
    await pool.query('create table public.things (id int)');
    const ask = () => pool.query('select * from public.things where id = $1', [1]);
    for (let n = 0; n < 4; n++) await ask();
    await pool.query('alter table public.things add name text; insert into public.things values (1, $$one$$)');
    await expect(ask()).rejects.toThrow('Postgres does not answer');
    expect((await ask()).rows).toEqual([{ id: 1, name: 'one' }]);
  } finally {
    await pool.end();
  }
});
