/**
 * What a stock cell remembers of its movements to cost them: by business day, and within a day in the order in which they were
 * recorded. A movement that is written down late is put in its place, and what left after it is costed anew.
 */
import { NOTHING, negated, plus, type Quantity, smaller } from '../../kernel/quantity.ts';
import { added, type Costing, NO_COSTING, quantityIn, taken, type ValuationMethod } from './costing.ts';

/** Which document moved the goods. */
export interface Document {
  readonly document: string;
  readonly documentId: string;
  readonly line: number;
  /** The delivery whose goods came back. */
  readonly of?: string;
}

export interface Move extends Document {
  /** ISO 8601 date. */
  readonly on: string;
  /** Negative when goods leave. */
  readonly quantity: Quantity;
  /** Cost of the goods that moved, in minor units of the company's currency. */
  readonly value: number;
}

export interface Ledger {
  readonly method: ValuationMethod;
  /** What there was before the first movement that is remembered. */
  readonly base: Costing;
  /** The last day of a movement that is not remembered any more; goods cannot leave before it. */
  readonly since: string;
  readonly moves: readonly Move[];
  /** What there is after the last one. */
  readonly costing: Costing;
}

export const NO_LEDGER: Ledger = { method: 'fifo', base: NO_COSTING, since: '', moves: [], costing: NO_COSTING };

/** Movements that are remembered: as many costs may be corrected in one append. */
export const MOVES_MAX = 80;

/** The ledger with one movement more. What leaves is costed by its place, whatever value it is handed in with. */
export function entered(ledger: Ledger, move: Move): Ledger {
  const { moves, ...whole } = placed(ledger, move);
  const settled = isSent(move) ? placeOf(ledger.moves, move.on) + 1 : 0;
  return folded({ ...whole, moves }, Math.max(settled, moves.length - MOVES_MAX));
}

/** What left for another warehouse has its value there; so nothing that is recorded later may change it. */
const isSent = ({ document, quantity }: Move): boolean => document === 'transfer' && quantity < NOTHING;

/** What a movement that leaves on this day would cost. */
export const costOf = (ledger: Ledger, move: Move): number => placed(ledger, move).moves[placeOf(ledger.moves, move.on)]?.value ?? 0;

/** The remembered movements whose cost another one changes, each as it was and as it is then. */
export function corrected(ledger: Ledger, move: Move): readonly { readonly was: Move; readonly is: Move }[] {
  const others = placed(ledger, move).moves.toSpliced(placeOf(ledger.moves, move.on), 1);
  return ledger.moves.flatMap((was, index) => {
    const is = others[index];
    return is === undefined || is.value === was.value ? [] : [{ was, is }];
  });
}

/** What could leave on a day without that balance or any later one becoming negative. */
export function sparedOn({ base, since, moves }: Ledger, on: string): Quantity {
  if (on < since) return NOTHING;
  const balances = [quantityIn(base)];
  for (const move of moves) balances.push(plus(balances.at(-1) ?? NOTHING, move.quantity));
  return balances.slice(placeOf(moves, on)).reduce(smaller);
}

/** The first day, from the one wished on, on which so much can leave; undefined where there is never so much. */
export function firstDayFor(ledger: Ledger, quantity: Quantity, wished: string): string | undefined {
  const days = [wished, ledger.since, ...ledger.moves.map(move => move.on)].filter(day => day >= wished);
  return days.sort().find(day => sparedOn(ledger, day) >= quantity);
}

/** Behind all of its day. */
function placeOf(moves: readonly Move[], on: string): number {
  const later = moves.findIndex(move => move.on > on);
  return later < 0 ? moves.length : later;
}

function placed(ledger: Ledger, move: Move): Ledger {
  const place = placeOf(ledger.moves, move.on);
  if (place === ledger.moves.length) {
    const last = applied(ledger.method, ledger.costing, move);
    return { ...ledger, moves: [...ledger.moves, last.move], costing: last.costing };
  }
  const moves: Move[] = [];
  let costing = ledger.base;
  for (const each of ledger.moves.toSpliced(place, 0, move)) {
    const next = applied(ledger.method, costing, each);
    moves.push(next.move);
    costing = next.costing;
  }
  return { ...ledger, moves, costing };
}

function applied(method: ValuationMethod, costing: Costing, move: Move): { readonly costing: Costing; readonly move: Move } {
  const { quantity, value } = move;
  if (quantity > NOTHING) return { costing: added(method, costing, { quantity, value }), move };
  const { cost, left } = taken(costing, negated(quantity));
  return { costing: left, move: { ...move, value: cost } };
}

/** The first movements are remembered no longer but in what they left. */
function folded(ledger: Ledger, count: number): Ledger {
  const { base, since, moves, method } = ledger;
  if (count === 0) return ledger;
  const gone = moves.slice(0, count);
  return {
    ...ledger,
    base: gone.reduce((costing, move) => applied(method, costing, move).costing, base),
    since: gone.reduce((last, { on }) => (on > last ? on : last), since),
    moves: moves.slice(count),
  };
}
