import { type Queryable, rowsOf } from '../database.ts';

/** Whether anything is under way between the records of a house. */
export interface Rest {
  /** What is under way; undefined when nothing is. */
  readonly busy: string | undefined;
  /** How far the sagas have read, by which it shows whether the log grew meanwhile. */
  readonly head: string;
  /** How the processes of records stand that people stopped or must move on: by the record's id. */
  readonly stopped: ReadonlyMap<string, string>;
}

const STOPPED_MAX = 10_000;

const BUSY = `
  select string_agg(what, '; ') as busy from (
    (select 'sending ' || command || ' of ' || saga || ' ' || instance as what from ops.saga_outbox limit 3)
    union all
    (select saga || ' ' || instance || ': ' || (waiting ->> 'reason') from ops.saga_instances
     where status = 'running' and waiting -> 'movedBy' is null limit 3)
    union all
    (select 'the saga ' || name || ' has not read the whole log' from ops.sagas
     where coalesce(position, 0) < (select coalesce(max(position), 0) from ops.sagas) limit 3)
  ) as at_work`;

export async function restOf(database: Queryable): Promise<Rest> {
  const [at] = await rowsOf<{ busy: string | null }>(database, BUSY);
  const [head] = await rowsOf<{ position: string }>(database, 'select coalesce(max(position), 0)::text as position from ops.sagas');
  const stopped = await rowsOf<{ id: string; status: string }>(
    database,
    `select about_id as id, status from ops.saga_instances where status not in ('running', 'finished') limit ${STOPPED_MAX}`,
  );
  return {
    busy: at?.busy ?? undefined,
    head: head?.position ?? '0',
    stopped: new Map(stopped.map(({ id, status }) => [id, `is ${status}`])),
  };
}
