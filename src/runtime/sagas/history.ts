/** Every standing of every instance, as rows of ops.saga_history: from which position in the log to which it was shown. */
import type pg from 'pg';
import { instanceJson } from './instances.ts';
import type { Instance } from './move.ts';

/** An instance as it stood from a position on; undefined where it left no trace. */
export interface Standing {
  readonly name: string;
  readonly from: bigint;
  readonly instance: Instance | undefined;
}

const COLUMNS =
  'saga, instance, from_position, to_position, status, attempt, correlation_id, since, about_category, about_id, waiting, refusal';

/** Instances are named twice, so that each is found by the index: planned once, a join may go through all of a saga instead. */
const SAVE = `
  with ended as (
    update ops.saga_history h set to_position = g.from_position
    from json_to_recordset($2::json) as g(saga text, instance text, from_position bigint)
    where h.saga = g.saga and h.instance = g.instance and h.saga = any($3) and h.instance = any($4) and h.to_position is null
  )
  insert into ops.saga_history (${COLUMNS})
  select ${COLUMNS} from json_to_recordset($1::json) as r(saga text, instance text, from_position bigint, to_position bigint, status text,
    attempt integer, correlation_id text, since timestamptz, about_category text, about_id text, waiting jsonb, refusal jsonb)`;

/** What the instances of a saga went through, in the order of the log. */
export interface Courses {
  readonly saga: string;
  readonly standings: readonly Standing[];
}

/** Writes what the instances of several sagas went through; the last standing of each is so still. */
export async function saveHistory(client: pg.PoolClient, all: readonly Courses[]): Promise<void> {
  const courses = all.flatMap(({ saga, standings }) =>
    [...Map.groupBy(standings, ({ name }) => name)].map(([name, course]) => ({ saga, name, course })),
  );
  if (courses.length === 0) return;
  const ends = courses.map(({ saga, name, course: [first] }) => ({ saga, instance: name, from_position: first?.from.toString() }));
  await client.query(SAVE, [
    JSON.stringify(courses.flatMap(({ saga, course }) => spans(saga, course))),
    JSON.stringify(ends),
    [...new Set(courses.map(({ saga }) => saga))],
    courses.map(({ name }) => name),
  ]);
}

/** Several standings of one position come to the last of them. */
function spans(saga: string, course: readonly Standing[]): readonly object[] {
  const lasting = course.filter(({ from }, index) => course[index + 1]?.from !== from);
  return lasting.flatMap(({ name, from, instance }, index) => {
    if (instance === undefined) return [];
    const until = lasting[index + 1]?.from.toString();
    return [{ ...instanceJson(saga, name, instance), from_position: from.toString(), to_position: until }];
  });
}

const SAME = `(h.status, h.attempt, h.since, h.waiting, h.refusal) is not distinct from (i.status, i.attempt, i.since, i.waiting, i.refusal)`;

const END_CHANGED = `
  update ops.saga_history h set to_position = $2 where h.saga = $1 and h.to_position is null
    and not exists (select from ops.saga_instances i where i.saga = h.saga and i.instance = h.instance and ${SAME})`;

const BEGIN_CHANGED = `
  insert into ops.saga_history (saga, instance, from_position, status, attempt, correlation_id, since, about_category, about_id, waiting,
    refusal)
  select saga, instance, $2, status, attempt, correlation_id, since, about_category, about_id, waiting, refusal from ops.saga_instances i
  where i.saga = $1
    and not exists (select from ops.saga_history h where h.saga = i.saga and h.instance = i.instance and h.to_position is null)
  on conflict (saga, instance, from_position) do update set to_position = null, status = excluded.status, attempt = excluded.attempt,
    since = excluded.since, waiting = excluded.waiting, refusal = excluded.refusal`;

/** A saga shows from a position on what it has made of history: what was shown before stays so for the time before. */
export async function exchangeHistory(client: pg.PoolClient, saga: string, position: bigint | undefined): Promise<void> {
  const { rows } = await client.query('select from ops.saga_history where saga = $1 limit 1', [saga]);
  // What was shown at that position itself was shown before the exchange; of a new saga nothing was.
  const from = (position ?? 0n) + (rows.length > 0 ? 1n : 0n);
  await client.query(END_CHANGED, [saga, from.toString()]);
  await client.query(BEGIN_CHANGED, [saga, from.toString()]);
}
