/** Reads the log for all sagas: what a batch makes of them is one transaction. */
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type pg from 'pg';
import type { AnyEventDefinition, DataOf } from '../../kernel/event.ts';
import type { Registry } from '../../kernel/module.ts';
import { CommandRefused, PROCESS_CATEGORY, PROCESSES, processEvents } from '../../kernel/processes.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import type { AnySaga } from '../../kernel/saga.ts';
import { enqueue, type Queued } from '../effects/outbox.ts';
import type { StoredEvent } from '../event-log/port.ts';
import { uuidv5 } from '../ids.ts';
import type { Ownership } from '../ownership.ts';
import { factOf, type Fact as StoredFact } from '../projector/fact.ts';
import { announce } from '../projector/tables.ts';
import type { Bell } from './bell.ts';
import { loadInstances, saveInstances } from './instances.ts';
import { type Fact, type Instance, type Move, move } from './move.ts';
import { heard, type Outgoing, post } from './outbox.ts';
import { isAfter, type Seat, takeSeats } from './seats.ts';
import { storable } from './storable.ts';
import type { World } from './world.ts';

const BATCH_MAX = 500;

const tracer = trace.getTracer('throughline');

/** An event of a batch, read once for all sagas. */
interface Read {
  readonly stored: StoredEvent;
  readonly fact: StoredFact;
  readonly previous: bigint | undefined;
}

/** One event on its way to one instance. */
interface Visit {
  readonly name: string;
  readonly stored: StoredEvent;
  readonly fact: Fact;
}

/** A saga that cannot tell whom an event concerns: it stops as a whole, or it would lose its place. */
class SagaFault extends Error {
  override readonly name = 'SagaFault';
}

/** Follows the log until the signal fires; rings the bell after each batch. @throws when Postgres fails; nothing is lost then */
export async function consume(world: World, owner: Ownership, bell: Bell, signal: AbortSignal): Promise<void> {
  const events = new Map<string, AnyEventDefinition>([
    ...world.registry.events,
    ...processEvents.map(event => [event.type, event] as const),
  ]);
  let { seats, reached } = await takeSeats(world, owner);
  let last = [reached, ...seats.map(({ position }) => position)].reduce(earlier);
  for await (const batch of world.log.follow(last, { signal, batchMax: BATCH_MAX })) {
    const read = readingOf(batch, { events }, last);
    last = batch.at(-1)?.position ?? last;
    const detached = await owner.transaction(client => takeBatch(client, world, seats, read, last));
    for (const [{ saga }, reason] of detached) world.logger?.error({ saga: saga.name, reason }, 'saga detached');
    seats = seats.filter(seat => !detached.has(seat));
    for (const seat of seats) if (last !== undefined && isAfter(last, seat.position)) seat.position = last;
    bell.ring();
  }
}

/** The batch without what other programs put into the log. */
function readingOf(batch: readonly StoredEvent[], registry: Pick<Registry, 'events'>, before: bigint | undefined): readonly Read[] {
  return batch.flatMap((stored, index) => {
    const fact = factOf(stored, registry);
    return fact === undefined ? [] : [{ stored, fact, previous: batch[index - 1]?.position ?? before }];
  });
}

/** What the batch makes of all sagas; tells which of them had to be detached, and why. */
async function takeBatch(
  client: pg.PoolClient,
  world: World,
  seats: readonly Seat[],
  read: readonly Read[],
  last: bigint | undefined,
): Promise<ReadonlyMap<Seat, string>> {
  const detached = new Map<Seat, string>();
  for (const seat of seats) {
    try {
      await takeOne(client, world, seat, read);
    } catch (error) {
      if (!(error instanceof SagaFault)) throw error;
      detached.set(seat, error.message);
    }
  }
  await advance(client, seats, detached, last);
  return detached;
}

async function takeOne(client: pg.PoolClient, { registry }: World, seat: Seat, read: readonly Read[]): Promise<void> {
  const visits = blaming(() => visitsOf(seat, read));
  if (visits.length === 0) return;
  const instances = await loadInstances(client, seat.saga.name, [...new Set(visits.map(({ name }) => name))]);
  const { moved, outgoing, effects } = blaming(() => fold(seat, visits, instances));
  await saveInstances(client, seat.saga.name, moved);
  await post(client, outgoing);
  await enqueue(client, registry, effects);
  await heard(client, seat.saga.name, visits.flatMap(refusalsOf));
}

const refusalsOf = ({ fact: { meta, data } }: Visit): readonly DataOf<typeof CommandRefused>[] =>
  meta.type === CommandRefused.type ? [data as DataOf<typeof CommandRefused>] : [];

function blaming<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new SagaFault(storable(error instanceof Error ? error.message : String(error)), { cause: error });
  }
}

