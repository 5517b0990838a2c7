/**
 * The one port between Throughline and its event store. Positions and revisions are EventStoreDB's: a revision counts a
 * stream's events from 0, a position orders the whole log and only ever grows.
 */
import type { EventMetadata } from '../../kernel/metadata.ts';
import type { PersonalPart } from '../../kernel/personal.ts';

/** The revision of a stream that holds no event yet. */
export const NO_STREAM = -1;

export interface NewEvent {
  /** UUID; appending the same id again at the same expected revision is a success without effect. */
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

export interface StoredEvent extends NewEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: bigint;
  /** Where texts of people are in the data; absent where there are none. */
  readonly personal?: readonly PersonalPart[];
}

export interface Appended {
  /** Revision of the last event of this append. */
  readonly revision: number;
  readonly position: bigint;
}

export interface EventLog {
  /**
   * Appends all events or none at exactly `expectedRevision` (NO_STREAM for a new stream). Retries unknown outcomes with
   * the same ids until the deadline, so an answer is always the truth.
   * @throws WrongRevision when the stream moved on; LogUnavailable when no truth was to be had in time; AppendRefused for the rest
   */
  append(stream: string, events: readonly NewEvent[], expectedRevision: number): Promise<Appended>;
  /** Events of one stream in order, from a revision on; nothing for a stream that does not exist. @throws LogUnavailable */
  readStream(stream: string, from?: number): AsyncIterable<StoredEvent>;
  /** Up to `limit` events of the whole log after a position (exclusive; undefined = from the beginning), without system events. */
  readAll(after: bigint | undefined, limit: number): Promise<readonly StoredEvent[]>;
  /**
   * Everything after a position, for ever: full pages while behind, then whatever arrived since the last batch was taken.
   * At most `batchMax` events a batch. Survives disconnects and restarts of the store by itself; ends when the signal fires.
   * @throws LogExchanged when, after an interruption, another log stands behind the URL; Error when a position goes back
   */
  follow(
    after: bigint | undefined,
    options: { readonly signal: AbortSignal; readonly batchMax?: number },
  ): AsyncIterable<readonly StoredEvent[]>;
  /** Position of the newest event without system events; undefined for an empty log. */
  head(): Promise<bigint | undefined>;
  /**
   * Identity of the log behind the URL, a UUID written into it once: tells when another log was put in its place. Asked of
   * the store each time. The event that holds it is the log's own: `readAll`, `follow` and `head` do not show it.
   * @throws LogUnavailable
   */
  identity(): Promise<string>;
  close(): Promise<void>;
}

/** The stream's revision was not the expected one; nothing was written. */
export class WrongRevision extends Error {
  override readonly name = 'WrongRevision';
  readonly stream: string;
  readonly expected: number;
  /** The revision the stream really has; NO_STREAM when it does not exist. */
  readonly actual: number;
  constructor(stream: string, expected: number, actual: number) {
    super(`${stream} is at revision ${actual}, not ${expected}`);
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/** The store did not answer in time; whether anything was written is unknown. Try again with the same ids. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
}

/** Another log stands behind the URL than when following began: what was read until now is not its past. */
export class LogExchanged extends Error {
  override readonly name = 'LogExchanged';
  constructor(before: string, now: string | undefined) {
    super(`the log behind the URL was exchanged: it was ${before}, now it is ${now ?? 'one without identity'}`);
  }
}

/** The store refuses this append for good (too large, access denied, stream deleted). */
export class AppendRefused extends Error {
  override readonly name = 'AppendRefused';
}
