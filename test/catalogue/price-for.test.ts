import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { RateFrozen } from '../../src/domain/exchange.ts';
import { leastPrice, PriceTried } from '../../src/domain/pricing.ts';
import { explainedPrice } from '../../src/invariants/sales/order-prices.ts';
import { type Decimal, millionths, ofMillionths } from '../../src/kernel/decimal.ts';
import type { Currency } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { type ListTried, type Policy, resolve, type Wish } from '../../src/projections/catalogue/price-for.ts';

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
  discount: null,
  minQuantity: null,
  orderMultiple: null,
  uom: 'box',
  itemUom: 'box',
  ...changes,
});
const policy: Policy = {
  currency: 'RON',
  promoBeatsNegotiated: false,
  lowestOfTiedGroups: false,
  convertListCurrencies: false,
  rates: new Map(),
};
const byDefault = (changes: Partial<ListTried> = {}) =>
  listed({ level: 4, listId: 'P4', name: 'Retail', unitPrice: decimal('10'), ...changes });
const standard = decimal('11');

const found = (lists: readonly ListTried[], price: Decimal | null = standard, wanted = wish, chosen = policy) => {
  const { unitPrice, level, priceListId } = resolve('I1', lists, price, wanted, chosen);
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
    expect(resolve('I1', [listed({ unitPrice: null }), byDefault()], standard, wish, policy).explanation).toEqual([
      {
        level: 1,
        name: 'List of the account',
        priceListId: 'P1',
        tried: 'Acme list has no price for the item on 2026-03-02.',
        chosen: false,
        unitPrice: null,
      },
      { level: 2, name: 'List of a group', tried: 'The account is in no group with a price list.', chosen: false, unitPrice: null },
      { level: 3, name: 'Promotion', tried: 'No promotion runs.', chosen: false, unitPrice: null },
      {
        level: 4,
        name: 'Default list',
        priceListId: 'P4',
        tried: 'Retail says 10 RON.',
        chosen: true,
        unitPrice: '10',
        working: { stated: '10' },
      },
      {
        level: 5,
        name: 'Standard price',
        tried: 'The item costs 11 RON.',
        chosen: false,
        unitPrice: '11',
        working: { stated: '11' },
      },
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
          const answer = resolve('I1', tried, last, wish, policy);
          const chosen = answer.explanation.filter(entry => entry.chosen);
          expect(chosen.map(({ level, unitPrice }) => [level, unitPrice])).toEqual(
            answer.unitPrice === null ? [] : [[answer.level, answer.unitPrice]],
          );
          expect(answer.explanation.find(({ unitPrice }) => unitPrice !== null)).toEqual(chosen[0]);
          expect([...new Set(answer.explanation.map(({ level }) => level))]).toEqual([1, 2, 3, 4, 5]);
          expect(resolve('I1', tried.toReversed(), last, wish, policy).unitPrice).toBe(answer.unitPrice);
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
    expect(resolve('I1', [listed({ breaks })], null, wish, policy).explanation[0]?.tried).toBe('Acme list says 9 RON from 5 on.'));
});

test('exactly one level is chosen where any has a price, and it is the first that has', () => {
  const maybe = fc.option(fc.constantFrom(decimal('1'), decimal('2.5')));
  const tried = fc.record({ unitPrice: maybe, archived: fc.boolean(), currency: fc.constantFrom('RON', 'EUR') });
  fc.assert(
    fc.property(tried, maybe, maybe, (own, byDefaultPrice, standardPrice) => {
      const { explanation, level } = resolve('I1', [listed(own), byDefault({ unitPrice: byDefaultPrice })], standardPrice, wish, policy);
      const priced = explanation.filter(({ unitPrice }) => unitPrice !== null);
      const chosen = explanation.filter(entry => entry.chosen);
      return chosen.length === Math.min(priced.length, 1) && chosen[0] === priced[0] && (level ?? undefined) === chosen[0]?.level;
    }),
  );
});

const only = (list: ListTried, wanted = wish, chosen = policy) => resolve('I1', [list], null, wanted, chosen);
const sentence = (...asked: Parameters<typeof only>) => only(...asked).explanation[list(asked[0])]?.tried;
/** Where the level of a list stands in an explanation that tries one list of each level. */
const list = ({ level }: ListTried) => level - 1;

