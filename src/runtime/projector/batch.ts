/** One batch of facts, taken into all its projections in one transaction. */
import pg from 'pg';
import { rowsOf } from '../database.ts';
import { CHECKPOINTS_CHANNEL } from '../queries/checkpoints.ts';
import { type Build, insertPast, tableOf, upsert } from './ddl.ts';
import type { Fact } from './fact.ts';
import { type Changes, fold, type Touch, touchesOf } from './fold.ts';
import { noteInstants } from './instants.ts';
import type { Row } from './row.ts';
import { announcing, type CheckpointRow, detach, isOwnFault, keyOf, type Seat } from './tables.ts';

export interface Batch {
  readonly facts: readonly Fact[];
  /** Position of the last event, of ours or not. */
  readonly last: bigint;
  /** Whether it is the newest of the log: then it is noted which place in the log its instants stand for. */
  readonly live: boolean;
}

export interface Taken {
  /** Seats that took the batch in and stand at its end, or stood beyond it already. */
  readonly kept: readonly Seat[];
  /** Seats that fell out, with the reason. */
  readonly lost: readonly { readonly seat: Seat; readonly reason: string }[];
}

/** Each fact changes each view once: what a checkpoint has passed is not taken in again. */
export async function takeIn(client: pg.PoolClient, seats: readonly Seat[], batch: Batch): Promise<Taken> {
  if (await takeInTogether(client, seats, batch)) return { kept: seats, lost: [] };
  return takeInApart(client, seats, batch);
}

/** Each projection under a savepoint of its own, so that one that fails falls out alone. */
async function takeInApart(client: pg.PoolClient, seats: readonly Seat[], { facts, last, live }: Batch): Promise<Taken> {
  const locked = await lockCheckpoints(client, seats);
  const kept: Seat[] = [];
  const lost: { seat: Seat; reason: string }[] = [];
  for (const seat of seats) {
    const checkpoint = locked.get(markOf(keyOf(seat)));
    if (checkpoint === undefined || checkpoint.state === 'detached') {
      lost.push({ seat, reason: 'It was stopped or replaced from outside' });
      continue;
    }
    const failure = await project(client, seat, factsAfter(reachedBy(checkpoint), facts));
    if (failure === undefined) kept.push(seat);
    else {
      await detach(client, seat, failure);
      lost.push({ seat, reason: failure });
    }
  }
  if (live) await noteInstants(client, facts);
  await advance(client, kept, last);
  return { kept, lost };
}

/**
 * All projections at once: all that is read in one exchange with Postgres and all that is written in another, since most of
 * what a small batch costs is its exchanges. False, with nothing done, when a projection failed or stands elsewhere than thought.
 */
async function takeInTogether(client: pg.PoolClient, seats: readonly Seat[], { facts, last, live }: Batch): Promise<boolean> {
  const works = worksOf(seats, facts);
  if (works === undefined) return false;
  try {
    // The connection sends each without waiting for the answer to the one before.
    const [asThought, before] = await Promise.all([lockedAsThought(client, seats), rowsBeforeAll(client, works)]);
    if (!asThought) throw new StandsElsewhere();
    const writes = works.flatMap(work => writesOf(work.seat, fold(work.seat.projection, work.touches, before.get(work) ?? new Map())));
    const noted = live ? noteInstants(client, facts) : undefined;
    await Promise.all([client.query([...writes, 'release savepoint together'].join(';\n')), noted, advance(client, seats, last)]);
    return true;
  } catch (error) {
    if (!isOwnFault(error)) throw error;
    await client.query('rollback to savepoint together');
    return false;
  }
}

class StandsElsewhere extends Error {}

/** What a batch is to one table. */
interface Work {
  readonly seat: Seat;
  readonly touches: readonly Touch[];
}

/** For the tables that are touched; undefined when a projection fails at telling which rows it touches. */
function worksOf(seats: readonly Seat[], facts: readonly Fact[]): readonly Work[] | undefined {
  try {
    const works = seats.map(seat => ({ seat, touches: touchesOf(seat.projection, factsAfter(seat.position, facts)) }));
    return works.filter(({ touches }) => touches.length > 0);
  } catch {
    return undefined;
  }
}

const reachedBy = ({ position }: CheckpointRow): bigint | undefined => (position === null ? undefined : BigInt(position));

const factsAfter = (reached: bigint | undefined, facts: readonly Fact[]): readonly Fact[] =>
  reached === undefined ? facts : facts.filter(({ position }) => position > reached);

type Key = Pick<CheckpointRow, 'name' | 'version' | 'generation'>;

const markOf = ({ name, version, generation }: Key): string => `${name} ${version} ${generation}`;

/** Parameters for `(select * from unnest(...))` over keys of checkpoints. */
const keysOf = (seats: readonly Seat[]): readonly unknown[] => {
  const keys = seats.map(keyOf);
  return [keys.map(({ name }) => name), keys.map(({ version }) => version), keys.map(({ generation }) => generation)];
};

const AMONG = '(name, version, generation) in (select * from unnest($1::text[], $2::integer[], $3::integer[]))';

