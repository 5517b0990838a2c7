import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { correctExchangeRate, recordExchangeRates, withdrawExchangeRate } from '../../src/commands/catalogue/exchange-rate.ts';
import { ExchangeRateCorrected, ExchangeRatesRecorded, ExchangeRateWithdrawn } from '../../src/domain/catalogue/exchange-rate.ts';
import { converted, RateFound, rateOr } from '../../src/domain/exchange.ts';
import { type Decimal, ofMillionths } from '../../src/kernel/decimal.ts';
import { type Currency, money } from '../../src/kernel/money.ts';
import { given } from '../kernel/scenario.ts';

const facts = { companyCurrency: 'RON' };
/** A Monday, the day of all scenarios. */
const day = '2026-03-02';
const eur = { currency: 'EUR', rate: '4.9771', multiplier: 1 };
const huf = { currency: 'HUF', rate: '1.2634', multiplier: 100 };
const of = { day, source: 'bnr' } as const;
const recorded = ExchangeRatesRecorded({ ...of, to: 'RON', rates: [eur, huf] });
const reason = 'Read from the wrong line';

describe('the rates of a day', () => {
  test('are recorded as published, with their multiplier', () =>
    given()
      .when(recordExchangeRates, { ...of, rates: [{ currency: 'EUR', rate: '4.977100' }, huf] }, { facts })
      .thenEvents(recorded));

  test('are recorded once, and may be added to', () => {
    given(recorded)
      .when(recordExchangeRates, { ...of, rates: [huf, eur] }, { facts })
      .thenNothing();
    const usd = { currency: 'USD', rate: '4.2', multiplier: 1 };
    given(recorded)
      .when(recordExchangeRates, { ...of, rates: [eur, usd] }, { facts })
      .thenEvents(ExchangeRatesRecorded({ ...of, to: 'RON', rates: [usd] }));
  });

  test.each([
    ['another rate', { ...eur, rate: '4.9772' }],
    ['another multiplier', { ...huf, multiplier: 1 }],
  ])('are never two for one currency: %s is refused', (_, other) =>
    expect(
      given(recorded)
        .when(recordExchangeRates, { ...of, rates: [{ currency: 'USD', rate: '4.2' }, other] }, { facts })
        .refusal(),
    ).toMatchObject({ refused: 'ExchangeRateConflict', details: { currency: other.currency } }),
  );

  test('entered by hand need a reason; published ones have none', () => {
    const byHand = { day, source: 'manual' as const, rates: [eur] };
    given().when(recordExchangeRates, byHand, { facts }).thenInvalid('/reason');
    given()
      .when(recordExchangeRates, { ...byHand, reason: 'The bank of the client' }, { facts })
      .thenEvents(ExchangeRatesRecorded({ ...byHand, rates: [eur], to: 'RON', reason: 'The bank of the client' }));
    given()
      .when(recordExchangeRates, { ...of, rates: [eur], reason }, { facts })
      .thenInvalid('/reason');
  });

  test.each([
    ['of a day to come', { ...of, day: '2026-03-03', rates: [eur] }, '/day'],
    ['published on a Saturday', { ...of, day: '2026-02-28', rates: [eur] }, '/day'],
    ['of the currency of the books', { ...of, rates: [{ currency: 'RON', rate: '1' }] }, '/rates/0/currency'],
    ['that name a currency twice', { ...of, rates: [eur, huf, eur] }, '/rates/2/currency'],
  ])('are refused %s', (_, wish, pointer) => given().when(recordExchangeRates, wish, { facts }).thenInvalid(pointer));

  test('are not those of the National Bank where the books are in another currency than its', () =>
    given()
      .when(recordExchangeRates, { ...of, rates: [{ currency: 'USD', rate: '1.1' }] }, { facts: { companyCurrency: 'EUR' } })
      .thenInvalid('/source'));

  test('may be entered by hand on a Saturday', () =>
    expect(
      given()
        .when(recordExchangeRates, { day: '2026-02-28', source: 'manual', rates: [eur], reason: 'Fair' }, { facts })
        .events(),
    ).toHaveLength(1));
});

