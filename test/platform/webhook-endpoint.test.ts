import { describe, expect, test } from 'vitest';
import { giveUpEffect, replayEffect } from '../../src/commands/platform/effect.ts';
import {
  changeWebhookEndpoint,
  disableWebhookEndpoint,
  enableWebhookEndpoint,
  registerWebhookEndpoint,
  rotateWebhookSecret,
} from '../../src/commands/platform/webhook-endpoint.ts';
import {
  ENDPOINTS_MAX,
  WebhookEndpointChanged,
  WebhookEndpointDisabled,
  WebhookEndpointEnabled,
  WebhookEndpointRegistered,
  WebhookSecretRotated,
} from '../../src/domain/platform/webhook-endpoint.ts';
import { webhookMessage, webhooks } from '../../src/effects/platform/webhook-message.ts';
import { EffectGivenUp, EffectReplayed } from '../../src/kernel/effect.ts';
import type { ViewMeta } from '../../src/kernel/projection.ts';
import { given } from '../kernel/scenario.ts';

const terms = { name: 'Shop', url: 'https://shop.example/hooks', events: ['InvoiceIssued'], personal: false };
const registered = WebhookEndpointRegistered(terms);
const few = { facts: { endpoints: 3 } };
const id = 'E1';

describe('a webhook endpoint', () => {
  test('is registered with each kind of event once', () => {
    given()
      .when(registerWebhookEndpoint, { ...terms, events: ['InvoiceIssued', 'InvoiceIssued'] }, few)
      .thenEvents(registered);
  });

  test('hears of persons only by who may tell of them', () => {
    const grants = ['platform:webhooks'];
    given()
      .when(registerWebhookEndpoint, { ...terms, personal: true }, { ...few, grants })
      .thenRefuses('BeyondOwnRights');
    given(registered)
      .when(changeWebhookEndpoint, { id, ...terms, personal: true }, { grants })
      .thenRefuses('BeyondOwnRights');
  });

  test('is one of a hundred at most', () => {
    given()
      .when(registerWebhookEndpoint, terms, { facts: { endpoints: ENDPOINTS_MAX } })
      .thenRefuses('TooMany');
  });

  test.each(['ftp://shop.example/', 'https://me:secret@shop.example/', 'https://me@shop.example/'])('is not at %s', url => {
    given()
      .when(registerWebhookEndpoint, { ...terms, url }, few)
      .thenInvalid('/url');
  });

  test('is changed, disabled and enabled, each in silence when it is so already', () => {
    const elsewhere = { ...terms, url: 'https://other.example/' };
    const disabled = WebhookEndpointDisabled({ because: 'Moved' });
    given(registered)
      .when(changeWebhookEndpoint, { id, ...elsewhere })
      .thenEvents(WebhookEndpointChanged(elsewhere));
    given(registered)
      .when(changeWebhookEndpoint, { id, ...terms })
      .thenNothing();
    given(registered).when(disableWebhookEndpoint, { id, because: 'Moved' }).thenEvents(disabled);
    given(registered, disabled).when(disableWebhookEndpoint, { id, because: 'Moved' }).thenNothing();
    given(registered, disabled).when(enableWebhookEndpoint, { id }).thenEvents(WebhookEndpointEnabled({}));
    given(registered).when(enableWebhookEndpoint, { id }).thenNothing();
    given().when(enableWebhookEndpoint, { id }).thenRefuses('NotFound');
  });

  test('has a new secret each time it asks, and the former one for as long as it says', () => {
    const second = WebhookSecretRotated({ secret: 2, formerUntil: '2026-03-03T09:00:00.000Z' });
    given(registered).when(rotateWebhookSecret, { id }).thenEvents(second);
    given(registered, second)
      .when(rotateWebhookSecret, { id, formerHours: 0 })
      .thenEvents(WebhookSecretRotated({ secret: 3, formerUntil: '2026-03-02T09:00:00.000Z' }));
  });
});

describe('what endpoints hear', () => {
  const at = (type: string, category = 'invoice') =>
    ({ type, category, stream: `${category}-I1`, entityId: 'E1', revision: 2 }) as unknown as ViewMeta;
  const message = webhookMessage({ endpointId: 'E1', stream: 'invoice-I1', revision: 2 });
  const { on, effects, initial } = webhooks;
  const one = on.WebhookEndpointRegistered(initial(), terms, at('WebhookEndpointRegistered'));

  test('is what they asked for, while they are enabled', () => {
    expect(effects(one, at('InvoiceIssued'))).toEqual([message]);
    expect(effects(one, at('InvoiceCancelled'))).toEqual([]);
    expect(effects(on.WebhookEndpointDisabled(one, { because: 'x' }, at('WebhookEndpointDisabled')), at('InvoiceIssued'))).toEqual([]);
  });

  test('is everything where they asked for everything, but not how endpoints and messages fare', () => {
    const all = on.WebhookEndpointChanged(one, { ...terms, events: ['*'] }, at('WebhookEndpointChanged'));
    expect(effects(all, at('InvoiceCancelled'))).toEqual([message]);
    expect(effects(all, at('EffectGivenUp', 'effect'))).toEqual([]);
    expect(effects(all, at('WebhookEndpointDisabled', 'webhookEndpoint'))).toEqual([]);
  });

  test('ends when nothing reached them for days or they want no more, and not for one message they cannot read', () => {
    const payload = { endpointId: 'E1', stream: 'invoice-I1', revision: 2 };
    const outcome = (destination: 'well' | 'failing' | 'gone') =>
      webhookMessage.outcome?.(payload, { kind: 'givenUp', because: '500', destination })?.command;
    expect([outcome('well'), outcome('failing'), outcome('gone')]).toEqual([undefined, 'DisableWebhookEndpoint', 'DisableWebhookEndpoint']);
  });
});

describe('an effect that was given up', () => {
  const fact = { effect: 'WebhookMessage', destination: 'webhook:E1', tries: 12, round: 0, because: '500' };
  const note = 'Their server is up again';

  test('is recorded once a round', () => {
    given()
      .when(giveUpEffect, { id: 'F1', ...fact })
      .thenEvents(EffectGivenUp(fact));
    given(EffectGivenUp(fact))
      .when(giveUpEffect, { id: 'F1', ...fact })
      .thenNothing();
  });

  test('is replayed with a note, once until it is given up again', () => {
    const replayed = EffectReplayed({ round: 1, note });
    given(EffectGivenUp(fact)).when(replayEffect, { id: 'F1', note }).thenEvents(replayed);
    given(EffectGivenUp(fact), replayed).when(replayEffect, { id: 'F1', note }).thenRefuses('InvalidTransition');
    given(EffectGivenUp(fact), replayed, EffectGivenUp({ ...fact, round: 1 }))
      .when(replayEffect, { id: 'F1', note })
      .thenEvents(EffectReplayed({ round: 2, note }));
    given().when(replayEffect, { id: 'F1', note }).thenRefuses('NotFound');
  });
});
