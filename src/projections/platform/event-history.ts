/** Every fact of the house, for auditors: in all, of one record, and along one thread from first cause to last effect. */
import { z } from 'zod';
import { type Fields, field } from '../../kernel/field.ts';
import { byInstant, listing } from '../../kernel/listing.ts';
import type { PersonalPart } from '../../kernel/personal.ts';
import { type AnyProjection, chronicle } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { decimal, instant, integer, json, nullable, table, text, texts } from '../../kernel/table.ts';

export const eventHistory = chronicle({
  name: 'event-history',
  version: 2,
  table: table(
    'event_history',
    'Every event of every kind, as it was stored',
    {
      position: decimal('Position in the whole event log'),
      event_id: text('Id of the event'),
      category: text('Kind of record the event is about'),
      record_id: text('Id of the record the event is about'),
      revision: integer('Place among the events of the record, from 0'),
      type: text('Kind of event'),
      version: integer('Version of the shape in which the data were written'),
      recorded_at: instant('When it was recorded'),
      occurred_at: instant('When it happened in the business; differs from recorded_at where it was back-dated'),
      actor_kind: text('Who did it: staff, contact, integration or system'),
      actor_id: text('Id of the user, contact, key or process that did it'),
      command_id: text('Id of the command that led to it'),
      correlation_id: text('Thread it belongs to, from first cause to last effect'),
      causation_id: text('Event or command that led to it directly'),
      links: texts('Further threads it touches'),
      data: json<unknown>('What happened, as written then; personal texts as long as their person is not erased'),
      personal: nullable(json<readonly PersonalPart[]>('Which texts of the data belong to which persons')),
    },
    {
      key: 'Position with leading zeros, so that its order is the order of the log',
      indexes: [
        'category, record_id, id',
        'type, id',
        'actor_id, id',
        'correlation_id, id',
        'recorded_at, id',
        'using gin (links)',
        'using gin (personal)',
      ],
    },
  ),
  row: ({ data, version, personal }, meta) => ({
    position: meta.position,
    event_id: meta.eventId,
    category: meta.category,
    record_id: meta.entityId,
    revision: meta.revision,
    type: meta.type,
    version,
    recorded_at: meta.recordedAt,
    occurred_at: meta.occurredAt,
    actor_kind: meta.actor.kind,
    actor_id: meta.actor.id,
    command_id: meta.commandId,
    correlation_id: meta.correlationId,
    causation_id: meta.causationId,
    links: meta.links,
    data,
    personal: personal ?? null,
  }),
});

interface Source<F extends Fields> {
  readonly reads: readonly AnyProjection[];
  readonly key: string;
  readonly fields: F;
}

/** What one record is read from, with the revision that If-Match takes for a command on it. */
export const revised = <F extends Fields, S extends Source<F>>(category: string, source: S & Source<F>) => ({
  ...source,
  reads: [...source.reads, eventHistory],
  fields: { ...source.fields, revision: field.integer(revisionOf(category, source.key)) },
});

const revisionOf = (category: string, key: string): string =>
  `(select h.revision from event_history h where h.category = '${category}' and h.record_id = ${key} order by h.id desc limit 1)`;

const source = {
  permission: 'platform:audit',
  reads: [eventHistory],
  from: 'event_history e',
  key: 'e.id',
  fields: {
    position: field.text('e.position::text'),
    id: field.text('e.event_id'),
    category: field.text('e.category'),
    recordId: field.text('e.record_id'),
    revision: field.integer('e.revision'),
    type: field.text('e.type'),
    version: field.integer('e.version'),
    recordedAt: field.instant('e.recorded_at'),
    occurredAt: field.instant('e.occurred_at'),
    actor: field.json("json_build_object('kind', e.actor_kind, 'id', e.actor_id)", z.strictObject({ kind: z.string(), id: z.string() })),
    commandId: field.text('e.command_id'),
    correlationId: field.text('e.correlation_id'),
    causationId: field.text('e.causation_id'),
    links: field.texts('e.links'),
    data: field.json('e.data', z.unknown()),
  },
} as const;

const inOrder = { position: { sql: 'e.id' }, newest: { sql: 'e.id', descending: true } } as const;

export const listEvents = listing({
  ...source,
  type: 'ListEvents',
  summary: 'All events, newest first. `from` (inclusive) and `to` (exclusive) are ISO 8601 instants of recording.',
  route: 'GET /events',
  filters: {
    type: 'e.type = ?',
    category: 'e.category = ?',
    actor: 'e.actor_id = ?',
    correlation: 'e.correlation_id = ?',
    from: byInstant('e.recorded_at >= ?::timestamptz'),
    to: byInstant('e.recorded_at < ?::timestamptz'),
  },
  sorts: inOrder,
  usual: 'newest',
});

export const showRecordHistory = listing({
  ...source,
  type: 'ShowRecordHistory',
  summary: 'What happened to one record, from the beginning. `type` is the category of its events, e.g. `salesOrder`.',
  route: 'GET /records/:type/:id/history',
  within: { type: 'e.category = ?', id: 'e.record_id = ?' },
  sorts: inOrder,
  usual: 'position',
});

export const showThread = listing({
  ...source,
  type: 'ShowThread',
  summary:
    'One thread from first cause to last effect, events of other threads that touch it included. `causationId` is the `id` of the event or command that led to each.',
  route: 'GET /threads/:correlationId',
  within: { correlationId: 'e.correlation_id = ? or e.links @> array[?::text]' },
  sorts: inOrder,
  usual: 'position',
});

/** Asked when somebody has to know whether a command that vanished came to its end. */
export const commandDone = query({
  type: 'CommandDone',
  summary: 'Whether a command has left an event in the history of a record.',
  permission: 'platform:audit',
  reads: [eventHistory],
  input: z.strictObject({ category: z.string(), id: z.string(), commandId: z.string() }),
  output: z.boolean(),
  answer: async (db, { category, id, commandId }) => {
    const found = await db.rows('select from event_history where category = $1 and record_id = $2 and command_id = $3 limit 1', [
      category,
      id,
      commandId,
    ]);
    return found.length > 0;
  },
});
