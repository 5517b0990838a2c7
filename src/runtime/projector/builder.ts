/**
 * Builds tables beside those that are shown, over a connection of its own, so that the live ones are fed meanwhile. What it
 * has done is in the checkpoint of each table: whoever comes after it, wherever, goes on from there.
 */
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import { pauseAfter, rest } from '../event-log/patience.ts';
import type { EventLog, StoredEvent } from '../event-log/port.ts';
import { Ownership } from '../ownership.ts';
import { takeIn } from './batch.ts';
import { factOf } from './fact.ts';
import { erasedIn, type Forgetting, type ProjectorLogger } from './reign.ts';
import { nearest, seatsIn } from './seats.ts';
import { demandSameLog, type Seat, setState } from './tables.ts';

const LOOK_EVERY_MS = 250;

export interface BuilderOptions {
  readonly log: EventLog;
  readonly pool: pg.Pool;
  readonly registry: Registry;
  readonly logger: ProjectorLogger;
  readonly personal: Forgetting | undefined;
  /** Events of one transaction at most. */
  readonly pageMax: number;
}

export class Builder {
  readonly #options: BuilderOptions;
  readonly #stopping: AbortSignal;
  #ownership: Ownership | undefined;
  #ahead: { readonly after: bigint; readonly page: Promise<readonly StoredEvent[]> } | undefined;

  constructor(options: BuilderOptions, stopping: AbortSignal) {
    this.#options = options;
    this.#stopping = stopping;
  }

  /** Builds whenever there is something to build, until the signal fires. Failures are tried again. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.aborted) {
      try {
        if ((await this.#building()).length > 0) await this.#own();
        failures = 0;
        await rest(LOOK_EVERY_MS, this.#stopping);
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        // While there is nothing to build, nothing was interrupted.
        if (this.#ownership !== undefined) this.#options.logger.warn({ because }, 'Building views anew was interrupted; it is tried again');
        await rest(pauseAfter(++failures), this.#stopping);
      } finally {
        this.release();
      }
    }
  }

  release(): void {
    this.#ahead = undefined;
    this.#ownership?.release();
    this.#ownership = undefined;
  }

  readonly #building = (): Promise<readonly Seat[]> => seatsIn(this.#options.pool, this.#options.registry, 'building');

  async #own(): Promise<void> {
    const { log, pool } = this.#options;
    const owner = await Ownership.claim(pool, 'builder', this.#stopping);
    if (owner === undefined) return;
    this.#ownership = owner;
    const logId = await log.identity();
    await owner.transaction(client => demandSameLog(client, logId));
    while (!this.#stopping.aborted) {
      const seats = await this.#building();
      if (seats.length === 0) return;
      await this.#page(owner, seats);
    }
  }

  /** The page after a position; the next one is on its way while this one is written. */
  async #read(after: bigint | undefined): Promise<readonly StoredEvent[]> {
    const { log, pageMax } = this.#options;
    const coming = this.#ahead?.after === after ? this.#ahead?.page : undefined;
    this.#ahead = undefined;
    const events = await (coming ?? log.readAll(after, pageMax));
    const last = events.at(-1)?.position;
    if (last === undefined || events.length < pageMax) return events;
    this.#ahead = { after: last, page: log.readAll(last, pageMax) };
    // Its failure is met by whoever awaits it, and nobody does when the building ends here.
    this.#ahead.page.catch(() => undefined);
    return events;
  }

  /** One page for all that are being built, from the lowest on: those further on pass over what they have. */
  async #page(owner: Ownership, seats: readonly Seat[]): Promise<void> {
    const { registry, pageMax, personal, logger } = this.#options;
    const events = await this.#read(nearest(seats)?.position);
    const last = events.at(-1)?.position;
    const facts = events.flatMap(event => factOf(event, registry) ?? []);
    const arrived = events.length < pageMax;
    const lost = await owner.transaction(async client => {
      const taken = last === undefined ? { kept: seats, lost: [] } : await takeIn(client, seats, { facts, last, live: false });
      // A page may have been read just before somebody was erased, and written after.
      await personal?.blank(client, erasedIn(facts));
      if (arrived) for (const seat of taken.kept) await setState(client, seat, 'arriving');
      return taken.lost;
    });
    for (const { seat, reason } of lost)
      logger.warn({ projection: seat.projection.name, version: seat.projection.version, reason }, 'Building a projection was stopped');
  }
}