function visitsOf(seat: Seat, read: readonly Read[]): readonly Visit[] {
  const concerned = read.filter(({ fact }) => isAfter(fact.position, seat.position) && concerns(seat.saga, fact.meta));
  return concerned.flatMap(({ stored, previous, fact: { position, meta, data } }) => {
    const wakes = meta.occurredAt === meta.recordedAt && isAfter(position, seat.installedAt);
    return [...new Set(namesOf(seat.saga, meta, data))].map(name => ({ name, stored, fact: { data, meta, previous, wakes } }));
  });
}

const steers = new Set<string>(processEvents.map(({ type }) => type));

const concerns = (saga: AnySaga, { category, type }: ViewMeta): boolean =>
  category === PROCESS_CATEGORY ? steers.has(type) : Object.hasOwn(saga.instances, type);

function namesOf(saga: AnySaga, meta: ViewMeta, data: unknown): readonly string[] {
  if (meta.category !== PROCESS_CATEGORY)
    return (saga.instances[meta.type] as (data: unknown, meta: ViewMeta) => readonly string[])(data, meta);
  const steered = data as { readonly saga: string; readonly instance: string };
  return steered.saga === saga.name ? [steered.instance] : [];
}

interface Folded {
  readonly moved: ReadonlyMap<string, Instance>;
  readonly outgoing: readonly Outgoing[];
  readonly effects: readonly Queued[];
}

/** What the visits make of the instances, each after the other. */
function fold({ saga, silentTo }: Seat, visits: readonly Visit[], instances: ReadonlyMap<string, Instance>): Folded {
  const moved = new Map<string, Instance>();
  const outgoing: Outgoing[] = [];
  const effects: Queued[] = [];
  for (const visit of visits) {
    const { name, fact, stored } = visit;
    const before = moved.get(name) ?? instances.get(name);
    const { result, traceparent } = traced(saga, visit, () => move(saga, name, before, fact));
    if (result === undefined || result.instance === before) continue;
    moved.set(name, result.instance);
    if (!isAfter(stored.position, silentTo)) continue;
    outgoing.push(...outgoingOf(saga, visit, result, traceparent));
    if (fact.wakes) effects.push(...effectsOf(saga, visit, result, traceparent));
  }
  return { moved, outgoing, effects };
}

/** A step's commands, in order; a consequence of a back-dated fact is dated with it. */
const outgoingOf = (
  saga: AnySaga,
  { name, stored }: Visit,
  { instance, send }: Move,
  traceparent: string | undefined,
): readonly Outgoing[] =>
  send.map(({ command, input }, index) => ({
    saga: saga.name,
    instance: name,
    position: stored.position.toString(),
    index,
    command_id: uuidv5('saga-command', saga.name, name, stored.id, String(index), String(instance.attempt)),
    command,
    input,
    // The instance's own thread: a receipt that serves an order does not draw the order into the receipt's.
    correlation_id: instance.correlationId,
    causation_id: stored.id,
    occurred_at: stored.metadata.occurredAt === stored.metadata.recordedAt ? undefined : stored.metadata.occurredAt,
    traceparent,
  }));

const effectsOf = (
  saga: AnySaga,
  { name, stored }: Visit,
  { instance, effects }: Move,
  traceparent: string | undefined,
): readonly Queued[] =>
  effects.map((message, index) => ({
    id: uuidv5('saga-effect', saga.name, name, stored.id, String(index), String(instance.attempt)),
    message,
    causeId: stored.id,
    position: stored.position,
    correlationId: instance.correlationId,
    traceparent,
  }));

const ADVANCE = `
  with seats as (update ops.sagas set position = greatest(position, $1) where name = any($2))
  update ops.checkpoints set position = greatest(position, $1) where name = $3 and version = $4`;

async function advance(
  client: pg.PoolClient,
  seats: readonly Seat[],
  detached: ReadonlyMap<Seat, string>,
  last: bigint | undefined,
): Promise<void> {
  const names = seats.filter(seat => !detached.has(seat)).map(({ saga }) => saga.name);
  await client.query(ADVANCE, [last?.toString(), names, PROCESSES.name, PROCESSES.version]);
  for (const [{ saga }, reason] of detached) await client.query('update ops.sagas set detached = $2 where name = $1', [saga.name, reason]);
  await announce(client, [PROCESSES.name]);
}

/** Takes the step inside a span of the trace that led to it; what it sends goes on from there. */
function traced<Result>(saga: AnySaga, { name, stored }: Visit, step: () => Result): { result: Result; traceparent: string | undefined } {
  const { traceparent } = stored.metadata;
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
  const attributes = { saga: saga.name, instance: name, event: stored.type };
  return tracer.startActiveSpan('saga step', { attributes }, parent, span => {
    const carrier: { traceparent?: string } = {};
    propagation.inject(trace.setSpan(parent, span), carrier);
    try {
      return { result: step(), traceparent: carrier.traceparent ?? traceparent };
    } finally {
      span.end();
    }
  });
}

const earlier = (a: bigint | undefined, b: bigint | undefined): bigint | undefined =>
  a === undefined || b === undefined ? undefined : a < b ? a : b;
