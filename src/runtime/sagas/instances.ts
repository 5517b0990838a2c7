/** Instances of sagas as rows of ops.saga_instances. */
import type pg from 'pg';
import type { WaitingFor } from '../../kernel/saga.ts';
import type { Instance, Refused } from './move.ts';
import { storable } from './storable.ts';

interface Row {
  readonly instance: string;
  readonly status: Instance['status'];
  readonly state: unknown;
  readonly attempt: number;
  readonly alarms: Instance['alarms'];
  readonly correlation_id: string;
  readonly about_category: string;
  readonly about_id: string;
  readonly since: string;
  readonly waiting: WaitingFor;
  readonly refusal: Refused | null;
  readonly stopped_after: string | null;
  readonly stopped_by: string | null;
  readonly recorded: boolean;
}

const LOAD = `
  select *, stopped_after::text as stopped_after from ops.saga_instances where saga = $1 and instance = any($2)`;

/** Those of the named instances that exist, by name. */
export async function loadInstances(client: pg.PoolClient, saga: string, names: readonly string[]): Promise<Map<string, Instance>> {
  const { rows } = await client.query<Row>(LOAD, [saga, names]);
  return new Map(rows.map(row => [row.instance, instanceOf(row)]));
}

const instanceOf = (row: Row): Instance => ({
  status: row.status,
  state: row.state,
  alarms: row.alarms,
  correlationId: row.correlation_id,
  since: row.since,
  about: { category: row.about_category, id: row.about_id },
  waiting: row.waiting,
  refusal: row.refusal ?? undefined,
  stoppedAfter: row.stopped_after === null ? undefined : BigInt(row.stopped_after),
  stoppedBy: row.stopped_by ?? undefined,
  recorded: row.recorded,
  attempt: row.attempt,
});

const SAVE = `
  insert into ops.saga_instances (saga, instance, status, state, attempt, alarms, next_alarm_at, correlation_id, since,
    about_category, about_id, waiting, refusal, stopped_after, stopped_by, recorded)
  select saga, instance, status, state::json, attempt, alarms, next_alarm_at, correlation_id, since, about_category, about_id, waiting,
    refusal, stopped_after, stopped_by, recorded
  from json_to_recordset($1::json) as r(saga text, instance text, status text, state text, attempt integer, alarms json,
    next_alarm_at timestamptz, correlation_id text, since timestamptz, about_category text, about_id text, waiting jsonb,
    refusal jsonb, stopped_after bigint, stopped_by text, recorded boolean)
  on conflict (saga, instance) do update set status = excluded.status, state = excluded.state, attempt = excluded.attempt,
    alarms = excluded.alarms, next_alarm_at = excluded.next_alarm_at, since = excluded.since, waiting = excluded.waiting,
    refusal = excluded.refusal, stopped_after = excluded.stopped_after, stopped_by = excluded.stopped_by,
    recorded = excluded.recorded`;

export async function saveInstances(client: pg.PoolClient, saga: string, moved: ReadonlyMap<string, Instance>): Promise<void> {
  if (moved.size === 0) return;
  await client.query(SAVE, [JSON.stringify([...moved].map(([name, instance]) => rowOf(saga, name, instance)))]);
}

const rowOf = (saga: string, name: string, instance: Instance): object => ({
  saga,
  instance: name,
  status: instance.status,
  state: JSON.stringify(instance.state),
  attempt: instance.attempt,
  alarms: instance.alarms,
  next_alarm_at: instance.status === 'running' ? firstDue(instance.alarms) : null,
  correlation_id: instance.correlationId,
  since: instance.since,
  about_category: instance.about.category,
  about_id: instance.about.id,
  waiting: plain(instance.waiting),
  refusal: plain(instance.refusal ?? null),
  stopped_after: instance.stoppedAfter?.toString(),
  stopped_by: instance.stoppedBy,
  recorded: instance.recorded,
});

const firstDue = (alarms: Instance['alarms']): string | null =>
  Object.values(alarms)
    .map(({ due }) => due)
    .sort()[0] ?? null;

/** JSON that jsonb can hold. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, part: unknown) => (typeof part === 'string' ? storable(part) : part));
