import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decimal } from '../../src/kernel/decimal.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { type ListTried, resolve, type Wish } from '../../src/projections/catalogue/price-for.ts';

const decimal = (text: string) => text as Decimal;
const wish: Wish = { currency: 'RON', quantity: quantity(5_000), day: '2026-03-02' };
const listed = (changes: Partial<ListTried> = {}): ListTried => ({
  level: 1,
  listId: 'P1',
  name: 'Acme list',
  currency: 'RON',
  archived: false,
  validFrom: null,
  validUntil: null,
  rank: 0,
  unitPrice: decimal('9.5'),
  breaks: [],
  ...changes,
});
const byDefault = (changes: Partial<ListTried> = {}) =>
  listed({ level: 4, listId: 'P4', name: 'Retail', unitPrice: decimal('10'), ...changes });
const standard = decimal('11');

const found = (lists: readonly ListTried[], price: Decimal | null = standard, wanted = wish) => {
  const { unitPrice, level, priceListId } = resolve('I1', lists, price, wanted);
  return [unitPrice, level, priceListId];
};

describe('the price hierarchy', () => {
  test('takes the list of the account first', () => expect(found([listed(), byDefault()])).toEqual(['9.5', 1, 'P1']));

  test('falls through to the default list when the list of the account lacks the item', () =>
    expect(found([listed({ unitPrice: null, breaks: null }), byDefault()])).toEqual(['10', 4, 'P4']));

  test('falls through to the default list when the list of the account is in another currency', () =>
    expect(found([listed({ currency: 'EUR' }), byDefault()])).toEqual(['10', 4, 'P4']));

  test('falls through to the default list when the list of the account is archived', () =>
    expect(found([listed({ archived: true }), byDefault()])).toEqual(['10', 4, 'P4']));

  test('ends with the standard price', () => expect(found([byDefault({ unitPrice: null })])).toEqual(['11', 5, null]));

  test('finds no price where no level has one', () => expect(found([], null)).toEqual([null, null, null]));

  test('explains every level it tried, and marks the chosen one', () =>
    expect(resolve('I1', [listed({ unitPrice: null }), byDefault()], standard, wish).explanation).toEqual([
      {
        level: 1,
        name: 'List of the account',
        tried: 'Acme list has no price for the item on 2026-03-02.',
        chosen: false,
        unitPrice: null,
      },
      { level: 2, name: 'List of a group', tried: 'The account is in no group with a price list.', chosen: false, unitPrice: null },
      { level: 3, name: 'Promotion', tried: 'No promotion runs.', chosen: false, unitPrice: null },
      { level: 4, name: 'Default list', tried: 'Retail says 10 RON.', chosen: true, unitPrice: '10' },
      { level: 5, name: 'Standard price', tried: 'The item costs 11 RON.', chosen: false, unitPrice: '11' },
    ]));
});

const group = (rank: number, changes: Partial<ListTried> = {}) =>
  listed({ level: 2, listId: `G${rank}`, name: `Group ${rank}`, rank, unitPrice: decimal('9'), ...changes });
const promotion = (listId: string, unitPrice: string | null, changes: Partial<ListTried> = {}) =>
  listed({ level: 3, listId, name: 'Spring', unitPrice: unitPrice === null ? null : decimal(unitPrice), ...changes });

