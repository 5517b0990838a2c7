import { z } from 'zod';
import { WebhookEndpoint } from '../../domain/platform/webhook-endpoint.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { NoSuchRecord, query, type ReadDatabase } from '../../kernel/query.ts';
import { flag, instant, integer, nullable, table, text, texts } from '../../kernel/table.ts';
import { revised } from './event-history.ts';

export const webhookEndpoints = projection({
  name: 'webhook-endpoints',
  version: 1,
  table: table('webhook_endpoints', 'Programs elsewhere that are told of facts', {
    name: text('Name for people'),
    url: text('Where messages are sent'),
    events: texts('Types of events it hears, or *'),
    personal: flag('Whether it may be told what belongs to persons'),
    enabled: flag('Whether it is told anything'),
    disabled_because: nullable(text('Why it is told nothing any more')),
    secret: integer('Number of the secret that signs'),
    former_until: nullable(instant('Until when messages are signed with the former secret, too')),
    registered_at: instant('When it was registered'),
  }),
  events: WebhookEndpoint.events,
  on: {
    WebhookEndpointRegistered: (_, terms, _key, { recordedAt }) => ({
      ...terms,
      enabled: true,
      disabled_because: null,
      secret: 1,
      former_until: null,
      registered_at: recordedAt,
    }),
    WebhookEndpointChanged: (row, terms) => row && { ...row, ...terms },
    WebhookEndpointDisabled: (row, { because }) => row && { ...row, enabled: false, disabled_because: because },
    WebhookEndpointEnabled: row => row && { ...row, enabled: true, disabled_because: null },
    WebhookSecretRotated: (row, { secret, formerUntil }) => row && { ...row, secret, former_until: formerUntil },
  },
});

const source = {
  permission: 'platform:webhooks',
  reads: [webhookEndpoints],
  from: 'webhook_endpoints w',
  key: 'w.id',
  fields: {
    id: field.text('w.id'),
    name: field.text('w.name'),
    url: field.text('w.url'),
    events: field.texts('w.events'),
    personal: field.flag('w.personal'),
    enabled: field.flag('w.enabled'),
    disabledBecause: field.maybe(field.text('w.disabled_because')),
    registeredAt: field.instant('w.registered_at'),
  },
} as const;

export const listWebhookEndpoints = listing({
  ...source,
  type: 'ListWebhookEndpoints',
  summary: 'Webhook endpoints and the facts each hears.',
  route: 'GET /webhook-endpoints',
  filters: { enabled: byFlag('w.enabled') },
  sorts: { name: { sql: 'w.name' }, newest: { sql: 'w.registered_at', descending: true } },
  usual: 'name',
});

export const showWebhookEndpoint = record({
  ...revised('webhookEndpoint', source),
  type: 'ShowWebhookEndpoint',
  summary: 'One webhook endpoint.',
  route: 'GET /webhook-endpoints/:id',
  noun: 'webhook endpoint',
});

/** Asked before another is registered. */
export const countWebhookEndpoints = query({
  type: 'CountWebhookEndpoints',
  summary: 'How many webhook endpoints there are.',
  permission: 'platform:webhooks',
  reads: [webhookEndpoints],
  input: z.strictObject({}),
  output: z.int(),
  answer: async db => (await db.rows<{ count: number }>('select count(*)::bigint as count from webhook_endpoints'))[0]?.count ?? 0,
});

/** Never kept anywhere: it follows from the house's own secret, the endpoint and the secret's number. */
const secretOf = (db: ReadDatabase, endpoint: string, number: number): string =>
  `whsec_${db.secretFor('webhook', endpoint, String(number))}`;

interface Row {
  readonly url: string;
  readonly personal: boolean;
  readonly enabled: boolean;
  readonly secret: number;
  readonly former_until: string | null;
}

const rowOf = async (db: ReadDatabase, id: string): Promise<Row | undefined> =>
  (await db.rows<Row>('select url, personal, enabled, secret, former_until from webhook_endpoints where id = $1', [id]))[0];

const byEndpoint = { reads: [webhookEndpoints], input: z.strictObject({ id: z.string().max(200) }) };

export const showWebhookSecret = query({
  ...byEndpoint,
  type: 'ShowWebhookSecret',
  summary: 'The secret by which an endpoint knows our messages, as `whsec_` and base64 (Standard Webhooks).',
  route: 'GET /webhook-endpoints/:id/secret',
  permission: 'platform:webhook-secrets',
  output: z.strictObject({ secret: z.string(), formerUntil: z.string().nullable() }),
  answer: async (db, { id }) => {
    const row = await rowOf(db, id);
    if (row === undefined) throw new NoSuchRecord('webhook endpoint', id);
    return { secret: secretOf(db, id, row.secret), formerUntil: row.former_until };
  },
});

/** Asked when a message is composed. */
export const webhookTarget = query({
  ...byEndpoint,
  type: 'WebhookTarget',
  summary: 'Where messages of an endpoint go and which secrets sign them; null where there is no such endpoint.',
  permission: 'platform:webhook-secrets',
  output: z
    .strictObject({
      url: z.string(),
      personal: z.boolean(),
      enabled: z.boolean(),
      secret: z.string(),
      former: z.string().nullable(),
      formerUntil: z.string().nullable(),
    })
    .nullable(),
  answer: async (db, { id }) => {
    const row = await rowOf(db, id);
    if (row === undefined) return null;
    const { url, personal, enabled, secret, former_until: formerUntil } = row;
    return {
      url,
      personal,
      enabled,
      secret: secretOf(db, id, secret),
      former: secret > 1 ? secretOf(db, id, secret - 1) : null,
      formerUntil,
    };
  },
});
