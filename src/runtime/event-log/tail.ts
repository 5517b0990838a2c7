import { setImmediate as turn } from 'node:timers/promises';
import type { AllStreamResolvedEvent, AllStreamSubscription } from '@eventstore/db-client';
import type { StoredEvent } from './port.ts';

const WATCH_MS = 2_000;

export interface TailOptions {
  readonly after: bigint | undefined;
  readonly bufferMax: number;
  readonly subscribe: (heard: () => void) => AllStreamSubscription;
  readonly convert: (resolved: AllStreamResolvedEvent) => StoredEvent | undefined;
  /** Position of the log's newest event, asked when the subscription is silent. */
  readonly head: () => Promise<bigint | undefined>;
  /** The reader's own wish to end. */
  readonly signal: AbortSignal;
  readonly retired: AbortSignal;
}

/**
 * A live subscription behind a bounded buffer. It never repairs itself: it ends when it broke, went silent, overflowed or
 * was closed, with all it received until then still to be taken, and its owner goes on from there by pages.
 */
export class LiveTail {
  readonly #options: TailOptions;
  readonly #subscription: AllStreamSubscription;
  readonly #watch: NodeJS.Timeout;
  readonly #buffer: StoredEvent[] = [];
  readonly #onAbort = (): void => this.#end('closed');
  readonly #onRetired = (): void => this.#end('broken');
  #outcome: 'broken' | 'overflown' | 'closed' | undefined;
  #newest: bigint | undefined;
  #missed: bigint | undefined;
  #heard = false;
  #asking = false;
  #wake: () => void = () => undefined;
  confirmed = false;

  constructor(options: TailOptions) {
    this.#options = options;
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

  /** Whatever arrived since the last call, at most `max` events; waits for the first. Empty when the tail has ended. */
  async take(max: number): Promise<readonly StoredEvent[]> {
    if (this.#buffer.length === 0 && !this.#outcome) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      // Events appended together arrive together: one turn of the loop gathers them into one batch.
      await turn();
    }
    return this.#buffer.splice(0, max);
  }

  close(): void {
    this.#end('closed');
  }

  #receive(resolved: AllStreamResolvedEvent): void {
    if (this.#outcome) return;
    this.#hear();
    const event = this.#options.convert(resolved);
    if (!event) return;
    this.#buffer.push(event);
    this.#newest = event.position;
    this.#wake();
    if (this.#buffer.length >= this.#options.bufferMax) this.#end('overflown');
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
    this.#wake();
  }
}
