/** Lines and totals as orders and invoices have them, computed by one rule in one place. */
import { z } from 'zod';
import { Decimal, millionths, PercentText } from '../kernel/decimal.ts';
import { add, type Currency, lineNet, Money, placesOf, sum, taxOn } from '../kernel/money.ts';
import { Quantity } from '../kernel/quantity.ts';

/** One level of the price hierarchy as it was tried for a line. */
export const PriceTried = z.strictObject({
  level: z.int(),
  name: z.string(),
  /** A whole sentence. */
  tried: z.string(),
  chosen: z.boolean(),
  /** What the level would have said; null where it had nothing to say. */
  unitPrice: Decimal.nullable(),
});
export type PriceTried = z.output<typeof PriceTried>;

/** Where a line's unit price comes from. Levels as in the price hierarchy: 1 the account's list, 2 a list of one of its groups, 3 a promotion, 4 the default list, 5 the item's standard price; 0 by hand. */
const LinePrice = z.strictObject({
  level: z.int(),
  source: z.enum(['list', 'standard', 'hand']),
  priceListId: z.string().optional(),
  reason: z.string().optional(),
  /** Every level that was tried, in order, with why it was passed over or what it said; prices by hand tried none. */
  tried: z.array(PriceTried).optional(),
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
  price: LinePrice,
});
export type DocumentLine = z.output<typeof DocumentLine>;

/** Net + tax = gross, exactly (EN 16931, BR-CO-15). */
export const Totals = z.strictObject({
  net: Money,
  taxes: z.array(z.strictObject({ taxPercent: Decimal, net: Money, tax: Money })),
  gross: Money,
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

/** Sums the line nets (BR-CO-10) and computes the tax once per rate on the nets at that rate (BR-CO-17); rates ascend. */
export function totalsOf(lines: readonly DocumentLine[], currency: Currency): Totals {
  const rates = [...new Set(lines.map(line => line.taxPercent))].sort((a, b) => Number(a) - Number(b));
  const taxes = rates.map(taxPercent => {
    const net = sum(
      lines.filter(line => line.taxPercent === taxPercent).map(line => line.net),
      currency,
    );
    return { taxPercent, net, tax: taxOn(net, taxPercent) };
  });
  const net = sum(
    taxes.map(part => part.net),
    currency,
  );
  return {
    net,
    taxes,
    gross: add(
      net,
      sum(
        taxes.map(part => part.tax),
        currency,
      ),
    ),
  };
}
