import { z } from 'zod';
import { type Decimal, divideRounded, millionths } from './decimal.ts';
import type { Quantity } from './quantity.ts';

/** ISO 4217 alphabetic code. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'An ISO 4217 code of three capital letters')
  .brand<'Currency'>();
export type Currency = z.output<typeof Currency>;

/** Integer minor units of a currency, in memory and in events. */
export const Money = z.strictObject({ minor: z.int(), currency: Currency });
export type Money = z.output<typeof Money>;

/** Currencies whose minor unit is not a hundredth (ISO 4217, list one). */
const PLACES: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
};
const PLACES_USUAL = 2;
export const placesOf = (currency: string): number => PLACES[currency] ?? PLACES_USUAL;

export const money = (minor: number, currency: Currency): Money => Money.parse({ minor, currency });
export const zero = (currency: Currency): Money => ({ minor: 0, currency });

/** @throws when the currencies differ: that is a bug, not a business case */
export function add(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new Error(`${a.currency} and ${b.currency} do not add up`);
  return money(a.minor + b.minor, a.currency);
}

export const subtract = (a: Money, b: Money): Money => add(a, { ...b, minor: -b.minor });

export const sum = (parts: Iterable<Money>, currency: Currency): Money => [...parts].reduce(add, zero(currency));

const HUNDRED_PERCENT = 100_000_000n;
const THOUSANDTHS = 1_000n;
const MILLIONTHS = 1_000_000n;

/**
 * Net of a line: quantity × unit price × (1 − discount), rounded half away from zero to the minor unit; the one rounding
 * of a line (EN 16931, BT-131). `discount` is a percentage.
 */
export function lineNet(amount: Quantity, unitPrice: Decimal, discount: Decimal, currency: Currency): Money {
  const exact = BigInt(amount) * millionths(unitPrice) * (HUNDRED_PERCENT - millionths(discount)) * 10n ** BigInt(placesOf(currency));
  return money(Number(divideRounded(exact, THOUSANDTHS * MILLIONTHS * HUNDRED_PERCENT)), currency);
}

/** Tax on a sum of line nets at one rate, rounded once per document and rate (EN 16931, BR-CO-17). `rate` is a percentage. */
export const taxOn = (net: Money, rate: Decimal): Money =>
  money(Number(divideRounded(BigInt(net.minor) * millionths(rate), HUNDRED_PERCENT)), net.currency);

/** What remains of an amount with tax once the tax is out of it: amount ÷ (1 + rate), rounded. `rate` is a percentage. */
export const withoutTax = (gross: Money, rate: Decimal): Money =>
  money(Number(divideRounded(BigInt(gross.minor) * HUNDRED_PERCENT, HUNDRED_PERCENT + millionths(rate))), gross.currency);

/** `part` of `whole` equal pieces of an amount, rounded. */
export const proportion = (value: Money, part: number, whole: number): Money =>
  money(Number(divideRounded(BigInt(value.minor) * BigInt(part), BigInt(whole))), value.currency);

/**
 * Splits an amount by weights, so that the parts are the whole to the minor unit: each gets its share rounded down, and what
 * is left goes to the largest remainders, of equal ones to the earlier. Neither the amount nor a weight is negative.
 */
export function apportioned(value: Money, weights: readonly number[]): readonly Money[] {
  const all = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  if (all === 0n) return weights.map((_, index) => (index === 0 ? value : zero(value.currency)));
  const exact = weights.map((weight, index) => {
    const dividend = BigInt(value.minor) * BigInt(weight);
    return { index, share: Number(dividend / all), remainder: dividend % all };
  });
  const left = value.minor - exact.reduce((sum, { share }) => sum + share, 0);
  const byRemainder = exact.toSorted((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1));
  const favoured = new Set(byRemainder.slice(0, left).map(({ index }) => index));
  return exact.map(({ index, share }) => money(favoured.has(index) ? share + 1 : share, value.currency));
}

/** Amount as on the wire, always with all places of the currency: "12.30". */
export function amountText({ minor, currency }: { readonly minor: number; readonly currency: string }): string {
  const places = placesOf(currency);
  const digits = Math.abs(minor)
    .toString()
    .padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  return `${minor < 0 ? '-' : ''}${whole}${places === 0 ? '' : `.${digits.slice(-places)}`}`;
}

export interface MoneyWire {
  readonly amount: string;
  readonly currency: string;
}

export const moneyWire = (value: { readonly minor: number; readonly currency: string }): MoneyWire => ({
  amount: amountText(value),
  currency: value.currency,
});

const AmountText = z.string().regex(/^-?\d{1,13}(\.\d{1,3})?$/, 'A decimal as text, e.g. "12.34"');

const MoneyShape = z
  .strictObject({ amount: AmountText, currency: Currency })
  .refine(({ amount, currency }) => (amount.split('.')[1] ?? '').length <= placesOf(currency), {
    path: ['amount'],
    message: 'More decimal places than the currency has',
  });

/** `{ "amount": "12.34", "currency": "RON" }`; more places than the currency has are refused. */
export const MoneyText = z.codec(MoneyShape, Money, {
  decode: ({ amount, currency }) => ({ minor: Number((millionths(amount) * 10n ** BigInt(placesOf(currency))) / MILLIONTHS), currency }),
  encode: value => ({ amount: amountText(value), currency: value.currency as Currency }),
});

/** Shape of money in answers. */
export const MoneyAnswer = z.strictObject({ amount: z.string(), currency: z.string() }).meta({ id: 'Money' });
