/** Reads the log for all sagas: those that are shown follow it together, new and reshaped ones catch up beside them and join. */
import type pg from 'pg';
import { processEvents } from '../../kernel/processes.ts';
import type { StoredEvent } from '../event-log/port.ts';
import type { Ownership } from '../ownership.ts';
import type { Bell } from './bell.ts';
import { keyOf, type Outgoing, settle } from './outbox.ts';
import { advance, isAfter, join, type Seat, takeSeats } from './seats.ts';
import { type Taking, takeBatch } from './taking.ts';
import type { World } from './world.ts';

const BATCH_MAX = 500;

/** What whoever sends commands knows of the one who reads. */
export interface Reading {
  /** Rung after each batch. */
  readonly bell: Bell;
  /** How far the log is read for what is shown. */
  reached: bigint | undefined;
  /**
   * Commands that were done, by instance. They leave the outbox with the reading of what they did: so whatever else follows from
   * it is there before they go.
   */
  readonly done: Map<string, Done>;
}

export interface Done {
  readonly row: Outgoing;
  /** Of what it did in the log; undefined where it did nothing. */
  readonly position: bigint | undefined;
}

/** Whether nothing of what it did is to be read any more behind a position. */
export const isRead = ({ position }: Pick<Done, 'position'>, reached: bigint | undefined): boolean =>
  position === undefined || !isAfter(position, reached);

export const readBy = (done: Reading['done'], reached: bigint | undefined): readonly Outgoing[] =>
  [...done.values()].flatMap(entry => (isRead(entry, reached) ? [entry.row] : []));

/** Reads until the signal fires. @throws when Postgres fails; nothing is lost then */
export async function consume(world: World, owner: Ownership, reading: Reading, signal: AbortSignal): Promise<void> {
  const { seats, reached } = await takeSeats(world, owner);
  reading.reached = reached;
  const reader = new Reader(world, owner, reading);
  const late = seats.filter(({ building }) => building);
  const others = seats.filter(({ building }) => !building);
  const arrived = new AbortController();
  const catchingUp = reader.catchUp(late, signal).finally(() => arrived.abort());
  // Where nothing is shown yet, nobody waits, and what is shown first is what has caught up.
  const meanwhile = others.length === 0 ? undefined : reader.follow(others, AbortSignal.any([signal, arrived.signal]));
  await Promise.all([catchingUp, meanwhile]);
  if (others.length === 0) reader.begin(late);
  await reader.follow(seats, signal);
}

/** Their instances may go on. */
export function forget(done: Reading['done'], rows: readonly Outgoing[]): void {
  for (const row of rows) if (done.get(keyOf(row))?.row === row) done.delete(keyOf(row));
}

class Reader {
  readonly #world: World;
  readonly #owner: Ownership;
  readonly #reading: Reading;
  readonly #taking: Taking;
  /** Sagas that stopped as a whole; the others go on. */
  readonly #detached = new Set<Seat>();

  constructor(world: World, owner: Ownership, reading: Reading) {
    this.#world = world;
    this.#owner = owner;
    this.#reading = reading;
    const events = new Map([...world.registry.events, ...processEvents.map(event => [event.type, event] as const)]);
    this.#taking = { ...world, events };
  }

  /** What is shown first begins where these are. */
  begin(seats: readonly Seat[]): void {
    this.#reading.reached = later(this.#reading.reached, this.#earliest(seats));
  }

  /** From where the last of them is, since each takes only what it has not taken yet; who has caught up joins those that are shown. */
  async follow(seats: readonly Seat[], signal: AbortSignal): Promise<void> {
    if (seats.some(({ building }) => building))
      await this.#owner.transaction(async client => {
        await this.#join(client, seats, this.#reading.reached);
        await advance(client, [], this.#reading.reached);
      });
    const from = earlier(this.#reading.reached, this.#earliest(seats) ?? this.#reading.reached);
    for await (const batch of this.#world.log.follow(from, { signal, batchMax: BATCH_MAX })) {
      let gone: readonly Outgoing[] = [];
      await this.#take(seats, batch, async (client, taken, last) => {
        const reached = later(this.#reading.reached, last);
        await this.#join(client, taken, reached);
        gone = readBy(this.#reading.done, reached);
        await Promise.all([settle(client, gone), advance(client, taken, last)]);
      });
      forget(this.#reading.done, gone);
      this.#reading.reached = later(this.#reading.reached, batch.at(-1)?.position);
      this.#reading.bell.ring();
    }
  }

  /** Reads until nothing more is there at the moment. */
  async catchUp(seats: readonly Seat[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#running(seats).length > 0) {
      const page = await this.#world.log.readAll(this.#earliest(seats), BATCH_MAX);
      if (page.length === 0) return;
      await this.#take(seats, page, async (client, taken, last) => {
        await advance(client, taken, last, 'beside');
      });
    }
  }

  /** What a batch makes of sagas is one transaction, with what is done `after`. A failure ends the whole reading, so seats may move before. */
  async #take(
    seats: readonly Seat[],
    batch: readonly StoredEvent[],
    after: (client: pg.PoolClient, taken: readonly Seat[], last: bigint) => Promise<void>,
  ): Promise<void> {
    const last = batch.at(-1)?.position;
    if (last === undefined) return;
    const running = this.#running(seats);
    const detached = await this.#owner.transaction(async client => {
      const { detached, written } = await takeBatch(client, this.#taking, running, batch);
      const taken = running.filter(seat => !detached.has(seat));
      for (const seat of taken) if (isAfter(last, seat.position)) seat.position = last;
      await Promise.all([written, after(client, taken, last)]);
      return detached;
    });
    for (const [seat, reason] of detached) {
      this.#detached.add(seat);
      this.#world.logger?.error({ saga: seat.saga.name, reason }, 'saga detached');
    }
  }

  /** Those that have read all that is shown are shown too. */
  async #join(client: pg.PoolClient, seats: readonly Seat[], reached: bigint | undefined): Promise<void> {
    for (const seat of this.#running(seats)) {
      if (!seat.building || (reached !== undefined && isAfter(reached, seat.position ?? NOWHERE))) continue;
      await join(client, seat);
      seat.building = false;
      seat.stops = new Map();
    }
  }

  #running(seats: readonly Seat[]): readonly Seat[] {
    return seats.filter(seat => !this.#detached.has(seat));
  }

  /** Undefined for the log's beginning, also where there is nobody. */
  #earliest(seats: readonly Seat[]): bigint | undefined {
    const positions = this.#running(seats).map(({ position }) => position);
    return positions.length === 0 ? undefined : positions.reduce(earlier);
  }
}

/** Before all positions. */
const NOWHERE = -1n;

const earlier = (a: bigint | undefined, b: bigint | undefined): bigint | undefined =>
  a === undefined || b === undefined ? undefined : a < b ? a : b;

const later = (a: bigint | undefined, b: bigint | undefined): bigint | undefined => ((a ?? NOWHERE) < (b ?? NOWHERE) ? b : a);
