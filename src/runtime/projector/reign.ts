import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import { PERSON_ERASED } from '../../kernel/personal.ts';
import type { EventLog, StoredEvent } from '../event-log/port.ts';
import type { Ownership } from '../ownership.ts';
import { tracedTogether } from '../tracing.ts';
import { takeIn } from './batch.ts';
import { tableOf } from './ddl.ts';
import { type Fact, factOf } from './fact.ts';
import { requestedOf, withdraw } from './requests.ts';
import { beginAnew, nearest, seatsIn } from './seats.ts';
import { swap } from './swap.ts';
import { detach, isOwnFault, type Seat } from './tables.ts';

const SWAP_RETRY_MS = 1_000;
const ATTEND_EVERY_MS = 250;

/** One batch that was committed. */
export interface BatchReport {
  readonly events: number;
  readonly position: bigint;
  readonly durationMs: number;
  /** Age of the batch's newest event when it became visible, by the clocks of two machines. */
  readonly lagMs: number;
  /** Whether it was followed live or caught up by pages. */
  readonly live: boolean;
}

export interface ProjectorLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** How views forget persons, in the transaction in which they learn that somebody is erased. */
export interface Forgetting {
  erase(client: pg.PoolClient, persons: readonly string[]): Promise<void>;
  /** The same for tables beside those that are shown, of persons who are erased already. */
  blank(client: pg.PoolClient, persons: readonly string[]): Promise<void>;
}

export interface ReignOptions {
  readonly log: EventLog;
  /** For reading; all writing goes over the ownership. */
  readonly pool: pg.Pool;
  readonly registry: Registry;
  readonly personal: Forgetting | undefined;
  /** Told of every batch, after its commit. */
  readonly onBatch: (report: BatchReport) => void;
  readonly ownership: Ownership;
  readonly logId: string;
  readonly logger: ProjectorLogger;
  readonly batchMax: number;
}

/**
 * The time of one ownership. Most projections stand at one place and are followed live; those behind, new ones or new
 * versions, are caught up by pages beside them and join when they have arrived.
 */
export class Reign {
  readonly #options: ReignOptions;
  readonly #live: Set<Seat>;
  readonly #behind: Set<Seat>;
  #position: bigint | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** `seen` is where tables stood that are not kept any more. */
  constructor(options: ReignOptions, seats: readonly Seat[], seen: bigint | undefined) {
    this.#options = options;
    this.#position = seats.length === 0 ? seen : furthest(seats);
    this.#live = new Set(seats.filter(({ position }) => position === this.#position));
    this.#behind = new Set(seats.filter(({ position }) => position !== this.#position));
  }

  /** @throws whatever ends it before the signal does */
  async last(stopping: AbortSignal): Promise<void> {
    await this.#demandWholeLog();
    const ending = new AbortController();
    const signal = AbortSignal.any([stopping, ending.signal]);
    const both = [this.#follow(signal), this.#attend(signal)].map(work =>
      work.catch((error: unknown) => {
        ending.abort();
        throw error;
      }),
    );
    const results = await Promise.allSettled(both);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** A log restored from a copy older than the views would give new facts the places of those already seen. */
  async #demandWholeLog(): Promise<void> {
    const head = await this.#options.log.head();
    if (this.#position !== undefined && this.#position > (head ?? -1n))
      throw new Error(`The event log ends at ${head ?? 'nothing'}, before position ${this.#position} that the views have already seen`);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const events of this.#options.log.follow(this.#position, { signal, batchMax: this.#options.batchMax })) {
      await this.#exclusively(() => this.#takeIn(this.#live, events, true));
      if (signal.aborted) return;
    }
  }

  /** Catches up who is behind, shows what was built anew and has it built where somebody asks for it. */
  async #attend(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#obey();
      await this.#welcome();
      const moved = this.#unfinished() && (await this.#exclusively(() => this.#page()));
      if (!moved) await sleep(this.#unfinished() ? SWAP_RETRY_MS : ATTEND_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  readonly #unfinished = (): boolean => this.#behind.size > 0 || [...this.#live].some(({ shown }) => !shown);

  /** Has views built anew on request. */
  async #obey(): Promise<void> {
    const { ownership, pool, registry, log, logId, logger } = this.#options;
    for (const projection of await requestedOf(pool, registry.projections)) {
      const head = await log.head();
      try {
        await ownership.transaction(async client => {
          await beginAnew(client, projection, { logId, head });
          await withdraw(client, projection);
        });
      } catch (error) {
        if (!isOwnFault(error)) throw error;
        logger.warn({ projection: projection.name, because: String(error) }, 'A projection cannot be built anew');
        await ownership.transaction(client => withdraw(client, projection));
      }
    }
  }

