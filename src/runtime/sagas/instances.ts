/** Instances of sagas as rows of ops.saga_instances. */
import type pg from 'pg';
import type { Instance, Refused } from './move.ts';
import { storable } from './storable.ts';

interface Row {
  readonly saga: string;
  readonly instance: string;
  readonly status: Instance['status'];
  readonly state: unknown;
  readonly attempt: number;
  readonly alarms: Instance['alarms'];
  readonly correlation_id: string;
  readonly about_category: string;
  readonly about_id: string;
  readonly since: string;
  readonly waiting: Instance['waiting'];
  readonly refusal: Refused | null;
  readonly stopped_by: string | null;
  readonly stopped_as: Instance['stoppedAs'] | null;
  readonly recorded: boolean;
}

/** Where instances are kept: those that are shown, and those of a saga that still reads history. */
export type Shelf = 'ops.saga_instances' | 'ops.saga_drafts';

/** Of each saga by its name, those of the named instances that exist, by name. */
export async function loadInstances(
  client: pg.PoolClient,
  shelf: Shelf,
  sagas: readonly string[],
  names: readonly string[],
): Promise<(saga: string) => ReadonlyMap<string, Instance>> {
  const { rows } = await client.query<Row>(`select * from ${shelf} where saga = any($1) and instance = any($2)`, [sagas, names]);
  const found = Map.groupBy(rows, ({ saga }) => saga);
  return saga => new Map((found.get(saga) ?? []).map(row => [row.instance, instanceOf(row)]));
}

/** Where the parked instances of a saga stopped and why, by name. */
export async function loadStops(client: pg.PoolClient, saga: string): Promise<ReadonlyMap<string, Stop>> {
  const { rows } = await client.query<{ instance: string; by: string; reason: string }>(
    `select instance, stopped_by as by, waiting ->> 'reason' as reason from ops.saga_instances where saga = $1 and status = 'parked'`,
    [saga],
  );
  return new Map(rows.map(({ instance, ...stop }) => [instance, stop]));
}

export interface Stop {
  /** Id of the event at which it stopped. */
  readonly by: string;
  readonly reason: string;
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
  stoppedBy: row.stopped_by ?? undefined,
  stoppedAs: row.stopped_as ?? undefined,
  recorded: row.recorded,
  attempt: row.attempt,
});

const COLUMNS = `saga, instance, status, state, attempt, alarms, next_alarm_at, correlation_id, since, about_category, about_id, waiting,
  refusal, stopped_by, stopped_as, recorded`;

const save = (shelf: Shelf): string => `
  insert into ${shelf} (${COLUMNS})
  select saga, instance, status, state::json, attempt, alarms, next_alarm_at, correlation_id, since, about_category, about_id, waiting,
    refusal, stopped_by, stopped_as, recorded
  from json_to_recordset($1::json) as r(saga text, instance text, status text, state text, attempt integer, alarms json,
    next_alarm_at timestamptz, correlation_id text, since timestamptz, about_category text, about_id text, waiting jsonb,
    refusal jsonb, stopped_by text, stopped_as text, recorded boolean)
  on conflict (saga, instance) do update set status = excluded.status, state = excluded.state, attempt = excluded.attempt,
    alarms = excluded.alarms, next_alarm_at = excluded.next_alarm_at, since = excluded.since, waiting = excluded.waiting,
    refusal = excluded.refusal, stopped_by = excluded.stopped_by, stopped_as = excluded.stopped_as, recorded = excluded.recorded`;

/** What became of instances of several sagas. */
export interface Moved {
  readonly saga: string;
  readonly moved: ReadonlyMap<string, Instance>;
}

export async function saveInstances(client: pg.PoolClient, shelf: Shelf, all: readonly Moved[]): Promise<void> {
  const rows = all.flatMap(({ saga, moved }) => [...moved].map(([name, instance]) => rowOf(saga, name, instance)));
  if (rows.length > 0) await client.query(save(shelf), [JSON.stringify(rows)]);
}

export async function dropInstances(client: pg.PoolClient, shelf: Shelf, saga: string, names: readonly string[]): Promise<void> {
  if (names.length > 0) await client.query(`delete from ${shelf} where saga = $1 and instance = any($2)`, [saga, names]);
}

/** Puts the drafts of a saga in the place of its instances. */
export async function showDrafts(client: pg.PoolClient, saga: string): Promise<void> {
  await client.query('delete from ops.saga_instances where saga = $1', [saga]);
  await client.query(`insert into ops.saga_instances (${COLUMNS}) select ${COLUMNS} from ops.saga_drafts where saga = $1`, [saga]);
  await client.query('delete from ops.saga_drafts where saga = $1', [saga]);
}

const rowOf = (saga: string, name: string, instance: Instance): object => ({
  ...instanceJson(saga, name, instance),
  state: JSON.stringify(instance.state),
  alarms: instance.alarms,
  next_alarm_at: instance.status === 'running' ? firstDue(instance.alarms) : null,
  stopped_by: instance.stoppedBy,
  stopped_as: instance.stoppedAs,
  recorded: instance.recorded,
});

/** What is shown of an instance, by the names of its columns. */
export const instanceJson = (saga: string, name: string, instance: Instance): object => ({
  saga,
  instance: name,
  status: instance.status,
  attempt: instance.attempt,
  correlation_id: instance.correlationId,
  since: instance.since,
  about_category: instance.about.category,
  about_id: instance.about.id,
  waiting: plain(instance.waiting),
  refusal: plain(instance.refusal ?? null),
});

const firstDue = (alarms: Instance['alarms']): string | null =>
  Object.values(alarms)
    .map(({ due }) => due)
    .sort()[0] ?? null;

/** JSON that jsonb can hold. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, part: unknown) => (typeof part === 'string' ? storable(part) : part));
