/** An event log in memory that answers as the real one does; for tests of what stands on the log. */
import { type Appended, type EventLog, type NewEvent, type StoredEvent, WrongRevision } from '../../src/runtime/event-log/port.ts';

/** Positions of a real log have gaps; whoever counts on their being dense is wrong. */
const POSITION_STEP = 10n;
const BATCH_MAX = 1_000;

export interface MemoryLog extends EventLog {
  /** All events so far, in the order of the log. */
  readonly events: readonly StoredEvent[];
}

export function memoryLog(options: { readonly identity?: string } = {}): MemoryLog {
  const events: StoredEvent[] = [];
  const streams = new Map<string, StoredEvent[]>();
  const waiting = new Set<() => void>();

  const append = async (stream: string, added: readonly NewEvent[], expected: number): Promise<Appended> => {
    const known = streams.get(stream) ?? [];
    const actual = known.length - 1;
    if (actual !== expected) return repeated(stream, known, added, expected);
    for (const { id, type, data, metadata } of added) {
      const position = BigInt(events.length + 1) * POSITION_STEP;
      // Through JSON, as over the wire: no undefined, no Date, no shared object survives.
      const plain = JSON.parse(JSON.stringify({ data, metadata })) as Pick<StoredEvent, 'data' | 'metadata'>;
      const stored: StoredEvent = { id, type, ...plain, stream, revision: known.length, position };
      known.push(stored);
      events.push(stored);
    }
    streams.set(stream, known);
    for (const wake of [...waiting]) wake();
    return { revision: known.length - 1, position: known.at(-1)?.position ?? 0n };
  };

  const after = (position: bigint | undefined, limit: number): readonly StoredEvent[] => {
    const from = position === undefined ? 0 : Number(position / POSITION_STEP);
    return events.slice(from, from + limit);
  };

  const more = (signal: AbortSignal): Promise<void> =>
    new Promise(resolve => {
      const wake = (): void => {
        waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener('abort', wake);
    });

  return {
    events,
    append,
    async *readStream(stream, from = 0) {
      yield* (streams.get(stream) ?? []).slice(from);
    },
    readAll: async (position, limit) => after(position, limit),
    async *follow(position, { signal, batchMax = BATCH_MAX }) {
      let last = position;
      while (!signal.aborted) {
        const batch = after(last, batchMax);
        if (batch.length === 0) await more(signal);
        else {
          last = batch.at(-1)?.position;
          yield batch;
        }
      }
    },
    head: async () => events.at(-1)?.position,
    identity: async () => options.identity ?? 'memory',
    close: async () => {},
  };
}

/** The same ids at the same expected revision are the same append again; anything else came too late. */
function repeated(stream: string, known: readonly StoredEvent[], added: readonly NewEvent[], expected: number): Appended {
  const there = known.slice(expected + 1, expected + 1 + added.length);
  const last = there.at(-1);
  const same = last !== undefined && there.length === added.length && there.every((event, index) => event.id === added[index]?.id);
  if (!same) throw new WrongRevision(stream, expected, known.length - 1);
  return { revision: last.revision, position: last.position };
}
