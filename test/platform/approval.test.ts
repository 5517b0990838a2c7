import { describe, expect, test } from 'vitest';
import {
  approveOverride,
  escalateOverride,
  expireOverride,
  giveBackOverride,
  rejectOverride,
  requestOverride,
  settleOverride,
  useOverride,
  withdrawOverride,
} from '../../src/commands/platform/approval.ts';
import {
  OverrideApproved,
  OverrideEscalated,
  OverrideExpired,
  OverrideGivenBack,
  OverrideRejected,
  OverrideRequested,
  OverrideUsed,
  OverrideWithdrawn,
  overrideCategories,
} from '../../src/domain/platform/approval.ts';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { given } from '../kernel/scenario.ts';

const NOW = '2026-03-02T09:00:00.000Z';
const IN_A_DAY = '2026-03-03T09:00:00.000Z';
const wanted = {
  rule: 'discountOverLimit',
  command: 'AcceptSalesOrder',
  record: { category: 'salesOrder', id: 'O1' },
  revision: 0,
  terms: 'A discount of 15 % where 10 % is the limit',
} as const;
const words = { reason: 'Their competitor offers it', evidence: [{ description: 'Offer', link: 'https://files.firm.example/1' }] };
const requested = OverrideRequested({ ...wanted, ...words, requestedBy: 'ana', decideWithinHours: 24 });
const approved = OverrideApproved({ expiresAt: IN_A_DAY });
const used = OverrideUsed({ commandId: 'c1' });
const givenBack = OverrideGivenBack({ commandId: 'c1', expiresAt: IN_A_DAY });
const rejected = OverrideRejected({ reason: 'No' });
const withdrawn = OverrideWithdrawn({});
const expired = OverrideExpired({});

const id = { id: 'P1' };
const director = { actorId: 'dan' };
const use = (changed: Partial<typeof wanted> | object = {}, user: object = {}) => ({
  ...id,
  override: { ...wanted, ...changed },
  user: { commandId: 'c1', actorId: 'ana', ...user },
});

