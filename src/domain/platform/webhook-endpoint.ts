/** A webhook endpoint: where somebody else's program wants to hear of facts. */
import { z } from 'zod';
import { type Decision, decider, invalid, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';

/** All kinds of facts of the business. */
export const EVERY_EVENT = '*';

const terms = {
  name: z.string(),
  url: z.string(),
  /** Types of events, or `*`. */
  events: z.array(z.string()),
  /** Whether it may be told what belongs to persons. */
  personal: z.boolean(),
};

export const WebhookEndpointRegistered = event('WebhookEndpointRegistered', terms);
export const WebhookEndpointChanged = event('WebhookEndpointChanged', terms);
export const WebhookEndpointDisabled = event('WebhookEndpointDisabled', { because: z.string() });
export const WebhookEndpointEnabled = event('WebhookEndpointEnabled', {});
/** Secrets are numbered from 1; messages are signed with the former one, too, until then. */
export const WebhookSecretRotated = event('WebhookSecretRotated', { secret: z.int(), formerUntil: z.iso.datetime() });

const events = [
  WebhookEndpointRegistered,
  WebhookEndpointChanged,
  WebhookEndpointDisabled,
  WebhookEndpointEnabled,
  WebhookSecretRotated,
] as const;
type Fact = EventOf<(typeof events)[number]>;
export type Terms = DataOf<typeof WebhookEndpointRegistered>;

interface State {
  readonly terms?: Terms;
  readonly enabled: boolean;
  readonly secret: number;
}

export const WebhookEndpoint = decider({
  category: 'webhookEndpoint',
  stateVersion: 1,
  events,
  initial: (): State => ({ enabled: false, secret: 1 }),
  evolve: {
    WebhookEndpointRegistered: (state, terms): State => ({ ...state, terms, enabled: true }),
    WebhookEndpointChanged: (state, terms): State => ({ ...state, terms }),
    WebhookEndpointDisabled: (state): State => ({ ...state, enabled: false }),
    WebhookEndpointEnabled: (state): State => ({ ...state, enabled: true }),
    WebhookSecretRotated: (state, { secret }): State => ({ ...state, secret }),
  },
});

export const ENDPOINTS_MAX = 100;

/** What the caller may hand on to strangers, and how many endpoints there are. */
export interface Knowledge {
  readonly endpoints: number;
}

const tellsPersons = (personal: boolean, mayTellPersons: boolean): Refusal | undefined =>
  personal && !mayTellPersons
    ? refuse('BeyondOwnRights', 'You cannot let an endpoint hear of persons without the permission platform:webhooks-personal.')
    : undefined;

/** A URL that no try could ever connect to is told at once; where its name leads is asked of each try. */
function faultOf(url: string): Refusal | undefined {
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return invalid([{ pointer: '/url', detail: 'The URL has to begin with https://.' }]);
  if (username !== '' || password !== '')
    return invalid([{ pointer: '/url', detail: 'The URL cannot name a user; messages are signed instead.' }]);
  return undefined;
}

const kept = (wish: Terms): Terms => ({ ...wish, events: [...new Set(wish.events)].sort() });

export function register(wish: Terms, { endpoints }: Knowledge, mayTellPersons: boolean): Decision<Fact> {
  if (endpoints >= ENDPOINTS_MAX) return refuse('TooMany', `There are ${ENDPOINTS_MAX} endpoints already; change one of them.`);
  return faultOf(wish.url) ?? tellsPersons(wish.personal, mayTellPersons) ?? [WebhookEndpointRegistered(kept(wish))];
}

export function change(state: State, { id, ...wish }: Terms & { readonly id: string }, mayTellPersons: boolean): Decision<Fact> {
  if (state.terms === undefined) return notFound('webhook endpoint', id);
  const wanted = kept(wish);
  if (JSON.stringify(wanted) === JSON.stringify(kept(state.terms))) return [];
  return faultOf(wish.url) ?? tellsPersons(wish.personal, mayTellPersons) ?? [WebhookEndpointChanged(wanted)];
}

export function disable(state: State, { id, because }: { readonly id: string; readonly because: string }): Decision<Fact> {
  if (state.terms === undefined) return notFound('webhook endpoint', id);
  return state.enabled ? [WebhookEndpointDisabled({ because })] : [];
}

export function enable(state: State, { id }: { readonly id: string }): Decision<Fact> {
  if (state.terms === undefined) return notFound('webhook endpoint', id);
  return state.enabled ? [] : [WebhookEndpointEnabled({})];
}

/** `formerHours`: how long the former secret goes on being signed with; 0 where it became known. */
export function rotateSecret(
  state: State,
  { id, formerHours }: { readonly id: string; readonly formerHours: number },
  now: string,
): Decision<Fact> {
  if (state.terms === undefined) return notFound('webhook endpoint', id);
  const formerUntil = Temporal.Instant.from(now).add({ hours: formerHours }).toString({ fractionalSecondDigits: 3 });
  return [WebhookSecretRotated({ secret: state.secret + 1, formerUntil })];
}
