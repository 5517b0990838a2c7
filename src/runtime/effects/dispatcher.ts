/** Sends what is due: destinations beside one another, so that one that is slow or away delays nobody else. */
import type { Adapters } from '../../kernel/effect.ts';
import { within } from '../event-log/patience.ts';
import type { Ownership } from '../ownership.ts';
import type { Bell } from '../sagas/bell.ts';
import { traced } from '../tracing.ts';
import { attempt, type Due } from './attempt.ts';
import type { Journal } from './journal.ts';
import { type Done, settle } from './settling.ts';
import type { World } from './world.ts';

const LANES_MAX = 64;
/** Lanes for destinations that answered well last; one that failed is tried by one effect at a time. */
const LANES_PER_DESTINATION_MAX = 4;
/** All destinations in trouble together leave the others at least the rest. */
const LANES_IN_TROUBLE_MAX = 32;
const LOOK_AGAIN_MS = 500;
/** Whoever sends it again after a stop sends it under the same id. */
const PARTING_MS = 1_000;

type Pending = Due & { readonly troubled: boolean; readonly traceparent: string | null };

/**
 * Of each destination that does not rest, the effects due longest. `$1` are effects under way, `$2` how many of each
 * destination those are, as JSON.
 */
const NEXT = `
  select e.id::text as id, e.effect, e.channel, e.destination, e.payload, e.position::text as position, e.round, e.tries,
         e.traceparent, d.failures > 0 as troubled
  from ops.effect_destinations d
  cross join lateral (
    select * from ops.effects e
    where e.destination = d.destination and e.status = 'waiting' and e.due_at <= clock_timestamp() and e.id <> all($1::uuid[])
    order by e.due_at, e.position
    limit greatest(0, case when d.failures > 0 then 1 else $3::integer end - coalesce(($2::jsonb ->> d.destination)::integer, 0))
  ) e
  where (d.resting_until is null or d.resting_until <= clock_timestamp())
    and not exists (select from ops.effect_halts h where h.what in ('*', e.channel))
  order by d.failures > 0, e.due_at, e.position limit $4`;

/** Sends until the signal fires. @throws when Postgres or the journal fails: what was sent and not noted is sent again, under the same id */
export async function dispatch(world: World, owner: Ownership, journal: Journal, bells: Bells, signal: AbortSignal): Promise<void> {
  const lanes = new Map<string, { readonly due: Pending; readonly over: Promise<void> }>();
  const done: Done[] = [];
  const ending = new AbortController();
  const start = (due: Pending): void => {
    const triedAt = world.clock.now();
    const began = performance.now();
    const led = { traceparent: due.traceparent ?? undefined, attributes: { 'throughline.channel': due.channel } };
    const over = traced(`send ${due.effect}`, led, () => attempt(world, journal, due, ending.signal)).then(tried => {
      done.push({ due, tried, triedAt, milliseconds: performance.now() - began });
      bells.due.ring();
    });
    lanes.set(due.id, { due, over });
  };
  const clear = async (): Promise<void> => {
    const tries = done.splice(0);
    await settle(world, owner, journal, tries);
    for (const { due } of tries) lanes.delete(due.id);
    if (tries.length > 0) bells.told.ring();
  };
  await openChannels(world.adapters, owner);
  try {
    while (!signal.aborted) {
      await clear();
      for (const due of await next(
        owner,
        [...lanes.values()].map(lane => lane.due),
      ))
        start(due);
      await bells.due.heard(LOOK_AGAIN_MS, signal);
    }
  } finally {
    await within(PARTING_MS, 'Effects under way', Promise.all([...lanes.values()].map(({ over }) => over)).then(clear)).catch(
      () => undefined,
    );
    ending.abort();
  }
}

export interface Bells {
  /** There may be something to send. */
  readonly due: Bell;
  /** There may be an outcome to tell. */
  readonly told: Bell;
}

async function next(owner: Ownership, busy: readonly Pending[]): Promise<readonly Pending[]> {
  if (busy.length >= LANES_MAX) return [];
  const counts: Record<string, number> = {};
  for (const { destination } of busy) counts[destination] = (counts[destination] ?? 0) + 1;
  const rows = await owner.rows<Pending>(NEXT, [
    busy.map(({ id }) => id),
    JSON.stringify(counts),
    LANES_PER_DESTINATION_MAX,
    LANES_MAX - busy.length,
  ]);
  let trouble = busy.filter(({ troubled }) => troubled).length;
  return rows.filter(({ troubled }) => !troubled || trouble++ < LANES_IN_TROUBLE_MAX);
}

/** Says for each channel whether it can be used here, for whoever wonders why effects wait. */
async function openChannels(adapters: Adapters, owner: Ownership): Promise<void> {
  for (const [channel, adapter] of Object.entries(adapters)) {
    await owner.rows('delete from ops.effect_halts where what = $1', [channel]);
    if (typeof adapter !== 'function')
      await owner.rows('insert into ops.effect_halts (what, because) values ($1, $2)', [channel, adapter.missing]);
  }
}
