/** What a batch of events makes of sagas: states, what waits, what is to be sent, in the transaction of whoever reads. */
import type pg from 'pg';
import type { AnyEventDefinition } from '../../kernel/event.ts';
import { PROCESS_CATEGORY, ProcessAdopted, ProcessRetried, processEvents } from '../../kernel/processes.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import type { AnySaga } from '../../kernel/saga.ts';
import { enqueue } from '../effects/outbox.ts';
import type { StoredEvent } from '../event-log/port.ts';
import { factOf, type Fact as StoredFact } from '../projector/fact.ts';
import { Folding, type Visit } from './folding.ts';
import { saveHistory } from './history.ts';
import { loadInbox, saveInbox } from './inbox.ts';
import { dropInstances, loadInstances, type Shelf, saveInstances } from './instances.ts';
import { forgo, heard, post, release } from './outbox.ts';
import { isAfter, type Seat } from './seats.ts';
import { storable } from './storable.ts';
import type { World } from './world.ts';

/** What taking a batch leans on. */
export interface Taking extends Pick<World, 'log' | 'registry' | 'texts'> {
  /** By type, those of processes too. */
  readonly events: Events;
}

type Events = ReadonlyMap<string, AnyEventDefinition>;

/** An event of a batch, read once for all sagas. */
interface Read {
  readonly stored: StoredEvent;
  readonly fact: StoredFact;
}

/** A saga that cannot tell whom an event concerns: it stops as a whole, or it would lose its place. */
class SagaFault extends Error {
  override readonly name = 'SagaFault';
}

/** Tells which sagas had to be detached, and why. */
export async function takeBatch(
  client: pg.PoolClient,
  taking: Taking,
  seats: readonly Seat[],
  batch: readonly StoredEvent[],
): Promise<ReadonlyMap<Seat, string>> {
  const read = batch.flatMap(stored => readOf(stored, taking.events) ?? []);
  const detached = new Map<Seat, string>();
  for (const seat of seats) {
    try {
      await takeOne(client, taking, seat, read);
    } catch (error) {
      if (!(error instanceof SagaFault)) throw error;
      detached.set(seat, error.message);
      await client.query('update ops.sagas set detached = $2 where name = $1', [seat.saga.name, error.message]);
    }
  }
  return detached;
}

/** Undefined for what other programs put into the log. */
function readOf(stored: StoredEvent, events: Events): Read | undefined {
  const fact = factOf(stored, { events });
  return fact && { stored, fact };
}

async function takeOne(client: pg.PoolClient, { log, registry, texts, events }: Taking, seat: Seat, read: readonly Read[]): Promise<void> {
  const visits = blaming(() => visitsOf(seat, read));
  if (visits.length === 0) return;
  const { saga } = seat;
  const shelf: Shelf = seat.building ? 'ops.saga_drafts' : 'ops.saga_instances';
  const instances = await loadInstances(client, shelf, saga.name, [...new Set(visits.map(({ name }) => name))]);
  const inbox = await loadInbox(client, log, saga.name, goingOn(visits));
  const kept = blaming(
    () => new Map([...inbox].map(([name, stored]) => [name, stored.map(entry => keptVisit(seat, name, entry, events))])),
  );
  const folding = new Folding(seat, instances, kept, texts);
  blaming(() => folding.takeAll(visits));
  // One after the other without waiting in between: the connection keeps their order.
  const saved = [
    saveInstances(client, shelf, saga.name, folding.moved),
    dropInstances(
      client,
      shelf,
      saga.name,
      [...folding.forgotten].filter(name => instances.has(name)),
    ),
    // What is built beside is not shown: it has no history before it is.
    seat.building ? undefined : saveHistory(client, saga.name, folding.standings),
    saveInbox(
      client,
      saga.name,
      [...folding.emptied],
      folding.kept.map(({ name, stored }) => ({ instance: name, stored })),
    ),
    forgo(client, saga.name, [...folding.forgone]),
    heard(client, saga.name, folding.heard),
  ];
  if (folding.resumed.length > 0) await Promise.all(saved);
  for (const resumed of folding.resumed) await release(client, saga.name, resumed);
  await Promise.all([...saved, post(client, folding.outgoing), enqueue(client, registry, folding.effects)]);
}

function blaming<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new SagaFault(storable(error instanceof Error ? error.message : String(error)), { cause: error });
  }
}

function visitsOf(seat: Seat, read: readonly Read[]): readonly Visit[] {
  const concerned = read.filter(({ fact }) => isAfter(fact.position, seat.position) && concerns(seat.saga, fact.meta));
  return concerned.flatMap(entry =>
    [...new Set(namesOf(seat.saga, entry.fact.meta, entry.fact.data))].map(name => visitOf(seat, name, entry)),
  );
}

function visitOf({ installedAt }: Seat, name: string, { stored, fact: { position, meta, data } }: Read): Visit {
  const history = !isAfter(position, installedAt);
  return { name, stored, fact: { data, meta, history, wakes: meta.occurredAt === meta.recordedAt && !history } };
}

function keptVisit(seat: Seat, name: string, stored: StoredEvent, events: Events): Visit {
  const read = readOf(stored, events);
  if (read === undefined) throw new Error(`${stored.stream} cannot be read any more at revision ${stored.revision}`);
  return visitOf(seat, name, read);
}

const GO_ON: readonly string[] = [ProcessRetried.type, ProcessAdopted.type];

/** Instances that somebody lets go on: they take what they have kept. */
const goingOn = (visits: readonly Visit[]): readonly string[] => [
  ...new Set(visits.filter(({ stored }) => GO_ON.includes(stored.type)).map(({ name }) => name)),
];

const steers = new Set<string>(processEvents.map(({ type }) => type));

const concerns = (saga: AnySaga, { category, type }: ViewMeta): boolean =>
  category === PROCESS_CATEGORY ? steers.has(type) : Object.hasOwn(saga.instances, type);

function namesOf(saga: AnySaga, meta: ViewMeta, data: unknown): readonly string[] {
  if (meta.category !== PROCESS_CATEGORY)
    return (saga.instances[meta.type] as (data: unknown, meta: ViewMeta) => readonly string[])(data, meta);
  const steered = data as { readonly saga: string; readonly instance: string };
  return steered.saga === saga.name ? [steered.instance] : [];
}
