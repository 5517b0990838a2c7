import type { Logger } from './connection.ts';
import { pauseAfter, rest } from './patience.ts';
import { LogExchanged, type StoredEvent } from './port.ts';
import type { LiveTail } from './tail.ts';
import { verdictOn } from './verdict.ts';

export interface FollowSource {
  /** Each is one attempt: whoever follows does the retrying, for as long as it takes. */
  page(after: bigint | undefined, limit: number): Promise<readonly StoredEvent[]>;
  /** Shared by all who follow; it serves whoever asked for it. */
  tail(after: bigint | undefined): Promise<LiveTail>;
  founding(): Promise<string | undefined>;
}

/** One reader's way through the log: pages while behind, a live tail at the end, pages again when the tail is lost. */
export class Follower {
  readonly #source: FollowSource;
  readonly #batchMax: number;
  readonly #signal: AbortSignal;
  readonly #logger: Logger;
  #last: bigint | undefined;
  #ahead: Promise<readonly StoredEvent[]> | undefined;
  #failures = 0;
  /** After each interruption another log may stand behind the URL. */
  #doubtful = true;
  #founding: string | undefined;

  constructor(source: FollowSource, after: bigint | undefined, batchMax: number, signal: AbortSignal, logger: Logger) {
    this.#source = source;
    this.#last = after;
    this.#batchMax = batchMax;
    this.#signal = signal;
    this.#logger = logger;
  }

  async *batches(): AsyncGenerator<readonly StoredEvent[], void> {
    while (!this.#signal.aborted) {
      const page = await this.#patiently(() => this.#nextPage());
      if (page === undefined) continue;
      if (page.length > 0) yield this.#advance(page);
      if (page.length === this.#batchMax) continue;
      const tail = await this.#patiently(() => this.#source.tail(this.#last));
      if (tail) yield* this.#live(tail);
    }
  }

  async *#live(tail: LiveTail): AsyncGenerator<readonly StoredEvent[], void> {
    tail.enter();
    try {
      for (;;) {
        const batch = await tail.take(this.#last, this.#batchMax, this.#signal);
        if (this.#signal.aborted) return;
        if (batch.length === 0) break;
        yield this.#advance(batch);
      }
    } finally {
      tail.leave();
    }
    if (tail.confirmed) this.#failures = 0;
    if (tail.outcome === 'broken') await this.#pause('the subscription ended');
  }

  async #nextPage(): Promise<readonly StoredEvent[]> {
    if (this.#doubtful) await this.#verify();
    const coming = this.#ahead ?? this.#source.page(this.#last, this.#batchMax);
    this.#ahead = undefined;
    const page = await coming;
    if (page.length > 0) this.#failures = 0;
    if (page.length === this.#batchMax) this.#fetchAhead(page.at(-1)?.position);
    return page;
  }

  /** The next page is on its way while the consumer works on this one. */
  #fetchAhead(after: bigint | undefined): void {
    this.#ahead = this.#source.page(after, this.#batchMax);
    // Its failure is met by whoever awaits it, and nobody does when the consumer stops here.
    this.#ahead.catch(() => undefined);
  }

  async #verify(): Promise<void> {
    const founding = await this.#source.founding();
    if (this.#founding !== undefined && founding !== this.#founding) throw new LogExchanged(this.#founding, founding);
    this.#founding = founding;
    this.#doubtful = false;
  }

  /** Positions only ever grow: anything else is another log or a broken store, and going on would lose or double events. */
  #advance(batch: readonly StoredEvent[]): readonly StoredEvent[] {
    for (const { position } of batch) {
      if (this.#last !== undefined && position <= this.#last)
        throw new Error(`the log went back from position ${this.#last} to ${position}`);
      this.#last = position;
    }
    return batch;
  }

  async #patiently<T>(attempt: () => Promise<T>): Promise<T | undefined> {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof LogExchanged) throw error;
      const verdict = verdictOn(error);
      await this.#pause('because' in verdict ? verdict.because : verdict.is);
      return undefined;
    }
  }

  async #pause(because: string): Promise<void> {
    this.#failures += 1;
    this.#doubtful = true;
    if (this.#failures === 1 && !this.#signal.aborted)
      this.#logger.warn({ because, after: String(this.#last) }, 'Following the log was interrupted');
    await rest(pauseAfter(this.#failures), this.#signal);
  }
}
