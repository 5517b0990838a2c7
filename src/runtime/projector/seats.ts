/** Which tables of a projection are kept: the one that is shown, as long as this code made it, and a successor being built. */
import type pg from 'pg';
import type { AnyProjection } from '../../kernel/projection.ts';
import { patiently } from '../database.ts';
import { type Build, createTable, createView, describeTable, describeView, READ_DATA, shapeOf, tableOf } from './ddl.ts';
import { logicOf } from './logic.ts';
import { type CheckpointRow, insertCheckpoint, lockCheckpointsOf, type Seat, setState } from './tables.ts';

export interface SeatingOptions {
  readonly logId: string;
  /** Where the log ends. */
  readonly head: bigint | undefined;
  /** Whether detached tables are tried again, and comments and indexes brought up to date. */
  readonly anew: boolean;
}

/**
 * Brings table, view and checkpoint of a projection into being and drops what earlier attempts left. Where version or logic
 * is another than that of the table shown, that one stays as it is until a successor is built beside it.
 * @throws when the table's definition was changed without a new version
 */
export async function takeSeats(client: pg.PoolClient, projection: AnyProjection, options: SeatingOptions): Promise<readonly Seat[]> {
  const rows = await lockCheckpointsOf(client, projection);
  const shown = rows.find(row => row.shown);
  if (shown?.version === projection.version && shown.shape !== shapeOf(projection))
    throw new Error(`The table ${projection.table.name} was changed without a new version: make it version ${projection.version + 1}`);
  const successor = shown && rows.findLast(row => !row.shown && hasBegun(row) && isBy(row, projection));
  for (const row of rows) if (row !== shown && row !== successor) await dropBuild(client, buildOf(projection, row));
  if (shown === undefined) return [await create(client, buildOf(projection, FIRST), { ...options, shown: true })];
  const kept = isBy(shown, projection) ? [shown] : [];
  if (kept.length === 0) await freeze(client, projection, shown);
  if (kept.length + (successor === undefined ? 0 : 1) === 0) return [await createSuccessor(client, projection, rows, options)];
  const seats: Seat[] = [];
  for (const row of [...kept, ...(successor === undefined ? [] : [successor])])
    seats.push(...(await resume(client, projection, row, options)));
  return seats;
}

/** Begins to build the projection anew, beside the table that is shown; undefined where that has begun already. */
export async function beginAnew(client: pg.PoolClient, projection: AnyProjection, options: SeatingOptions): Promise<Seat | undefined> {
  const rows = await lockCheckpointsOf(client, projection);
  if (rows.some(row => !row.shown && row.state === 'building' && isBy(row, projection))) return undefined;
  return createSuccessor(client, projection, rows, options);
}

const FIRST = { generation: 1 };

/** Whether this code made the rows. What was made before logic was noted is taken to be. */
const isBy = (row: CheckpointRow, projection: AnyProjection): boolean =>
  row.version === projection.version && row.shape === shapeOf(projection) && (row.logic ?? logicOf(projection)) === logicOf(projection);

/** What failed before its first event may have no table at all. */
const hasBegun = ({ state, position }: CheckpointRow): boolean => state !== 'detached' || position !== null;

/** A table of the projection, of any version there was. */
export const buildOf = (
  projection: AnyProjection,
  { version = projection.version, generation }: { readonly version?: number; readonly generation: number },
): Build => ({
  projection: version === projection.version ? projection : { ...projection, version },
  generation,
  schema: READ_DATA,
});

export async function dropBuild(client: pg.PoolClient, build: Build): Promise<void> {
  const { projection, generation } = build;
  await client.query(`drop table if exists ${tableOf(build)}`);
  await client.query('delete from ops.checkpoints where name = $1 and version = $2 and generation = $3', [
    projection.name,
    projection.version,
    generation,
  ]);
}

async function freeze(client: pg.PoolClient, projection: AnyProjection, shown: CheckpointRow): Promise<void> {
  if (shown.state === 'live') await setState(client, buildOf(projection, shown), 'frozen');
}

/** Its number was never used before: what is left of an earlier attempt is not mistaken for it. */
function createSuccessor(
  client: pg.PoolClient,
  projection: AnyProjection,
  rows: readonly CheckpointRow[],
  options: SeatingOptions,
): Promise<Seat> {
  const numbers = rows.filter(({ version }) => version === projection.version).map(({ generation }) => generation);
  return create(client, buildOf(projection, { generation: Math.max(0, ...numbers) + 1 }), { ...options, shown: false });
}

async function create(
  client: pg.PoolClient,
  build: Build,
  { logId, head, shown }: SeatingOptions & { readonly shown: boolean },
): Promise<Seat> {
  await client.query([createTable(build), describeTable(build)].join(';\n'));
  if (shown) await client.query([createView(build), describeView(build.projection)].join(';\n'));
  await insertCheckpoint(client, build, { logId, state: shown ? 'live' : 'building', shown, target: head });
  return { ...build, position: undefined, shown };
}

async function resume(
  client: pg.PoolClient,
  projection: AnyProjection,
  row: CheckpointRow,
  { anew }: SeatingOptions,
): Promise<readonly Seat[]> {
  if (row.state === 'detached' && !anew) return [];
  const build = buildOf(projection, row);
  const state = row.shown ? 'live' : 'building';
  if (row.state !== state) await setState(client, build, state);
  if (anew) {
    await client.query(patiently([describeTable(build), ...(row.shown ? [describeView(projection)] : [])].join(';\n')));
    await noteLogic(client, build);
  }
  return [{ ...build, position: row.position === null ? undefined : BigInt(row.position), shown: row.shown }];
}

const noteLogic = (client: pg.PoolClient, { projection, generation }: Build): Promise<unknown> =>
  client.query('update ops.checkpoints set logic = $4 where name = $1 and version = $2 and generation = $3 and logic is null', [
    projection.name,
    projection.version,
    generation,
    logicOf(projection),
  ]);
