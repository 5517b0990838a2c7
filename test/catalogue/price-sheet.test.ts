import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takePrice } from '../../src/commands/catalogue/price.ts';
import { clonePriceList } from '../../src/commands/catalogue/price-list.ts';
import { copyPrices, enterPrices } from '../../src/commands/catalogue/price-sheet.ts';
import { PriceSet } from '../../src/domain/catalogue/price.ts';
import { changedPrice, type PriceRounding } from '../../src/domain/catalogue/price-change.ts';
import { PriceListArchived, PriceListCreated } from '../../src/domain/catalogue/price-list.ts';
import { PricesEntered } from '../../src/domain/catalogue/price-sheet.ts';
import { type Decimal, millionths, ofMillionths } from '../../src/kernel/decimal.ts';
import { priceListCloning } from '../../src/sagas/catalogue/price-list-cloning.ts';
import { sheetTaking } from '../../src/sagas/catalogue/sheet-taking.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

const id = 'P1';
const decimal = (text: string) => text as Decimal;
const facts = {
  list: { currency: 'RON', archived: false },
  uoms: new Map([
    ['I1', 'box'],
    ['I2', 'piece'],
  ]),
};
const from = '2026-03-02';
const price = (itemId: string, unitPrice: string, uom: string) => ({ itemId, unitPrice, breaks: [], uom });
const sheet = PricesEntered({ priceListId: id, currency: 'RON', from, prices: [price('I1', '9.9', 'box'), price('I2', '5', 'piece')] });
const wish = {
  id,
  prices: [
    { itemId: 'I1', unitPrice: '9.90' },
    { itemId: 'I2', unitPrice: '5' },
  ],
};

describe('a sheet of prices', () => {
  test('says many prices of a list at once', () => given().when(enterPrices, wish, { facts }).thenEvents(sheet));

  test('is refused whole where one price is, and names all that is wrong', () => {
    const prices = [
      ...wish.prices,
      { itemId: 'I9', unitPrice: '1' },
      { itemId: 'I1', unitPrice: '2', until: '2026-03-01' },
      { itemId: 'I2', unitPrice: '2', uom: 'box' },
    ];
    given()
      .when(enterPrices, { id, prices }, { facts })
      .thenInvalid('/prices/2/itemId', '/prices/3/itemId', '/prices/3/until', '/prices/4/itemId', '/prices/4/uom');
  });

  test('needs a list that exists and is not archived', () => {
    given()
      .when(enterPrices, wish, { facts: { ...facts, list: null } })
      .thenRefuses('NotFound');
    given()
      .when(enterPrices, wish, { facts: { ...facts, list: { currency: 'RON', archived: true } } })
      .thenRefuses('DocumentLocked');
  });

  test('holds at most 200 prices', () =>
    expect(enterPrices.input.safeParse({ id, prices: Array.from({ length: 201 }, () => wish.prices[0]) }).success).toBe(false));

  test('has each of its prices taken over where the item has its own', () => {
    givenSaga(sheetTaking)
      .on(sheet, { stream: 'priceSheet-S1' })
      .sends([
        takePrice({ id, itemId: 'I1', currency: 'RON', from, unitPrice: '9.9', breaks: [], uom: 'box' }),
        takePrice({ id, itemId: 'I2', currency: 'RON', from, unitPrice: '5', breaks: [], uom: 'piece' }),
      ])
      .finished();
    const taken = { id, itemId: 'I1', currency: 'RON', from, unitPrice: '9.9', uom: 'box' };
    const set = PriceSet({ priceListId: id, itemId: 'I1', currency: 'RON', from, unitPrice: '9.9', breaks: [], uom: 'box' });
    given().when(takePrice, taken).thenEvents(set);
    given(set).when(takePrice, taken).thenNothing();
  });
});

