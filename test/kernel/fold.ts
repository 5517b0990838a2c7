import type { AnyEventDefinition, DomainEvent } from '../../src/kernel/event.ts';
import { type AnyProjection, keysOf, type Projection, type ViewMeta } from '../../src/kernel/projection.ts';
import type { Columns, RowOf } from '../../src/kernel/table.ts';

/** A fact and the record it happened to. */
export interface Happened {
  readonly event: DomainEvent;
  readonly entityId: string;
}

/** The rows a view has after these facts, by key; facts the view does not listen to pass by. */
export function rowsAfter<C extends Columns, D extends AnyEventDefinition>(
  view: Projection<C, D>,
  facts: readonly Happened[],
): ReadonlyMap<string, RowOf<C>> {
  const rows = new Map<string, unknown>();
  const { on } = view as unknown as AnyProjection;
  for (const [index, { event, entityId }] of facts.entries()) {
    const handle = on[event.type] as ((row: unknown, data: unknown, key: string, meta: ViewMeta) => unknown) | undefined;
    if (handle === undefined) continue;
    const meta = metaOf(event.type, entityId, index);
    for (const key of keysOf(view as unknown as AnyProjection, event.type, event.data, meta)) {
      const row = handle(rows.get(key), event.data, key, meta);
      if (row === null) rows.delete(key);
      else if (row !== undefined) rows.set(key, row);
    }
  }
  return rows as ReadonlyMap<string, RowOf<C>>;
}

const AT = '2026-03-02T09:00:00.000Z';

const metaOf = (type: string, entityId: string, index: number): ViewMeta => ({
  eventId: `event-${index}`,
  type,
  stream: `record-${entityId}`,
  category: 'record',
  entityId,
  revision: index,
  position: String(index),
  recordedAt: AT,
  occurredAt: AT,
  actor: { kind: 'staff', id: 'ana' },
  commandId: `command-${index}`,
  correlationId: 'thread',
  causationId: `command-${index}`,
  links: [],
});
