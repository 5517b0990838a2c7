import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import { bePatient } from '../database.ts';
import { type EventLog, LogExchanged } from '../event-log/port.ts';
import { Ownership } from '../ownership.ts';
import { Builder } from './builder.ts';
import { completeInstants } from './instants.ts';
import { type BatchReport, type Forgetting, type ProjectorLogger, Reign } from './reign.ts';
import { frozenAt, type SeatingOptions, takeSeats } from './seats.ts';
import { demandSameLog, detachVersion, isOwnFault, OtherLog, type Seat } from './tables.ts';

export interface ProjectorOptions {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly registry: Registry;
  /** Absent where the log tells of nobody. */
  readonly personal?: Forgetting;
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

/**
 * Keeps all projections of the registry up to date with the log, for as long as it lives, as the only one on this database:
 * others wait until it is gone. What fails for want of Postgres or the log is tried again until it succeeds.
 * @throws OtherLog when the views were built from another log
 */
export async function startProjector(options: ProjectorOptions): Promise<Projector> {
  await refuseOtherLog(options);
  const stopping = new AbortController();
  const worker = new Worker(options, stopping.signal);
  const { log, pool, registry, logger = SILENT, personal, batchMax: pageMax = BATCH_MAX } = options;
  const builder = new Builder({ log, pool, registry, personal, logger, pageMax }, stopping.signal);
  const ended = Promise.all([worker.run().finally(() => stopping.abort()), builder.run()]).then(() => undefined);
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
      builder.release();
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
    const head = await this.#options.log.head();
    const seats = await ownership.transaction(client => this.#prepare(client, { logId, head, anew: !this.#prepared }));
    this.#prepared = true;
    const { log, pool, registry, personal } = this.#options;
    const frozen = await frozenAt(pool);
    await ownership.transaction(client => completeInstants(client, this.#options, [...seats, { position: frozen }]));
    const onBatch = (report: BatchReport): void => {
      this.#failures = 0;
      this.#options.onBatch?.(report);
    };
    const common = { log, pool, registry, onBatch, ownership, logId, logger: this.#logger, batchMax: this.#batchMax };
    const options = { ...common, personal };
    await new Reign(options, seats, frozen).last(this.#stopping);
  }

  async #prepare(client: pg.PoolClient, options: SeatingOptions): Promise<readonly Seat[]> {
    await demandSameLog(client, options.logId);
    await bePatient(client);
    const seats: Seat[] = [];
    for (const projection of this.#options.registry.projections.values()) {
      if (projection.keptBy !== undefined) continue;
      await client.query('savepoint seat');
      try {
        seats.push(...(await takeSeats(client, projection, options)));
      } catch (error) {
        if (!isOwnFault(error)) throw error;
        await client.query('rollback to savepoint seat');
        const reason = error instanceof Error ? error.message : String(error);
        await detachVersion(client, projection, options.logId, reason);
        this.#logger.warn({ projection: projection.name, version: projection.version, reason }, 'A projection was stopped');
      }
      await client.query('release savepoint seat');
    }
    return seats;
  }
}
