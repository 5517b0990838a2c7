import { z } from 'zod';
import { change, disable, EVERY_EVENT, enable, register, rotateSecret, WebhookEndpoint } from '../../domain/platform/webhook-endpoint.ts';
import { Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { countWebhookEndpoints } from '../../projections/platform/webhook-endpoints.ts';

const URL_LENGTH_MAX = 1_000;
const EVENTS_MAX = 200;
const FORMER_HOURS_MAX = 168;
const FORMER_HOURS_USUAL = 24;

const EventType = z.string().regex(/^([A-Z][A-Za-z0-9]{1,99}|\*)$/, `A type of events such as InvoiceIssued, or ${EVERY_EVENT} for all`);

const terms = {
  name: Text(100),
  url: z.url().max(URL_LENGTH_MAX),
  events: z.array(EventType).min(1).max(EVENTS_MAX),
  personal: z.boolean().default(false).meta({ description: 'Whether it hears what belongs to persons; takes platform:webhooks-personal' }),
};

const PERSONAL = 'platform:webhooks-personal';
const onEndpoint = { permission: 'platform:webhooks', decider: WebhookEndpoint } as const;

export const registerWebhookEndpoint = command({
  ...onEndpoint,
  type: 'RegisterWebhookEndpoint',
  summary: 'Tells facts from now on to a program elsewhere, signed by Standard Webhooks; its secret is asked for apart.',
  route: 'POST /webhook-endpoints',
  input: z.strictObject(terms),
  facts: async (_, _wish, ask) => ({ endpoints: await ask(countWebhookEndpoints, {}) }),
  decide: (state, wish, { facts, may }) => (state.terms === undefined ? register(wish, facts, may(PERSONAL)) : []),
});

export const changeWebhookEndpoint = command({
  ...onEndpoint,
  type: 'ChangeWebhookEndpoint',
  summary: 'Changes where an endpoint is and which facts it hears; what is queued already goes to the new place.',
  route: 'POST /webhook-endpoints/:id/change',
  input: z.strictObject({ id: Id, ...terms }),
  entityId: byId,
  decide: (state, wish, { may }) => change(state, wish, may(PERSONAL)),
});

export const disableWebhookEndpoint = command({
  ...onEndpoint,
  type: 'DisableWebhookEndpoint',
  summary: 'Tells an endpoint nothing more; what is queued for it is given up and can be replayed.',
  route: 'POST /webhook-endpoints/:id/disable',
  input: z.strictObject({ id: Id, because: Reason }),
  entityId: byId,
  decide: disable,
});

export const enableWebhookEndpoint = command({
  ...onEndpoint,
  type: 'EnableWebhookEndpoint',
  summary: 'Tells an endpoint facts again from now on; what it missed is not made up for.',
  route: 'POST /webhook-endpoints/:id/enable',
  input: z.strictObject({ id: Id }),
  entityId: byId,
  decide: enable,
});

export const rotateWebhookSecret = command({
  ...onEndpoint,
  type: 'RotateWebhookSecret',
  summary: 'Gives an endpoint a new secret; messages are signed with the former one, too, for `formerHours`.',
  route: 'POST /webhook-endpoints/:id/rotate-secret',
  permission: 'platform:webhook-secrets',
  input: z.strictObject({ id: Id, formerHours: z.int().min(0).max(FORMER_HOURS_MAX).default(FORMER_HOURS_USUAL) }),
  entityId: byId,
  decide: (state, wish, { now }) => rotateSecret(state, wish, now),
});
