import type { AnyDecider } from '../../kernel/decider.ts';
import { evolve } from '../../kernel/decider.ts';
import { type EventLog, NO_STREAM, type StoredEvent } from '../event-log/port.ts';

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
  /** The newest command ids, oldest first. */
  readonly known: Map<string, KnownCommand>;
}

/**
 * Folded streams, kept while they fit into a bound of bytes, the longest unused dropped first. What is cached may be
 * behind the log when another process wrote; `refresh` reads the tail.
 */
export class Streams {
  readonly #log: EventLog;
  readonly #bytesMax: number;
  readonly #cached = new Map<string, { readonly folded: Folded; readonly bytes: number }>();
  #bytes = 0;
  hits = 0;
  misses = 0;

  constructor(log: EventLog, bytesMax: number) {
    this.#log = log;
    this.#bytesMax = bytesMax;
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
    const folded: Folded = { state: decider.initial(), revision: NO_STREAM, position: undefined, thread: undefined, known: new Map() };
    await this.refresh(decider, stream, folded);
    return { folded, confirmed: true };
  }

  /** Reads what the log has beyond a folded state into it; tells whether there was anything. */
  async refresh(decider: AnyDecider, stream: string, folded: Folded): Promise<boolean> {
    const before = folded.revision;
    const definitions = new Map(decider.events.map(definition => [definition.type, definition]));
    for await (const stored of this.#log.readStream(stream, folded.revision + 1)) {
      const definition = definitions.get(stored.type);
      if (definition === undefined) throw new Error(`${stream} holds ${stored.type}, which ${decider.category} does not know`);
      take(decider, folded, stored, definition.decode(stored.data, stored.metadata.version));
    }
    this.keep(stream, folded);
    return folded.revision !== before;
  }

  /** Puts a state that has just grown back under the bound. */
  keep(stream: string, folded: Folded): void {
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

  get bytes(): number {
    return this.#bytes;
  }
}

/** Takes one event, already decoded, into a folded state. */
export function take(
  decider: AnyDecider,
  folded: Folded,
  stored: Pick<StoredEvent, 'type' | 'revision' | 'position' | 'metadata'>,
  data: unknown,
): void {
  const { commandId, commandHash, correlationId } = stored.metadata;
  folded.state = evolve(decider, folded.state, stored.type, data);
  folded.revision = stored.revision;
  folded.position = stored.position;
  folded.thread ??= correlationId;
  folded.known.delete(commandId);
  folded.known.set(commandId, { hash: commandHash, revision: stored.revision, position: stored.position });
  if (folded.known.size > KNOWN_MAX) folded.known.delete(folded.known.keys().next().value as string);
}
