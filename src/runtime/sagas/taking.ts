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
import type { Instance } from './move.ts';
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

const DETACH = 'update ops.sagas set detached = $2 where name = $1';

export interface BatchTaken {
  /** Sagas that had to be detached, and why. */
  readonly detached: ReadonlyMap<Seat, string>;
  /** Settles when what the batch came to is written; what is asked of the connection meanwhile comes after it. */
  readonly written: Promise<unknown>;
}

export async function takeBatch(
  client: pg.PoolClient,
  taking: Taking,
  seats: readonly Seat[],
  batch: readonly StoredEvent[],
): Promise<BatchTaken> {
  const read = batch.flatMap(stored => readOf(stored, taking.events) ?? []);
  const detached = new Map<Seat, string>();
  const taken: (readonly [Shelf, readonly Taken[]])[] = [];
  for (const [shelf, some] of Map.groupBy(seats, ({ building }): Shelf => (building ? 'ops.saga_drafts' : 'ops.saga_instances')))
    taken.push([shelf, await foldAll(client, taking, { shelf, seats: some, read, detached })]);
  const written = Promise.all([
    ...taken.map(([shelf, some]) => save(client, taking, shelf, some)),
    ...[...detached].map(([{ saga }, reason]) => client.query(DETACH, [saga.name, reason])),
  ]);
  // Whoever asked awaits it a moment later.
  written.catch(() => undefined);
  return { detached, written };
}

/** Undefined for what other programs put into the log. */
function readOf(stored: StoredEvent, events: Events): Read | undefined {
  const fact = factOf(stored, { events });
  return fact && { stored, fact };
}

/** A batch for sagas whose instances are kept in one place. */
interface Share {
  readonly shelf: Shelf;
  readonly seats: readonly Seat[];
  readonly read: readonly Read[];
  readonly detached: Map<Seat, string>;
}

/** All sagas at once: most of what a small batch costs is its exchanges with Postgres. */
async function foldAll(client: pg.PoolClient, taking: Taking, share: Share): Promise<readonly Taken[]> {
  const calls = share.seats.flatMap(seat => {
    const visits = unlessDetached(share, seat, () => visitsOf(seat, share.read)) ?? [];
    return visits.length === 0 ? [] : [{ seat, visits }];
  });
  if (calls.length === 0) return [];
  const names = calls.flatMap(({ visits }) => visits.map(({ name }) => name));
  const instances = await loadInstances(
    client,
    share.shelf,
    calls.map(({ seat }) => seat.saga.name),
    [...new Set(names)],
  );
  const taken: Taken[] = [];
  for (const { seat, visits } of calls) {
    const before = instances(seat.saga.name);
    const inbox = await loadInbox(client, taking.log, seat.saga.name, goingOn(visits));
    const folding = unlessDetached(share, seat, () => folded(taking, seat, { before, inbox, visits }));
    if (folding !== undefined) taken.push({ saga: seat.saga.name, folding, before });
  }
  return taken;
}

interface Before {
  readonly before: ReadonlyMap<string, Instance>;
  readonly inbox: ReadonlyMap<string, readonly StoredEvent[]>;
  readonly visits: readonly Visit[];
}

function folded({ texts, events }: Taking, seat: Seat, { before, inbox, visits }: Before): Folding {
  const kept = new Map([...inbox].map(([name, stored]) => [name, stored.map(entry => keptVisit(seat, name, entry, events))]));
  const folding = new Folding(seat, before, kept, texts);
  folding.takeAll(visits);
  return folding;
}

interface Taken {
  readonly saga: string;
  readonly folding: Folding;
  readonly before: ReadonlyMap<string, Instance>;
}

/** Statements one after the other without waiting in between: the connection keeps their order. */
async function save(client: pg.PoolClient, { registry }: Taking, shelf: Shelf, taken: readonly Taken[]): Promise<void> {
  const saved = [
    saveInstances(
      client,
      shelf,
      taken.map(({ saga, folding: { moved } }) => ({ saga, moved })),
    ),
    // What is built beside is not shown: it has no history before it is.
    shelf === 'ops.saga_drafts'
      ? undefined
      : saveHistory(
          client,
          taken.map(({ saga, folding: { standings } }) => ({ saga, standings })),
        ),
    ...taken.flatMap(({ saga, folding, before }) => [
      dropInstances(
        client,
        shelf,
        saga,
        [...folding.forgotten].filter(name => before.has(name)),
      ),
      saveInbox(
        client,
        saga,
        [...folding.emptied],
        folding.kept.map(({ name, stored }) => ({ instance: name, stored })),
      ),
      forgo(client, saga, [...folding.forgone]),
      heard(client, saga, folding.heard),
    ]),
  ];
  const resumed = taken.flatMap(({ saga, folding }) => folding.resumed.map(instance => ({ saga, instance })));
  if (resumed.length > 0) await Promise.all(saved);
  for (const { saga, instance } of resumed) await release(client, saga, instance);
  await Promise.all([
    ...saved,
    post(
      client,
      taken.flatMap(({ folding }) => folding.outgoing),
    ),
    enqueue(
      client,
      registry,
      taken.flatMap(({ folding }) => folding.effects),
    ),
  ]);
}

/** Undefined where the saga fails at its own work: it falls out alone. */
function unlessDetached<Result>({ detached }: Share, seat: Seat, work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    detached.set(seat, storable(error instanceof Error ? error.message : String(error)));
    return undefined;
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
