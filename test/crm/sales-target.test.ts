import { describe, expect, test } from 'vitest';
import { setSalesTarget } from '../../src/commands/crm/sales-target.ts';
import { SalesTargetSet } from '../../src/domain/crm/sales-target.ts';
import { given } from '../kernel/scenario.ts';

const wish = { ownerId: 'ana', month: '2026-03', amount: { amount: '5000.00', currency: 'RON' } };
const set = (minor: number, currency = 'RON') => SalesTargetSet({ ownerId: 'ana', month: '2026-03', amount: { minor, currency } });
const facts = { ownerKnown: true };

describe('a sales target', () => {
  test('is what somebody is to sell in a month', () => given().when(setSalesTarget, wish, { facts }).thenEvents(set(500_000)));

  test('takes the place of the one before', () => given(set(400_000)).when(setSalesTarget, wish, { facts }).thenEvents(set(500_000)));

  test('may be said in another currency', () => given(set(500_000, 'EUR')).when(setSalesTarget, wish, { facts }).thenEvents(set(500_000)));

  test('said again is no news', () => given(set(500_000)).when(setSalesTarget, wish, { facts }).thenNothing());

  test('is of a user there is', () =>
    given()
      .when(setSalesTarget, wish, { facts: { ownerKnown: false } })
      .thenInvalid('/ownerId'));

  test.each([
    ['a month that is none', { ...wish, month: '2026-13' }],
    ['an amount below nothing', { ...wish, amount: { amount: '-1.00', currency: 'RON' } }],
  ])('does not take %s', (_, input) => expect(setSalesTarget.input.safeDecode(input).success).toBe(false));
});