describe('a rate that was recorded wrongly', () => {
  const correction = { ...of, ...eur, rate: '4.9717', reason };
  const corrected = ExchangeRateCorrected({ ...correction, to: 'RON', was: { rate: '4.9771', multiplier: 1 } });

  test('is corrected with its reason, and says what it was', () => {
    given(recorded).when(correctExchangeRate, correction).thenEvents(corrected);
    given(recorded, corrected).when(correctExchangeRate, correction).thenNothing();
    given(recorded)
      .when(correctExchangeRate, { ...correction, currency: 'USD' })
      .thenRefuses('NotFound');
    given().when(correctExchangeRate, correction).thenRefuses('NotFound');
  });

  test('is taken back once, and may be recorded anew', () => {
    const wish = { ...of, currency: 'EUR', reason };
    const withdrawn = ExchangeRateWithdrawn(wish);
    given(recorded).when(withdrawExchangeRate, wish).thenEvents(withdrawn);
    given(recorded, withdrawn).when(withdrawExchangeRate, wish).thenNothing();
    given(recorded, withdrawn)
      .when(recordExchangeRates, { ...of, rates: [{ ...eur, rate: '5' }] }, { facts })
      .thenEvents(ExchangeRatesRecorded({ ...of, to: 'RON', rates: [{ ...eur, rate: '5' }] }));
  });
});

describe('the rate of a document', () => {
  const found = { currency: 'EUR', to: 'RON', on: '2026-03-03', rate: { ...eur, to: 'RON', ...of }, ageDays: 1, usable: true };

  test('is the one found, to be frozen', () => expect(rateOr(RateFound.parse(found))).toEqual(found.rate));

  test('is refused where there is none, or only one too old', () => {
    expect(rateOr(RateFound.parse({ ...found, rate: null, ageDays: null, usable: false }))).toMatchObject({
      refused: 'NoExchangeRate',
      details: { newest: null },
    });
    expect(rateOr(RateFound.parse({ ...found, on: '2026-04-03', ageDays: 32, usable: false }))).toMatchObject({
      refused: 'NoExchangeRate',
      because: 'The newest rate of EUR to RON is of 2026-03-02, 32 days before 2026-04-03: too old to count.',
    });
  });
});

describe('money in another currency', () => {
  const rate = (currency: string, text: string, multiplier = 1) => ({
    currency: currency as Currency,
    rate: text as Decimal,
    multiplier,
    to: 'RON' as Currency,
  });

  test.each([
    ['100.00 EUR at 4.9771', 10_000, rate('EUR', '4.9771'), 49_771],
    ['0.10 EUR at 4.95: half a ban is rounded away from zero', 10, rate('EUR', '4.95'), 50],
    ['-0.10 EUR at 4.95', -10, rate('EUR', '4.95'), -50],
    ['12,345.67 HUF at 1.2634 for 100', 1_234_567, rate('HUF', '1.2634', 100), 15_598],
    ['1,000 JPY, which has no minor unit, at 2.8 for 100', 1_000, rate('JPY', '2.8', 100), 2_800],
    ['1.000 KWD, which has three places, at 14.5', 1_000, rate('KWD', '14.5'), 1_450],
  ])('is worth in the books: %s', (_, minor, at, expected) =>
    expect(converted(money(minor, at.currency), at)).toEqual(money(expected, at.to)),
  );

  test('is never off by more than half a minor unit', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.integer({ min: 1, max: 9_999_999 }),
        fc.constantFrom(1, 100),
        (minor, millionths, multiplier) => {
          const text = ofMillionths(BigInt(millionths));
          const worth = converted(money(minor, 'EUR' as Currency), rate('EUR', text, multiplier)).minor;
          return (
            2n * abs(BigInt(worth) * 1_000_000n * BigInt(multiplier) - BigInt(minor) * BigInt(millionths)) <=
            1_000_000n * BigInt(multiplier)
          );
        },
      ),
    ));
});

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
