/**
 * A group of appends on its way into one transaction. Each append is judged against its stream as the appends before it
 * leave it, so one bad append fails alone. Pure: what is known of the streams is handed in.
 */
import type { Append, Outcome, RecordedEvent } from './event.ts';
import { NO_STREAM } from './event.ts';

/** Where an event id was written. */
export interface Slot {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
}

export interface Known {
  /** Position of the newest event of the log. */
  readonly head: bigint;
  /** Revision of the newest event of each stream of the group; NO_STREAM when it has none. */
  readonly heads: ReadonlyMap<string, bigint>;
  /** The event that stands at a revision an append of the group claims. */
  slotAt(stream: string, revision: bigint): Slot | undefined;
  /** Where an id of late was written. */
  slotOf(id: string): Slot | undefined;
}

export class Group {
  readonly events: RecordedEvent[] = [];
  readonly #known: Known;
  readonly #heads = new Map<string, bigint>();
  readonly #slots = new Map<string, Slot>();
  readonly #ids = new Map<string, Slot>();

  constructor(known: Known) {
    this.#known = known;
  }

  /** What comes of one append if the group is committed. */
  place(append: Append, nowMs: number): Outcome {
    const head = this.headOf(append.stream);
    const { expected } = append;
    if (expected === 'stream_exists' && head === NO_STREAM) return { kind: 'wrongRevision', actual: head };
    const repeat = typeof expected === 'bigint' || expected === 'no_stream' ? this.#repeatAt(append, head) : this.#repeatOfLate(append);
    if (repeat === 'clash') return { kind: 'wrongRevision', actual: head };
    if (repeat) return { kind: 'appended', revision: repeat.revision, position: repeat.position };
    return this.#write(append, head, nowMs);
  }

  headOf(stream: string): bigint {
    return this.#heads.get(stream) ?? this.#known.heads.get(stream) ?? NO_STREAM;
  }

  /** An explicit revision names exact slots: the same ids in all of them is a repetition, anything else a clash. */
  #repeatAt({ stream, expected, events }: Append, head: bigint): Slot | 'clash' | undefined {
    const before = expected === 'no_stream' ? NO_STREAM : (expected as bigint);
    if (before === head) return undefined;
    if (before > head || events.length === 0) return 'clash';
    const slots = events.map((_, index) => this.#slotAt(stream, before + 1n + BigInt(index)));
    return slots.every((slot, index) => slot?.id === events[index]?.id) ? slots.at(-1) : 'clash';
  }

  /** Without a revision the first id tells: new means a new append, known in this stream a repetition of the whole. */
  #repeatOfLate({ stream, events }: Append): Slot | 'clash' | undefined {
    const slots = events.map(({ id }) => this.#slotOf(id)).map(slot => (slot?.stream === stream ? slot : undefined));
    if (!slots[0]) return undefined;
    return slots.every(slot => slot) ? slots.at(-1) : 'clash';
  }

  #write({ stream, events }: Append, head: bigint, nowMs: number): Outcome {
    let revision = head;
    for (const event of events) {
      const position = this.#known.head + BigInt(this.events.length + 1);
      const recorded: RecordedEvent = { ...event, stream, revision: ++revision, position, createdMs: nowMs };
      this.events.push(recorded);
      this.#slots.set(`${revision}@${stream}`, recorded);
      this.#ids.set(event.id, recorded);
    }
    this.#heads.set(stream, revision);
    return { kind: 'appended', revision, position: events.length === 0 ? undefined : this.events.at(-1)?.position };
  }

  #slotAt(stream: string, revision: bigint): Slot | undefined {
    return this.#slots.get(`${revision}@${stream}`) ?? this.#known.slotAt(stream, revision);
  }

  #slotOf(id: string): Slot | undefined {
    return this.#ids.get(id) ?? this.#known.slotOf(id);
  }
}
