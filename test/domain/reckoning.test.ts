import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DocumentLine, payableOf, type Reckoning, reckoningOf, type Totals, totalsOf } from '../../src/domain/document.ts';
import { type BareLine, type Discount, reckoned, reckonedPart, worthOf } from '../../src/domain/reckoning.ts';
import { faultsOfTotals } from '../../src/invariants/totals.ts';
import { type Decimal, ofMillionths } from '../../src/kernel/decimal.ts';
import { apportioned, type Currency, type Money, money, subtract, sum } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';

const usd = 'USD' as Currency;
const decimal = (text: string) => text as Decimal;
const cents = (minor: number, currency = usd) => money(minor, currency);
const net: Reckoning = { taxRounding: 'document', pricesIncludeTax: false };
const netByLine: Reckoning = { ...net, taxRounding: 'line' };
const gross: Reckoning = { ...net, pricesIncludeTax: true };

const line = (number: number, pieces: number, unitPrice: string, taxPercent = '19', discount = '0'): BareLine => ({
  line: number,
  itemId: 'i',
  sku: 's',
  description: 'd',
  uom: 'piece',
  stocked: true,
  quantity: quantity(pieces * 1_000),
  unitPrice: decimal(unitPrice),
  discount: decimal(discount),
  taxPercent: decimal(taxPercent),
  price: { level: 5, source: 'standard' },
});

const percent = (text: string): Discount => ({ percent: decimal(text) });
const minors = (values: readonly (Money | undefined)[]) => values.map(value => value?.minor ?? 0);

describe('a discount on the whole document', () => {
  /** Our own example: 10 % of 33.33 + 33.33 + 33.34; the cent left over goes to the largest remainder, that of the third line. */
  test('is shared by what the lines come to, the rest by the largest remainder (EN 16931, BR-CO-13)', () => {
    const { lines, totals } = reckoned([line(1, 1, '33.33'), line(2, 1, '33.33'), line(3, 1, '33.34')], usd, net, percent('10'));
    expect(minors(lines.map(({ allowance }) => allowance))).toEqual([333, 333, 334]);
    expect(totals).toMatchObject({ allowance: cents(10_00), net: cents(90_00), gross: cents(107_10) });
  });

  test('gives a cent that two lines deserve alike to the earlier', () => {
    expect(minors(apportioned(cents(1), [500, 500]))).toEqual([1, 0]);
    expect(minors(apportioned(cents(2), [1, 1, 1]))).toEqual([1, 1, 0]);
    expect(minors(apportioned(cents(5), [0, 0]))).toEqual([5, 0]);
  });

  /** Our own example: 10.00 off goods of 60.00 at 9 % and of 40.00 at 19 %, as allowances of 6.00 and 4.00. */
  test('lowers the base of each rate by its own share before tax (EN 16931, BR-CO-17)', () => {
    const { totals } = reckoned([line(1, 1, '60', '9'), line(2, 1, '40', '19')], usd, net, { amount: cents(10_00) });
    expect(totals.taxes).toEqual([
      { taxPercent: '9', net: cents(54_00), tax: cents(4_86) },
      { taxPercent: '19', net: cents(36_00), tax: cents(6_84) },
    ]);
    expect(totals.gross).toEqual(cents(101_70));
  });

  test('of everything leaves nothing', () => {
    const { totals } = reckoned([line(1, 3, '0.07'), line(2, 1, '5')], usd, net, percent('100'));
    expect(totals).toMatchObject({ net: cents(0), gross: cents(0), allowance: cents(5_21) });
  });
});

describe('the tax of a document', () => {
  /** Our own example: three lines of 0.14 at 19 % bear 0.08 together and 0.03 each. */
  test('is rounded once a rate, or once a line where a country wants it, and the document says which', () => {
    const lines = [line(1, 1, '0.14'), line(2, 1, '0.14'), line(3, 1, '0.14')];
    const [byRate, byLine] = [net, netByLine].map(how => reckoned(lines, usd, how).totals) as [Totals, Totals];
    expect([byRate.gross, reckoningOf(byRate).taxRounding]).toEqual([cents(50), 'document']);
    expect([byLine.gross, reckoningOf(byLine).taxRounding]).toEqual([cents(51), 'line']);
  });
});

