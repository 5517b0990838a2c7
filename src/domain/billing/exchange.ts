/** A document in another currency than the books: at which rate it was converted, and what it comes to in theirs. */
import { z } from 'zod';
import { isRefusal, type Refusal } from '../../kernel/decider.ts';
import type { Decimal } from '../../kernel/decimal.ts';
import { add, Money, sum } from '../../kernel/money.ts';
import type { Totals } from '../document.ts';
import { converted, type RateFound, RateFrozen, rateOr } from '../exchange.ts';

/** The rate and its day, frozen at issue; why, where it was entered by hand; and the amounts for tax (EN 16931, BT-111). */
export const Exchange = z.strictObject({ ...RateFrozen.shape, reason: z.string().optional(), net: Money, tax: Money, gross: Money });
export type Exchange = z.output<typeof Exchange>;

/** A rate entered by hand for one document. */
export interface ManualRate {
  readonly rate: Decimal;
  readonly reason: string;
}

/** Tax is converted rate by rate; net and tax are the gross in the currency of the books too. */
export function exchanged({ net, taxes }: Totals, rate: RateFrozen & { readonly reason?: string | undefined }): Exchange {
  const inBooks = converted(net, rate);
  const tax = sum(
    taxes.map(part => converted(part.tax, rate)),
    rate.to,
  );
  return { ...rate, net: inBooks, tax, gross: add(inBooks, tax) };
}

/** How a document of a day is converted; undefined where it is in the currency of the books. */
export function exchangeOf(totals: Totals, found: RateFound, manual: ManualRate | undefined): Exchange | Refusal | undefined {
  const { currency, to, on } = found;
  if (currency === to) return undefined;
  if (manual !== undefined) return exchanged(totals, { currency, to, multiplier: 1, day: on, source: 'manual', ...manual });
  const rate = rateOr(found);
  return isRefusal(rate) ? rate : exchanged(totals, rate);
}

/** The rate without the amounts: a credit note is converted as its invoice was. */
export const rateOf = ({ net: _, tax: _tax, gross: _gross, ...rate }: Exchange) => rate;
