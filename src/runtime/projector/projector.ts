import { setTimeout as sleep } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import { bePatient } from '../database.ts';
import { type EventLog, LogExchanged, type StoredEvent } from '../event-log/port.ts';
import { Ownership } from '../ownership.ts';
import { takeIn } from './batch.ts';
import { type Fact, factOf } from './fact.ts';
import { demandSameLog, detach, isOwnFault, OtherLog, type Seat, seat, swap } from './tables.ts';

export interface ProjectorLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

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

export interface ProjectorOptions {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly registry: Registry;
  readonly logger?: ProjectorLogger;
  readonly onBatch?: (report: BatchReport) => void;
  /** Events of one batch at most. */
  readonly batchMax?: number;
}

export interface Projector {
  /** Ends after the batch under way. */
  stop(): Promise<void>;
  /** Settles when the projector has ended; rejects with OtherLog or LogExchanged, when going on would mix two pasts. */
  readonly ended: Promise<void>;
}

const BATCH_MAX = 1_000;
const STOP_PATIENCE_MS = 5_000;
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 5_000;
const SWAP_RETRY_MS = 1_000;

/**
 * Keeps all projections of the registry up to date with the log, for as long as it lives, as the only one on this database:
 * others wait until it is gone. What fails for want of Postgres or the log is tried again until it succeeds.
 * @throws OtherLog when the views were built from another log
 */