describe('a document whose prices include tax', () => {
  /** Our own examples. 119.00 holds 19.00; 0.33 at 19 % leaves 0.28 and bears 0.05; 0.10 at 9 % leaves 0.09 and bears 0.01. */
  test('keeps the gross shown and takes the tax out of it once a rate', () => {
    const { lines, totals } = reckoned([line(1, 1, '100'), line(2, 1, '19'), line(3, 1, '0.10', '9')], usd, gross);
    expect(totals.taxes).toEqual([
      { taxPercent: '9', net: cents(9), tax: cents(1) },
      { taxPercent: '19', net: cents(100_00), tax: cents(19_00) },
    ]);
    expect(minors(lines.map(each => each.net))).toEqual([84_03, 15_97, 9]);
    expect(payableOf(totals)).toEqual(cents(119_10));
    expect(reckoningOf(totals)).toEqual(gross);
  });

  /** Our own example: 0.03 at 19 % leaves 0.03, which bears 0.01; the cent too much is taken back as BT-114. */
  test('says the cent that remains as the rounding of the document (EN 16931, BT-114)', () => {
    const { totals } = reckoned([line(1, 1, '0.03')], usd, gross);
    expect(totals).toMatchObject({ net: cents(3), gross: cents(4), rounding: cents(-1) });
    expect(payableOf(totals)).toEqual(cents(3));
    expect(reckoned([line(1, 1, '1.19')], usd, gross).totals).not.toHaveProperty('rounding');
  });

  /** Our own example: 10 % off 119.00 shown leaves 107.10, of which 90.00 is net; 10.00 is the allowance without tax. */
  test('takes a discount off what is shown, and says it without tax', () => {
    const { totals } = reckoned([line(1, 1, '100'), line(2, 1, '19')], usd, gross, percent('10'));
    expect(totals).toMatchObject({ allowance: cents(10_00), net: cents(90_00), gross: cents(107_10) });
    expect(payableOf(totals)).toEqual(cents(107_10));
  });
});

describe('currencies with other minor units', () => {
  const [jpy, kwd] = ['JPY' as Currency, 'KWD' as Currency];

  /** Our own example: ¥1,099 shown holds ¥100 at 10 %. */
  test('round to theirs: yen have none, Kuwaiti dinars three', () => {
    expect(reckoned([line(1, 1, '1099', '10')], jpy, gross).totals).toMatchObject({ net: cents(999, jpy), gross: cents(1_099, jpy) });
    expect(reckoned([line(1, 3, '99.5', '10')], jpy, net).totals).toMatchObject({ net: cents(299, jpy), gross: cents(329, jpy) });
    const dinars = reckoned([line(1, 3, '1.2345', '5')], kwd, net, percent('1')).totals;
    expect(dinars).toMatchObject({ net: cents(3_667, kwd), allowance: cents(37, kwd), gross: cents(3_850, kwd) });
  });
});

describe('parts of an order', () => {
  /** Our own example: three pieces for 10.00 are 3.33, then 6.67 less 3.33, then 10.00 less 6.67. */
  test('are what has come so far less what came before', () => {
    const ordered = reckoned([line(1, 3, '3.333333', '0')], usd, net).lines;
    const nets = [0, 1, 2].map(before => part(ordered, net, 1, 1_000, before * 1_000).totals.net);
    expect(minors(nets)).toEqual([333, 334, 333]);
  });

  test('name what was ordered and what came before, and their own quantity', () => {
    const [first] = part(reckoned([line(1, 3, '10')], usd, net).lines, net, 1, 2_000, 1_000).lines;
    expect(first).toMatchObject({ quantity: 2_000, part: { of: 3_000, before: 1_000, allowance: cents(0) }, net: cents(20_00) });
  });
});

const part = (ordered: readonly DocumentLine[], reckoning: Reckoning, number: number, pieces: number, before: number) =>
  reckonedPart(ordered, [{ line: number, quantity: quantity(pieces), before: quantity(before) }], usd, reckoning);

