import { z } from 'zod';
import { EFFECTS, effectEvents } from '../../kernel/effect.ts';
import { field } from '../../kernel/field.ts';
import { byInstant, listing } from '../../kernel/listing.ts';
import type { AnyProjection } from '../../kernel/projection.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import { instant, integer, json, nullable, table, text } from '../../kernel/table.ts';

const effectsTable = table(
  'effects',
  'What is done outside the house: letters, messages to programs, and what became of each; done ones for thirty days',
  {
    effect: text('Kind of effect'),
    channel: text('mail or webhook'),
    destination: text('Queue it stands in: what waits there waits together'),
    payload: json<unknown>('References from which it is composed when it is sent'),
    cause_id: text('Id of the event that caused it'),
    correlation_id: text('The thread it belongs to'),
    queued_at: instant('When it was asked for'),
    status: text('waiting, halted (nothing goes this way now), done or given-up'),
    round: integer('How often it was replayed'),
    tries: integer('How often it was tried in this round'),
    due_at: nullable(instant('When it is tried next')),
    problem: nullable(text('Why it is not done')),
    settled_at: nullable(instant('When it was done or given up')),
  },
);

const triesTable = table(
  'effect_tries',
  'Every try of an effect and what came back',
  {
    effect_id: text('Effect that was tried'),
    round: integer('How often it had been replayed'),
    number: integer('Which try of its round it was, from 1'),
    tried_at: instant('When it was tried'),
    milliseconds: integer('How long the try took, in milliseconds'),
    answer: nullable(text('What the receiver answered when it took it')),
    problem: nullable(text('Why it was not taken')),
  },
  { key: 'Effect, round and number, joined by ~' },
);

/** Kept by the outbox of effects in its own transactions; it counts as a view for whoever waits for it. */
const kept = { ...EFFECTS, events: effectEvents, on: {}, keptBy: 'effects' } as const;
export const effects: AnyProjection = { ...kept, table: effectsTable };
/** Moves with the effects it is of. */
export const effectTries: AnyProjection = { ...kept, name: 'effect-tries', table: triesTable };

const source = {
  permission: 'platform:effects',
  reads: [effects],
  from: 'effects e',
  key: 'e.id',
  fields: {
    id: field.text('e.id'),
    effect: field.text('e.effect'),
    channel: field.text('e.channel'),
    destination: field.text('e.destination'),
    about: field.json('e.payload', z.unknown()),
    status: field.text('e.status'),
    round: field.integer('e.round'),
    tries: field.integer('e.tries'),
    problem: field.maybe(field.text('e.problem')),
    queuedAt: field.instant('e.queued_at'),
    dueAt: field.maybe(field.instant('e.due_at')),
    settledAt: field.maybe(field.instant('e.settled_at')),
    causeId: field.text('e.cause_id'),
    correlationId: field.text('e.correlation_id'),
  },
} as const;

const sorts = { newest: { sql: 'e.queued_at', descending: true }, oldest: { sql: 'e.queued_at' } } as const;

export const listEffects = listing({
  ...source,
  type: 'ListEffects',
  summary: 'Letters and messages to programs, newest first: which wait and why, which were given up.',
  route: 'GET /effects',
  filters: {
    status: 'e.status = ?',
    channel: 'e.channel = ?',
    effect: 'e.effect = ?',
    destination: 'e.destination = ?',
    cause: 'e.cause_id = ?',
    correlation: 'e.correlation_id = ?',
    from: byInstant('e.queued_at >= ?::timestamptz'),
    to: byInstant('e.queued_at < ?::timestamptz'),
  },
  sorts,
  usual: 'newest',
});

export const listWebhookDeliveries = listing({
  ...source,
  type: 'ListWebhookDeliveries',
  summary: 'Messages for one webhook endpoint, newest first.',
  route: 'GET /webhook-endpoints/:id/deliveries',
  permission: 'platform:webhooks',
  within: { id: `e.destination = 'webhook:' || ?` },
  filters: { status: 'e.status = ?' },
  sorts,
  usual: 'newest',
});

export const showEffect = recordWithLines({
  ...source,
  type: 'ShowEffect',
  summary: 'One effect with every try of it and what came back.',
  route: 'GET /effects/:id',
  reads: [effects, effectTries],
  noun: 'effect',
  lines: {
    from: 'effect_tries t',
    of: 't.effect_id',
    order: 't.round, t.number',
    fields: {
      round: field.integer('t.round'),
      number: field.integer('t.number'),
      triedAt: field.instant('t.tried_at'),
      milliseconds: field.integer('t.milliseconds'),
      answer: field.maybe(field.text('t.answer')),
      problem: field.maybe(field.text('t.problem')),
    },
  },
});
