import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analystCommand } from '../../src/cli/analyst-command.ts';
import { openPool } from '../../src/runtime/database.ts';
import { startHouse, type TestHouse } from '../support/house.ts';

/** Roles belong to the whole cluster, which other runs share. */
const NAME = `t${process.pid}`;

let house: TestHouse;
let pool: pg.Pool;
let analyst: pg.Client;

const command = (...args: readonly string[]) => analystCommand(args, { pool }, house.databaseUrl);

async function signIn(lines: readonly string[]): Promise<pg.Client> {
  const address = /psql '(\S+)'/.exec(lines.join('\n'))?.[1];
  const client = new pg.Client({ connectionString: address });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const asked = (sql: string) =>
  analyst.query(sql).then(
    ({ rowCount }) => `${rowCount} rows`,
    (error: pg.DatabaseError) => error.code,
  );

beforeAll(async () => {
  house = await startHouse();
  pool = openPool(house.databaseUrl, { max: 2 });
  await house.get(`/leads/${await house.make('/leads', { name: 'Chairs', source: 'web', requestCategory: 'Furniture' })}`);
  analyst = await signIn(await command(NAME));
});
afterAll(async () => {
  await analyst?.end().catch(() => undefined);
  await pool?.query(`drop role if exists analyst_${NAME}`);
  await pool?.end();
  await house?.stop();
});

const NOT_ALLOWED = '42501';

describe('the sign-in of an analyst', () => {
  test('reads every documented view, its past and its comments', async () => {
    expect(await asked('select * from leads')).toBe('1 rows');
    const { rows } = await pool.query<{ name: string }>(
      `select schemaname || '.' || viewname as name from pg_views where schemaname in ('read', 'read_past')`,
    );
    expect(rows.length).toBeGreaterThan(20);
    for (const { name } of rows) expect(await asked(`select * from ${name} limit 1`), name).toMatch(/rows$/);
    const { rows: comments } = await analyst.query(`select obj_description('read.leads'::regclass) as said`);
    expect(comments).toEqual([{ said: expect.stringContaining('Interest') }]);
  });

  test('writes nothing, and takes nothing from behind the views', async () => {
    expect((await analyst.query('show transaction_read_only')).rows).toEqual([{ transaction_read_only: 'on' }]);
    await analyst.query('set default_transaction_read_only = off');
    expect(await asked(`insert into read.leads (id) values ('x')`)).toBe(NOT_ALLOWED);
    expect(await asked('delete from read.leads')).toBe(NOT_ALLOWED);
    expect(await asked('create table public.mine (a integer)')).toBe(NOT_ALLOWED);
    expect(await asked('create table read.mine (a integer)')).toBe(NOT_ALLOWED);
    const { rows } = await pool.query<{ name: string }>(
      `select schemaname || '.' || quote_ident(tablename) as name from pg_tables where schemaname in ('ops', 'eventstore', 'read_data')`,
    );
    expect(rows.length).toBeGreaterThan(20);
    for (const { name } of rows) expect(await asked(`select * from ${name} limit 1`), name).toBe(NOT_ALLOWED);
    expect(await asked("select pg_read_file('/etc/passwd')")).toBe(NOT_ALLOWED);
    expect(await asked(`copy (select 1) to program 'true'`)).toBe(NOT_ALLOWED);
  });

  test('is cut off from statements that take too long', async () => {
    expect((await analyst.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '1min' }]);
  });

  test('sees a view that was built anew', async () => {
    await pool.query('begin; drop view if exists read.tmp_view; create view read.tmp_view as select 1 as one; commit');
    expect(await asked('select * from read.tmp_view')).toBe('1 rows');
    await pool.query('drop view read.tmp_view');
  });

  test('gets a new password when made again, and is gone when removed', async () => {
    const lines = await command(NAME);
    expect(lines[0]).toContain('new password');
    const again = await signIn(lines);
    await again.end();
    expect(await command(NAME, '--remove')).toEqual([expect.stringContaining('is gone')]);
    await expect(signIn(lines)).rejects.toThrow();
    await expect(command(NAME, '--remove')).rejects.toThrow('There is no sign-in');
  });

  test.each([[[]], [['Ana']], [['a b']], [['x; drop table']], [['ana', '--force']]])('refuses %j with its usage', async args => {
    await expect(command(...args)).rejects.toThrow('Usage');
  });
});
