/** What became of the records behind a figure between two instants, and the events that did it. */
import { z } from 'zod';
import { answerSchema, type Fields, field, readFields, selectList } from '../kernel/field.ts';
import type { ReadDatabase } from '../kernel/query.ts';

const EVENTS_MAX = 1_000;

const eventFields = {
  id: field.text('h.event_id'),
  position: field.text('h.position::text'),
  type: field.text('h.type'),
  recordedAt: field.instant('h.recorded_at'),
  occurredAt: field.instant('h.occurred_at'),
  actorId: field.text('h.actor_id'),
} satisfies Fields;
const Event = answerSchema(eventFields);
type Event = z.output<typeof Event>;

interface Identified {
  readonly id: string;
}

/** A record that the figure counts now and did not then, or the other way round, or counts otherwise. */
interface Changed<Item extends Identified> {
  readonly id: string;
  /** Null where it was not counted. */
  readonly before: Item | null;
  readonly now: Item | null;
  readonly events: readonly Event[];
}

export interface Difference<Item extends Identified> {
  readonly before: number;
  readonly now: number;
  readonly entered: readonly Changed<Item>[];
  readonly left: readonly Changed<Item>[];
  readonly changed: readonly Changed<Item>[];
}

export function differenceSchema<Item extends Identified>(item: z.ZodType<Item>): z.ZodType<Difference<Item>> {
  const change = z.strictObject({ id: z.string(), before: item.nullable(), now: item.nullable(), events: z.array(Event) });
  const parts = { entered: z.array(change), left: z.array(change), changed: z.array(change) };
  return z.strictObject({ before: z.int(), now: z.int(), ...parts }) as unknown as z.ZodType<Difference<Item>>;
}

/** Compares the records of one kind that `records` finds then and now. The query reads the event history. */
export async function differenceOf<Item extends Identified>(
  db: ReadDatabase,
  category: string,
  records: (db: ReadDatabase) => Promise<readonly Item[]>,
): Promise<Difference<Item>> {
  if (db.earlier === undefined) throw new Error('A difference was asked for without the instant to compare with');
  const [before, now] = [byId(await records(db.earlier)), byId(await records(db))];
  const changes = [...new Set([...before.keys(), ...now.keys()])]
    .map(id => ({ id, before: before.get(id) ?? null, now: now.get(id) ?? null }))
    .filter(change => JSON.stringify(change.before) !== JSON.stringify(change.now));
  const events = await eventsSince(db, db.earlier, category, changes);
  const told = changes.map(change => ({ ...change, events: events.get(change.id) ?? [] }));
  return {
    before: before.size,
    now: now.size,
    entered: told.filter(change => change.before === null),
    left: told.filter(change => change.now === null),
    changed: told.filter(change => change.before !== null && change.now !== null),
  };
}

const byId = <Item extends Identified>(items: readonly Item[]): ReadonlyMap<string, Item> => new Map(items.map(item => [item.id, item]));

async function eventsSince(db: ReadDatabase, earlier: ReadDatabase, category: string, changes: readonly Identified[]) {
  const [known] = await earlier.rows<{ last: string | null }>('select max(h.id) as last from event_history h');
  const rows = await db.rows<Readonly<Record<string, unknown>> & { readonly record: string }>(
    `select h.record_id as record, ${selectList(eventFields)} from event_history h
     where h.category = $1 and h.record_id = any($2::text[]) and h.id > $3::text order by h.id limit ${EVENTS_MAX}`,
    [category, changes.map(({ id }) => id), known?.last ?? ''],
  );
  return new Map([...Map.groupBy(rows, ({ record }) => record)].map(([id, some]) => [id, some.map(row => readFields(eventFields, row))]));
}
