import { randomUUID } from 'node:crypto';
import { excludeSystemEvents } from '@eventstore/db-client';
import { appendOnce, asReadPosition, businessEvent, IDENTITY_STREAM, logPage, newestPosition, streamPage } from './calls.ts';
import { Connection, type Logger } from './connection.ts';
import { prepare } from './convert.ts';
import { Follower } from './follow.ts';
import { Deadline, pauseAfter, rest, within } from './patience.ts';
import {
  type Appended,
  AppendRefused,
  type EventLog,
  LogUnavailable,
  type NewEvent,
  NO_STREAM,
  type StoredEvent,
  WrongRevision,
} from './port.ts';
import type { Lease } from './reading.ts';
import { Slots } from './slots.ts';
import { LiveTail } from './tail.ts';
import { verdictOn } from './verdict.ts';

export interface EventLogOptions {
  /** A connection string of EventStoreDB: `esdb://host:port?tls=false`, `esdb+discover://…`. */
  readonly url: string;
  /** How long a call may take with all its retries, in milliseconds. Reading a stream has it anew for each page of 500. */
  readonly deadlineMs?: number;
  readonly logger?: Logger;
}

const DEADLINE_MS = 10_000;
/** Not worth an attempt any more: it could only fail, and hide why the earlier ones did. */
const LAST_CALL_MS = 20;
const STREAM_PAGE = 500;
const BATCH_MAX = 1_000;
/** Of the newest events: whoever lags further behind reads pages. */
const LIVE_BUFFER = 2_000;
/** In checkpoints of 32 events: they are heartbeats here, nobody stores them. */
const CHECKPOINT_INTERVAL = 32;
/** The bytes stay below what gRPC keeps for one call (1 MiB) before its writes stall. */
const APPENDS = { countMax: 256, bytesMax: 786_432, waitingMax: 10_000 };
const READS = { countMax: 64, bytesMax: 0, waitingMax: 10_000 };

const silent: Logger = { info: () => undefined, warn: () => undefined };

/**
 * Connects to EventStoreDB or to the embedded node. Lazy: an unreachable store shows in the first call. Once per process:
 * a broken stream of one client fails the pending appends of all clients in it.
 * @throws when the URL is no connection string
 */
export function connectEventLog(options: EventLogOptions): EventLog {
  return new EventStoreLog(options);
}

class EventStoreLog implements EventLog {
  readonly #connection: Connection;
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  readonly #appends = new Slots(APPENDS);
  readonly #reads = new Slots(READS);
  readonly #closing = new AbortController();
  #tail: LiveTail | undefined;

  constructor({ url, deadlineMs = DEADLINE_MS, logger = silent }: EventLogOptions) {
    this.#deadlineMs = deadlineMs;
    this.#logger = logger;
    this.#connection = new Connection(url, logger);
  }

