import type { AnyDecider } from '../../kernel/decider.ts';
import { evolve } from '../../kernel/decider.ts';
import { HoldLapsed } from '../../kernel/hold.ts';
import { type EventLog, NO_STREAM, type StoredEvent } from '../event-log/port.ts';
import { SNAPSHOT_EVERY, type Snapshots } from './snapshots.ts';

/** How many command ids a stream's state remembers; a retry older than that is decided anew, and most say "already so". */
const KNOWN_MAX = 256;
const BYTES_PER_KNOWN = 240;

/** Where a command that was carried out left its stream. */
export interface KnownCommand {
  readonly hash: string;
  readonly revision: number;
  readonly position: bigint;
}

/** A stream folded up to a revision. */
export interface Folded {
  state: unknown;
  revision: number;
  position: bigint | undefined;
  /** Correlation id of the stream's first event: the thread it belongs to. */
  thread: string | undefined;
  /** Id of the last event folded in. */
  last: string | undefined;
  /** The newest command ids, oldest first. */
  readonly known: Map<string, KnownCommand>;
  /** Revision of the newest snapshot this was folded from or kept as. */
  keptAt: number;
}

/**
 * Folded streams, kept while they fit into a bound of bytes, the longest unused dropped first. What is cached may be
 * behind the log when another process wrote; `refresh` reads the tail.
 */
export class Streams {
  readonly #log: EventLog;
  readonly #bytesMax: number;
  readonly #snapshots: Snapshots | undefined;
  readonly #cached = new Map<string, { readonly folded: Folded; readonly bytes: number }>();
  #bytes = 0;
  hits = 0;
  misses = 0;

  constructor(log: EventLog, bytesMax: number, snapshots?: Snapshots) {
    this.#log = log;
    this.#bytesMax = bytesMax;
    this.#snapshots = snapshots;
  }

  /** `confirmed` tells that the state was read from the log just now. */
  async load(decider: AnyDecider, stream: string): Promise<{ readonly folded: Folded; readonly confirmed: boolean }> {
    const hit = this.#cached.get(stream);
    if (hit !== undefined) {
      this.hits++;
      this.#cached.delete(stream);
      this.#cached.set(stream, hit);
      return { folded: hit.folded, confirmed: false };
    }
    this.misses++;
    return { folded: await this.#fold(decider, stream), confirmed: true };
  }

  /** Reads what the log has beyond a folded state into it; tells whether there was anything. */
  async refresh(decider: AnyDecider, stream: string, folded: Folded): Promise<boolean> {
    const before = folded.revision;
    await this.#takeAll(decider, stream, folded, folded.revision + 1);
    this.#settle(decider, stream, folded);
    return folded.revision !== before;
  }

  /** Takes in a state that has just grown by an append. */
  grown(decider: AnyDecider, stream: string, folded: Folded): void {
    this.#settle(decider, stream, folded);
  }

  async #fold(decider: AnyDecider, stream: string): Promise<Folded> {
    const thawed = await this.#thaw(decider, stream);
    const folded = thawed ?? beginning(decider);
    if (thawed === undefined) await this.#takeAll(decider, stream, folded, 0);
    this.#settle(decider, stream, folded);
    return folded;
  }

  /** The newest snapshot and what came after it; undefined unless the log holds the very event the snapshot ends with. */
  async #thaw(decider: AnyDecider, stream: string): Promise<Folded | undefined> {
    const folded = await this.#snapshots?.newest(decider, stream);
    if (folded === undefined) return undefined;
    const met = await this.#takeAll(decider, stream, folded, folded.revision);
    return met ? folded : undefined;
  }

  /** Folds events from a revision on; tells whether the one already folded, when it is among them, is the same event. */
  async #takeAll(decider: AnyDecider, stream: string, folded: Folded, from: number): Promise<boolean> {
    const definitions = new Map([...decider.events, HoldLapsed].map(definition => [definition.type, definition] as const));
    let met = false;
    for await (const stored of this.#log.readStream(stream, from)) {
      if (stored.revision === folded.revision) {
        met = stored.id === folded.last;
        if (!met) return false;
        continue;
      }
      const definition = definitions.get(stored.type);
      if (definition === undefined) throw new Error(`${stream} holds ${stored.type}, which ${decider.category} does not know`);
      take(decider, folded, stored, definition.decode(stored.data, stored.metadata.version));
    }
    return met;
  }

  #settle(decider: AnyDecider, stream: string, folded: Folded): void {
    if (this.#snapshots !== undefined && folded.revision - folded.keptAt >= SNAPSHOT_EVERY) {
      this.#snapshots.keep(decider, stream, folded);
      folded.keptAt = folded.revision;
    }
    this.#keep(stream, folded);
  }

  /** Puts a state that has just grown back under the bound. */
  #keep(stream: string, folded: Folded): void {
    this.forget(stream);
    const bytes = stream.length + (JSON.stringify(folded.state) ?? '').length + folded.known.size * BYTES_PER_KNOWN;
    this.#cached.set(stream, { folded, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#cached.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.forget(oldest);
    }
  }

  forget(stream: string): void {
    const entry = this.#cached.get(stream);
    if (entry === undefined) return;
    this.#cached.delete(stream);
    this.#bytes -= entry.bytes;
  }

  /** What is folded anew from here on shows the log as it is now. */
  forgetAll(): void {
    this.#cached.clear();
    this.#bytes = 0;
  }

  get bytes(): number {
    return this.#bytes;
  }
}

const beginning = (decider: AnyDecider): Folded => ({
  state: decider.initial(),
  revision: NO_STREAM,
  position: undefined,
  thread: undefined,
  last: undefined,
  known: new Map(),
  keptAt: NO_STREAM,
});

/** Takes one event, already decoded, into a folded state. */
export function take(
  decider: AnyDecider,
  folded: Folded,
  stored: Pick<StoredEvent, 'id' | 'type' | 'revision' | 'position' | 'metadata'>,
  data: unknown,
): void {
  const { commandId, commandHash, correlationId } = stored.metadata;
  folded.state = evolve(decider, folded.state, stored.type, data);
  folded.revision = stored.revision;
  folded.position = stored.position;
  folded.thread ??= correlationId;
  folded.last = stored.id;
  folded.known.delete(commandId);
  folded.known.set(commandId, { hash: commandHash, revision: stored.revision, position: stored.position });
  if (folded.known.size > KNOWN_MAX) folded.known.delete(folded.known.keys().next().value as string);
}
