/** Tells when the house has done all that follows of itself from what happened in threads. */
import type pg from 'pg';
import { PROCESSES } from '../../kernel/processes.ts';
import { rowsOf } from '../database.ts';

export interface Happening {
  /** Correlation ids. */
  readonly threads: Iterable<string>;
  /** Position up to which it is in the log. */
  readonly position: bigint;
}

export interface RestOptions {
  readonly pool: pg.Pool;
  /** Settles when something is told of the named views, or was not for a while. */
  readonly told: (names: readonly string[], patienceMs: number) => Promise<unknown>;
}

interface Standing {
  readonly asked: ReadonlySet<string>;
  /** How far the sagas have come. */
  readonly position: bigint;
  /** Threads for which there is still something to be sent. */
  readonly busy: ReadonlySet<string>;
}

/**
 * A command leaves the outbox only once its sagas have taken in what it did, so a thread rests when they have passed what
 * happened in it and nothing of it is in the outbox. What is held there waits for people.
 */
const STANDING = `
  select coalesce(c.position, -1)::text as position, array(
    select distinct o.correlation_id from ops.saga_outbox o
    where o.correlation_id = any($1) and (not o.held or o.refused is not null)
      and (select i.status from ops.saga_instances i where i.saga = o.saga and i.instance = o.instance) is distinct from 'parked'
  ) as busy
  from ops.checkpoints c where c.name = $2 and c.version = $3`;

export class Rest {
  readonly #options: RestOptions;
  readonly #waiting = new Map<string, number>();
  #asking: Promise<Standing> | undefined;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** The position that shows all of it; undefined when the threads did not come to rest in time. @throws DatabaseUnavailable */
  async reached(happening: Happening, patienceMs: number): Promise<bigint | undefined> {
    const { position } = happening;
    const giveUpAt = performance.now() + patienceMs;
    const threads = [...happening.threads];
    this.#count(threads, 1);
    try {
      for (;;) {
        // Heard from here on: what is told while we ask is news.
        const news = this.#options.told([PROCESSES.name], Math.max(0, giveUpAt - performance.now()));
        const standing = await this.#standing(threads);
        if (standing.position >= position && threads.every(thread => !standing.busy.has(thread))) return standing.position;
        if (performance.now() >= giveUpAt) return undefined;
        await news;
      }
    } finally {
      this.#count(threads, -1);
    }
  }

  /** How many wait for each thread. */
  #count(threads: readonly string[], change: 1 | -1): void {
    for (const thread of threads) {
      const count = (this.#waiting.get(thread) ?? 0) + change;
      if (count > 0) this.#waiting.set(thread, count);
      else this.#waiting.delete(thread);
    }
  }

  /** Many who wait ask once. */
  async #standing(threads: readonly string[]): Promise<Standing> {
    for (;;) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
      const standing = await this.#asking;
      if (threads.every(thread => standing.asked.has(thread))) return standing;
    }
  }

  async #ask(): Promise<Standing> {
    const asked = new Set(this.#waiting.keys());
    const [row] = await rowsOf<{ position: string; busy: readonly string[] }>(this.#options.pool, STANDING, [
      [...asked],
      PROCESSES.name,
      PROCESSES.version,
    ]);
    return { asked, position: BigInt(row?.position ?? -1), busy: new Set(row?.busy) };
  }
}