describe('a line of a list', () => {
  test('takes its discount off price and breaks, rounded to the six places of a unit price', () => {
    expect(found([listed({ discount: decimal('5') })])[0]).toBe('9.025');
    expect(sentence(listed({ discount: decimal('5') }))).toBe('Acme list says 9.5 RON less 5 %, that is 9.025 RON.');
    expect(found([listed({ unitPrice: decimal('0.000005'), discount: decimal('50') })])[0]).toBe('0.000003');
    const breaks = [{ quantity: quantity(5_000), unitPrice: decimal('8') }];
    expect(found([listed({ breaks, discount: decimal('12.5') })])[0]).toBe('7');
  });

  test('is passed over when the item is sold by another unit of measure now', () => {
    expect(found([listed({ uom: 'piece' }), byDefault()])).toEqual(['10', 4, 'P4']);
    expect(sentence(listed({ uom: 'piece' }))).toBe('Acme list is priced per piece, the item is sold by box.');
    expect(found([listed({ uom: null })])).toEqual(['9.5', 1, 'P1']);
  });

  test('says in which quantities it is sold', () =>
    expect(only(listed({ minQuantity: quantity(10_000), orderMultiple: quantity(2_500) }))).toMatchObject({
      minQuantity: '10',
      orderMultiple: '2.5',
      explanation: [{ minQuantity: '10', orderMultiple: '2.5' }, {}, {}, {}, {}],
    }));
});

describe('a promotion beside a price agreed', () => {
  const beats = { ...policy, promoBeatsNegotiated: true };

  test('goes before it only by the setting, and only where it is lower', () => {
    expect(found([listed(), promotion('S', '8')])).toEqual(['9.5', 1, 'P1']);
    expect(found([listed(), promotion('S', '8')], standard, wish, beats)).toEqual(['8', 3, 'S']);
    expect(found([group(3), promotion('S', '8.9')], standard, wish, beats)).toEqual(['8.9', 3, 'S']);
    expect(found([listed(), promotion('S', '9.5')], standard, wish, beats)).toEqual(['9.5', 1, 'P1']);
    expect(found([listed(), byDefault({ unitPrice: decimal('1') })], standard, wish, beats)).toEqual(['9.5', 1, 'P1']);
  });

  test('says that it does', () =>
    expect(
      resolve('I1', [listed(), promotion('S', '8')], null, wish, beats).explanation.map(({ tried, chosen }) => [tried, chosen]),
    ).toContainEqual(['Spring says 8 RON. It goes before the dearer price agreed.', true]));
});

test('of groups with one priority number the cheapest counts only by the setting, the first by id otherwise', () => {
  const tied = [
    group(3, { listId: 'A', unitPrice: decimal('8') }),
    group(3, { listId: 'B', unitPrice: decimal('7') }),
    group(9, { unitPrice: decimal('1') }),
  ];
  expect(found(tied)).toEqual(['8', 2, 'A']);
  expect(found(tied, standard, wish, { ...policy, lowestOfTiedGroups: true })).toEqual(['7', 2, 'B']);
});

const rated = (currency: string, rate: string, multiplier = 1): [string, RateFrozen] => [
  currency,
  { currency: currency as Currency, to: 'RON' as Currency, rate: decimal(rate), multiplier, day: '2026-02-27', source: 'bnr' },
];

describe('a list in another currency', () => {
  const converts = { ...policy, convertListCurrencies: true, rates: new Map([rated('EUR', '4.9771'), rated('HUF', '1.2634', 100)]) };
  const inEuro = listed({ currency: 'EUR', unitPrice: decimal('9.99') });

  test('is converted by the setting at the rate of the day, rounded half away from zero to the minor unit', () => {
    expect(found([inEuro], standard, wish, converts)).toEqual(['49.72', 1, 'P1']);
    expect(found([{ ...inEuro, unitPrice: decimal('0.1'), discount: decimal('50') }], standard, wish, converts)[0]).toBe('0.25');
  });

  test('is converted over the books where neither currency is theirs', () =>
    expect(found([inEuro], standard, { ...wish, currency: 'HUF' }, converts)[0]).toBe('3935.51'));

  test('is converted into another currency from that of the books', () =>
    expect(found([listed({ unitPrice: decimal('100') })], standard, { ...wish, currency: 'EUR' }, converts)[0]).toBe('20.09'));

  test('says the price, the rate and the day of it', () =>
    expect(sentence(inEuro, wish, converts)).toBe('Acme list says 9.99 EUR, at 4.9771 RON for 1 EUR of 2026-02-27 that is 49.72 RON.'));

  test('is passed over without a rate, and says which one is missing', () => {
    const inYen = listed({ currency: 'JPY' });
    expect(found([inYen, byDefault()], standard, wish, converts)).toEqual(['10', 4, 'P4']);
    expect(sentence(inYen, wish, converts)).toBe('Acme list is in JPY, and no rate of JPY to RON counts on 2026-03-02.');
  });
});

