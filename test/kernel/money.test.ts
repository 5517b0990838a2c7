import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { priced, totalsOf } from '../../src/domain/document.ts';
import { type Decimal, divideRounded, millionths, ofMillionths, PercentText, PriceText } from '../../src/kernel/decimal.ts';
import { type Currency, lineNet, Money, MoneyText, money, taxOn } from '../../src/kernel/money.ts';
import { QuantityChangeText, QuantityText, quantity, quantityText } from '../../src/kernel/quantity.ts';

const usd = 'USD' as Currency;
const decimal = (text: string) => text as Decimal;
const percent = fc.integer({ min: 0, max: 1_000_000 }).map(value => ofMillionths(BigInt(value) * 100n));
const price = fc.integer({ min: 0, max: 10 ** 10 }).map(value => ofMillionths(BigInt(value)));
const amount = fc.integer({ min: 1, max: 10 ** 7 }).map(quantity);

describe('decimals', () => {
  test('have one spelling each and come back as they were', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), value => millionths(ofMillionths(value)) === value));
    expect(z.decode(PriceText, '012.500')).toBe('12.5');
    expect(z.decode(PercentText, '100.0')).toBe('100');
  });

  test.each(['-1', '1e3', '1.0000001', '', ' 1', '1,5', '٣', 'NaN', '.5', '1.'])('refuse %j as a price', text =>
    expect(z.safeDecode(PriceText, text).success).toBe(false),
  );

  test.each(['101', '100.1', '-1', '5.00001'])('refuse %j as a percentage', text =>
    expect(z.safeDecode(PercentText, text).success).toBe(false),
  );
});

describe('quantities', () => {
  test('are thousandths within and text without', () => {
    fc.assert(fc.property(amount, value => z.decode(QuantityText, quantityText(value)) === value));
    expect(quantityText(quantity(-1_500))).toBe('-1.5');
  });

  test.each(['0', '0.000', '-1', '1.0001', '1e3'])('refuse %j where something has to be there', text =>
    expect(z.safeDecode(QuantityText, text).success).toBe(false),
  );

  test.each(['0', '-0', '-0.0'])('refuse %j as a change', text => expect(z.safeDecode(QuantityChangeText, text).success).toBe(false));
});

describe('money', () => {
  test.each([
    ['12.34', 'RON', 1234],
    ['-0.05', 'RON', -5],
    ['100', 'JPY', 100],
    ['1.234', 'KWD', 1234],
  ])('%s %s is %d minor units', (text, currency, minor) => {
    const value = z.decode(MoneyText, { amount: text, currency });
    expect(value).toEqual({ minor, currency });
    expect(z.decode(MoneyText, z.encode(MoneyText, value))).toEqual(value);
  });

  test.each([
    ['12.345', 'RON'],
    ['1.5', 'JPY'],
    ['1e3', 'RON'],
    ['12', 'ron'],
  ])('%s %s is refused', (text, currency) => expect(z.safeDecode(MoneyText, { amount: text, currency }).success).toBe(false));

  test('stays a safe integer', () => expect(() => Money.parse({ minor: 2 ** 53, currency: 'USD' })).toThrow());

  test('rounds half away from zero, on either side of it', () => {
    expect([5n, -5n, 4n, -4n, 15n].map(value => divideRounded(value, 10n))).toEqual([1n, -1n, 0n, -0n, 2n]);
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 12n }), (dividend, divisor) => {
        const error = divideRounded(dividend, divisor) * divisor - dividend;
        return 2n * (error < 0n ? -error : error) <= divisor && divideRounded(-dividend, divisor) === -divideRounded(dividend, divisor);
      }),
    );
  });

  test('of a line is quantity times price less discount, rounded once', () => {
    expect(lineNet(quantity(15_000), decimal('14'), decimal('15'), usd)).toEqual(money(178_50, usd));
    expect(lineNet(quantity(1_000), decimal('0.005'), decimal('0'), usd)).toEqual(money(1, usd));
    expect(lineNet(quantity(35_000), decimal('77.6'), decimal('25'), usd)).toEqual(money(2037_00, usd));
    expect(lineNet(quantity(1_000), decimal('99.5'), decimal('0'), 'JPY' as Currency)).toEqual(money(100, 'JPY' as Currency));
  });
});

describe('totals of a document', () => {
  const lines = fc.array(fc.record({ amount, price, discount: percent, tax: fc.constantFrom('0', '9', '19', '21').map(decimal) }), {
    minLength: 1,
    maxLength: 30,
  });

  test('always have parts that make the whole', () => {
    fc.assert(
      fc.property(lines, drawn => {
        const document = drawn.map((line, index) =>
          priced(
            {
              line: index + 1,
              itemId: 'i',
              sku: 's',
              description: 'd',
              uom: 'piece',
              stocked: true,
              quantity: line.amount,
              unitPrice: line.price,
              discount: line.discount,
              taxPercent: line.tax,
              price: { level: 5, source: 'standard' },
            },
            usd,
          ),
        );
        const { net, taxes, gross } = totalsOf(document, usd);
        expect(net.minor).toBe(document.reduce((sum, line) => sum + line.net.minor, 0));
        expect(net.minor).toBe(taxes.reduce((sum, part) => sum + part.net.minor, 0));
        expect(gross.minor).toBe(net.minor + taxes.reduce((sum, part) => sum + part.tax.minor, 0));
        for (const part of taxes) expect(part.tax).toEqual(taxOn(part.net, part.taxPercent));
      }),
    );
  });

  /** Our own example: three lines at one rate; tax of the sum, 0.08, differs from the sum of the taxes of the lines, 0.09. */
  test('tax once per rate on the sum, not line by line (EN 16931, BR-CO-17)', () => {
    const line = {
      itemId: 'i',
      sku: 's',
      description: 'd',
      uom: 'piece',
      stocked: true,
      quantity: quantity(1_000),
      unitPrice: decimal('0.14'),
      discount: decimal('0'),
      taxPercent: decimal('19'),
    };
    const document = [1, 2, 3].map(number => priced({ ...line, line: number, price: { level: 5, source: 'standard' } }, usd));
    expect(totalsOf(document, usd).taxes).toEqual([{ taxPercent: '19', net: money(42, usd), tax: money(8, usd) }]);
    expect(3 * taxOn(money(14, usd), decimal('19')).minor).toBe(9);
  });
});
