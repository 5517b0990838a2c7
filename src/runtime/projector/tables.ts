/** The checkpoints of projections: one for each table there is. */
import type pg from 'pg';
import type { AnyProjection } from '../../kernel/projection.ts';
import { isUnavailable, rowsOf } from '../database.ts';
import { CHECKPOINTS_CHANNEL } from '../queries/checkpoints.ts';
import { type Build, shapeOf } from './ddl.ts';
import { logicOf } from './logic.ts';

/** A table of a projection that is being kept, and how far it is. */
export interface Seat extends Build {
  position: bigint | undefined;
  /** Whether it is the one the view shows. */
  shown: boolean;
}

export interface CheckpointRow {
  readonly name: string;
  readonly version: number;
  readonly generation: number;
  readonly position: string | null;
  readonly state: 'live' | 'building' | 'arriving' | 'frozen' | 'detached';
  readonly shown: boolean;
  readonly shape: string;
  readonly logic: string | null;
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

export const CHECKPOINT_COLUMNS = 'name, version, generation, position::text, state, shown, shape, logic';

/** All checkpoints of one projection, held until the transaction ends. */
export const lockCheckpointsOf = (client: pg.PoolClient, { name }: AnyProjection): Promise<CheckpointRow[]> =>
  rowsOf<CheckpointRow>(
    client,
    `select ${CHECKPOINT_COLUMNS} from ops.checkpoints where name = $1 order by version, generation for update`,
    [name],
  );

interface Beginning {
  readonly logId: string;
  readonly state: CheckpointRow['state'];
  readonly shown: boolean;
  /** Where the log ended, to measure progress by. */
  readonly target?: bigint | undefined;
}

export async function insertCheckpoint(
  client: pg.PoolClient,
  { projection, generation }: Build,
  { logId, state, shown, target }: Beginning,
): Promise<void> {
  await client.query(
    `insert into ops.checkpoints (name, version, generation, log_id, state, shown, shape, logic, target)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [projection.name, projection.version, generation, logId, state, shown, shapeOf(projection), logicOf(projection), target?.toString()],
  );
}

/** Stops a table where it stands, for all to see. */
export const detach = (client: pg.PoolClient, build: Build, reason: string): Promise<void> => setState(client, build, 'detached', reason);

/** Stops a projection of which no table can be kept. */
export async function detachVersion(client: pg.PoolClient, projection: AnyProjection, logId: string, reason: string): Promise<void> {
  const { name, version } = projection;
  await client.query(
    `insert into ops.checkpoints (name, version, log_id, state, shown, shape, logic) select $1, $2, $3, 'detached', false, $4, $5
     where not exists (select from ops.checkpoints where name = $1 and version = $2)`,
    [name, version, logId, shapeOf(projection), logicOf(projection)],
  );
  await client.query(`update ops.checkpoints set state = 'detached', reason = $3 where name = $1 and version = $2`, [
    name,
    version,
    reason,
  ]);
  await announce(client, [name]);
}

type Key = Pick<CheckpointRow, 'name' | 'version' | 'generation'>;

export const keyOf = ({ projection: { name, version }, generation }: Build): Key => ({ name, version, generation });

export async function setState(
  client: pg.PoolClient,
  build: Build,
  state: CheckpointRow['state'],
  reason: string | null = null,
): Promise<void> {
  const { name, version, generation } = keyOf(build);
  await client.query('update ops.checkpoints set state = $4, reason = $5 where name = $1 and version = $2 and generation = $3', [
    name,
    version,
    generation,
    state,
    reason,
  ]);
  await announce(client, [name]);
}

/** Tells whoever waits for views, at the commit of this transaction. */
export async function announce(client: pg.PoolClient, names: readonly string[]): Promise<void> {
  await client.query(announcing('ops.checkpoints where name = any($2)', '$1'), [CHECKPOINTS_CHANNEL, names]);
}

/** Views that stand alike are told of together: each notification wakes every process that listens. */
export const announcing = (checkpoints: string, channel: string): string =>
  `select pg_notify(${channel}, json_build_object('position', position::text, 'state', state, 'shown', shown,
     'views', json_object_agg(name, version))::text) from ${checkpoints} group by position, state, shown`;

/** Whether an error is this projection's own fault, so that only it should stop. */
export const isOwnFault = (error: unknown): boolean => !isUnavailable(error);
