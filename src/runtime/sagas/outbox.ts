/** Commands that sagas have still to send, as rows of ops.saga_outbox. */
import type pg from 'pg';
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

/** An instance's oldest command goes first, and none of a parked instance. */
const NEXT = `
  select o.*, o.position::text as position from ops.saga_outbox o
  where not o.held and (o.retry_at is null or o.retry_at <= clock_timestamp())
    and (o.saga || '~' || o.instance) <> all($1)
    and not exists (select from ops.saga_outbox e
      where e.saga = o.saga and e.instance = o.instance and (e.position, e.index) < (o.position, o.index))
    and not exists (select from ops.saga_instances i where i.saga = o.saga and i.instance = o.instance and i.status = 'parked')
  order by o.position, o.index limit $2`;

/** Up to so many commands that may be sent now, one for each instance that is not busy. */
export const next = (owner: Ownership, busy: Iterable<string>, limit: number): Promise<readonly Pending[]> =>
  owner.rows<Pending>(NEXT, [[...busy], limit]);

const ONE = 'where saga = $1 and instance = $2 and position = $3 and index = $4';
const one = ({ saga, instance, position, index }: Outgoing): unknown[] => [saga, instance, position, index];

/** One text for one instance; names of sagas hold no `~`. */
export const keyOf = ({ saga, instance }: Outgoing): string => `${saga}~${instance}`;

const SETTLE = `
  delete from ops.saga_outbox o using unnest($1::text[], $2::text[], $3::bigint[], $4::integer[]) as done(saga, instance, position, index)
  where o.saga = done.saga and o.instance = done.instance and o.position = done.position and o.index = done.index`;

/** Takes out commands that were done. */
export async function settle(owner: Ownership, rows: readonly Outgoing[]): Promise<void> {
  if (rows.length === 0) return;
  await owner.rows(SETTLE, [
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
  owner.rows(`update ops.saga_outbox set refused = $5, refused_because = $6 ${ONE}`, [...one(row), refused, storable(because)]);

export const putOff = (owner: Ownership, row: Outgoing, problem: string, pauseMs: number): Promise<unknown> =>
  owner.rows(
    `update ops.saga_outbox set tries = tries + 1, problem = $5, retry_at = clock_timestamp() + $6 * interval '1 millisecond' ${ONE}`,
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
  owner.rows(`update ops.saga_outbox set tries = tries + 1, problem = $5, held = true ${ONE}`, [...one(row), storable(problem)]);
