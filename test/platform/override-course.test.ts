import { describe, expect, test } from 'vitest';
import { escalateOverride, expireOverride, settleOverride } from '../../src/commands/platform/approval.ts';
import {
  OverrideApproved,
  OverrideEscalated,
  OverrideExpired,
  OverrideGivenBack,
  OverrideRejected,
  OverrideRequested,
  OverrideUsed,
  OverrideWithdrawn,
} from '../../src/domain/platform/approval.ts';
import { escalatedLetter } from '../../src/effects/platform/escalated-letter.ts';
import type { Ask } from '../../src/kernel/command.ts';
import type { Composing } from '../../src/kernel/effect.ts';
import { overrideCourse } from '../../src/sagas/platform/override-course.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';

const about = { stream: 'approval-P1' };
const requested = OverrideRequested({
  rule: 'discountOverLimit',
  command: 'AcceptSalesOrder',
  record: { category: 'salesOrder', id: 'O1' },
  revision: 0,
  terms: 'A discount of 15 %',
  reason: 'Their competitor offers it',
  evidence: [{ description: 'Offer' }],
  requestedBy: 'ana',
  decideWithinHours: 8,
});
const approved = OverrideApproved({ expiresAt: '2026-03-03T09:00:00.000Z' });
const used = OverrideUsed({ commandId: 'c1' });
const id = { id: 'P1' };

const pending = () => givenSaga(overrideCourse).on(requested, about);
const ready = () => pending().on(approved, about);

describe('the course of an approval', () => {
  test('is escalated when nobody decides in the hours of the company, and then told by letter', () => {
    const late = pending()
      .wakes('undecided', 'PT8H')
      .waitsFor({ movedBy: { command: 'ApproveOverride', permission: 'platform:approve' } })
      .rings('undecided')
      .sends([escalateOverride(id)])
      .on(OverrideEscalated({}), about)
      .asksFor(escalatedLetter({ approvalId: 'P1' }));
    late.on(approved, about).waitsFor({ record: { category: 'approval', id: 'P1' } });
  });

  test('is not escalated any more once somebody decided', () => {
    ready().sleeps('undecided');
    pending()
      .on(OverrideRejected({ reason: 'No' }), about)
      .finished();
    pending().on(OverrideWithdrawn({}), about).finished();
  });

  test('ends a day after it was approved when nobody uses it', () => {
    const over = ready()
      .wakes('unused', 'PT24H')
      .rings('unused')
      .sends([expireOverride(id)]);
    over.on(OverrideExpired({}), about).finished();
  });

  test('looks after ten minutes whether the command that used it came to its end, and is over', () => {
    ready()
      .on(used, about)
      .sleeps('unused')
      .wakes('unsettled', 'PT10M')
      .rings('unsettled')
      .sends([settleOverride(id)])
      .begins();
  });

  test('goes on for what is left of its day when it is given back', () => {
    const back = OverrideGivenBack({ commandId: 'c1', expiresAt: '2026-03-03T09:00:00.000Z' });
    const at = { ...about, recordedAt: '2026-03-02T10:00:00.000Z' };
    ready().on(used, about).on(back, at).sleeps('unsettled').wakes('unused', 'PT23H');
    const vanished = ready().on(used, about).rings('unsettled').on(back, at);
    vanished
      .wakes('unused', 'PT23H')
      .rings('unused')
      .sends([expireOverride(id)]);
    ready()
      .on(used, about)
      .on(back, { ...about, recordedAt: '2026-03-04T10:00:00.000Z' })
      .wakes('unused', 'PT0S');
  });
});

describe('the letter of an approval that nobody decided', () => {
  const approval = {
    status: 'Pending',
    terms: 'A discount of 15 %',
    command: 'AcceptSalesOrder',
    record: { category: 'salesOrder', id: 'O1' },
    reason: 'Why',
    requestedAt: 'then',
  };
  const user = (email: string, enabled = true) => ({ email, enabled });

  function composed(shown: object, users: Readonly<Record<string, readonly object[]>>) {
    const ask = (async ({ type }: { type: string }, input: Record<string, string>) =>
      type === 'ShowApproval' ? shown : { items: users[input['filter[role]'] ?? ''] ?? [] }) as unknown as Ask;
    const context: Composing = { now: '2026-03-02T17:00:00.000Z', ask, fact: () => Promise.reject(new Error('No fact is asked for')) };
    return escalatedLetter.compose({ approvalId: 'P1' }, context);
  }

  test('goes to directors and administrators who can be reached, once each, and says where to decide', async () => {
    const users = {
      'commercial-director': [user('dan@firm.example'), user('left@firm.example', false)],
      admin: [user('dan@firm.example'), user('admin@localhost')],
    };
    expect(await composed(approval, users)).toMatchObject({ to: ['dan@firm.example'], text: expect.stringContaining('/approvals/P1') });
    expect(await composed(approval, {})).toMatchObject({ refused: 'NoAddress' });
    expect(await composed({ ...approval, status: 'Approved' }, users)).toMatchObject({ refused: 'Outdated' });
  });
});