describe('the clone of a price list', () => {
  const cloning = { id, name: 'Retail 2027', changePercent: '-2.5', rounding: 'minorUnit' } as const;
  const origin = { priceListId: id, on: from, changePercent: decimal('-2.5'), rounding: 'minorUnit' as const, prices: 3 };
  const created = PriceListCreated({ name: 'Retail 2027', isDefault: false, currency: 'RON', origin });
  const step = (number: number, after: string) =>
    copyPrices({
      priceListId: 'P2',
      originId: id,
      from,
      currency: 'RON',
      changePercent: '-2.5',
      rounding: 'minorUnit',
      step: number,
      after,
    });
  const copied = (number: number, last: boolean, ...items: string[]) =>
    PricesEntered({
      priceListId: 'P2',
      currency: 'RON',
      from,
      prices: items.map(item => price(item, '1', 'box')),
      copy: { step: number, after: items.at(-1) ?? '', last },
    });
  const taken = (itemId: string) => takePrice({ id: 'P2', itemId, currency: 'RON', from, unitPrice: '1', breaks: [], uom: 'box' });

  test('keeps which list it is of, by how much and by which rule its prices differ', () => {
    given()
      .when(clonePriceList, cloning, { facts: { origin: { currency: 'RON', prices: 3 } } })
      .thenEvents(created);
    given()
      .when(clonePriceList, cloning, { facts: { origin: null } })
      .thenRefuses('NotFound');
  });

  test('changes prices and breaks and leaves the rest of each line as it is', () => {
    const of = {
      ...price('I1', '10.01', 'box'),
      breaks: [{ quantity: 5_000, unitPrice: '9' }],
      discount: '5',
      minQuantity: 2_000,
      until: '2026-12-31',
    };
    const changed = { ...of, unitPrice: '9.76', breaks: [{ quantity: 5_000, unitPrice: '8.78' }] };
    given()
      .when(copyPrices, step(1, '').input as never, { facts: { prices: [of], last: true } })
      .thenEvents(
        PricesEntered({ priceListId: 'P2', currency: 'RON', from, prices: [changed], copy: { step: 1, after: 'I1', last: true } }),
      );
  });

  test('is copied sheet by sheet: the next is asked for behind the prices of the last, and tells how far it is', () => {
    const begun = givenSaga(priceListCloning).on(created, { stream: 'priceList-P2' });
    begun.sends([step(1, '')]).waitsFor({ reason: '0 of 3 prices are copied.' });
    const half = begun.on(copied(1, false, 'I1', 'I2'), { stream: 'priceSheet-P2~1' });
    half.sends([taken('I1'), taken('I2'), step(2, 'I2')]).waitsFor({ reason: '2 of 3 prices are copied.' });
    half
      .on(copied(2, true, 'I3'), { stream: 'priceSheet-P2~2' })
      .sends([taken('I3')])
      .finished();
  });

  test('of a list without prices is finished at once', () =>
    givenSaga(priceListCloning)
      .on(created, { stream: 'priceList-P2' })
      .on(copied(1, true), { stream: 'priceSheet-P2~1' })
      .sendsNothing()
      .finished());

  test('that is archived meanwhile is copied no further', () =>
    givenSaga(priceListCloning).on(created, { stream: 'priceList-P2' }).on(PriceListArchived({}), { stream: 'priceList-P2' }).finished());
});

describe('a price changed by a percentage', () => {
  const changed = (unitPrice: string, changePercent: string, rounding: PriceRounding, currency = 'RON') =>
    changedPrice(decimal(unitPrice), { changePercent: decimal(changePercent), rounding }, currency);

  test.each([
    ['9.99', '5', 'exact', '10.4895'],
    ['9.99', '5', 'minorUnit', '10.49'],
    ['9.99', '5', 'tenth', '10.5'],
    ['9.99', '5', 'whole', '10'],
    ['0.125', '0', 'minorUnit', '0.13'],
    ['10', '-50', 'whole', '5'],
    ['0.004', '0', 'minorUnit', '0.01'],
    ['0', '10', 'whole', '0'],
  ] as const)('%s by %s percent, rounded as %s, is %s', (unitPrice, percent, rounding, expected) =>
    expect(changed(unitPrice, percent, rounding)).toBe(expected),
  );

  test('is rounded to the minor unit of its currency', () => {
    expect(changed('1000.5', '0', 'minorUnit', 'JPY')).toBe('1001');
    expect(changed('1.2345', '0', 'minorUnit', 'KWD')).toBe('1.235');
  });

  test('is never off by more than half a step, and never free', () =>
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.integer({ min: -999_999, max: 9_999_999 }),
        fc.constantFrom(['exact', 1n], ['minorUnit', 10_000n], ['tenth', 100_000n], ['whole', 1_000_000n] as const),
        (unitPrice, tenThousandths, [rounding, step]) => {
          const percent = ofMillionths(BigInt(tenThousandths) * 100n);
          const got = millionths(changed(ofMillionths(unitPrice), percent, rounding as PriceRounding));
          const off = got * 100_000_000n - unitPrice * (100_000_000n + BigInt(tenThousandths) * 100n);
          return (
            got > 0n && got % (step as bigint) === 0n && (got === step || 2n * (off < 0n ? -off : off) <= (step as bigint) * 100_000_000n)
          );
        },
      ),
    ));
});
