import { describe, expect, test } from 'vitest';
import { editAccount } from '../../src/commands/crm/account.ts';
import { agreePriceList, endPriceList } from '../../src/commands/crm/account-prices.ts';
import { AccountCreated } from '../../src/domain/crm/account.ts';
import { AccountPriceListAgreed, AccountPriceListEnded } from '../../src/domain/crm/account-prices.ts';
import type { Currency } from '../../src/kernel/money.ts';
import { given } from '../kernel/scenario.ts';

const id = 'A1';
const card = { name: 'Acme', kinds: ['buyer' as const], currency: 'RON' as Currency, paymentTermDays: 30, ownerId: 'ana' };
const created = AccountCreated(card);
const facts = { priceListKnown: true };
const spring = { priceListId: 'P1', from: '2026-03-01', until: '2026-05-31' };
const agreed = AccountPriceListAgreed(spring);

describe('a price list of an account for some days', () => {
  test('is agreed once', () => {
    given(created)
      .when(agreePriceList, { id, ...spring }, { facts })
      .thenEvents(agreed);
    given(created, agreed)
      .when(agreePriceList, { id, ...spring }, { facts })
      .thenNothing();
  });

  test('needs a list that exists, and does not end before it begins', () => {
    given(created)
      .when(agreePriceList, { id, ...spring }, { facts: { priceListKnown: false } })
      .thenInvalid('/priceListId');
    given(created)
      .when(agreePriceList, { id, ...spring, until: '2026-02-28' }, { facts })
      .thenInvalid('/until');
  });

  test.each([
    ['in the midst of another', { from: '2026-04-01', until: '2026-04-02' }],
    ['on the last day of another', { from: '2026-05-31' }],
    ['up to the first day of another', { from: '2026-01-01', until: '2026-03-01' }],
    ['around another', { from: '2026-01-01' }],
  ])('is refused %s, since two could name two prices of one item', (_, days) =>
    expect(
      given(created, agreed)
        .when(agreePriceList, { id, priceListId: 'P2', ...days }, { facts })
        .refusal(),
    ).toMatchObject({ refused: 'PriceOverlap', details: spring }),
  );

  test('may follow another, day on day', () => {
    const summer = { priceListId: 'P2', from: '2026-06-01' };
    given(created, agreed)
      .when(agreePriceList, { id, ...summer }, { facts })
      .thenEvents(AccountPriceListAgreed(summer));
  });

  test('and a list on the card leave each other no day', () => {
    given(AccountCreated({ ...card, priceListId: 'P0' }))
      .when(agreePriceList, { id, ...spring }, { facts })
      .thenRefuses('PriceOverlap');
    given(created, agreed).when(editAccount, { id, priceListId: 'P0' }, { facts }).thenRefuses('PriceOverlap');
    expect(
      given(created, agreed).when(editAccount, { id, priceListId: 'P0' }, { facts, now: '2026-06-01T09:00:00.000Z' }).events(),
    ).toHaveLength(1);
  });

  test('ends on another day, but not within the days of the next', () => {
    const end = { priceListId: 'P1', from: spring.from, until: '2026-03-31' };
    given(created, agreed)
      .when(endPriceList, { id, ...end })
      .thenEvents(AccountPriceListEnded(end));
    given(created, agreed, AccountPriceListEnded(end))
      .when(endPriceList, { id, ...end })
      .thenNothing();
    const next = AccountPriceListAgreed({ priceListId: 'P2', from: '2026-06-01' });
    given(created, agreed, next)
      .when(endPriceList, { id, ...end, until: '2026-06-01' })
      .thenRefuses('PriceOverlap');
  });

  test('is taken back when it ends before it began, and leaves its days to others', () => {
    const back = AccountPriceListEnded({ priceListId: 'P1', from: spring.from, until: '2026-02-28' });
    given(created, agreed)
      .when(endPriceList, { id, ...back.data })
      .thenEvents(back);
    given(created, agreed, back)
      .when(agreePriceList, { id, ...spring, priceListId: 'P2' }, { facts })
      .thenEvents(AccountPriceListAgreed({ ...spring, priceListId: 'P2' }));
  });
});
