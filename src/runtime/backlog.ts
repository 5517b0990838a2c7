/** What the house has still to do, read from log and database: it is known even while nobody does it. */
import type pg from 'pg';
import { rowsOf } from './database.ts';
import type { EventLog } from './event-log/port.ts';
import { type Lease, readLeases } from './ownership.ts';
import type { Lag, WatchedQueryRunner } from './queries/runner.ts';

export interface BacklogSources {
  readonly pool: pg.Pool;
  readonly log: EventLog;
  readonly queries: WatchedQueryRunner;
}

/** How far a reader of the log is behind it. */
export interface Behind {
  readonly name: string;
  readonly position: bigint | undefined;
  /** Distance to the head in the log's own positions. */
  readonly behind: bigint;
  /** Age of the oldest event it has not taken in yet; 0 when there is none, undefined when that was not asked for it. */
  readonly lagSeconds: number | undefined;
}

export type ProjectionBehind = Lag & Behind;

export interface SagaBehind extends Behind {
  /** Why it stands still as a whole; undefined while it runs. */
  readonly detached: string | undefined;
}

export interface Backlog {
  readonly projections: readonly ProjectionBehind[];
  readonly sagas: readonly SagaBehind[];
  readonly queues: Queues;
  /** Who keeps the views, runs the sagas and so on. */
  readonly owners: readonly Lease[];
}

/** What waits to go out. Ages are of the oldest that waits, in seconds; 0 when nothing does. */
export interface Queues extends Readonly<Record<string, number>> {
  readonly commandsWaiting: number;
  readonly commandsHeld: number;
  readonly commandsOldestSeconds: number;
  readonly effectsWaiting: number;
  readonly effectsGivenUp: number;
  readonly effectsOldestSeconds: number;
  readonly processesStopped: number;
}

/** Places of the log whose age is asked for at one time; views that stand at one place share it. */
const PLACES_MAX = 8;

/** @throws LogUnavailable, DatabaseUnavailable */
export async function readBacklog(sources: BacklogSources): Promise<Backlog> {
  const { pool, log, queries } = sources;
  const head = await log.head();
  const [lags, sagas, queues, owners] = await Promise.all([
    queries.checkpointsLag(head),
    sagaRows(pool),
    readQueues(pool, log),
    readLeases(pool),
  ]);
  const places = [...lags.filter(({ state }) => state !== 'detached'), ...sagas].map(({ position }) => position);
  const agesSeconds = await agesAfter(places, head, log);
  const ageAt = (position: bigint | undefined): number | undefined => (isBehind(position, head) ? agesSeconds.get(position) : 0);
  return {
    projections: lags.map(lag => ({ ...lag, lagSeconds: ageAt(lag.position) })),
    sagas: sagas.map(saga => ({ ...saga, behind: distance(saga.position, head), lagSeconds: ageAt(saga.position) })),
    queues,
    owners,
  };
}

const isBehind = (position: bigint | undefined, head: bigint | undefined): boolean => head !== undefined && (position ?? -1n) < head;

const distance = (position: bigint | undefined, head: bigint | undefined): bigint =>
  isBehind(position, head) ? (head ?? 0n) - (position ?? 0n) : 0n;

type Ages = ReadonlyMap<bigint | undefined, number>;

/** How old the first event after each place is. */
async function agesAfter(places: readonly (bigint | undefined)[], head: bigint | undefined, log: EventLog): Promise<Ages> {
  const late = [...new Set(places)].filter(place => isBehind(place, head)).slice(0, PLACES_MAX);
  const ages = late.map(async place => {
    const [oldest] = await log.readAll(place, 1);
    return [place, secondsSince(oldest?.metadata?.recordedAt)] as const;
  });
  return new Map(await Promise.all(ages));
}

const MS_PER_S = 1_000;

/** By the clocks of two machines, so it may come out as a moment in the future: that is no age. */
const secondsSince = (instant: string | undefined): number =>
  instant === undefined ? 0 : Math.max(0, Date.now() - Date.parse(instant)) / MS_PER_S;

/** Reactions, which ask for effects, read the log beside the sagas and stop like them. */
const SAGAS = `
  select name, position::text as position, detached from ops.sagas
  union all select name, position::text, detached from ops.reactions order by name`;

interface SagaRow {
  readonly name: string;
  readonly position: string | null;
  readonly detached: string | null;
}

async function sagaRows(pool: pg.Pool): Promise<readonly Pick<SagaBehind, 'name' | 'position' | 'detached'>[]> {
  const rows = await rowsOf<SagaRow>(pool, SAGAS);
  return rows.map(({ name, position, detached }) => ({
    name,
    position: position === null ? undefined : BigInt(position),
    detached: detached ?? undefined,
  }));
}

interface QueuesRow {
  readonly queues: Omit<Queues, 'commandsOldestSeconds'>;
  /** Position of the event that wanted the command which waits longest. */
  readonly oldest: string | null;
}

const QUEUES = `
  select c.oldest::text, json_build_object(
    'commandsWaiting', c.waiting, 'commandsHeld', c.held, 'effectsWaiting', e.waiting, 'effectsGivenUp', e.given_up,
    'effectsOldestSeconds', coalesce(extract(epoch from clock_timestamp() - e.oldest), 0),
    'processesStopped', (select count(*) from ops.saga_instances where status = 'parked')) as queues
  from (select count(*) filter (where not held) as waiting, count(*) filter (where held) as held,
          min(position) filter (where not held) as oldest from ops.saga_outbox) c
  cross join (select count(*) filter (where status = 'waiting') as waiting, count(*) filter (where status = 'given-up') as given_up,
          min(queued_at) filter (where status = 'waiting') as oldest from ops.effects where status <> 'done') e`;

async function readQueues(pool: pg.Pool, log: EventLog): Promise<Queues> {
  const [row] = await rowsOf<QueuesRow>(pool, QUEUES);
  if (row === undefined) throw new Error('A statement without a condition answered no row');
  const [cause] = row.oldest === null ? [] : await log.readAll(BigInt(row.oldest) - 1n, 1);
  return { ...row.queues, commandsOldestSeconds: cause === undefined ? 0 : secondsSince(cause.metadata?.recordedAt) } as Queues;
}