const rate = fc.constantFrom('0', '5', '9', '19', '21', '5.5');
const currency = fc.constantFrom('USD', 'JPY', 'KWD').map(code => code as Currency);
const reckoning = fc.record({ taxRounding: fc.constantFrom('document' as const, 'line' as const), pricesIncludeTax: fc.boolean() });
const off = fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: undefined });
const bare = fc.record({
  pieces: fc.integer({ min: 1, max: 10 ** 6 }),
  price: fc.integer({ min: 0, max: 10 ** 10 }),
  discount: fc.integer({ min: 0, max: 100 }),
  rate,
});
const document = fc.array(bare, { minLength: 1, maxLength: 12 }).map(drawn =>
  drawn.map((each, index) => ({
    ...line(index + 1, 1, ofMillionths(BigInt(each.price)), each.rate, String(each.discount)),
    quantity: quantity(each.pieces),
  })),
);

describe('totals', () => {
  test('have parts that make the whole, whatever is taken off, however tax is rounded, with tax in the prices or without', () => {
    fc.assert(
      fc.property(document, currency, reckoning, off, (bares, code, how, permyriad) => {
        const discount = permyriad === undefined ? undefined : { percent: ofMillionths(BigInt(permyriad) * 100n) };
        const { lines, totals } = reckoned(bares, code, how, discount);
        expect([...faultsOfTotals({ lines, totals })]).toEqual([]);
        const added = (values: readonly (Money | undefined)[]) => minors(values).reduce((all, minor) => all + minor, 0);
        expect(totals.net.minor).toBe(added(lines.map(each => each.net)) - added(lines.map(each => each.allowance)));
        expect(totals.gross.minor).toBe(totals.net.minor + added(totals.taxes.map(({ tax }) => tax)));
        for (const each of lines) expect(each.net.minor - (each.allowance?.minor ?? 0)).toBeGreaterThanOrEqual(0);
        if (how.pricesIncludeTax)
          expect(payableOf(totals).minor).toBe(worthOf(bares, code).minor - added(lines.map(l => l.gross?.allowance)));
        else expect(totals.rounding).toBeUndefined();
      }),
    );
  });

  test('of parts of an order add up to the order: its nets, or where prices include tax its gross', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 5 });
    fc.assert(
      fc.property(document, currency, reckoning, off, cuts, (bares, code, how, permyriad, drawn) => {
        const discount = permyriad === undefined ? undefined : { percent: ofMillionths(BigInt(permyriad) * 100n) };
        const { lines, totals } = reckoned(bares, code, how, discount);
        const parts = [...drawn.toSorted((a, b) => a - b), 1_000].map((upTo, index, all) =>
          reckonedPart(lines, sharesOf(lines, index === 0 ? 0 : (all[index - 1] ?? 0), upTo), code, how),
        );
        for (const each of parts) {
          expect([...faultsOfTotals(each)]).toEqual([]);
          for (const { net: own, allowance } of each.lines) expect(own.minor - (allowance?.minor ?? 0)).toBeGreaterThanOrEqual(0);
        }
        const whole = how.pricesIncludeTax ? payableOf(totals) : totals.net;
        const values = parts.map(each => (how.pricesIncludeTax ? payableOf(each.totals) : each.totals.net));
        expect(sum(values, code)).toEqual(whole);
      }),
    );
  });

  test('can be told from the lines alone', () => {
    const { lines, totals } = reckoned([line(1, 2, '5'), line(2, 1, '3', '9')], usd, gross, percent('7'));
    expect(totalsOf(lines, usd, gross)).toEqual(totals);
    expect(subtract(totals.gross, totals.net)).toEqual(
      sum(
        totals.taxes.map(({ tax }) => tax),
        usd,
      ),
    );
  });
});

/** What of each line lies between two thousandths of it; lines of which nothing does are left out. */
const sharesOf = (lines: readonly DocumentLine[], from: number, upTo: number) =>
  lines
    .map(({ line: number, quantity: ordered }) => {
      const [before, after] = [Math.floor((ordered * from) / 1_000), Math.floor((ordered * upTo) / 1_000)];
      return { line: number, before: quantity(before), quantity: quantity(after - before) };
    })
    .filter(({ quantity: own }) => own > 0);
