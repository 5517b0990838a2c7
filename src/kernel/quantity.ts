import { z } from 'zod';
import { millionths, ofMillionths } from './decimal.ts';

/** Integer thousandths of the unit of measure, in memory and in events. */
export const Quantity = z.int().brand<'Quantity'>();
export type Quantity = z.output<typeof Quantity>;

const THOUSANDTHS_IN_MILLIONTHS = 1_000n;

export const quantity = (thousandths: number): Quantity => Quantity.parse(thousandths);
export const NOTHING = 0 as Quantity;

export const plus = (a: Quantity, b: Quantity): Quantity => quantity(a + b);
export const minus = (a: Quantity, b: Quantity): Quantity => quantity(a - b);
export const negated = (a: Quantity): Quantity => quantity(-a);
export const smaller = (a: Quantity, b: Quantity): Quantity => (a < b ? a : b);
export const total = (parts: Iterable<Quantity>): Quantity => [...parts].reduce(plus, NOTHING);

/** As people write it: `1500` thousandths is "1.5". */
export const quantityText = (value: Quantity | number): string => ofMillionths(BigInt(value) * THOUSANDTHS_IN_MILLIONTHS);

const parsed = (text: string): Quantity => Number(millionths(text) / THOUSANDTHS_IN_MILLIONTHS) as Quantity;

const wire = (pattern: RegExp, description: string) =>
  z.codec(z.string().regex(pattern, description).meta({ description }), Quantity, { decode: parsed, encode: value => quantityText(value) });

/** Quantity on the wire: more than zero, at most 3 places; below a thousand million, so that thousands of them sum up exactly. */
export const QuantityText = wire(/^(?!0+(\.0+)?$)\d{1,9}(\.\d{1,3})?$/, 'A decimal as text, more than zero, at most 3 places, e.g. "12.5"');

/** Change of a quantity on the wire: any sign but not zero, at most 3 places. */
export const QuantityChangeText = wire(
  /^(?!-?0+(\.0+)?$)-?\d{1,9}(\.\d{1,3})?$/,
  'A decimal as text, not zero, at most 3 places, e.g. "-2"',
);
