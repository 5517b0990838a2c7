/** Sign-ins of the database for analysts: they read the documented views and nothing else. */
import { parseArgs } from 'node:util';
import pg from 'pg';
import { rowsOf, transaction } from '../runtime/database.ts';
import { randomPassword } from '../runtime/identity/bootstrap.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';
import type { LocalHouse } from './local.ts';

const USAGE = `Usage:
  npm run analyst -- <name>             makes a read-only sign-in, or gives it a new password
  npm run analyst -- <name> --remove    takes it away`;

const NAME = /^[a-z][a-z0-9_]{0,30}$/;
/** Bears the rights; sign-ins only bear this role. */
const RIGHTS = 'throughline_analyst';
/** Tells our sign-ins from roles that others made. */
const PREFIX = 'analyst_';
const SCHEMAS = ['read', 'read_past'];

const CONNECTIONS_MAX = 5;
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['default_transaction_read_only', 'on'],
  ['statement_timeout', '60s'],
  ['idle_in_transaction_session_timeout', '60s'],
  ['lock_timeout', '5s'],
  ['search_path', 'read'],
  ['timezone', 'UTC'],
];

/**
 * Makes or removes a sign-in for an analyst; answers the lines to print, of which one holds the password, this once.
 * @throws StartRefused with what is wrong
 */
export async function analystCommand(args: readonly string[], house: Pick<LocalHouse, 'pool'>, url: string): Promise<readonly string[]> {
  const { name, remove } = understood(args);
  const role = PREFIX + name;
  return remove ? removed(role, house.pool) : made(role, house.pool, url);
}

function understood(args: readonly string[]): { readonly name: string; readonly remove: boolean } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { remove: { type: 'boolean' } }, allowPositionals: true });
    const [name = '', ...surplus] = positionals;
    if (surplus.length === 0 && NAME.test(name)) return { name, remove: values.remove ?? false };
  } catch {
    // An option that is not known; the usage says which are.
  }
  throw new StartRefused(`${USAGE}\nA name is of small letters, digits and _, begins with a letter, and has at most 31 of them.`);
}

async function made(role: string, pool: pg.Pool, url: string): Promise<readonly string[]> {
  const password = randomPassword();
  const known = await exists(role, pool);
  await asOwner(pool, [
    ...((await exists(RIGHTS, pool)) ? [] : [`create role ${RIGHTS} nologin`]),
    ...SCHEMAS.flatMap(rightsOn),
    `${known ? 'alter' : 'create'} role ${role} with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit
     connection limit ${CONNECTIONS_MAX} password ${pg.escapeLiteral(password)}`,
    `grant ${RIGHTS} to ${role}`,
    ...SETTINGS.map(([setting, value]) => `alter role ${role} set ${setting} = ${pg.escapeLiteral(value)}`),
  ]);
  const { host, port, database } = new pg.Client({ connectionString: url });
  return [
    known
      ? `${role} has a new password; the old one opens nothing any more.`
      : `${role} may read the views of the schemas ${SCHEMAS.join(' and ')}, and nothing else.`,
    `  host ${host}, port ${port}, database ${database}, user ${role}, password ${password}`,
    `  psql 'postgres://${role}:${password}@${host}:${port}/${database}'`,
    'The password is shown this once. What each view holds: docs/reference/analyst-dictionary.md',
  ];
}

/** Also for views that will be made: a view that is built anew is another one to Postgres. */
const rightsOn = (schema: string): readonly string[] => [
  `grant usage on schema ${schema} to ${RIGHTS}`,
  `grant select on all tables in schema ${schema} to ${RIGHTS}`,
  `alter default privileges in schema ${schema} grant select on tables to ${RIGHTS}`,
];

async function removed(role: string, pool: pg.Pool): Promise<readonly string[]> {
  if (!(await exists(role, pool))) throw new StartRefused(`There is no sign-in ${role}.`);
  await asOwner(pool, [`drop role ${role}`]);
  await pool.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role]);
  return [`${role} is gone, and so are its connections.`];
}

const exists = async (role: string, pool: pg.Pool): Promise<boolean> =>
  (await rowsOf(pool, 'select from pg_roles where rolname = $1', [role])).length > 0;

const INSUFFICIENT_PRIVILEGE = '42501';

/** All of the statements or none. @throws StartRefused when the house's own user may not make roles */
async function asOwner(pool: pg.Pool, statements: readonly string[]): Promise<void> {
  await transaction(pool, async client => {
    for (const statement of statements) await client.query(statement);
  }).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE)) throw error;
    throw new StartRefused(`The user of DATABASE_URL may not do this (${error.message}); give it CREATEROLE, or ask who may.`);
  });
}
