/** Reads the log for all reactions: the effects a batch asks for are queued in one transaction with how far it was read. */
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { type AnyReaction, EFFECT_CATEGORY, EFFECTS, EffectReplayed } from '../../kernel/effect.ts';
import type { DataOf } from '../../kernel/event.ts';
import type { AnyProjection, ViewMeta } from '../../kernel/projection.ts';
import { rowsOf, transaction } from '../database.ts';
import { rest } from '../event-log/patience.ts';
import type { StoredEvent } from '../event-log/port.ts';
import { digest, uuidv5 } from '../ids.ts';
import type { Ownership } from '../ownership.ts';
import { describeView } from '../projector/ddl.ts';
import { type Fact, factOf } from '../projector/fact.ts';
import { announce, demandSameLog } from '../projector/tables.ts';
import type { Bell } from '../sagas/bell.ts';
import { isAfter } from '../sagas/seats.ts';
import { storable } from '../sagas/storable.ts';
import { enqueue, type Queued } from './outbox.ts';
import type { World } from './world.ts';

const BATCH_MAX = 500;
/** Nobody outside minds so short a wait, and a busy house pays for one transaction in place of many. */
const GATHER_MS = 50;

/** A reaction at its place in the log. */
interface Seat {
  readonly reaction: AnyReaction;
  /** What is not newer is history: it is remembered, but leads to no effect. */
  readonly silentTo: bigint | undefined;
  position: bigint | undefined;
  state: unknown;
}

/** The views over the outbox; each counts as far as the log has been heard. */
const viewsOf = ({ projections }: World['registry']): readonly AnyProjection[] =>
  [...projections.values()].filter(({ keptBy }) => keptBy === 'effects');

const versionsOf = ({ registry }: World): string =>
  JSON.stringify([...registry.reactions.values()].map(({ name, stateVersion }) => ({ name, state_version: stateVersion })));

const INSTALL = `
  insert into ops.reactions (name, state_version, silent_to)
  select name, state_version, $2::bigint from json_to_recordset($1::json) as r(name text, state_version integer)
  on conflict (name) do nothing`;

const CHECKPOINT = `
  insert into ops.checkpoints (name, version, log_id, state, shown, shape) values ($1, $2, $3, 'live', true, 'effects')
  on conflict do nothing`;

/**
 * Makes every reaction known. One not known yet is installed at the log's head: it remembers what is older, and acts on nothing
 * of it. To be done before anything is written that a new reaction should act on.
 * @throws OtherLog, LogUnavailable, DatabaseUnavailable
 */
export async function install(world: World): Promise<void> {
  const { log, pool, registry } = world;
  const [head, identity] = [await log.head(), await log.identity()];
  await transaction(pool, async client => {
    await demandSameLog(client, identity);
    await client.query(INSTALL, [versionsOf(world), head?.toString()]);
    for (const view of viewsOf(registry)) {
      await client.query(CHECKPOINT, [view.name, view.version, identity]);
      await client.query(describeView(view));
    }
  });
}

/** Follows the log until the signal fires; rings the bell when there may be something to send. @throws when Postgres fails */
export async function react(world: World, owner: Ownership, bell: Bell, signal: AbortSignal): Promise<void> {
  let { seats, reached } = await takeSeats(world, owner);
  const last = [reached, ...seats.map(({ position }) => position)].reduce(earlier);
  for await (const batch of world.log.follow(last, { signal, batchMax: BATCH_MAX })) {
    const { detached, isDue } = await owner.transaction(client => takeBatch(client, world, seats, batch, reached));
    for (const [{ reaction }, reason] of detached) world.logger?.error({ reaction: reaction.name, reason }, 'reaction detached');
    seats = seats.filter(seat => !detached.has(seat));
    reached = later(reached, batch.at(-1)?.position);
    if (isDue) bell.ring();
    await rest(GATHER_MS, signal);
  }
}

/** States of another version are of no use: their reaction reads the log again, and is silent up to where it was. */
const RESHAPE = `
  update ops.reactions s set position = null, state = null, silent_to = greatest(s.silent_to, s.position), state_version = r.state_version
  from json_to_recordset($1::json) as r(name text, state_version integer)
  where r.name = s.name and r.state_version <> s.state_version`;

const SEATS = `
  update ops.reactions set detached = null where name = any($1)
  returning name, silent_to::text as "silentTo", position::text as position, state`;

interface SeatRow {
  readonly name: string;
  readonly silentTo: string | null;
  readonly position: string | null;
  readonly state: unknown;
}

async function takeSeats(world: World, owner: Ownership): Promise<{ seats: Seat[]; reached: bigint | undefined }> {
  const { log, registry } = world;
  const identity = await log.identity();
  return owner.transaction(async client => {
    await demandSameLog(client, identity);
    await client.query(RESHAPE, [versionsOf(world)]);
    const rows = await rowsOf<SeatRow>(client, SEATS, [[...registry.reactions.keys()]]);
    const [mark] = await rowsOf<{ position: string | null }>(
      client,
      'select position::text as position from ops.checkpoints where name = $1 and version = $2',
      [EFFECTS.name, EFFECTS.version],
    );
    return { seats: rows.map(row => seatOf(registry.reactions.get(row.name) as AnyReaction, row)), reached: positionOf(mark?.position) };
  });
}

/** A reaction that remembers nothing has no use for history. */
const seatOf = (reaction: AnyReaction, { silentTo, position, state }: SeatRow): Seat => ({
  reaction,
  silentTo: positionOf(silentTo),
  position: positionOf(position ?? (reaction.events.length === 0 ? silentTo : null)),
  state: state ?? reaction.initial(),
});

