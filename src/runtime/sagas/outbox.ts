/** Commands that sagas have still to send, as rows of ops.saga_outbox. */
import type pg from 'pg';
import { uuidv5 } from '../ids.ts';
import type { Ownership } from '../ownership.ts';
import { storable } from './storable.ts';

export interface Outgoing {
  readonly saga: string;
  readonly instance: string;
  /** Decimal text of the causing event's position; with `index` it orders what an instance sends. */
  readonly position: string;
  readonly index: number;
  readonly command_id: string;
  readonly command: string;
  readonly input: unknown;
  readonly correlation_id: string;
  readonly causation_id: string;
  /** ISO 8601; set only where the cause was back-dated. */
  readonly occurred_at: string | undefined;
  readonly traceparent: string | undefined;
}

/** A command that is to be sent now. */
export type Pending = Outgoing & {
  readonly tries: number;
  /** The answer it got already, where that has not become a fact yet. */
  readonly refused: string | null;
  readonly refused_because: string | null;
};

const POST = `
  insert into ops.saga_outbox (saga, instance, position, index, command_id, command, input, correlation_id, causation_id, occurred_at,
    traceparent)
  select saga, instance, position, index, command_id, command, input::json, correlation_id, causation_id, occurred_at, traceparent
  from json_to_recordset($1::json) as r(saga text, instance text, position bigint, index integer, command_id uuid, command text,
    input text, correlation_id text, causation_id text, occurred_at text, traceparent text)`;

export async function post(client: pg.PoolClient, outgoing: readonly Outgoing[]): Promise<void> {
  if (outgoing.length === 0) return;
  await client.query(POST, [JSON.stringify(outgoing.map(row => ({ ...row, input: JSON.stringify(row.input) })))]);
}

/**
 * An instance's oldest command goes first; none of a parked instance, nor of a saga that reads history again. What is asked of
 * instances is asked of each by its key: planned once, a join may go through all of them instead.
 */
const NEXT = `
  select o.*, o.position::text as position from ops.saga_outbox o
  where not o.held and (o.retry_at is null or o.retry_at <= clock_timestamp())
    and (o.saga || '~' || o.instance) <> all($1)
    and not exists (select from ops.saga_outbox e
      where e.saga = o.saga and e.instance = o.instance and (e.position, e.index) < (o.position, o.index))
    and (select i.status from ops.saga_instances i where i.saga = o.saga and i.instance = o.instance) is distinct from 'parked'
    and (select s.building from ops.sagas s where s.name = o.saga) is distinct from true
  order by o.position, o.index limit $2`;

/** Up to so many commands that may be sent now, one for each instance that is not busy. */
export const next = (owner: Ownership, busy: readonly string[], limit: number): Promise<readonly Pending[]> =>
  owner.rows<Pending>(NEXT, [busy, limit]);

/** The very command: released again meanwhile, it bears another id. */
const ONE = 'where saga = $1 and instance = $2 and position = $3 and index = $4 and command_id = $5';
const one = ({ saga, instance, position, index, command_id }: Outgoing): unknown[] => [saga, instance, position, index, command_id];

/** One text for one instance; names of sagas hold no `~`. */
export const keyOf = ({ saga, instance }: Outgoing): string => `${saga}~${instance}`;

const SETTLE = `
  delete from ops.saga_outbox o using unnest($1::text[], $2::text[], $3::bigint[], $4::integer[]) as done(saga, instance, position, index)
  where o.saga = done.saga and o.instance = done.instance and o.position = done.position and o.index = done.index`;

/** Takes out commands that were done. */
export async function settle(client: pg.PoolClient, rows: readonly Outgoing[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query(SETTLE, [
    rows.map(({ saga }) => saga),
    rows.map(({ instance }) => instance),
    rows.map(({ position }) => position),
    rows.map(({ index }) => index),
  ]);
}

/** Keeps a refusal, so that the command is not asked again before the refusal has become a fact. */
export const keepRefusal = (
  owner: Ownership,
  row: Outgoing,
  { refused, because }: { refused: string; because: string },
): Promise<unknown> =>
  owner.rows(`update ops.saga_outbox set refused = $6, refused_because = $7 ${ONE}`, [...one(row), refused, storable(because)]);

export const putOff = (owner: Ownership, row: Outgoing, problem: string, pauseMs: number): Promise<unknown> =>
  owner.rows(
    `update ops.saga_outbox set tries = tries + 1, problem = $6, retry_at = clock_timestamp() + $7 * interval '1 millisecond' ${ONE}`,
    [...one(row), storable(problem), pauseMs],
  );

/** Keeps a refused command in its place until its saga has heard of it. */
export const holdBack = (owner: Ownership, row: Outgoing): Promise<unknown> =>
  owner.rows(`update ops.saga_outbox set held = true ${ONE}`, one(row));

/** Takes the commands out whose refusal their saga has heard of. */
export async function heard(
  client: pg.PoolClient,
  saga: string,
  refusals: readonly { instance: string; commandId: string }[],
): Promise<void> {
  if (refusals.length === 0) return;
  await client.query('delete from ops.saga_outbox where saga = $1 and instance = any($2) and command_id = any($3)', [
    saga,
    refusals.map(({ instance }) => instance),
    refusals.map(({ commandId }) => commandId),
  ]);
}

/** Leaves a command that met a fault where it is, with all that follow it. */
export const hold = (owner: Ownership, row: Outgoing, problem: string): Promise<unknown> =>
  owner.rows(`update ops.saga_outbox set tries = tries + 1, problem = $6, held = true ${ONE}`, [...one(row), storable(problem)]);

/** An instance that goes on: its number is a part of the new ids, and what it hears of as refused is not asked again. */
export interface Resumed {
  readonly instance: string;
  readonly attempt: number;
  readonly heard: readonly string[];
}

/** Lets commands go that were held after a refusal or a fault: under new ids, since the old ones have had their answer. */
export async function release(client: pg.PoolClient, saga: string, { instance, attempt, heard: known }: Resumed): Promise<void> {
  const { rows } = await client.query<Pick<Outgoing, 'position' | 'index' | 'causation_id' | 'command_id'>>(
    `select position::text as position, index, causation_id, command_id from ops.saga_outbox
     where saga = $1 and instance = $2 and (held or refused is not null) and command_id <> all($3)`,
    [saga, instance, known],
  );
  for (const { position, index, causation_id, command_id } of rows)
    await client.query(RELEASE, [saga, instance, position, index, command_id, commandIdOf(saga, instance, causation_id, index, attempt)]);
}

const RELEASE = `
  update ops.saga_outbox set command_id = $6, held = false, refused = null, refused_because = null, problem = null, tries = 0,
    retry_at = null ${ONE}`;

/** The same for the same command of the same step, so that it has one effect however often it is sent. */
export const commandIdOf = (saga: string, instance: string, cause: string, index: number, attempt: number): string =>
  uuidv5('saga-command', saga, instance, cause, String(index), String(attempt));

/** Forgets what instances that were given up had still to send. */
export async function forgo(client: pg.PoolClient, saga: string, instances: readonly string[]): Promise<void> {
  if (instances.length === 0) return;
  await client.query('delete from ops.saga_outbox where saga = $1 and instance = any($2)', [saga, instances]);
}
