import { z } from 'zod';

/**
 * Decimals as exact text: unit prices and rates, up to 6 places, in one spelling each (no idle zeros, no `-0`).
 * Arithmetic goes over integer millionths in BigInt, so nothing is ever a float.
 */
export const Decimal = z
  .string()
  .regex(/^(?!-0$)-?(0|[1-9]\d{0,11})(\.\d{0,5}[1-9])?$/)
  .brand<'Decimal'>();
export type Decimal = z.output<typeof Decimal>;

const PLACES = 6;
const MILLION = 1_000_000n;

/** Integer millionths of a decimal text of at most 6 places. */
export function millionths(text: string): bigint {
  const negative = text.startsWith('-');
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.');
  const value = BigInt(whole) * MILLION + BigInt(fraction.padEnd(PLACES, '0'));
  return negative ? -value : value;
}

export function ofMillionths(value: bigint): Decimal {
  const size = value < 0n ? -value : value;
  const fraction = (size % MILLION).toString().padStart(PLACES, '0').replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${size / MILLION}${fraction === '' ? '' : `.${fraction}`}` as Decimal;
}

/** Quotient rounded half away from zero, the rounding of all money here. `divisor` is positive. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const size = dividend < 0n ? -dividend : dividend;
  const rounded = (size + divisor / 2n) / divisor;
  return dividend < 0n ? -rounded : rounded;
}

const wire = (pattern: RegExp, description: string) =>
  z.codec(z.string().regex(pattern, description).meta({ description }), Decimal, {
    decode: text => ofMillionths(millionths(text)),
    encode: value => value as string,
  });

/** Unit price on the wire: `"12.5"`, not negative, at most 6 places. */
export const PriceText = wire(/^\d{1,12}(\.\d{1,6})?$/, 'A decimal as text, not negative, at most 6 places, e.g. "12.5"');

/** Percentage on the wire, `"0"` to `"100"`, at most 4 places. */
export const PercentText = wire(/^(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)$/, 'A percentage as text from "0" to "100", at most 4 places');

/** Change by a percentage on the wire: more than `"-100"`, below `"1000"`, at most 4 places. */
export const PercentChangeText = wire(
  /^(-\d{1,2}|\d{1,3})(\.\d{1,4})?$/,
  'A percentage as text, more than "-100", at most 4 places, e.g. "-2.5"',
);

/** Rate of exchange on the wire: more than zero, at most 6 places, e.g. `"4.9771"`. */
export const RateText = wire(/^(?!0+(\.0+)?$)\d{1,9}(\.\d{1,6})?$/, 'A decimal as text, more than zero, at most 6 places, e.g. "4.9771"');
