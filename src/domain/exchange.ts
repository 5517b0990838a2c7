/** Rates of exchange as documents freeze them, and the arithmetic on them. */
import { z } from 'zod';
import { type Refusal, refuse } from '../kernel/decider.ts';
import { Decimal, divideRounded, millionths } from '../kernel/decimal.ts';
import { Currency, type Money, money, placesOf } from '../kernel/money.ts';

/** `bnr`: published by the National Bank of Romania. `manual`: entered by hand, with a reason. */
export const RateSource = z.enum(['bnr', 'manual']);
export type RateSource = z.output<typeof RateSource>;

/** So many units of the currency the rate is to for `multiplier` units of `currency`, as published: 1.2634 RON for 100 HUF. */
export const RateQuoted = z.strictObject({ currency: Currency, rate: Decimal, multiplier: z.int() });
export type RateQuoted = z.output<typeof RateQuoted>;

/** The rate a document of a day is converted with, and the earlier day it is of. */
export const RateFrozen = z.strictObject({ ...RateQuoted.shape, to: Currency, day: z.iso.date(), source: RateSource });
export type RateFrozen = z.output<typeof RateFrozen>;

/** The rate that counts for documents of a day. */
export const RateFound = z.strictObject({
  currency: Currency,
  /** Currency of the books. */
  to: Currency,
  /** Day of the document. */
  on: z.iso.date(),
  /** Null where no day before that has one. */
  rate: RateFrozen.nullable(),
  /** How many days the rate is older than the document. */
  ageDays: z.int().nullable(),
  /** False where there is no rate, or only one too old to be trusted. */
  usable: z.boolean(),
});
export type RateFound = z.output<typeof RateFound>;

/** The rate to freeze, or why there is none. */
export function rateOr({ currency, to, on, rate, ageDays, usable }: RateFound): RateFrozen | Refusal {
  if (rate !== null && usable) return rate;
  const because =
    rate === null
      ? `No rate of ${currency} to ${to} is known of a day before ${on}.`
      : `The newest rate of ${currency} to ${to} is of ${rate.day}, ${ageDays} days before ${on}: too old to count.`;
  return refuse('NoExchangeRate', because, { currency, to, on, newest: rate?.day ?? null });
}

const MILLION = 1_000_000n;

/** Money in the currency of the rate as money in the currency it is to: rounded half away from zero to the minor unit. */
export function converted({ minor }: Money, { rate, multiplier, currency, to }: Omit<RateFrozen, 'day' | 'source'>): Money {
  const exact = BigInt(minor) * millionths(rate) * 10n ** BigInt(placesOf(to));
  return money(Number(divideRounded(exact, 10n ** BigInt(placesOf(currency)) * MILLION * BigInt(multiplier))), to);
}
