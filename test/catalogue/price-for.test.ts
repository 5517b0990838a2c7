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
      { level: 4, name: 'Default list', tried: 'Retail says 10 RON.', chosen: true, unitPrice: '10' },
      { level: 5, name: 'Standard price', tried: 'The item costs 11 RON.', chosen: false, unitPrice: '11' },
    ]));
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
