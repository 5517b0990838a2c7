import { z } from 'zod';
import { disableWebhookEndpoint } from '../../commands/platform/webhook-endpoint.ts';
import { EVERY_EVENT, WebhookEndpoint } from '../../domain/platform/webhook-endpoint.ts';
import { recordOf } from '../../kernel/command.ts';
import { refuse } from '../../kernel/decider.ts';
import { EFFECT_CATEGORY, effect, type Notice, reaction, webhook } from '../../kernel/effect.ts';
import { webhookTarget } from '../../projections/platform/webhook-endpoints.ts';

const because = {
  gone: 'It answered 410 Gone: it wants to hear nothing more.',
  failing: 'Nothing could be delivered to it for days.',
} as const;

/** One fact told to one endpoint. Which secret signs and where it goes is decided when it is sent. */
export const webhookMessage = effect({
  type: 'WebhookMessage',
  channel: webhook,
  payload: z.strictObject({ endpointId: z.string(), stream: z.string(), revision: z.int() }),
  destination: ({ endpointId }) => `webhook:${endpointId}`,
  compose: async ({ endpointId, ...at }, { ask, fact, now }) => {
    const target = await ask(webhookTarget, { id: endpointId });
    if (target === null || !target.enabled) return refuse('EndpointDisabled', 'The endpoint is disabled.');
    const { url, personal, secret, former, formerUntil } = target;
    const { id, type, recordedAt: timestamp, occurredAt, data } = await fact(at, { personal });
    const record = { ...recordOf(at.stream), revision: at.revision };
    const overlaps = former !== null && formerUntil !== null && formerUntil > now;
    return {
      url,
      body: JSON.stringify({ type, id, timestamp, occurredAt, record, data }),
      secrets: overlaps ? [secret, former] : [secret],
      personal,
    } satisfies Notice;
  },
  outcome: ({ endpointId }, outcome) =>
    outcome.kind === 'givenUp' && outcome.destination !== 'well'
      ? disableWebhookEndpoint({ id: endpointId, because: because[outcome.destination] })
      : undefined,
});

interface Listener {
  readonly events: readonly string[];
  readonly enabled: boolean;
}
type Listeners = Readonly<Record<string, Listener>>;

const put = (listeners: Listeners, id: string, change: Partial<Listener>): Listeners => ({
  ...listeners,
  [id]: { events: [], enabled: true, ...listeners[id], ...change },
});

/** An endpoint is not told how it fares itself, or a failure to tell would be one more thing to tell. */
const UNTOLD: readonly string[] = [EFFECT_CATEGORY, WebhookEndpoint.category];

const hears = ({ events, enabled }: Listener, type: string): boolean => enabled && (events.includes(type) || events.includes(EVERY_EVENT));

/** Tells each endpoint the facts it asked to hear, from the moment it asked. */
export const webhooks = reaction({
  name: 'webhooks',
  stateVersion: 1,
  events: WebhookEndpoint.events,
  initial: (): Listeners => ({}),
  on: {
    WebhookEndpointRegistered: (listeners, { events }, { entityId }) => put(listeners, entityId, { events, enabled: true }),
    WebhookEndpointChanged: (listeners, { events }, { entityId }) => put(listeners, entityId, { events }),
    WebhookEndpointDisabled: (listeners, _, { entityId }) => put(listeners, entityId, { enabled: false }),
    WebhookEndpointEnabled: (listeners, _, { entityId }) => put(listeners, entityId, { enabled: true }),
    WebhookSecretRotated: listeners => listeners,
  },
  effects: (listeners, { category, type, stream, revision }) =>
    UNTOLD.includes(category)
      ? []
      : Object.entries(listeners)
          .filter(([, listener]) => hears(listener, type))
          .map(([endpointId]) => webhookMessage({ endpointId, stream, revision })),
});
