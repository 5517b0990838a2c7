import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import { bePatient, patiently, rowsOf, transaction } from '../database.ts';

const MIGRATIONS = new URL('./', import.meta.url);
const MIGRATION_NAME = /^\d{3}-[a-z0-9-]+\.sql$/;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings the database to the shape this code needs: applies each file of migrations/ once, in order, each in a transaction
 * of its own. Two processes that start together wait for one another.
 * Given names, it applies only those.
 * @throws when a migration that was applied has been changed since, or the database was made by newer code
 */
export async function migrate(pool: pg.Pool, only?: ReadonlySet<string>): Promise<void> {
  const migrations = await readMigrations();
  const known = new Set(migrations.map(({ name }) => name));
  const applied = await inTurn(pool, client => rowsOf<{ name: string }>(client, 'select name from ops.migrations'));
  for (const name of [...applied.map(({ name }) => name), ...(only ?? [])]) {
    if (!known.has(name))
      throw new Error(`The database was made by a newer version: it has the migration ${name}, which is not known here.`);
  }
  const wanted = migrations.filter(({ name }) => only?.has(name) ?? true);
  for (const migration of wanted) await inTurn(pool, client => applyOnce(client, migration));
}

async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(MIGRATIONS)).filter(name => name.endsWith('.sql')).sort();
  for (const name of names) if (!MIGRATION_NAME.test(name)) throw new Error(`The migration ${name} is not named NNN-what-it-does.sql`);
  return Promise.all(
    names.map(async name => {
      // Line ends differ between checkouts and mean nothing.
      const sql = (await readFile(new URL(name, MIGRATIONS), 'utf8')).replaceAll('\r\n', '\n');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

function inTurn<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  return transaction(pool, async client => {
    await bePatient(client);
    await client.query(patiently(`select pg_advisory_xact_lock(hashtextextended('throughline/migrations', 0))`));
    await client.query(`
      create schema if not exists ops;
      create table if not exists ops.migrations (
        name text collate "C" primary key, checksum text not null, applied_at timestamptz(3) not null default now()
      );
      comment on table ops.migrations is 'Migrations applied, with the SHA-256 of the file as it was then'`);
    return work(client);
  });
}

async function applyOnce(client: pg.PoolClient, { name, sql, checksum }: Migration): Promise<void> {
  const [applied] = await rowsOf<{ checksum: string }>(client, 'select checksum from ops.migrations where name = $1', [name]);
  if (applied?.checksum === checksum) return;
  if (applied !== undefined) throw new Error(`The migration ${name} was changed after it had been applied; add a new one instead.`);
  await client.query(patiently(sql));
  await client.query('insert into ops.migrations (name, checksum) values ($1, $2)', [name, checksum]);
}