  /** What was built beside the live ones comes to them. */
  async #welcome(): Promise<void> {
    const { pool, registry } = this.#options;
    const known = new Set([...this.#live, ...this.#behind].map(tableOf));
    for (const seat of await seatsIn(pool, registry, 'arriving')) if (!known.has(tableOf(seat))) this.#behind.add(seat);
  }

  /** Whether there was a page to read. The live ones wait meanwhile, so who has read all has arrived. */
  async #page(): Promise<boolean> {
    const lowest = nearest(this.#behind);
    const events = lowest === undefined ? [] : await this.#options.log.readAll(lowest.position, this.#options.batchMax);
    if (events.length > 0) await this.#takeIn(this.#behind, events, false);
    for (const seat of [...this.#behind]) if ((seat.position ?? -1n) >= (this.#position ?? -1n)) this.#join(seat);
    for (const seat of [...this.#live]) if (!seat.shown) await this.#show(seat);
    return events.length > 0;
  }

  #join(seat: Seat): void {
    this.#behind.delete(seat);
    this.#live.add(seat);
    this.#options.logger.info({ projection: seat.projection.name, version: seat.projection.version }, 'A projection has caught up');
  }

  async #show(seat: Seat): Promise<void> {
    const { name, version } = seat.projection;
    try {
      seat.shown = await this.#options.ownership.transaction(client => swap(client, seat));
      if (!seat.shown) return;
      this.#forget(name, seat);
      this.#options.logger.info({ projection: name, version, generation: seat.generation }, 'A projection is shown as it was built anew');
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      await this.#options.ownership.transaction(client => detach(client, seat, reason));
      this.#lose(seat, reason);
    }
  }

  /** The tables it was shown in place of are gone. */
  #forget(name: string, successor: Seat): void {
    for (const seats of [this.#live, this.#behind])
      for (const seat of seats) if (seat.projection.name === name && seat !== successor) seats.delete(seat);
  }

  async #takeIn(seats: ReadonlySet<Seat>, events: readonly StoredEvent[], live: boolean): Promise<void> {
    const { ownership, registry, personal, onBatch } = this.#options;
    const newest = events.at(-1);
    if (newest === undefined) return;
    const begunAt = performance.now();
    const facts = events.map(event => factOf(event, registry)).filter((fact): fact is Fact => fact !== undefined);
    const batch = { facts, last: newest.position, live };
    const attributes = { 'throughline.events': events.length, 'throughline.position': newest.position.toString() };
    const traceparents = live ? events.map(({ metadata }) => metadata?.traceparent) : [];
    await tracedTogether('project batch', traceparents, attributes, async () => {
      const { kept, lost } = await ownership.transaction(async client => {
        const taken = await takeIn(client, [...seats], batch);
        // After all that the batch itself tells of them.
        await personal?.erase(client, erasedIn(facts));
        return taken;
      });
      for (const seat of kept) seat.position = further(seat.position, newest.position);
      for (const { seat, reason } of lost) this.#lose(seat, reason);
    });
    if (live) this.#position = newest.position;
    onBatch({
      events: events.length,
      position: newest.position,
      durationMs: performance.now() - begunAt,
      lagMs: Date.now() - Date.parse(facts.at(-1)?.meta.recordedAt ?? new Date().toISOString()),
      live,
    });
  }

  #lose(seat: Seat, reason: string): void {
    this.#live.delete(seat);
    this.#behind.delete(seat);
    this.#options.logger.warn({ projection: seat.projection.name, version: seat.projection.version, reason }, 'A projection was stopped');
  }

  /** The connection serves one at a time. */
  #exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** Who is erased by these facts. */
export const erasedIn = (facts: readonly Fact[]): readonly string[] =>
  facts.filter(({ meta }) => meta.type === PERSON_ERASED).map(({ meta }) => meta.entityId);

const further = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b > a ? b : a);

const furthest = (seats: readonly Seat[]): bigint | undefined =>
  seats.map(({ position }) => position).reduce((a, b) => (b === undefined ? a : further(a, b)), undefined);
