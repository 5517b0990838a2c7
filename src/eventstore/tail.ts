/** The end of the log, in memory: wakes live subscriptions and serves them the newest events without a query. */
import { EventEmitter, once } from 'node:events';
import type { RecordedEvent } from './event.ts';

const EVENTS_MAX = 8_192;
const BYTES_MAX = 16 * 1024 * 1024;
/** At most this many events are handed out at once, so that one subscription does not hold the thread. */
const HANDOUT_EVENTS_MAX = 512;

export class Tail {
  #head = 0n;
  #events: RecordedEvent[] = [];
  #bytes = 0;
  readonly #news = new EventEmitter().setMaxListeners(0);

  /** Position of the newest event known to be committed. */
  get head(): bigint {
    return this.#head;
  }

  /** The log was read anew: what is in memory may have a gap before this position. */
  restart(head: bigint): void {
    if (head !== this.#head) this.#forget();
    this.#head = head;
    this.#news.emit('moved');
  }

  /** Events just committed, in order, directly behind the head. */
  publish(events: readonly RecordedEvent[]): void {
    for (const event of events) this.#bytes += size(event);
    this.#events.push(...events);
    this.#head = events.at(-1)?.position ?? this.#head;
    if (this.#events.length > EVENTS_MAX || this.#bytes > BYTES_MAX) this.#trim();
    this.#news.emit('moved');
  }

  /** The next events after a position, or undefined when they are no longer (or were never) in memory. */
  since(position: bigint): readonly RecordedEvent[] | undefined {
    const first = this.#events[0];
    if (!first || position + 1n < first.position || position >= this.#head) return undefined;
    const from = Number(position + 1n - first.position);
    return this.#events.slice(from, from + HANDOUT_EVENTS_MAX);
  }

  /** Resolves when the head is past a position. @throws AbortError */
  async movedPast(position: bigint, signal: AbortSignal): Promise<void> {
    while (this.#head <= position) await once(this.#news, 'moved', { signal });
  }

  /** Drops at least half, the oldest, so that trimming stays rare and cheap. */
  #trim(): void {
    const kept = this.#events.slice(-EVENTS_MAX / 2);
    let bytes = kept.reduce((sum, event) => sum + size(event), 0);
    let from = 0;
    while (bytes > BYTES_MAX / 2) bytes -= size(kept[from++]!);
    this.#events = kept.slice(from);
    this.#bytes = bytes;
  }

  #forget(): void {
    this.#events = [];
    this.#bytes = 0;
  }
}

function size(event: RecordedEvent): number {
  return event.data.length + event.metadata.length;
}
