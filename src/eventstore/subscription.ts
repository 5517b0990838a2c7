/**
 * Follows the log for ever: pages from Postgres while behind, memory at the live edge. It holds no buffer of its own; a
 * subscriber that is too slow for the memory simply reads pages again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from './event.ts';
import { type Filter, matches } from './filter.ts';
import { KEY_MAX, type Reader } from './reader.ts';
import type { Tail } from './tail.ts';

/** Positions a filtered page looks through at most; positions have no gaps, so this is a number of events. */
const SCAN_EVENTS_MAX = 8_192n;
const RETRY_MIN_MS = 200;

export interface Cursor {
  /** All that matters up to this position of `$all` was handed out; undefined while older pages of a stream remain. */
  readonly reached: bigint | undefined;
  /** The next page from Postgres. */
  page(): Promise<readonly RecordedEvent[]>;
  /** The next events from memory, of the whole log. */
  take(events: readonly RecordedEvent[]): readonly RecordedEvent[];
}

export class AllCursor implements Cursor {
  reached: bigint;
  readonly #reader: Reader;
  readonly #tail: Tail;
  readonly #filter: Filter | undefined;

  constructor(reader: Reader, tail: Tail, after: bigint, filter: Filter | undefined) {
    this.#reader = reader;
    this.#tail = tail;
    this.reached = after;
    this.#filter = filter;
  }

  async page(): Promise<readonly RecordedEvent[]> {
    const end = this.reached + SCAN_EVENTS_MAX;
    const high = end < this.#tail.head ? end : this.#tail.head;
    const { events, more } = await this.#reader.all({ low: this.reached + 1n, high, backwards: false }, this.#filter);
    this.reached = more ? events.at(-1)!.position : high;
    return events;
  }

  take(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
    this.reached = events.at(-1)?.position ?? this.reached;
    return events.filter(event => matches(this.#filter, event));
  }
}

export class StreamCursor implements Cursor {
  reached: bigint | undefined;
  readonly #reader: Reader;
  readonly #tail: Tail;
  readonly #stream: string;
  #revision: bigint;

  constructor(reader: Reader, tail: Tail, stream: string, after: bigint) {
    this.#reader = reader;
    this.#tail = tail;
    this.#stream = stream;
    this.#revision = after;
  }

  async page(): Promise<readonly RecordedEvent[]> {
    // Read before the query: whatever is up to here is committed, so the query sees it.
    const { head } = this.#tail;
    const { events, more } = await this.#reader.stream(this.#stream, { low: this.#revision + 1n, high: KEY_MAX, backwards: false });
    this.#revision = events.at(-1)?.revision ?? this.#revision;
    this.reached = more ? undefined : head;
    return events;
  }

  take(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
    this.reached = events.at(-1)?.position ?? this.reached;
    const news = events.filter(({ stream, revision }) => stream === this.#stream && revision > this.#revision);
    this.#revision = news.at(-1)?.revision ?? this.#revision;
    return news;
  }
}

export type Progress =
  | { readonly kind: 'events'; readonly events: readonly RecordedEvent[] }
  | { readonly kind: 'caughtUp' }
  | { readonly kind: 'fellBehind' };

/** Ends only with the signal. While Postgres is away it waits. */
export async function* follow(tail: Tail, cursor: Cursor, signal: AbortSignal): AsyncGenerator<Progress, void> {
  let live = false;
  while (!signal.aborted) {
    if (cursor.reached !== undefined && cursor.reached >= tail.head) {
      if (!live) yield { kind: 'caughtUp' };
      live = true;
      await tail.movedPast(cursor.reached, signal).catch(() => {});
      continue;
    }
    const newest = cursor.reached === undefined ? undefined : tail.since(cursor.reached);
    if (newest) {
      yield { kind: 'events', events: cursor.take(newest) };
      continue;
    }
    if (live) yield { kind: 'fellBehind' };
    live = false;
    yield { kind: 'events', events: await patiently(() => cursor.page(), signal) };
  }
}

async function patiently(page: () => Promise<readonly RecordedEvent[]>, signal: AbortSignal): Promise<readonly RecordedEvent[]> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await page();
    } catch (error) {
      if (attempt === 0) console.error(`A subscription waits, the log cannot be read: ${error instanceof Error ? error.message : error}`);
      await sleep(RETRY_MIN_MS * (1 + Math.random()), undefined, { signal }).catch(() => {});
    }
  }
  return [];
}

/**
 * Tells a filtered subscriber how far the log was looked through: after every `interval` events, matching or not, and once
 * at each switch to live. Never the same position twice, never an older one.
 */
export class Checkpoints {
  readonly #interval: bigint;
  #next: bigint;
  #last: bigint;

  constructor(interval: bigint, after: bigint) {
    this.#interval = interval;
    this.#next = after + interval;
    this.#last = after;
  }

  /** The checkpoints due when everything up to a position was looked through. */
  *upTo(position: bigint): Generator<bigint> {
    for (; this.#next <= position; this.#next += this.#interval) yield (this.#last = this.#next);
  }

  *atLive(position: bigint): Generator<bigint> {
    if (position > this.#last) yield (this.#last = position);
  }
}
