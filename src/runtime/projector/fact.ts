import { recordOf } from '../../kernel/command.ts';
import type { Registry } from '../../kernel/module.ts';
import type { StoredFact, ViewMeta } from '../../kernel/projection.ts';
import type { StoredEvent } from '../event-log/port.ts';

/** One event as projections take it in. */
export interface Fact {
  readonly position: bigint;
  readonly meta: ViewMeta;
  readonly stored: StoredFact;
  /** The data in today's shape. @throws when they are of no known shape */
  readonly data: unknown;
}

/** The event as a fact; undefined when another program wrote it, without the metadata all of ours carry. */
export function factOf(event: StoredEvent, registry: Pick<Registry, 'events'>): Fact | undefined {
  const { type, position, metadata, personal } = event;
  if (typeof metadata?.version !== 'number' || typeof metadata.correlationId !== 'string') return undefined;
  let decoded: { readonly data: unknown } | undefined;
  return {
    position,
    meta: viewMetaOf(event),
    // What is sealed may not open: that is the fault of who asks for it.
    get stored() {
      return { data: event.data, version: metadata.version, ...(personal === undefined ? {} : { personal }) };
    },
    // Decoded when the first projection asks, and once for all of them.
    get data() {
      decoded ??= { data: registry.events.get(type)?.decode(event.data, metadata.version) };
      return decoded.data;
    },
  };
}

function viewMetaOf({ id, type, stream, revision, position, metadata }: StoredEvent): ViewMeta {
  const { category, id: entityId } = recordOf(stream);
  const { recordedAt, occurredAt, actor, commandId, correlationId, causationId, links = [] } = metadata;
  const about = { eventId: id, type, stream, category, entityId, revision, position: position.toString() };
  return { ...about, recordedAt, occurredAt, actor, commandId, correlationId, causationId, links };
}
