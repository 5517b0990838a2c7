/**
 * Which place in the log an instant stands for. Clocks of several machines differ a little, so the instants of events are not
 * quite in the order of the log; the latest instant so far is. What had been recorded at an instant is therefore all before
 * the first event by which the latest so far passed it: the same for whoever asks, and for ever.
 */
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import { rowsOf } from '../database.ts';
import type { EventLog } from '../event-log/port.ts';
import { type Fact, factOf } from './fact.ts';

interface Rise {
  readonly recordedAt: string;
  readonly position: bigint;
}

/** The facts by which the latest instant so far grew. */
function risesIn(facts: readonly Fact[]): readonly Rise[] {
  let latest = Number.NEGATIVE_INFINITY;
  return facts.flatMap(({ position, meta: { recordedAt } }) => {
    const at = Date.parse(recordedAt);
    if (!(at > latest)) return [];
    latest = at;
    return [{ recordedAt, position }];
  });
}

/** Facts come in the order of the log; those that were noted before are passed over. */
export async function noteInstants(client: pg.PoolClient, facts: readonly Fact[]): Promise<void> {
  const rises = risesIn(facts);
  if (rises.length === 0) return;
  await client.query(
    `with last as (select recorded_at, position from ops.log_instants order by recorded_at desc limit 1)
     insert into ops.log_instants (recorded_at, position)
     select rise.recorded_at, rise.position from unnest($1::timestamptz[], $2::bigint[]) as rise (recorded_at, position)
     where not exists (select from last where last.position >= rise.position or last.recorded_at >= rise.recorded_at)`,
    [rises.map(({ recordedAt }) => recordedAt), rises.map(({ position }) => position.toString())],
  );
}

const PAGE_MAX = 1_000;

interface Source {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly registry: Pick<Registry, 'events'>;
}

/** Notes what views have passed before instants were noted at all. */
export async function completeInstants(
  client: pg.PoolClient,
  { log, registry }: Source,
  views: readonly { readonly position: bigint | undefined }[],
): Promise<void> {
  const known = await rowsOf(client, 'select from ops.log_instants limit 1');
  if (known.length > 0) return;
  const passed = views.reduce((furthest, { position = -1n }) => (position > furthest ? position : furthest), -1n);
  for (let last: bigint | undefined; (last ?? -1n) < passed; ) {
    const events = await log.readAll(last, PAGE_MAX);
    if (events.length === 0) return;
    last = events.at(-1)?.position;
    await noteInstants(
      client,
      events.flatMap(event => factOf(event, registry) ?? []),
    );
  }
}

/**
 * Place of the first event that had not been recorded at an instant; undefined while no event known here was recorded later.
 */
export async function firstAfter(pool: pg.Pool, instant: string): Promise<bigint | undefined> {
  const [row] = await rowsOf<{ position: string }>(
    pool,
    'select position::text from ops.log_instants where recorded_at > $1::timestamptz order by recorded_at limit 1',
    [instant],
  );
  return row && BigInt(row.position);
}

/** The latest instant at which anything up to a position was recorded. */
export async function latestUpTo(pool: pg.Pool, position: bigint): Promise<string | undefined> {
  const [row] = await rowsOf<{ recorded_at: string }>(
    pool,
    'select recorded_at from ops.log_instants where position <= $1::bigint order by position desc limit 1',
    [position.toString()],
  );
  return row?.recorded_at;
}