describe('the levels between', () => {
  test('a list of a group counts after the list of the account and before a promotion', () => {
    expect(found([promotion('S', '1'), group(5), listed()])).toEqual(['9.5', 1, 'P1']);
    expect(found([promotion('S', '1'), group(5), byDefault()])).toEqual(['9', 2, 'G5']);
    expect(found([promotion('S', '1'), byDefault()])).toEqual(['1', 3, 'S']);
  });

  test('of several groups the lowest priority number counts, though it is dearer', () =>
    expect(found([group(7, { unitPrice: decimal('2') }), group(3, { unitPrice: decimal('8') })])).toEqual(['8', 2, 'G3']));

  test('a list of a group that lacks the item falls through to that of the next group', () =>
    expect(found([group(3, { unitPrice: null }), group(7)])).toEqual(['9', 2, 'G7']));

  test('of several promotions the cheapest counts', () =>
    expect(found([promotion('A', '8'), promotion('B', '10.5'), promotion('C', '7.25'), promotion('D', null)])).toEqual(['7.25', 3, 'C']));

  test('a list is passed over before its first and after its last day, and counts on both', () => {
    const window = { validFrom: '2026-03-02', validUntil: '2026-03-05' };
    const on = (day: string) => found([listed(window), byDefault()], standard, { ...wish, day })[1];
    expect(['2026-03-01', '2026-03-02', '2026-03-05', '2026-03-06'].map(on)).toEqual([4, 1, 1, 4]);
  });

  test('whatever lists there are, the answer is the one level marked as chosen, the first that has a price', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.record({
            level: fc.constantFrom(1, 2, 3, 4),
            rank: fc.integer({ min: 0, max: 3 }),
            listId: fc.constantFrom('A', 'B', 'C'),
            currency: fc.constantFrom('RON', 'EUR'),
            archived: fc.boolean(),
            unitPrice: fc.option(fc.integer({ min: 1, max: 99 }).map(value => decimal(String(value)))),
          }),
          { maxLength: 8, selector: ({ level, listId }) => `${level} ${listId}` },
        ),
        fc.option(fc.constant(standard)),
        (lists, last) => {
          const tried = lists.map(entry => listed({ ...entry, name: entry.listId }));
          const answer = resolve('I1', tried, last, wish);
          const chosen = answer.explanation.filter(entry => entry.chosen);
          expect(chosen.map(({ level, unitPrice }) => [level, unitPrice])).toEqual(
            answer.unitPrice === null ? [] : [[answer.level, answer.unitPrice]],
          );
          expect(answer.explanation.find(({ unitPrice }) => unitPrice !== null)).toEqual(chosen[0]);
          expect([...new Set(answer.explanation.map(({ level }) => level))]).toEqual([1, 2, 3, 4, 5]);
          expect(resolve('I1', tried.toReversed(), last, wish).unitPrice).toBe(answer.unitPrice);
        },
      ),
    ));
});

describe('a quantity break', () => {
  const breaks = [
    { quantity: quantity(5_000), unitPrice: decimal('9') },
    { quantity: quantity(10_000), unitPrice: decimal('8') },
  ];
  const at = (thousandths: number) => found([listed({ breaks })], null, { ...wish, quantity: quantity(thousandths) })[0];

  test('holds from its quantity on', () => expect([4_999, 5_000, 9_999, 10_000].map(at)).toEqual(['9.5', '9', '9', '8']));

  test('is named in the explanation', () =>
    expect(resolve('I1', [listed({ breaks })], null, wish).explanation[0]?.tried).toBe('Acme list says 9 RON from 5 on.'));
});

test('exactly one level is chosen where any has a price, and it is the first that has', () => {
  const maybe = fc.option(fc.constantFrom(decimal('1'), decimal('2.5')));
  const tried = fc.record({ unitPrice: maybe, archived: fc.boolean(), currency: fc.constantFrom('RON', 'EUR') });
  fc.assert(
    fc.property(tried, maybe, maybe, (own, byDefaultPrice, standardPrice) => {
      const { explanation, level } = resolve('I1', [listed(own), byDefault({ unitPrice: byDefaultPrice })], standardPrice, wish);
      const priced = explanation.filter(({ unitPrice }) => unitPrice !== null);
      const chosen = explanation.filter(entry => entry.chosen);
      return chosen.length === Math.min(priced.length, 1) && chosen[0] === priced[0] && (level ?? undefined) === chosen[0]?.level;
    }),
  );
});
