import pg from 'pg';
import type { AnyProjection } from '../../kernel/projection.ts';
import { rowsOf } from '../database.ts';
import { createView, describeView, dropView, pastViewOf, viewOf } from './ddl.ts';
import { buildOf, dropBuild } from './seats.ts';
import { lockCheckpointsOf, type Seat, setState } from './tables.ts';

const LOCK_TIMEOUT_MS = 250;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Shows a table in place of the one shown so far, which is dropped; whoever had the right to read the view has it again.
 * False when long readings hold the view, or the one shown is further; try later.
 */
export async function swap(client: pg.PoolClient, seat: Seat): Promise<boolean> {
  const { projection, position, generation } = seat;
  const rows = await lockCheckpointsOf(client, projection);
  const shown = rows.find(row => row.shown);
  if (shown?.position != null && (position === undefined || position < BigInt(shown.position))) return false;
  const others = rows.filter(row => row.version !== projection.version || row.generation !== generation);
  await client.query(`savepoint swap; set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    const grants = [...(await grantsOn(client, viewOf(projection))), ...(await pastGrants(client, projection))];
    await client.query(dropView(projection));
    for (const row of others) await dropBuild(client, buildOf(projection, row));
    await client.query([createView(seat), describeView(projection), ...grants].join(';\n'));
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
    await client.query('rollback to savepoint swap');
    return false;
  }
  await client.query(`update ops.checkpoints set shown = true where name = $1 and version = $2 and generation = $3`, [
    projection.name,
    projection.version,
    generation,
  ]);
  await setState(client, seat, 'live');
  return true;
}

const pastGrants = async (client: pg.PoolClient, projection: AnyProjection): Promise<readonly string[]> =>
  projection.versioned ? grantsOn(client, pastViewOf(projection)) : [];

async function grantsOn(client: pg.PoolClient, view: string): Promise<readonly string[]> {
  const grants = await rowsOf<{ grantee: string; privilege: string }>(
    client,
    `select case grantee when 0 then 'public' else grantee::regrole::text end as grantee, privilege_type as privilege
     from pg_class, aclexplode(relacl) where pg_class.oid = to_regclass($1) and grantee <> relowner`,
    [view],
  );
  return grants.map(({ grantee, privilege }) => `grant ${privilege} on ${view} to ${grantee}`);
}
