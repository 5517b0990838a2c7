/** Prices made of other prices by a percentage, rounded by a rule that has a name. */
import { z } from 'zod';
import { type Decimal, divideRounded, millionths, ofMillionths } from '../../kernel/decimal.ts';
import { placesOf } from '../../kernel/money.ts';

/** All round half away from zero: `exact` to the six places of a unit price, `minorUnit` to that of the currency, `tenth` and `whole` to units of it. */
export const PriceRounding = z.enum(['exact', 'minorUnit', 'tenth', 'whole']);
export type PriceRounding = z.output<typeof PriceRounding>;

export interface PriceChange {
  /** Percentage added; less than zero where it is taken off. */
  readonly changePercent: Decimal;
  readonly rounding: PriceRounding;
}

const PLACES = 6;
const HUNDRED_PERCENT = 100_000_000n;

const placesBy: Readonly<Record<PriceRounding, (currency: string) => number>> = {
  exact: () => PLACES,
  minorUnit: placesOf,
  tenth: () => 1,
  whole: () => 0,
};

/** What costs something never becomes free by rounding: it costs one step at least. */
export function changedPrice(price: Decimal, { changePercent, rounding }: PriceChange, currency: string): Decimal {
  const step = 10n ** BigInt(PLACES - placesBy[rounding](currency));
  const steps = divideRounded(millionths(price) * (HUNDRED_PERCENT + millionths(changePercent)), HUNDRED_PERCENT * step);
  return ofMillionths((steps === 0n && millionths(price) > 0n ? 1n : steps) * step);
}