export async function startProjector(options: ProjectorOptions): Promise<Projector> {
  await refuseOtherLog(options);
  const stopping = new AbortController();
  const worker = new Worker(options, stopping.signal);
  const ended = worker.run();
  // Whoever listens hears of it; nobody has to.
  ended.catch(() => undefined);
  return {
    ended,
    async stop() {
      stopping.abort();
      const patience = new AbortController();
      const late = sleep(STOP_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([ended.catch(() => undefined), late]);
      patience.abort();
      worker.release();
    },
  };
}

/** As soon as it can be known; a log or database that is out of reach is asked again later. */
async function refuseOtherLog({ log, pool }: ProjectorOptions): Promise<void> {
  try {
    await demandSameLog(pool, await log.identity());
  } catch (error) {
    if (isFatal(error)) throw error;
  }
}

const isFatal = (error: unknown): boolean => error instanceof OtherLog || error instanceof LogExchanged;

const tracer = trace.getTracer('throughline');

const SILENT: ProjectorLogger = { info: () => {}, warn: () => {} };

class Worker {
  readonly #options: ProjectorOptions;
  readonly #stopping: AbortSignal;
  readonly #logger: ProjectorLogger;
  readonly #batchMax: number;
  #ownership: Ownership | undefined;
  #failures = 0;
  /** False until tables were described and detached projections tried again, once in the life of this process. */
  #prepared = false;

  constructor(options: ProjectorOptions, stopping: AbortSignal) {
    this.#options = options;
    this.#stopping = stopping;
    this.#logger = options.logger ?? SILENT;
    this.#batchMax = options.batchMax ?? BATCH_MAX;
  }

  /** From claim to loss of the ownership, again and again: every failure begins anew from the checkpoints. */
  async run(): Promise<void> {
    while (!this.#stopping.aborted) {
      try {
        this.#ownership = await Ownership.claim(this.#options.pool, 'projector', this.#stopping);
        if (this.#ownership !== undefined) await this.#reign(this.#ownership);
      } catch (error) {
        if (isFatal(error)) throw error;
        await this.#pause(error);
      } finally {
        this.release();
      }
    }
  }

  release(): void {
    this.#ownership?.release();
    this.#ownership = undefined;
  }

  async #pause(error: unknown): Promise<void> {
    if (this.#stopping.aborted) return;
    const because = error instanceof Error ? error.message : String(error);
    if (this.#failures === 0) this.#logger.warn({ because }, 'Keeping the views was interrupted; it is tried again');
    const pauseMs = Math.min(PAUSE_MIN_MS * 2 ** this.#failures++, PAUSE_MAX_MS);
    await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: this.#stopping }).catch(() => undefined);
  }

  async #reign(ownership: Ownership): Promise<void> {
    const logId = await this.#options.log.identity();
    const seats = await ownership.transaction(client => this.#prepare(client, logId));
    this.#prepared = true;
    const reign = new Reign({ ...this.#options, ownership, logId, logger: this.#logger, batchMax: this.#batchMax }, seats, () => {
      this.#failures = 0;
    });
    await reign.last(this.#stopping);
  }

  async #prepare(client: pg.PoolClient, logId: string): Promise<readonly Seat[]> {
    await demandSameLog(client, logId);
    await bePatient(client);
    const seats: Seat[] = [];
    for (const projection of this.#options.registry.projections.values()) {
      if (projection.keptBy !== undefined) continue;
      await client.query('savepoint seat');
      try {
        const taken = await seat(client, projection, logId, !this.#prepared);
        if (taken !== undefined) seats.push(taken);
      } catch (error) {
        if (!isOwnFault(error)) throw error;
        await client.query('rollback to savepoint seat');
        const reason = error instanceof Error ? error.message : String(error);
        await detach(client, projection, logId, reason);
        this.#logger.warn({ projection: projection.name, version: projection.version, reason }, 'A projection was stopped');
      }
      await client.query('release savepoint seat');
    }
    return seats;
  }
}

interface ReignOptions extends ProjectorOptions {
  readonly ownership: Ownership;
  readonly logId: string;
  readonly logger: ProjectorLogger;
  readonly batchMax: number;
}

/**
 * The time of one ownership. Most projections stand at one place and are followed live; those behind, new ones or new
 * versions, are caught up by pages beside them and join when they have arrived.
 */
class Reign {
  readonly #options: ReignOptions;
  readonly #committed: () => void;
  readonly #live: Set<Seat>;
  readonly #behind: Set<Seat>;
  #position: bigint | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ReignOptions, seats: readonly Seat[], committed: () => void) {
    this.#options = options;
    this.#committed = committed;
    this.#position = furthest(seats);
    this.#live = new Set(seats.filter(({ position }) => position === this.#position));
    this.#behind = new Set(seats.filter(({ position }) => position !== this.#position));
  }

  /** @throws whatever ends it before the signal does */
  async last(stopping: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const signal = AbortSignal.any([stopping, ending.signal]);
    const both = [this.#follow(signal), this.#catchUp(signal)].map(work =>
      work.catch((error: unknown) => {
        ending.abort();
        throw error;
      }),
    );
    const results = await Promise.allSettled(both);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const events of this.#options.log.follow(this.#position, { signal, batchMax: this.#options.batchMax })) {
      await this.#exclusively(() => this.#takeIn(this.#live, events, true));
      if (signal.aborted) return;
    }
  }

  /** One pass for all that are behind, from the lowest on. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#unfinished()) {
      const arrived = await this.#exclusively(() => this.#page());
      const stuck = arrived && this.#unfinished();
      if (stuck) await sleep(SWAP_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  readonly #unfinished = (): boolean => this.#behind.size > 0 || [...this.#live].some(({ shown }) => !shown);

  /** Whether no page is left to read. The live ones wait meanwhile, so who has read all has arrived. */
  async #page(): Promise<boolean> {
    const lowest = [...this.#behind].map(({ position }) => position ?? -1n).reduce((a, b) => (a < b ? a : b), this.#position ?? -1n);
    if (this.#behind.size > 0) {
      const events = await this.#options.log.readAll(lowest < 0n ? undefined : lowest, this.#options.batchMax);
      if (events.length > 0) await this.#takeIn(this.#behind, events, false);
    }
    for (const seat of [...this.#behind]) if ((seat.position ?? -1n) >= (this.#position ?? -1n)) await this.#join(seat);
    for (const seat of this.#live) if (!seat.shown) await this.#show(seat);
    return this.#behind.size === 0;
  }

  async #join(seat: Seat): Promise<void> {
    this.#behind.delete(seat);
    this.#live.add(seat);
    this.#options.logger.info({ projection: seat.projection.name, version: seat.projection.version }, 'A projection has caught up');
  }

  async #show(seat: Seat): Promise<void> {
    const { name, version } = seat.projection;
    try {
      seat.shown = await this.#options.ownership.transaction(client => swap(client, seat));
      if (seat.shown) this.#options.logger.info({ projection: name, version }, 'The new version of a projection is shown');
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      await this.#options.ownership.transaction(client => detach(client, seat.projection, this.#options.logId, reason));
      this.#lose(seat, reason);
    }
  }

  async #takeIn(seats: ReadonlySet<Seat>, events: readonly StoredEvent[], live: boolean): Promise<void> {
    const { ownership, registry, logId, onBatch } = this.#options;
    const newest = events.at(-1);
    if (newest === undefined) return;
    const begunAt = performance.now();
    const facts = events.map(event => factOf(event, registry)).filter((fact): fact is Fact => fact !== undefined);
    const batch = { facts, last: newest.position, logId };
    const attributes = { 'throughline.events': events.length, 'throughline.position': newest.position.toString() };
    await tracer.startActiveSpan('project batch', { attributes }, async span => {
      try {
        const { kept, lost } = await ownership.transaction(client => takeIn(client, [...seats], batch));
        for (const seat of kept) seat.position = further(seat.position, newest.position);
        for (const { seat, reason } of lost) this.#lose(seat, reason);
      } finally {
        span.end();
      }
    });
    if (live) this.#position = newest.position;
    this.#committed();
    onBatch?.({
      events: events.length,
      position: newest.position,
      durationMs: performance.now() - begunAt,
      lagMs: Date.now() - Date.parse(newest.metadata?.recordedAt ?? ''),
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

const further = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b > a ? b : a);

const furthest = (seats: readonly Seat[]): bigint | undefined =>
  seats.map(({ position }) => position).reduce((a, b) => (b === undefined ? a : further(a, b)), undefined);
