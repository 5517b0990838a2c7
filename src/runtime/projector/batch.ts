/** One batch of facts, taken into all its projections in one transaction. */
import type pg from 'pg';
import { rowsOf } from '../database.ts';
import { type Build, insertPast, tableOf, upsert } from './ddl.ts';
import type { Fact } from './fact.ts';
import { type Changes, fold, type Touch, touchesOf } from './fold.ts';
import { noteInstants } from './instants.ts';
import type { Row } from './row.ts';
import { announce, type CheckpointRow, detach, isOwnFault, keyOf, type Seat } from './tables.ts';

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
export async function takeIn(client: pg.PoolClient, seats: readonly Seat[], { facts, last, live }: Batch): Promise<Taken> {
  const locked = await lockCheckpoints(client, seats);
  const kept: Seat[] = [];
  const lost: { seat: Seat; reason: string }[] = [];
  for (const seat of seats) {
    const checkpoint = locked.get(markOf(keyOf(seat)));
    if (checkpoint === undefined || checkpoint.state === 'detached') {
      lost.push({ seat, reason: 'It was stopped or replaced from outside' });
      continue;
    }
    const reached = checkpoint.position === null ? undefined : BigInt(checkpoint.position);
    const fresh = reached === undefined ? facts : facts.filter(({ position }) => position > reached);
    const failure = await project(client, seat, fresh);
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

/** Rows touched, as they are now. Those of a view of everything are always new. */
async function rowsBefore(client: pg.PoolClient, build: Build, touches: readonly Touch[]): Promise<ReadonlyMap<string, Row>> {
  if (build.projection.every !== undefined) return new Map();
  const keys = [...new Set(touches.flatMap(touch => touch.keys))];
  const rows = await rowsOf<Row & { id: string }>(client, `select * from ${tableOf(build)} where id = any($1)`, [keys]);
  return new Map(rows.map(({ id, ...row }) => [id, row]));
}

async function write(client: pg.PoolClient, build: Build, { written, deleted, past }: Changes): Promise<void> {
  if (past.length > 0) await client.query(insertPast(build), [JSON.stringify(past)]);
  const rows = [...written].map(([id, row]) => ({ id, ...row }));
  if (rows.length > 0) await client.query(upsert(build), [JSON.stringify(rows)]);
  if (deleted.length > 0) await client.query(`delete from ${tableOf(build)} where id = any($1)`, [deleted]);
}

async function advance(client: pg.PoolClient, seats: readonly Seat[], last: bigint): Promise<void> {
  if (seats.length === 0) return;
  await client.query(`update ops.checkpoints set position = $4 where ${AMONG} and (position is null or position < $4)`, [
    ...keysOf(seats),
    last.toString(),
  ]);
  await announce(
    client,
    seats.map(({ projection }) => projection.name),
  );
}
