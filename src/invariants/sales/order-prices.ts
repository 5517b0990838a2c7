import type { DocumentLine } from '../../domain/document.ts';
import type { Explanation, PriceWorking } from '../../domain/pricing.ts';
import { SalesOrderModified, SalesOrderPlaced } from '../../domain/sales/sales-order.ts';
import { invariant } from '../../kernel/invariant.ts';
import { placesOf } from '../../kernel/money.ts';
import { MILLION, millionths, PERCENT, rounded } from '../totals.ts';

const GROUP_LIST = 2;
const PROMOTION = 3;
const PLACES = 6;
const BOOKS = { rate: '1', multiplier: 1 };

/** Millionths: the price stated less its discount, over the rates, rounded once; to the minor unit where it was converted. */
function comesTo({ stated, discount, rateFrom, rateInto }: PriceWorking, currency: string): bigint {
  const [from, into] = [rateFrom ?? BOOKS, rateInto ?? BOOKS];
  const dividend = millionths(stated) * (PERCENT - millionths(discount ?? '0')) * millionths(from.rate) * BigInt(into.multiplier);
  const divisor = PERCENT * millionths(into.rate) * BigInt(from.multiplier);
  const isConverted = rateFrom !== undefined || rateInto !== undefined;
  const unit = isConverted ? MILLION / 10n ** BigInt(placesOf(currency)) : MILLION / 10n ** BigInt(PLACES);
  return rounded(dividend, divisor * unit) * unit;
}

/** The unit price in millionths that a kept explanation comes to, worked out anew; undefined where no level has one. */
export function explainedPrice({ tried, promoBeatsNegotiated }: Explanation, currency: string): bigint | undefined {
  const prices = tried.flatMap(({ level, unitPrice, working }) => {
    if (unitPrice === null) return [];
    return [{ level, price: working === undefined ? millionths(unitPrice) : comesTo(working, currency) }];
  });
  const [first] = prices;
  const promotion = prices.find(({ level }) => level === PROMOTION);
  if (!first || !promotion || !promoBeatsNegotiated || first.level > GROUP_LIST) return first?.price;
  return promotion.price < first.price ? promotion.price : first.price;
}

interface Prices {
  readonly currency: string;
  readonly faults: readonly string[];
}

const checked = (lines: readonly DocumentLine[], currency: string): Prices => ({
  currency,
  faults: lines.flatMap(line => faultOf(line, currency)),
});

function faultOf({ line, unitPrice, price: { tried, promoBeatsNegotiated } }: DocumentLine, currency: string): readonly string[] {
  if (tried === undefined || explainedPrice({ tried, promoBeatsNegotiated }, currency) === millionths(unitPrice)) return [];
  return [`line ${line} costs ${unitPrice}, its explanation does not come to that`];
}

export const orderPrices = invariant({
  name: 'order-prices',
  promise: 'The price of an order’s line is what the explanation kept on it comes to.',
  events: [SalesOrderPlaced, SalesOrderModified],
  initial: (): Prices => ({ currency: '', faults: [] }),
  on: {
    SalesOrderPlaced: (_, { lines, currency }) => checked(lines, currency),
    SalesOrderModified: ({ currency }, { lines }) => checked(lines, currency),
  },
  *always({ faults }) {
    yield* faults;
  },
});
