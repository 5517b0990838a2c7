/** What must be true of any log: revisions without gaps, ids once, and of each event who, when, why and on what basis. */
import { z } from 'zod';
import type { StoredEvent } from '../event-log/port.ts';
import type { Scratch } from './scratch.ts';

const Metadata = z.looseObject({
  version: z.int().positive(),
  recordedAt: z.iso.datetime(),
  occurredAt: z.iso.datetime(),
  actor: z.object({ kind: z.enum(['staff', 'contact', 'integration', 'system']), id: z.string().min(1) }),
  commandId: z.guid(),
  commandHash: z.string().regex(/^[0-9a-f]{64}$/),
  correlationId: z.guid(),
  causationId: z.guid(),
  basis: z.int().min(-1),
});

/** The newest event of a stream, as far as the next one must fit to it. */
interface Newest {
  readonly revision: number;
  readonly commandId: string;
  readonly basis: number;
}

export class OrderCheck {
  readonly #scratch: Scratch;

  constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  *take({ position, stream, revision, id, type, metadata }: StoredEvent): Iterable<string> {
    const place = `position ${position}: ${type} (${stream}, revision ${revision})`;
    const before = this.#newest(stream);
    const expected = (before?.revision ?? -1) + 1;
    if (revision !== expected) yield `${place} is at revision ${revision} in place of ${expected}`;
    const earlier = this.#scratch.get('event id', id);
    if (earlier !== undefined) yield `${place} has the id of the event at position ${earlier}`;
    this.#scratch.set('event id', id, `${position}`);
    yield* this.#attributed(place, metadata, revision, before);
    const { commandId = '', basis = -1 } = metadata ?? {};
    this.#scratch.set('stream', stream, JSON.stringify({ revision, commandId, basis } satisfies Newest));
  }

  *#attributed(place: string, metadata: unknown, revision: number, before: Newest | undefined): Iterable<string> {
    const { data, error } = Metadata.safeParse(metadata);
    if (data === undefined) {
      const names = new Set(error.issues.map(({ path }) => path[0] ?? 'metadata'));
      yield `${place} does not tell ${[...names].join(', ')}`;
    } else if (data.basis + 1 !== revision && !continues(data, before))
      yield `${place} was decided at revision ${data.basis}, but written at ${revision}`;
  }

  #newest(stream: string): Newest | undefined {
    const text = this.#scratch.get('stream', stream);
    return text === undefined ? undefined : (JSON.parse(text) as Newest);
  }
}

/** Whether an event belongs to the same append as the one before it in its stream. */
const continues = ({ commandId, basis }: Omit<Newest, 'revision'>, before: Newest | undefined): boolean =>
  before !== undefined && before.commandId === commandId && before.basis === basis;
