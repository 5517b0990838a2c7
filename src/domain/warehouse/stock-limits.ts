/** Between what and what a cell's stock is to be kept, and who notices when it is not. */
import { type Decision, evolve, invalid, isRefusal } from '../../kernel/decider.ts';
import type { DataOf } from '../../kernel/event.ts';
import { unless } from '../faults.ts';
import {
  AboveMaximumDetected,
  BelowMinimumDetected,
  type CellKey,
  free,
  type State,
  Stock,
  type StockFact,
  StockLimitsSet,
  StockWithinLimit,
} from './stock.ts';

type Outcome = Decision<StockFact>;

/** What must be known of other contexts before anybody watches a cell. */
export interface LimitFacts {
  readonly warehouseExists: boolean;
  /** Whether there is such an item and it is kept in stock. */
  readonly itemStocked: boolean;
}

export function setLimits(state: State, wish: DataOf<typeof StockLimitsSet>, { warehouseExists, itemStocked }: LimitFacts): Outcome {
  const { minimum, maximum } = wish;
  const faults = [
    ...unless(warehouseExists, '/warehouseId', `There is no open warehouse ${wish.warehouseId}.`),
    ...unless(itemStocked, '/itemId', `There is no item ${wish.itemId} that is kept in stock.`),
    ...unless(minimum === null || maximum === null || minimum <= maximum, '/maximum', 'The most cannot be less than the least.'),
  ];
  if (faults.length > 0) return invalid(faults);
  return minimum === state.minimum && maximum === state.maximum ? [] : [StockLimitsSet(wish)];
}

/** A decision on a cell, followed by what it does to the cell's limits once all of it has happened. */
export const watched =
  <Wish extends CellKey, Rest extends readonly unknown[]>(decide: (state: State, wish: Wish, ...rest: Rest) => Outcome) =>
  (state: State, wish: Wish, ...rest: Rest): Outcome => {
    const facts = decide(state, wish, ...rest);
    if (isRefusal(facts) || facts.length === 0) return facts;
    const after = facts.reduce((before, { type, data }) => evolve(Stock, before, type, data), state);
    return [...facts, ...noticed(after, wish)];
  };

function noticed(state: State, { warehouseId, itemId }: CellKey): readonly StockFact[] {
  const { onHand, minimum, maximum, passed } = state;
  const cell = { warehouseId, itemId };
  const available = free(state);
  const isBelow = minimum !== null && available < minimum;
  const isAbove = maximum !== null && onHand > maximum;
  return [
    ...(isBelow && !passed.minimum ? [BelowMinimumDetected({ ...cell, available, minimum })] : []),
    ...(!isBelow && passed.minimum ? [StockWithinLimit({ ...cell, limit: 'minimum' })] : []),
    ...(isAbove && !passed.maximum ? [AboveMaximumDetected({ ...cell, onHand, maximum })] : []),
    ...(!isAbove && passed.maximum ? [StockWithinLimit({ ...cell, limit: 'maximum' })] : []),
  ];
}
