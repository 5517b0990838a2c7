/**
 * What goods cost, in layers: each of goods that came in at one cost, oldest first. First in, first out keeps them apart; the
 * moving average keeps one, since its cost of a unit is the value of all over the quantity of all:
 * new average = (on hand × average + quantity × cost) / (on hand + quantity).
 *
 * A layer holds its value as an amount, and whoever takes a part of it takes a share of that amount. So what goes out and what
 * stays always sum up to what came in, to the minor unit.
 */
import { type Decimal, divideRounded, ofMillionths } from '../../kernel/decimal.ts';
import { type Money, placesOf } from '../../kernel/money.ts';
import { minus, NOTHING, plus, type Quantity, smaller, total } from '../../kernel/quantity.ts';

export const VALUATION_METHODS = ['fifo', 'average'] as const;
export type ValuationMethod = (typeof VALUATION_METHODS)[number];

export interface Layer {
  readonly quantity: Quantity;
  /** Minor units of the company's currency. */
  readonly value: number;
}

export interface Costing {
  readonly layers: readonly Layer[];
  /** What came in last: the measure for goods that come in without a cost while nothing else is there. */
  readonly last: Layer | null;
}

export const NO_COSTING: Costing = { layers: [], last: null };

/** A cell's state stays small; beyond this the two neighbours whose costs are nearest become one layer, and the value stays. */
export const LAYERS_MAX = 64;

export const quantityIn = ({ layers }: Costing): Quantity => total(layers.map(layer => layer.quantity));
export const valueIn = ({ layers }: Costing): number => layers.reduce((sum, { value }) => sum + value, 0);

/** Goods without a stated cost come in at what the newest goods there cost, or at what came in last; never known, at nothing. */
export function presentValue({ layers, last }: Costing, quantity: Quantity): number {
  const measure = layers.at(-1) ?? last;
  return measure === null ? 0 : shareOf(measure, quantity);
}

export function taken(costing: Costing, quantity: Quantity): { readonly cost: number; readonly left: Costing } {
  const [oldest, ...others] = costing.layers;
  if (quantity === NOTHING || oldest === undefined) return { cost: 0, left: costing };
  const part = smaller(quantity, oldest.quantity);
  const value = shareOf(oldest, part);
  const rest = { quantity: minus(oldest.quantity, part), value: oldest.value - value };
  const further = taken({ ...costing, layers: rest.quantity > NOTHING ? [rest, ...others] : others }, minus(quantity, part));
  return { cost: value + further.cost, left: further.left };
}

export function added(method: ValuationMethod, { layers }: Costing, goods: Layer): Costing {
  const newest = layers.at(-1);
  const joins = newest !== undefined && (method === 'average' || isOfOneCost(newest, goods));
  return { layers: joins ? [...layers.slice(0, -1), joined(newest, goods)] : bounded([...layers, goods]), last: goods };
}

/** The part of a layer's value that a part of its goods bears, rounded half away from zero; all of the goods bear all of it. */
export const shareOf = ({ quantity, value }: Layer, part: Quantity): number =>
  Number(divideRounded(BigInt(value) * BigInt(part), BigInt(quantity)));

/** Cost of one unit of measure, rounded to 6 places: what people are shown; amounts are never computed of it. */
export const unitCostOf = ({ minor, currency }: Money, quantity: Quantity): Decimal =>
  ofMillionths(divideRounded(BigInt(minor) * PRECISION, BigInt(quantity) * 10n ** BigInt(placesOf(currency))));

const joined = (one: Layer, other: Layer): Layer => ({ quantity: plus(one.quantity, other.quantity), value: one.value + other.value });

const isOfOneCost = (one: Layer, other: Layer): boolean =>
  BigInt(one.value) * BigInt(other.quantity) === BigInt(other.value) * BigInt(one.quantity);

const PRECISION = 1_000_000_000n;
/** Millionths of a minor unit for one unit of measure: fine enough to tell costs apart. */
const unitCost = ({ quantity, value }: Layer): bigint => divideRounded(BigInt(value) * PRECISION, BigInt(quantity));

function bounded(layers: readonly Layer[]): readonly Layer[] {
  if (layers.length <= LAYERS_MAX) return layers;
  const nearest = layers.slice(1).reduce((best, _, index) => (gap(layers, index) < gap(layers, best) ? index : best), 0);
  const [one, other] = layers.slice(nearest) as [Layer, Layer];
  return layers.toSpliced(nearest, 2, joined(one, other));
}

function gap(layers: readonly Layer[], index: number): bigint {
  const [one, other] = layers.slice(index) as [Layer, Layer];
  const difference = unitCost(one) - unitCost(other);
  return difference < 0n ? -difference : difference;
}
