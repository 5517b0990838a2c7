/** The tables and checkpoints of projections: made when new, exchanged when a new version has caught up. */
import pg from 'pg';
import type { AnyProjection } from '../../kernel/projection.ts';
import { isUnavailable, patiently, rowsOf } from '../database.ts';
import { CHECKPOINTS_CHANNEL } from '../queries/checkpoints.ts';
import { createTable, createView, describeTable, describeView, shapeOf, tableOfVersion, viewOf } from './ddl.ts';

/** A projection that is being kept, and how far it is. */
export interface Seat {
  readonly projection: AnyProjection;
  position: bigint | undefined;
  /** Whether it is the version the view shows. */
  shown: boolean;
}

export interface CheckpointRow {
  readonly name: string;
  readonly version: number;
  readonly position: string | null;
  readonly state: 'live' | 'building' | 'detached';
  readonly shown: boolean;
  readonly shape: string;
}

/** The views in this database were built from another log: mixing two pasts would make nonsense of both. */
export class OtherLog extends Error {
  override readonly name = 'OtherLog';
  constructor(here: string, there: string) {
    super(
      `The views in this database were built from the event log ${here}, but the event store that is connected holds the log ${there}: connect the former one, or use another database.`,
    );
  }
}

/** @throws OtherLog */
export async function demandSameLog(database: pg.Pool | pg.PoolClient, logId: string): Promise<void> {
  const [other] = await rowsOf<{ log_id: string }>(database, 'select log_id from ops.checkpoints where log_id <> $1 limit 1', [logId]);
  if (other !== undefined) throw new OtherLog(other.log_id, logId);
}

/**
 * Brings table, view and checkpoint of a projection into being, and drops what earlier attempts at other versions left.
 * A detached one is tried again when `anew`.
 */
export async function seat(client: pg.PoolClient, projection: AnyProjection, logId: string, anew: boolean): Promise<Seat | undefined> {
  const { name, version } = projection;
  const rows = await rowsOf<CheckpointRow>(
    client,
    'select name, version, position::text, state, shown, shape from ops.checkpoints where name = $1 for update',
    [name],
  );
  for (const row of rows) if (!row.shown && row.version !== version) await dropVersion(client, projection, row.version);
  const known = rows.find(row => row.version === version);
  const shown = known?.shown ?? !rows.some(row => row.shown);
  if (known === undefined) await create(client, projection, logId, shown);
  else if (known.shape !== shapeOf(projection))
    throw new Error(`The table ${projection.table.name} was changed without a new version: make it version ${version + 1}`);
  else if (known.state === 'detached' && !anew) return undefined;
  else if (known.state === 'detached') await setState(client, projection, shown ? 'live' : 'building', null);
  if (anew) await client.query(patiently([describeTable(projection), ...(shown ? [describeView(projection)] : [])].join(';\n')));
  return { projection, position: known?.position == null ? undefined : BigInt(known.position), shown };
}

async function create(client: pg.PoolClient, projection: AnyProjection, logId: string, shown: boolean): Promise<void> {
  await client.query(createTable(projection));
  await client.query(describeTable(projection));
  if (shown) await client.query(`${createView(projection)}; ${describeView(projection)}`);
  await client.query('insert into ops.checkpoints (name, version, log_id, state, shown, shape) values ($1, $2, $3, $4, $5, $6)', [
    projection.name,
    projection.version,
    logId,
    shown ? 'live' : 'building',
    shown,
    shapeOf(projection),
  ]);
}

async function dropVersion(client: pg.PoolClient, { name, table }: AnyProjection, version: number): Promise<void> {
  await client.query(`drop table if exists ${tableOfVersion(table.name, version)}`);
  await client.query('delete from ops.checkpoints where name = $1 and version = $2', [name, version]);
}

/** Stops a projection where it stands, for all to see. */
export async function detach(client: pg.PoolClient, projection: AnyProjection, logId: string, reason: string): Promise<void> {
  await client.query(
    `insert into ops.checkpoints (name, version, log_id, state, shown, shape) values ($1, $2, $3, 'detached', false, $4)
     on conflict do nothing`,
    [projection.name, projection.version, logId, shapeOf(projection)],
  );
  await setState(client, projection, 'detached', reason);
}

async function setState(client: pg.PoolClient, { name, version }: AnyProjection, state: string, reason: string | null): Promise<void> {
  await client.query('update ops.checkpoints set state = $3, reason = $4 where name = $1 and version = $2', [name, version, state, reason]);
  await announce(client, [name]);
}

/** Tells whoever waits for views, at the commit of this transaction. */
export async function announce(client: pg.PoolClient, names: readonly string[]): Promise<void> {
  await client.query(
    `select pg_notify($1, json_build_object('name', name, 'version', version, 'position', position::text, 'state', state, 'shown', shown)::text)
     from ops.checkpoints where name = any($2)`,
    [CHECKPOINTS_CHANNEL, names],
  );
}

const SWAP_LOCK_TIMEOUT_MS = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Shows a new version in place of the old one, which is dropped; whoever had the right to read the view has it again. False
 * when long readings hold the view; try later.
 */
export async function swap(client: pg.PoolClient, { projection, position }: Seat): Promise<boolean> {
  const { name, version } = projection;
  const rows = await rowsOf<CheckpointRow>(
    client,
    'select version, position::text, shown from ops.checkpoints where name = $1 for update',
    [name],
  );
  const shown = rows.find(row => row.shown);
  if (shown?.position != null && (position === undefined || position < BigInt(shown.position))) return false;
  await client.query(`savepoint swap; set local lock_timeout = ${SWAP_LOCK_TIMEOUT_MS}`);
  try {
    const grants = await grantsOn(client, viewOf(projection));
    await client.query(`drop view if exists ${viewOf(projection)}`);
    for (const row of rows) if (row.version !== version) await dropVersion(client, projection, row.version);
    await client.query([createView(projection), describeView(projection), ...grants].join(';\n'));
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
    await client.query('rollback to savepoint swap');
    return false;
  }
  await client.query(`update ops.checkpoints set shown = true where name = $1 and version = $2`, [name, version]);
  await setState(client, projection, 'live', null);
  return true;
}

async function grantsOn(client: pg.PoolClient, view: string): Promise<readonly string[]> {
  const grants = await rowsOf<{ grantee: string; privilege: string }>(
    client,
    `select case grantee when 0 then 'public' else grantee::regrole::text end as grantee, privilege_type as privilege
     from pg_class, aclexplode(relacl) where pg_class.oid = to_regclass($1) and grantee <> relowner`,
    [view],
  );
  return grants.map(({ grantee, privilege }) => `grant ${privilege} on ${view} to ${grantee}`);
}

/** Whether an error is this projection's own fault, so that only it should stop. */
export const isOwnFault = (error: unknown): boolean => !isUnavailable(error);