  async append(stream: string, events: readonly NewEvent[], expectedRevision: number): Promise<Appended> {
    const prepared = prepare(stream, events);
    const attempt = (deadline: Deadline): Promise<Appended> =>
      this.#connection.use('append', deadline, (lease, leftMs) => appendOnce(lease, stream, prepared, expectedRevision, leftMs));
    try {
      return await this.#insist(`appending to ${stream}`, this.#appends, prepared.bytes, attempt);
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict.is === 'moved') throw new WrongRevision(stream, expectedRevision, verdict.actual);
      if (verdict.is === 'deleted') throw new AppendRefused(`${stream} was deleted for good`);
      if (verdict.is === 'refused') throw new AppendRefused(`appending to ${stream}: ${verdict.because}`);
      throw error;
    }
  }

  async *readStream(stream: string, from = 0): AsyncGenerator<StoredEvent, void> {
    for (let next = from; ; ) {
      const start = next;
      const page = await this.#read(`reading ${stream}`, (lease, leftMs) => streamPage(lease, stream, start, STREAM_PAGE, leftMs), []);
      yield* page;
      if (page.length < STREAM_PAGE) return;
      next = (page.at(-1)?.revision ?? start) + 1;
    }
  }

  readAll(after: bigint | undefined, limit: number): Promise<readonly StoredEvent[]> {
    return this.#read('reading the log', (lease, leftMs) => logPage(lease, after, limit, leftMs), []);
  }

  head(): Promise<bigint | undefined> {
    return this.#read('reading the end of the log', newestPosition, undefined);
  }

  follow(after: bigint | undefined, options: { signal: AbortSignal; batchMax?: number }): AsyncGenerator<readonly StoredEvent[], void> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    const batchMax = options.batchMax ?? BATCH_MAX;
    if (!Number.isInteger(batchMax) || batchMax < 1) throw new RangeError(`a batch holds at least one event, not ${batchMax}`);
    const once = this.#once.bind(this);
    const source = {
      page: (from: bigint | undefined, limit: number) => once((lease, leftMs) => logPage(lease, from, limit, leftMs)),
      tail: (from: bigint | undefined) => once(async lease => this.#tailFor(lease, from)),
      founding: () => once(founding),
    };
    return new Follower(source, after, batchMax, signal, this.#logger).batches();
  }

  async identity(): Promise<string> {
    for (;;) {
      const known = await this.#read('reading the identity of the log', founding, undefined);
      if (known !== undefined) return known;
      // Founders may race: whoever comes second is told so by the revision, and all read what was written.
      await this.append(IDENTITY_STREAM, [newFounding()], NO_STREAM).catch(error => {
        if (!(error instanceof WrongRevision)) throw error;
      });
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connection.close();
  }

  /** One subscription for all who follow, as long as it can serve them. */
  #tailFor(lease: Lease, after: bigint | undefined): LiveTail {
    if (this.#tail?.serves(after) !== true) this.#tail = this.#subscribe(lease, after);
    return this.#tail;
  }

  #subscribe(lease: Lease, after: bigint | undefined): LiveTail {
    return new LiveTail({
      after,
      bufferMax: LIVE_BUFFER,
      subscribe: heard =>
        lease.client.subscribeToAll({
          fromPosition: asReadPosition(after),
          filter: excludeSystemEvents({ checkpointInterval: CHECKPOINT_INTERVAL, checkpointReached: heard }),
        }),
      convert: businessEvent,
      head: () => this.#once(newestPosition),
      signal: this.#closing.signal,
      retired: lease.retired,
    });
  }

  #once<T>(work: (lease: Lease, leftMs: number) => Promise<T>, deadline = new Deadline(this.#deadlineMs)): Promise<T> {
    return this.#connection.use('read', deadline, work);
  }

  /** A read insists as an append does; `absent` is the answer when there is no such stream. */
  async #read<T>(what: string, work: (lease: Lease, leftMs: number) => Promise<T>, absent: T): Promise<T> {
    try {
      return await this.#insist(what, this.#reads, 0, deadline => this.#once(work, deadline));
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict.is === 'absent' || verdict.is === 'deleted') return absent;
      if (verdict.is === 'refused') throw new LogUnavailable(`${what}: ${verdict.because}`);
      throw error;
    }
  }

  /** Tries again while the outcome is unknown and time is left. An append carries the same ids each time, so it happens once. */
  async #insist<T>(what: string, slots: Slots, bytes: number, attempt: (deadline: Deadline) => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) throw new LogUnavailable(`${what}: the event log is closed`);
    const deadline = new Deadline(this.#deadlineMs);
    const release = await slots.take(bytes, deadline);
    if (!release) throw new LogUnavailable(`${what}: too much else is waiting for the event store`);
    try {
      for (let failures = 1; ; failures++) {
        const outcome = await this.#try(deadline, attempt);
        if ('result' in outcome) return outcome.result;
        await rest(Math.min(pauseAfter(failures), deadline.left), this.#closing.signal);
        if (deadline.left < LAST_CALL_MS || this.#closing.signal.aborted) throw new LogUnavailable(`${what}: ${outcome.unknown}`);
      }
    } finally {
      release();
    }
  }

  async #try<T>(deadline: Deadline, attempt: (deadline: Deadline) => Promise<T>): Promise<{ result: T } | { unknown: string }> {
    try {
      return { result: await within(deadline.left, 'the deadline', attempt(deadline)) };
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict.is !== 'unknown') throw error;
      return { unknown: verdict.because };
    }
  }
}

/** The log's identity; undefined when none was written yet. */
async function founding(lease: Lease, silenceMs: number): Promise<string | undefined> {
  try {
    const [event] = await streamPage(lease, IDENTITY_STREAM, 0, 1, silenceMs);
    return event && (event.data as { logId: string }).logId;
  } catch (error) {
    if (verdictOn(error).is === 'absent') return undefined;
    throw error;
  }
}

function newFounding(): NewEvent {
  const id = randomUUID();
  const now = new Date().toISOString();
  const metadata = {
    version: 1,
    recordedAt: now,
    occurredAt: now,
    actor: { kind: 'system', id: 'event-log' },
    commandId: id,
    commandHash: '',
    correlationId: id,
    causationId: id,
    basis: NO_STREAM,
  } as const;
  return { id, type: 'LogFounded', data: { logId: randomUUID() }, metadata };
}