const positionOf = (text: string | null | undefined): bigint | undefined => (text == null ? undefined : BigInt(text));

interface Taken {
  readonly detached: ReadonlyMap<Seat, string>;
  /** Whether there is something to send that was not there before. */
  readonly isDue: boolean;
}

async function takeBatch(
  client: pg.PoolClient,
  world: World,
  seats: readonly Seat[],
  batch: readonly StoredEvent[],
  reached: bigint | undefined,
): Promise<Taken> {
  // What a crash takes back with this transaction follows from the log again, under the same ids.
  await client.query('set local synchronous_commit = off');
  const facts = batch.flatMap(stored => {
    const fact = factOf(stored, world.registry);
    return fact === undefined ? [] : [{ stored, fact }];
  });
  const last = batch.at(-1)?.position;
  const detached = new Map<Seat, string>();
  let isDue = false;
  for (const seat of seats) {
    try {
      const { state, queued } = fold(seat, facts);
      await enqueue(client, world.registry, queued);
      await remember(client, seat, state);
      isDue ||= queued.length > 0;
      seat.position = later(seat.position, last);
    } catch (error) {
      if (!(error instanceof ReactionFault)) throw error;
      detached.set(seat, error.message);
      await client.query('update ops.reactions set detached = $2 where name = $1', [seat.reaction.name, error.message]);
    }
  }
  const replayed = facts.filter(({ fact }) => isAfter(fact.position, reached) && isReplay(fact.meta));
  for (const { fact } of replayed) await rearm(client, fact);
  await advance(client, world, seats, detached, last);
  return { detached, isDue: isDue || replayed.length > 0 };
}

const ADVANCE = `
  with seats as (update ops.reactions set position = greatest(position, $1) where name = any($2))
  update ops.checkpoints set position = greatest(position, $1) where name = any($3)`;

async function advance(
  client: pg.PoolClient,
  { registry }: World,
  seats: readonly Seat[],
  detached: ReadonlyMap<Seat, string>,
  last: bigint | undefined,
): Promise<void> {
  const views = viewsOf(registry).map(({ name }) => name);
  const names = seats.filter(seat => !detached.has(seat)).map(({ reaction }) => reaction.name);
  await client.query(ADVANCE, [last?.toString(), names, views]);
  await announce(client, views);
}

/** A reaction that fails on a fact stops there, and the others go on. */
class ReactionFault extends Error {
  override readonly name = 'ReactionFault';
}

type Read = { readonly stored: StoredEvent; readonly fact: Fact };

function fold(
  { reaction, silentTo, position, state: before }: Seat,
  facts: readonly Read[],
): { state: unknown; queued: readonly Queued[] } {
  let state = before;
  const queued: Queued[] = [];
  for (const { stored, fact } of facts) {
    if (!isAfter(fact.position, position)) continue;
    try {
      state = remembered(reaction, state, fact);
      if (isAfter(fact.position, silentTo) && isNews(fact.meta)) queued.push(...effectsOf(reaction, state, stored, fact.meta));
    } catch (error) {
      throw new ReactionFault(storable(`${stored.type} at ${fact.position}: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
  return { state, queued };
}

/** What was imported or back-dated is no news to anybody outside. */
const isNews = ({ occurredAt, recordedAt }: ViewMeta): boolean => occurredAt === recordedAt;

function remembered(reaction: AnyReaction, state: unknown, fact: Fact): unknown {
  const step = reaction.on[fact.meta.type] as ((state: unknown, data: unknown, meta: ViewMeta) => unknown) | undefined;
  return step === undefined ? state : step(state, fact.data, fact.meta);
}

const effectsOf = (reaction: AnyReaction, state: unknown, { metadata }: StoredEvent, meta: ViewMeta): readonly Queued[] =>
  (reaction.effects as (state: unknown, meta: ViewMeta) => readonly Queued['message'][])(state, meta).map(message => ({
    id: uuidv5('reaction-effect', reaction.name, message.effect, digest(message.payload)),
    message,
    causeId: meta.eventId,
    position: BigInt(meta.position),
    correlationId: meta.correlationId,
    traceparent: metadata.traceparent,
  }));

async function remember(client: pg.PoolClient, seat: Seat, state: unknown): Promise<void> {
  if (isDeepStrictEqual(state, seat.state)) return;
  await client.query('update ops.reactions set state = $2 where name = $1', [seat.reaction.name, JSON.stringify(state)]);
  seat.state = state;
}

/** A replay begins a new round, and its destination is not made to rest before. */
const REARM = `
  with anew as (
    update ops.effects set status = 'waiting', round = $2, tries = 0, due_at = clock_timestamp(), settled_at = null, outcome = null
    where id = $1 and status = 'given-up' and round = $2 - 1 returning destination
  )
  update ops.effect_destinations d set resting_until = null from anew where d.destination = anew.destination`;

const isReplay = ({ category, type }: ViewMeta): boolean => category === EFFECT_CATEGORY && type === EffectReplayed.type;

const rearm = (client: pg.PoolClient, { meta, data }: Fact): Promise<unknown> =>
  client.query(REARM, [meta.entityId, (data as DataOf<typeof EffectReplayed>).round]);

const earlier = (a: bigint | undefined, b: bigint | undefined): bigint | undefined =>
  a === undefined || b === undefined ? undefined : a < b ? a : b;

const later = (a: bigint | undefined, b: bigint | undefined): bigint | undefined => (a === undefined || (b !== undefined && b > a) ? b : a);