async function lockCheckpoints(client: pg.PoolClient, seats: readonly Seat[]): Promise<ReadonlyMap<string, CheckpointRow>> {
  const rows = await rowsOf<CheckpointRow>(
    client,
    `select name, version, generation, position::text, state from ops.checkpoints
     where ${AMONG} order by name, version, generation for update`,
    keysOf(seats),
  );
  return new Map(rows.map(row => [markOf(row), row]));
}

/** Locks the checkpoints too, and tells only whether all stand where they are thought to: their rows are many, and mostly no news. */
async function lockedAsThought(client: pg.PoolClient, seats: readonly Seat[]): Promise<boolean> {
  const [row] = await rowsOf<{ count: number }>(
    client,
    `with locked as materialized (
       select name, version, generation, position, state from ops.checkpoints
       where ${AMONG} order by name, version, generation for update)
     select count(*)::integer as count from locked
     join unnest($1::text[], $2::integer[], $3::integer[], $4::bigint[]) as thought (name, version, generation, position)
       using (name, version, generation)
     where locked.state <> 'detached' and locked.position is not distinct from thought.position`,
    [...keysOf(seats), seats.map(({ position }) => position?.toString() ?? null)],
  );
  return row?.count === seats.length;
}

/** Takes facts into one table. Tells why the projection failed, its rows being as they were before; undefined when it did not. @throws what is not its fault */
export async function project(client: pg.PoolClient, build: Build, facts: readonly Fact[]): Promise<string | undefined> {
  let saved = false;
  try {
    const touches = touchesOf(build.projection, facts);
    if (touches.length === 0) return undefined;
    await client.query('savepoint projection');
    saved = true;
    await write(client, build, fold(build.projection, touches, await rowsBefore(client, build, touches)));
    await client.query('release savepoint projection');
    return undefined;
  } catch (error) {
    if (!isOwnFault(error)) throw error;
    if (saved) await client.query('rollback to savepoint projection');
    return error instanceof Error ? error.message : String(error);
  }
}

type FoundRow = Row & { readonly id: string };

const byKey = (rows: readonly FoundRow[]): ReadonlyMap<string, Row> => new Map(rows.map(({ id, ...row }) => [id, row]));

/** Rows touched, as they are now. Those of a view of everything are always new. */
async function rowsBefore(client: pg.PoolClient, build: Build, touches: readonly Touch[]): Promise<ReadonlyMap<string, Row>> {
  if (build.projection.every !== undefined) return new Map();
  return byKey(await rowsOf<FoundRow>(client, `select * from ${tableOf(build)} where id = any($1)`, [keysTouched(touches)]));
}

/** The same for all tables, in one exchange, behind the savepoint to which whoever fails goes back. */
async function rowsBeforeAll(client: pg.PoolClient, works: readonly Work[]): Promise<ReadonlyMap<Work, ReadonlyMap<string, Row>>> {
  const read = works.filter(({ seat }) => seat.projection.every === undefined);
  const selects = read.map(({ seat, touches }) => `select * from ${tableOf(seat)} where ${isAmong(keysTouched(touches))}`);
  const [, ...results] = await resultsOf(client, ['savepoint together', ...selects]);
  return new Map(results.map(({ rows }, index) => [read[index] as Work, byKey(rows as FoundRow[])]));
}

const keysTouched = (touches: readonly Touch[]): readonly string[] => [...new Set(touches.flatMap(({ keys }) => keys))];

const isAmong = (keys: readonly string[]): string => `id = any(array[${keys.map(key => pg.escapeLiteral(key)).join(', ')}]::text[])`;

/** Results of several statements sent as one text. */
async function resultsOf(client: pg.PoolClient, statements: readonly string[]): Promise<readonly pg.QueryResult[]> {
  const results = (await client.query(statements.join(';\n'))) as pg.QueryResult | readonly pg.QueryResult[];
  return Array.isArray(results) ? results : [results as pg.QueryResult];
}

async function write(client: pg.PoolClient, build: Build, changes: Changes): Promise<void> {
  const writes = writesOf(build, changes);
  if (writes.length > 0) await client.query(writes.join(';\n'));
}

/** Statements without parameters, so that many go as one text. */
function writesOf(build: Build, { written, deleted, past }: Changes): readonly string[] {
  const rows = [...written].map(([id, row]) => ({ id, ...row }));
  return [
    ...(past.length === 0 ? [] : [insertPast(build, jsonLiteral(past))]),
    ...(rows.length === 0 ? [] : [upsert(build, jsonLiteral(rows))]),
    ...(deleted.length === 0 ? [] : [`delete from ${tableOf(build)} where ${isAmong(deleted)}`]),
  ];
}

const jsonLiteral = (value: unknown): string => pg.escapeLiteral(JSON.stringify(value));

/** Moves checkpoints forward, and tells whoever waits for it. */
async function advance(client: pg.PoolClient, seats: readonly Seat[], last: bigint): Promise<void> {
  if (seats.length === 0) return;
  await rowsOf(
    client,
    `with moved as (
       update ops.checkpoints set position = $4 where ${AMONG} and (position is null or position < $4)
       returning name, version, position, state, shown)
     ${announcing('moved', '$5')}`,
    [...keysOf(seats), last.toString(), CHECKPOINTS_CHANNEL],
  );
}
