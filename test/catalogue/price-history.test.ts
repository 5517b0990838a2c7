import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PriceSaid, spansOf } from '../../src/projections/catalogue/price-history.ts';

const said = (validFrom: string, unitPrice: string | null, validUntil: string | null = null): PriceSaid => ({
  validFrom,
  unitPrice,
  validUntil,
});
const series = (...prices: PriceSaid[]) => spansOf(prices).map(({ from, to, said: { unitPrice } }) => [from, to, unitPrice]);

describe('the history of a price', () => {
  test('goes from day to day without a gap, the last without an end', () =>
    expect(series(said('2026-02-01', '11'), said('2026-01-01', '10'))).toEqual([
      ['2026-01-01', '2026-01-31', '10'],
      ['2026-02-01', null, '11'],
    ]));

  test('comes back to the price before when one held for a while', () =>
    expect(series(said('2026-01-01', '10'), said('2026-03-01', '8', '2026-03-31'))).toEqual([
      ['2026-01-01', '2026-02-28', '10'],
      ['2026-03-01', '2026-03-31', '8'],
      ['2026-04-01', null, '10'],
    ]));

  test('shows when the item was off the list, and leaves out days of no price', () =>
    expect(series(said('2026-01-01', '10', '2026-01-31'), said('2026-03-01', '9'), said('2026-04-01', null))).toEqual([
      ['2026-01-01', '2026-01-31', '10'],
      ['2026-03-01', '2026-03-31', '9'],
      ['2026-04-01', null, null],
    ]));

  test('says for every day what a price of that day is taken from', () => {
    const day = (of: number) => Temporal.PlainDate.from('2026-01-01').add({ days: of }).toString();
    const price = fc
      .tuple(fc.nat(20), fc.option(fc.nat(10)), fc.nat(99))
      .map(([from, days, unitPrice]) => said(day(from), String(unitPrice), days === null ? null : day(from + days)));
    fc.assert(
      fc.property(fc.uniqueArray(price, { selector: ({ validFrom }) => validFrom, maxLength: 8 }), fc.nat(35), (prices, at) => {
        const on = day(at);
        const holding = prices.filter(({ validFrom, validUntil }) => validFrom <= on && (validUntil ?? on) >= on);
        const expected = holding.toSorted((a, b) => (a.validFrom < b.validFrom ? 1 : -1))[0];
        const spans = spansOf(prices).filter(({ from, to }) => from <= on && (to ?? on) >= on);
        expect(spans.map(span => span.said)).toEqual(expected === undefined ? [] : [expected]);
      }),
    );
  });
});
