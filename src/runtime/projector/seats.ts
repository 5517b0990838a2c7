/** Which tables of a projection are kept: the one that is shown, as long as this code made it, and a successor being built. */
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import type { AnyProjection } from '../../kernel/projection.ts';
import { patiently, type Queryable, rowsOf } from '../database.ts';
import { type Build, createTable, createView, describeTable, describeView, dropTable, READ_DATA, shapeOf } from './ddl.ts';
import { logicOf } from './logic.ts';
import { CHECKPOINT_COLUMNS, type CheckpointRow, insertCheckpoint, lockCheckpointsOf, type Seat, setState } from './tables.ts';

export interface SeatingOptions {
  readonly logId: string;
  /** Where the log ends. */
  readonly head: bigint | undefined;
  /** Whether detached tables are tried again, and comments and indexes brought up to date. */
  readonly anew: boolean;
}

/**
 * Brings table, view and checkpoint of a projection into being and drops what earlier attempts left. Where version or logic
 * is another than that of the table shown, that one stays as it is until a successor is built beside it. Where nothing is
 * shown yet among views that have seen the log, it is shown when it has seen it, too.
 * @throws when the table's definition was changed without a new version
 */
export async function takeSeats(client: pg.PoolClient, projection: AnyProjection, options: SeatingOptions): Promise<readonly Seat[]> {
  const rows = await lockCheckpointsOf(client, projection);
  const shown = rows.find(row => row.shown);
  if (shown?.version === projection.version && shown.shape !== shapeOf(projection))
    throw new Error(`The table ${projection.table.name} was changed without a new version: make it version ${projection.version + 1}`);
  const beside = shown !== undefined || (await othersHaveSeen(client));
  const successor = beside ? rows.findLast(row => !row.shown && hasBegun(row) && isBy(row, projection)) : undefined;
  for (const row of rows) if (row !== shown && row !== successor) await dropBuild(client, buildOf(projection, row));
  if (!beside) return [await create(client, buildOf(projection, FIRST), { ...options, shown: true })];
  const kept = shown !== undefined && isBy(shown, projection) ? [shown] : [];
  if (shown !== undefined && kept.length === 0) await freeze(client, projection, shown);
  if (kept.length === 0 && successor === undefined) await createSuccessor(client, projection, rows, options);
  const seats: Seat[] = [];
  for (const row of [...kept, ...(successor === undefined ? [] : [successor])])
    seats.push(...(await resume(client, projection, row, options)));
  return seats;
}

/** Whether views were kept here before. All of them together begin where the log begins, and are shown from there on. */
async function othersHaveSeen(client: pg.PoolClient): Promise<boolean> {
  const [row] = await rowsOf(client, 'select from ops.checkpoints where shown and position is not null and logic is not null limit 1');
  return row !== undefined;
}

/** Begins to build the projection anew, beside the table that is shown, unless that has begun already. */
export async function beginAnew(client: pg.PoolClient, projection: AnyProjection, options: Omit<SeatingOptions, 'anew'>): Promise<void> {
  const rows = await lockCheckpointsOf(client, projection);
  const successors = rows.filter(row => !row.shown);
  if (successors.some(row => row.state !== 'detached' && isBy(row, projection))) return;
  for (const row of successors) await dropBuild(client, buildOf(projection, row));
  await createSuccessor(client, projection, rows, options);
}

const FIRST = { generation: 1 };

/** Whether this code made the rows. What was made before logic was noted is taken to be, but for its past, which nobody kept. */
function isBy(row: CheckpointRow, projection: AnyProjection): boolean {
  if (row.version !== projection.version || row.shape !== shapeOf(projection)) return false;
  return row.logic === null ? projection.versioned !== true : row.logic === logicOf(projection);
}

/** The tables in a state that this code builds. */
export async function seatsIn(
  database: Queryable,
  { projections }: Pick<Registry, 'projections'>,
  state: CheckpointRow['state'],
): Promise<readonly Seat[]> {
  const rows = await rowsOf<CheckpointRow>(database, `select ${CHECKPOINT_COLUMNS} from ops.checkpoints where state = $1`, [state]);
  return rows.flatMap(row => {
    const projection = projections.get(row.name);
    return projection !== undefined && isBy(row, projection) ? [seatOf(projection, row)] : [];
  });
}

/** Where the furthest of the tables stands that are shown, but not fed any more. */
export async function frozenAt(database: Queryable): Promise<bigint | undefined> {
  const [row] = await rowsOf<{ position: string | null }>(
    database,
    `select max(position)::text as position from ops.checkpoints where shown and state = 'frozen'`,
  );
  return row?.position == null ? undefined : BigInt(row.position);
}

/** The one that has come least far. */
export const nearest = (seats: Iterable<Seat>): Seat | undefined =>
  [...seats].reduce<Seat | undefined>((a, b) => (a === undefined || (b.position ?? -1n) < (a.position ?? -1n) ? b : a), undefined);

const seatOf = (projection: AnyProjection, row: CheckpointRow): Seat => ({
  ...buildOf(projection, row),
  position: row.position === null ? undefined : BigInt(row.position),
  shown: row.shown,
});

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
  await client.query(dropTable(build));
  await client.query('delete from ops.checkpoints where name = $1 and version = $2 and generation = $3', [
    projection.name,
    projection.version,
    generation,
  ]);
}

async function freeze(client: pg.PoolClient, projection: AnyProjection, shown: CheckpointRow): Promise<void> {
  if (shown.state === 'live') await setState(client, buildOf(projection, shown), 'frozen');
}

/** Its number was not used before: what is left of an earlier attempt is not mistaken for it. */
async function createSuccessor(
  client: pg.PoolClient,
  projection: AnyProjection,
  rows: readonly CheckpointRow[],
  options: Omit<SeatingOptions, 'anew'>,
): Promise<void> {
  const numbers = rows.filter(({ version }) => version === projection.version).map(({ generation }) => generation);
  await create(client, buildOf(projection, { generation: Math.max(0, ...numbers) + 1 }), { ...options, shown: false });
}

async function create(
  client: pg.PoolClient,
  build: Build,
  { logId, head, shown }: Omit<SeatingOptions, 'anew'> & { readonly shown: boolean },
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
  const states: readonly CheckpointRow['state'][] = row.shown ? ['live'] : ['building', 'arriving'];
  if (!states.includes(row.state)) await setState(client, build, row.shown ? 'live' : 'building');
  if (anew) {
    await client.query(patiently([describeTable(build), ...(row.shown ? [describeView(projection)] : [])].join(';\n')));
    await noteLogic(client, build);
  }
  return row.shown || row.state === 'arriving' ? [seatOf(projection, row)] : [];
}

const noteLogic = (client: pg.PoolClient, { projection, generation }: Build): Promise<unknown> =>
  client.query('update ops.checkpoints set logic = $4 where name = $1 and version = $2 and generation = $3 and logic is null', [
    projection.name,
    projection.version,
    generation,
    logicOf(projection),
  ]);