describe('an approval', () => {
  test('is asked for with a reason and evidence, and says by when it is to be decided', () => {
    given()
      .when(requestOverride, { ...wanted, ...words }, { facts: { hours: 24 } })
      .thenEvents(requested);
    expect(() => given().when(requestOverride, { ...wanted, ...words, evidence: [] }, { facts: { hours: 24 } })).toThrow();
    const script = [{ description: 'Offer', link: 'javascript:alert(1)' }];
    expect(() => given().when(requestOverride, { ...wanted, ...words, evidence: script }, { facts: { hours: 24 } })).toThrow();
  });

  test('is decided by somebody else than who asked', () => {
    given(requested).when(approveOverride, id, { actorId: 'ana' }).thenRefuses('SelfApproval');
    given(requested)
      .when(rejectOverride, { ...id, reason: 'No' }, { actorId: 'ana' })
      .thenRefuses('SelfApproval');
    given(requested)
      .when(approveOverride, { ...id, note: 'For once' }, director)
      .thenEvents(OverrideApproved({ note: 'For once', expiresAt: IN_A_DAY }));
    given(requested)
      .when(rejectOverride, { ...id, reason: 'No' }, director)
      .thenEvents(rejected);
    expect(() => given(requested).when(rejectOverride, id as never, director)).toThrow();
  });

  test('is decided once', () => {
    given(requested, approved).when(approveOverride, id, director).thenNothing();
    given(requested, rejected)
      .when(rejectOverride, { ...id, reason: 'No' }, director)
      .thenNothing();
    for (const end of [rejected, withdrawn]) given(requested, end).when(approveOverride, id, director).thenRefuses('InvalidTransition');
    for (const end of [approved, withdrawn])
      given(requested, end)
        .when(rejectOverride, { ...id, reason: 'No' }, director)
        .thenRefuses('InvalidTransition');
  });

  test('is withdrawn as long as it is not used', () => {
    given(requested).when(withdrawOverride, id).thenEvents(withdrawn);
    given(requested, approved).when(withdrawOverride, id).thenEvents(withdrawn);
    given(requested, withdrawn).when(withdrawOverride, id).thenNothing();
    for (const history of [[approved, used], [rejected], [approved, expired]])
      given(requested, ...history)
        .when(withdrawOverride, id)
        .thenRefuses('InvalidTransition');
  });

  test('is escalated once, while nobody has decided', () => {
    given(requested).when(escalateOverride, id).thenEvents(OverrideEscalated({}));
    given(requested, OverrideEscalated({})).when(escalateOverride, id).thenNothing();
    given(requested, approved).when(escalateOverride, id).thenNothing();
    given(requested, OverrideEscalated({})).when(approveOverride, id, director).thenEvents(approved);
  });

  test('is good for one command, which may come back to it', () => {
    given(requested, approved).when(useOverride, use()).thenEvents(used);
    given(requested, approved, used).when(useOverride, use()).thenNothing();
    given(requested, approved, used)
      .when(useOverride, use({ revision: 1 }))
      .thenRefuses('OverrideRequired');
    given(requested, approved, used)
      .when(useOverride, use({}, { commandId: 'c2' }))
      .thenRefuses('OverrideRequired');
  });

  test('is good for a day from when it was given, and not before', () => {
    const at = (now: string) => given(requested, approved).when(useOverride, use(), { now });
    at('2026-03-03T08:59:59.999Z').thenEvents(used);
    at(IN_A_DAY).thenRefuses('OverrideRequired');
    at(NOW).thenEvents(used);
    at('2026-03-02T08:59:59.999Z').thenRefuses('OverrideRequired');
  });

  test.each([
    ['rule', { rule: 'creditLimit' }],
    ['command', { command: 'CancelSalesOrder' }],
    ['record', { record: { category: 'salesOrder', id: 'O2' } }],
    ['kind of record', { record: { category: 'deal', id: 'O1' } }],
    ['revision of the record', { revision: 1 }],
    ['terms', { terms: 'A discount of 90 % where 10 % is the limit' }],
  ])('is worth nothing for another %s', (_, changed) => {
    const refusal = given(requested, approved).when(useOverride, use(changed)).refusal();
    // What is wanted stands in the refusal, so that it can be asked for.
    expect(refusal).toMatchObject({ refused: 'OverrideRequired', details: { ...wanted, ...changed } });
  });

  test('is worth nothing to who did not ask for it, nor where it does not exist, nor in any other standing', () => {
    given(requested, approved)
      .when(useOverride, use({}, { actorId: 'dan' }))
      .thenRefuses('OverrideRequired');
    given().when(useOverride, use()).thenRefuses('OverrideRequired');
    for (const history of [[], [rejected], [withdrawn], [approved, expired]])
      given(requested, ...history)
        .when(useOverride, use())
        .thenRefuses('OverrideRequired');
  });

  test('is good again when its command came to nothing', () => {
    given(requested, approved, used)
      .when(giveBackOverride, { ...id, commandId: 'c1' })
      .thenEvents(givenBack);
    given(requested, approved, used)
      .when(giveBackOverride, { ...id, commandId: 'c2' })
      .thenNothing();
    given(requested, approved, used, givenBack)
      .when(giveBackOverride, { ...id, commandId: 'c1' })
      .thenNothing();
    given(requested, approved, used, givenBack)
      .when(useOverride, use({}, { commandId: 'c2' }))
      .thenEvents(OverrideUsed({ commandId: 'c2' }));
  });

  test('of a command that vanished is good again; of one that came to its end it stays used', () => {
    given(requested, approved, used)
      .when(settleOverride, id, { facts: { done: false } })
      .thenEvents(givenBack);
    given(requested, approved, used)
      .when(settleOverride, id, { facts: { done: true } })
      .thenNothing();
    given(requested, approved)
      .when(settleOverride, id, { facts: { done: false } })
      .thenNothing();
  });

  test('nobody used expires; a used one does not', () => {
    given(requested, approved).when(expireOverride, id).thenEvents(expired);
    for (const history of [[approved, used], [], [withdrawn]])
      given(requested, ...history)
        .when(expireOverride, id)
        .thenNothing();
  });

  test('can be asked for about the records of every command that lets itself be overridden, which all exist before', () => {
    const commands = [...registry(modules).commands.values()].filter(({ overridable }) => overridable !== undefined);
    expect(commands.length).toBeGreaterThan(0);
    for (const { type, decider, entityId } of commands) {
      expect(overrideCategories, `${type} is on a record of another category: add it to overrideCategories`).toContain(decider.category);
      expect(entityId, `${type} creates a record, which no approval can name`).toBeDefined();
    }
  });
});
