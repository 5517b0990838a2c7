/** Changing an order before it is accepted: we offer what we can do, and the client confirms or rejects it. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, isRefusal } from '../../kernel/decider.ts';
import type { Decimal } from '../../kernel/decimal.ts';
import { LINES_MAX, totalsOf } from '../document.ts';
import { type Fault, unless } from '../faults.ts';
import type { AcceptanceFacts } from './discount-limit.ts';
import { acceptance } from './order-decisions.ts';
import { faultsOfLines, type PricingFacts, pricedLines, type WishedLine } from './placing.ts';
import {
  FormerLine,
  isPast,
  isUndecided,
  ModificationConfirmed,
  ModificationRejected,
  ModificationReminded,
  modifiedLines,
  type Order,
  type OrderFact,
  type OrderLine,
  SalesOrderDeclined,
  SalesOrderModified,
  unfit,
} from './sales-order.ts';

type Outcome = Decision<OrderFact>;

/** A line that changes, by its number, or a new one without. */
type ChangedLine = Omit<WishedLine, 'line' | 'discount'> & { readonly line?: number | undefined; readonly discount?: Decimal | undefined };

export interface Modification {
  readonly reason: string;
  readonly lines: readonly ChangedLine[];
  readonly remove: readonly number[];
}

export interface ModificationFacts extends PricingFacts {
  /** Days the client has from today. */
  readonly expiryDays: number;
}

/** Lines that are not named keep their prices; those that are named get the price of today. */
export function modify(order: Order, wish: Modification, context: DecisionContext<ModificationFacts>): Outcome {
  const { facts, may, today } = context;
  if (!isUndecided(order) || isPast(order, today)) return unfit(order, 'changed');
  const faults = faultsOf(order, wish, facts);
  if (faults.length > 0) return invalid(faults);
  const changed = pricedLines(wishedLines(order, wish), { currency: order.currency, facts, may });
  if (isRefusal(changed)) return changed;
  const after = modifiedLines<Pick<OrderLine, 'line' | 'net' | 'taxPercent'>>(order.lines, changed, wish.remove);
  const touched = new Set([...wish.remove, ...changed.map(({ line }) => line)]);
  return [
    SalesOrderModified({
      ownerId: order.ownerId,
      reason: wish.reason,
      lines: changed,
      removed: [...wish.remove],
      before: order.lines.filter(({ line }) => touched.has(line)).map(former),
      totals: totalsOf(after, order.currency, order.reckoning),
      expiresOn: Temporal.PlainDate.from(today).add({ days: facts.expiryDays }).toString(),
    }),
  ];
}

/** With the numbers that new lines get: those after the last there is. */
export function wishedLines({ lines }: Pick<Order, 'lines'>, { lines: wishes }: Pick<Modification, 'lines'>): readonly WishedLine[] {
  let last = Math.max(0, ...lines.map(({ line }) => line));
  return wishes.map(wish => {
    const line = wish.line ?? ++last;
    const discount = wish.discount ?? lines.find(known => known.line === line)?.discount ?? '0';
    return { ...wish, line, discount: discount as Decimal };
  });
}

const former = (line: OrderLine) => FormerLine.strip().parse(line);

function faultsOf(order: Order, { lines, remove }: Modification, facts: PricingFacts): readonly Fault[] {
  const known = new Set(order.lines.map(({ line }) => line));
  const named = [...lines.flatMap(({ line }) => line ?? []), ...remove];
  const left = order.lines.length - remove.length + lines.filter(({ line }) => line === undefined).length;
  return [
    ...unless(lines.length + remove.length > 0, '/lines', 'Say which lines change, or which are removed.'),
    ...lines.flatMap(({ line }, index) =>
      unless(line === undefined || known.has(line), `/lines/${index}/line`, `The order has no line ${line}.`),
    ),
    ...remove.flatMap((line, index) => unless(known.has(line), `/remove/${index}`, `The order has no line ${line}.`)),
    ...unless(new Set(named).size === named.length, '/lines', 'Each line may be named once.'),
    ...unless(left > 0, '/remove', 'An order has at least one line; decline it instead.'),
    ...unless(left <= LINES_MAX, '/lines', `An order has at most ${LINES_MAX} lines.`),
    ...faultsOfLines(lines, facts),
  ];
}

export function confirm(order: Order, _: unknown, context: DecisionContext<AcceptanceFacts>): Outcome {
  if (order.status === 'Accepted') return [];
  if (order.modification === undefined || !isUndecided(order)) return unfit(order, 'confirmed');
  const accepted = acceptance(order, context);
  return isRefusal(accepted) ? accepted : [ModificationConfirmed({}), ...accepted];
}

export function reject(order: Order, { reason }: { readonly reason: string }): Outcome {
  if (order.status === 'Declined') return [];
  if (order.modification === undefined || !isUndecided(order)) return unfit(order, 'rejected by the client');
  return [ModificationRejected({ reason }), SalesOrderDeclined({ reason })];
}

/** Said once for each change, and only while its answer is missing. */
export const remind = (order: Order): Outcome => (order.modification === 'asked' && isUndecided(order) ? [ModificationReminded({})] : []);
