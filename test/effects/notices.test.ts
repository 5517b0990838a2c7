import { describe, expect, test } from 'vitest';
import { parkedLetter, parkedNotice } from '../../src/effects/platform/parked-letter.ts';
import type { Ask } from '../../src/kernel/command.ts';
import type { Composing } from '../../src/kernel/effect.ts';
import type { ViewMeta } from '../../src/kernel/projection.ts';

const parkedAt = (recordedAt: string): ViewMeta => ({ type: 'ProcessParked', category: 'process', recordedAt }) as ViewMeta;
const payloadsOf = (...instants: readonly string[]): ReadonlySet<string> =>
  new Set(instants.flatMap(instant => parkedNotice.effects(null, parkedAt(instant)).map(({ payload }) => JSON.stringify(payload))));

const admin = (email: string, enabled = true) => ({ id: email, name: email, email, enabled, roles: ['admin'] });
const stuck = (instance: string) => ({ saga: 'order-fulfilment', instance, reason: 'A fault.' });

/** Composes as the outbox does, in a house with these administrators and processes that stand still. */
function composed(slot: string, now: string, admins: readonly object[], parked: readonly object[]) {
  const answers: Readonly<Record<string, readonly object[]>> = { ListUsers: admins, ListProcesses: parked };
  const ask = (async ({ type }: { readonly type: string }) => ({ items: answers[type], next: null })) as unknown as Ask;
  const context: Composing = { now, ask, fact: () => Promise.reject(new Error('No fact is asked for')) };
  return parkedLetter.compose({ slot }, context);
}

const SLOT = '2026-03-02T09:10:00.000Z';

describe('processes that stand still', () => {
  test('are told to the administrators in one letter for all that stop within ten minutes', async () => {
    expect(payloadsOf('2026-03-02T09:10:00.000Z', '2026-03-02T09:14:00.000Z', '2026-03-02T09:19:59.999Z')).toEqual(
      new Set([JSON.stringify({ slot: SLOT })]),
    );
    expect(payloadsOf('2026-03-02T09:19:59.999Z', '2026-03-02T09:20:00.000Z').size).toBe(2);
    expect(parkedNotice.effects(null, { ...parkedAt(SLOT), type: 'CommandRefused' })).toEqual([]);
    const admins = [admin('ana@firm.example'), admin('gone@firm.example', false), admin('admin@localhost')];
    expect(await composed(SLOT, '2026-03-02T09:10:01.000Z', admins, [stuck('O1'), stuck('O2')])).toMatchObject({
      to: ['ana@firm.example'],
      subject: '2 processes stand still',
      text: expect.stringContaining('order-fulfilment O2: A fault.'),
    });
  });

  test('of yesterday are no news, and nobody is written to where nobody can be reached', async () => {
    const ana = [admin('ana@firm.example')];
    expect(await composed(SLOT, '2026-03-03T09:10:00.001Z', ana, [stuck('O1')])).toMatchObject({ refused: 'Outdated' });
    expect(await composed(SLOT, SLOT, [admin('admin@localhost')], [stuck('O1')])).toMatchObject({ refused: 'NoAddress' });
  });
});
