/** Lines and totals as orders and invoices have them, computed by one rule in one place. */
import { z } from 'zod';
import { Decimal, millionths, PercentText } from '../kernel/decimal.ts';
import { add, type Currency, lineNet, Money, placesOf, subtract, sum, taxOn, zero } from '../kernel/money.ts';
import { Quantity } from '../kernel/quantity.ts';
import { PriceTried } from './pricing.ts';

/** Where a line's unit price comes from. Levels as in the price hierarchy: 1 the account's list, 2 a list of one of its groups, 3 a promotion, 4 the default list, 5 the item's standard price; 0 by hand. */
const LinePrice = z.strictObject({
  level: z.int(),
  source: z.enum(['list', 'standard', 'hand']),
  priceListId: z.string().optional(),
  reason: z.string().optional(),
  /** Every level that was tried, in order, with why it was passed over or what it said; prices by hand tried none. */
  tried: z.array(PriceTried).optional(),
  /** Whether promotions went before dearer prices agreed when it was tried. */
  promoBeatsNegotiated: z.boolean().optional(),
  /** The least a unit may cost, discount taken off, by the minimum margin of the item on the day it was priced. */
  leastPrice: Decimal.optional(),
});

/** A line with its price frozen: later changes of items and price lists do not reach it. */
export const DocumentLine = z.strictObject({
  line: z.int(),
  itemId: z.string(),
  sku: z.string(),
  description: z.string(),
  /** Unit of measure: quantity and unit price are per one of these. */
  uom: z.string(),
  /** False for services such as freight: neither reserved nor delivered, but invoiced. */
  stocked: z.boolean(),
  quantity: Quantity,
  unitPrice: Decimal,
  /** Percentage. */
  discount: Decimal,
  /** Percentage. */
  taxPercent: Decimal,
  /** Quantity × unit price less discount, rounded (EN 16931, BT-131). */
  net: Money,
  /** The line's share of what is taken off the whole document, without tax. */
  allowance: Money.optional(),
  /** On documents whose prices include tax: quantity × unit price less discount as shown, and the share of what is taken off the whole. */
  gross: z.strictObject({ amount: Money, allowance: Money }).optional(),
  /** Where only a part of a line is on this document: the whole of it, what of it came before, and what is taken off the whole. */
  part: z.strictObject({ of: Quantity, before: Quantity, allowance: Money }).optional(),
  price: LinePrice,
});
export type DocumentLine = z.output<typeof DocumentLine>;

/** How totals are worked out. Tax is rounded once a rate (EN 16931, BR-CO-17), or for the countries that want it once a line. */
export const Reckoning = z.strictObject({ taxRounding: z.enum(['document', 'line']), pricesIncludeTax: z.boolean() });
export type Reckoning = z.output<typeof Reckoning>;
/** Documents that do not say otherwise are worked out so. */
export const USUAL: Reckoning = { taxRounding: 'document', pricesIncludeTax: false };

/** Net + tax = gross, exactly (EN 16931, BR-CO-15). */
export const Totals = z.strictObject({
  /** Sum of the line nets less what is taken off the whole (BT-109, BR-CO-13). */
  net: Money,
  taxes: z.array(z.strictObject({ taxPercent: Decimal, net: Money, tax: Money })),
  gross: Money,
  /** What is taken off the whole, without tax (BT-107); absent where nothing is. */
  allowance: Money.optional(),
  /** What is to be paid beside gross so that prices shown with tax are kept (BT-114); of either sign, absent where it is nothing. */
  rounding: Money.optional(),
  /** Said where it is not the usual way. */
  reckoning: Reckoning.optional(),
});
export type Totals = z.output<typeof Totals>;

/** Lines of a document; with `isTooLarge` it keeps every sum, taxes included, an exact integer. */
export const LINES_MAX = 100;
/** Lines with their numbers on the document, from 1; those that have one keep it. */
export const numbered = <Line>(lines: readonly Line[]) => lines.map((line, index) => ({ line: index + 1, ...line }));

/** Percentage on the wire; none when absent. */
export const DiscountText = PercentText.default('0' as Decimal);

const LINE_VALUE_MAX_MINOR = 10_000_000_000_000n;
const BILLIONTHS = 1_000_000_000n;

/** Whether quantity × unit price is more than a document can sum up. */
export function isTooLarge({ quantity, unitPrice }: Pick<DocumentLine, 'quantity' | 'unitPrice'>, currency: Currency): boolean {
  const minorBillionths = BigInt(quantity) * millionths(unitPrice) * 10n ** BigInt(placesOf(currency));
  return minorBillionths > LINE_VALUE_MAX_MINOR * BILLIONTHS;
}

export const priced = (line: Omit<DocumentLine, 'net'>, currency: Currency): DocumentLine => ({
  ...line,
  net: lineNet(line.quantity, line.unitPrice, line.discount, currency),
});

/** What totals ask of a line. */
type Summed = Pick<DocumentLine, 'net' | 'taxPercent' | 'allowance' | 'gross'>;

const dueOf = ({ net, allowance }: Summed): Money => (allowance === undefined ? net : subtract(net, allowance));

/** Sums the line nets (BR-CO-10) less what is taken off (BR-CO-13) and computes the tax of each rate on them (BR-CO-17); rates ascend. */
export function totalsOf(lines: readonly Summed[], currency: Currency, reckoning: Reckoning = USUAL): Totals {
  const rates = [...new Set(lines.map(line => line.taxPercent))].sort((a, b) => Number(a) - Number(b));
  const added = (parts: readonly Money[]) => sum(parts, currency);
  const taxes = rates.map(taxPercent => {
    const dues = lines.filter(line => line.taxPercent === taxPercent).map(dueOf);
    const net = added(dues);
    const tax = reckoning.taxRounding === 'line' ? added(dues.map(due => taxOn(due, taxPercent))) : taxOn(net, taxPercent);
    return { taxPercent, net, tax };
  });
  const net = added(taxes.map(part => part.net));
  const gross = add(net, added(taxes.map(part => part.tax)));
  const allowance = added(lines.flatMap(line => line.allowance ?? []));
  const rounding = reckoning.pricesIncludeTax ? subtract(added(lines.map(shownOf)), gross) : zero(currency);
  return {
    net,
    taxes,
    gross,
    ...(allowance.minor === 0 ? {} : { allowance }),
    ...(rounding.minor === 0 ? {} : { rounding }),
    ...(isUsual(reckoning) ? {} : { reckoning }),
  };
}

/** What the client sees of a line where prices include tax. */
const shownOf = ({ gross, net }: Summed): Money => (gross === undefined ? net : subtract(gross.amount, gross.allowance));

/** What is to be paid: gross and the rounding (EN 16931, BR-CO-16). */
export const payableOf = ({ gross, rounding }: Pick<Totals, 'gross' | 'rounding'>): Money =>
  rounding === undefined ? gross : add(gross, rounding);

const isUsual = ({ taxRounding, pricesIncludeTax }: Reckoning): boolean =>
  taxRounding === USUAL.taxRounding && pricesIncludeTax === USUAL.pricesIncludeTax;

/** How the totals of a document were worked out. */
export const reckoningOf = ({ reckoning }: Totals): Reckoning => reckoning ?? USUAL;
