import { setImmediate as turn } from 'node:timers/promises';
import type { AllStreamResolvedEvent, AllStreamSubscription } from '@eventstore/db-client';
import type { StoredEvent } from './port.ts';

const WATCH_MS = 2_000;

export interface TailOptions {
  /** Where it begins: all that comes later comes from it. */
  readonly after: bigint | undefined;
  /** Events kept for those who lag behind. */
  readonly bufferMax: number;
  readonly subscribe: (heard: () => void) => AllStreamSubscription;
  readonly convert: (resolved: AllStreamResolvedEvent) => StoredEvent | undefined;
  /** Position of the log's newest event, asked when the subscription is silent. */
  readonly head: () => Promise<bigint | undefined>;
  /** Fires when nothing is to be followed any more. */
  readonly signal: AbortSignal;
  readonly retired: AbortSignal;
}

/**
 * The live end of the log in this process: one subscription behind a bounded buffer, for all who follow. It never repairs itself:
 * it ends when it broke, went silent, when nobody keeps up, and with its last reader. All it received until then is still to be
 * taken; from there, and wherever the buffer is too short for them, readers go on by pages.
 */
export class LiveTail {
  readonly #options: TailOptions;
  readonly #subscription: AllStreamSubscription;
  readonly #watch: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#end('closed');
  readonly #onRetired = (): void => this.#end('broken');
  readonly #waiting = new Set<() => void>();
  /** The newest events, all there are after `#from`. */
  #buffer: StoredEvent[] = [];
  #from: bigint | undefined;
  /** Position of the newest event that somebody took. */
  #taken: bigint | undefined;
  #readers = 0;
  #outcome: 'broken' | 'overflown' | 'closed' | undefined;
  #newest: bigint | undefined;
  #missed: bigint | undefined;
  #heard = false;
  #asking = false;
  confirmed = false;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#from = options.after;
    this.#newest = options.after;
    this.#subscription = options.subscribe(() => this.#hear());
    this.#subscription.on('confirmation', () => {
      this.confirmed = true;
      this.#hear();
    });
    this.#subscription.on('data', resolved => this.#receive(resolved));
    this.#subscription.on('end', () => this.#end('broken'));
    // Stays attached after the end: an error without a listener ends the process.
    this.#subscription.on('error', () => this.#end('broken'));
    this.#watch = setInterval(() => void this.#check(), WATCH_MS);
    options.signal.addEventListener('abort', this.#onAbort);
    options.retired.addEventListener('abort', this.#onRetired);
    if (options.signal.aborted) this.#onAbort();
    if (options.retired.aborted) this.#onRetired();
  }

  get outcome(): 'broken' | 'overflown' | 'closed' | undefined {
    return this.#outcome;
  }

  /** Whether who has seen all up to a position can go on from here. */
  serves(after: bigint | undefined): boolean {
    return this.#outcome === undefined && this.#holds(after);
  }

  enter(): void {
    this.#readers += 1;
  }

  leave(): void {
    this.#readers -= 1;
    if (this.#readers === 0) this.#end('closed');
  }

  /** What arrived after a position, at most `max` events; waits for the first. Empty when nothing more is to be had from here. */
  async take(after: bigint | undefined, max: number, signal: AbortSignal): Promise<readonly StoredEvent[]> {
    while (this.serves(after) && !this.#hasAfter(after) && !signal.aborted) {
      await this.#news(signal);
      // Events appended together arrive together: one turn of the loop gathers them into one batch.
      await turn();
    }
    if (!this.#holds(after)) return [];
    const first = this.#indexAfter(after);
    const batch = this.#buffer.slice(first, first + max);
    const last = batch.at(-1)?.position;
    if (last !== undefined && isAfter(last, this.#taken)) this.#taken = last;
    return batch;
  }

  #holds(after: bigint | undefined): boolean {
    return this.#from === undefined || (after !== undefined && after >= this.#from);
  }

  #hasAfter(after: bigint | undefined): boolean {
    const newest = this.#buffer.at(-1);
    return newest !== undefined && isAfter(newest.position, after);
  }

  /** Readers are near the end, mostly at it. */
  #indexAfter(after: bigint | undefined): number {
    return this.#buffer.findLastIndex(({ position }) => !isAfter(position, after)) + 1;
  }

  #news(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #receive(resolved: AllStreamResolvedEvent): void {
    if (this.#outcome) return;
    this.#hear();
    const event = this.#options.convert(resolved);
    if (!event) return;
    this.#buffer.push(event);
    this.#newest = event.position;
    this.#wakeAll();
    if (this.#buffer.length >= this.#options.bufferMax) this.#shorten();
  }

  /** Forgets the older half. What nobody has taken is not forgotten: then nobody keeps up, and to receive more is in vain. */
  #shorten(): void {
    const half = Math.ceil(this.#buffer.length / 2);
    const { position } = this.#buffer[half - 1] as StoredEvent;
    if (isAfter(position, this.#taken)) {
      this.#end('overflown');
      return;
    }
    this.#buffer = this.#buffer.slice(half);
    this.#from = position;
  }

  #hear(): void {
    this.#heard = true;
    this.#missed = undefined;
  }

  /** A subscription may die without a word. Silent twice while the log holds more than was received: it is dead. */
  async #check(): Promise<void> {
    if (this.#heard) {
      this.#heard = false;
      return;
    }
    if (this.#missed !== undefined) return this.#end('broken');
    if (this.#asking) return;
    this.#asking = true;
    const head = await this.#options.head().catch(() => 'unreachable' as const);
    this.#asking = false;
    if (this.#heard || this.#outcome) return;
    if (head === 'unreachable') return this.#end('broken');
    if (head !== undefined && (this.#newest === undefined || head > this.#newest)) this.#missed = head;
  }

  #end(outcome: 'broken' | 'overflown' | 'closed'): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    clearInterval(this.#watch);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#options.retired.removeEventListener('abort', this.#onRetired);
    this.#subscription.unsubscribe().catch(() => undefined);
    this.#wakeAll();
  }
}

const isAfter = (position: bigint, mark: bigint | undefined): boolean => mark === undefined || position > mark;
