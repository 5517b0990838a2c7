/** How the price of a line comes about: what each level says, and which one counts. Kept on the line, it gives the same price again whenever it is asked. */
import { z } from 'zod';
import { Decimal, divideRounded, millionths, ofMillionths } from '../kernel/decimal.ts';
import { placesOf } from '../kernel/money.ts';
import { RateFrozen } from './exchange.ts';

/** Levels as numbered by the price hierarchy; 0 is a price by hand. */
export const ACCOUNT_LIST = 1;
export const GROUP_LIST = 2;
export const PROMOTION = 3;
export const DEFAULT_LIST = 4;
export const STANDARD = 5;

/** What a level's unit price is worked out of. */
export const PriceWorking = z.strictObject({
  /** As the list or the item states it for the quantity wanted. */
  stated: Decimal,
  /** The quantity from which the list states it; absent where that is any. */
  fromQuantity: Decimal.optional(),
  /** Percentage the list takes off. */
  discount: Decimal.optional(),
  /** Rate of the currency of the list, and of the currency wanted; each absent where that is the currency of the books. */
  rateFrom: RateFrozen.optional(),
  rateInto: RateFrozen.optional(),
});
export type PriceWorking = z.output<typeof PriceWorking>;

/** One level of the price hierarchy as it was tried for a line. */
export const PriceTried = z.strictObject({
  level: z.int(),
  name: z.string(),
  /** A whole sentence. */
  tried: z.string(),
  chosen: z.boolean(),
  /** What the level would have said; null where it had nothing to say. */
  unitPrice: Decimal.nullable(),
  priceListId: z.string().optional(),
  /** Fewer than this, or what is not a multiple of this, is not sold at this price. */
  minQuantity: Decimal.optional(),
  orderMultiple: Decimal.optional(),
  /** How the unit price was worked out; absent where there is none, and in explanations of old. */
  working: PriceWorking.optional(),
});
export type PriceTried = z.output<typeof PriceTried>;

const PLACES = 6;
const MILLION = 1_000_000n;
const HUNDRED_PERCENT = 100n * MILLION;
const ONE = { rate: '1' as Decimal, multiplier: 1 };

/**
 * The unit price in the currency wanted: stated price less discount, converted over the books. Rounded once, half away from
 * zero: to the minor unit of the currency where it was converted, else to the six places a unit price has.
 */
export function worth({ stated, discount, rateFrom, rateInto }: PriceWorking, currency: string): Decimal {
  const [from, into] = [rateFrom ?? ONE, rateInto ?? ONE];
  const dividend = millionths(stated) * (HUNDRED_PERCENT - millionths(discount ?? '0')) * millionths(from.rate) * BigInt(into.multiplier);
  const divisor = HUNDRED_PERCENT * millionths(into.rate) * BigInt(from.multiplier);
  const places = rateFrom || rateInto ? placesOf(currency) : PLACES;
  const step = 10n ** BigInt(PLACES - places);
  return ofMillionths(divideRounded(dividend, divisor * step) * step);
}

interface Costing extends Pick<PriceWorking, 'rateFrom' | 'rateInto'> {
  /** Of one unit. */
  readonly cost: Decimal;
  /** Percentage of the price that must remain above the cost; below a hundred. */
  readonly minMarginPercent: Decimal;
}

/** The least price that leaves the margin: cost ÷ (1 − margin), rounded up to the six places of a unit price. */
export function leastPrice({ cost, minMarginPercent, rateFrom, rateInto }: Costing): Decimal {
  const [from, into] = [rateFrom ?? ONE, rateInto ?? ONE];
  const dividend = millionths(cost) * HUNDRED_PERCENT * millionths(from.rate) * BigInt(into.multiplier);
  const divisor = (HUNDRED_PERCENT - millionths(minMarginPercent)) * millionths(into.rate) * BigInt(from.multiplier);
  return ofMillionths((dividend + divisor - 1n) / divisor);
}

/** `promoBeatsNegotiated`: a promotion goes before a dearer price agreed with the client or their group. */
export interface PriceRules {
  readonly promoBeatsNegotiated?: boolean | undefined;
}

type Said = Pick<PriceTried, 'level' | 'unitPrice'>;
const cheaper = (a: Said, b: Said): boolean => millionths(a.unitPrice as string) < millionths(b.unitPrice as string);

/** The first level with a price counts. The levels stand in the order in which they are asked. */
export function chosenOf<Level extends Said>(levels: readonly Level[], { promoBeatsNegotiated }: PriceRules): Level | undefined {
  const priced = levels.filter(({ unitPrice }) => unitPrice !== null);
  const [first] = priced;
  if (!promoBeatsNegotiated || first === undefined || first.level > GROUP_LIST) return first;
  const promotion = priced.find(({ level }) => level === PROMOTION);
  return promotion !== undefined && cheaper(promotion, first) ? promotion : first;
}

/** An explanation as it is kept. */
export interface Explanation extends PriceRules {
  readonly tried: readonly PriceTried[];
}