test('an explanation that was kept gives the same price whenever it is evaluated again, whatever the hierarchy', () => {
  const price = fc.integer({ min: 1, max: 99_999_999 }).map(value => ofMillionths(BigInt(value)));
  const currency = fc.constantFrom('RON', 'EUR', 'HUF', 'JPY');
  const lists = fc.array(
    fc.record({
      level: fc.constantFrom(1, 2, 3, 4),
      rank: fc.integer({ min: 0, max: 2 }),
      listId: fc.constantFrom('A', 'B', 'C'),
      currency,
      archived: fc.boolean(),
      unitPrice: fc.option(price),
      breaks: fc.option(price.map(unitPrice => [{ quantity: quantity(5_000), unitPrice }])),
      discount: fc.option(fc.integer({ min: 1, max: 99_9999 }).map(tenThousandths => ofMillionths(BigInt(tenThousandths) * 100n))),
      uom: fc.constantFrom('box', 'box', 'piece', null),
    }),
    { maxLength: 8 },
  );
  const rates = new Map([rated('EUR', '4.9771'), rated('HUF', '1.2634', 100), rated('JPY', '2.8', 100)]);
  const choices = fc.record({ promoBeatsNegotiated: fc.boolean(), lowestOfTiedGroups: fc.boolean(), convertListCurrencies: fc.boolean() });
  fc.assert(
    fc.property(lists, fc.option(price), currency, choices, (tried, last, wanted, chosen) => {
      const found = resolve('I1', tried.map(listed), last, { ...wish, currency: wanted }, { ...policy, ...chosen, rates });
      const kept = JSON.parse(JSON.stringify({ tried: found.explanation, promoBeatsNegotiated: found.promoBeatsNegotiated }));
      const price = found.unitPrice === null ? undefined : millionths(found.unitPrice);
      expect(explainedPrice({ ...kept, tried: z.array(PriceTried).parse(kept.tried) }, wanted)).toBe(price);
    }),
    { numRuns: 500 },
  );
});

test('an explanation kept before it stated its working gives the price that was chosen', () =>
  expect(
    explainedPrice(
      { tried: [{ level: 4, name: 'Default list', tried: 'Retail says 10 RON.', chosen: true, unitPrice: decimal('10') }] },
      'RON',
    ),
  ).toBe(10_000_000n));

describe('the least price by a minimum margin', () => {
  test.each([
    ['8', '20', '10'],
    ['10', '0', '10'],
    ['1', '70', '3.333334'],
    ['0', '50', '0'],
  ])('of a cost of %s and a margin of %s percent is %s', (cost, minMarginPercent, least) =>
    expect(leastPrice({ cost: decimal(cost), minMarginPercent: decimal(minMarginPercent) })).toBe(least),
  );

  test('is converted from the currency of the cost', () => {
    const [, rateFrom] = rated('EUR', '5');
    const [, rateInto] = rated('HUF', '1.25', 100);
    expect(leastPrice({ cost: decimal('2'), minMarginPercent: decimal('20'), rateFrom })).toBe('12.5');
    expect(leastPrice({ cost: decimal('2'), minMarginPercent: decimal('20'), rateFrom, rateInto })).toBe('1000');
  });

  test('leaves the margin, and no price below it does', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 0, max: 999_999 }), (cost, margin) => {
        const percent = ofMillionths(BigInt(margin) * 100n);
        const least = millionths(leastPrice({ cost: ofMillionths(BigInt(cost)), minMarginPercent: percent }));
        const leaves = (price: bigint) => (price - BigInt(cost)) * 100_000_000n >= price * millionths(percent);
        return leaves(least) && !leaves(least - 1n);
      }),
    ));
});
