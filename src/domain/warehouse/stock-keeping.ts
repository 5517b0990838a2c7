/** What is decided about a stock cell. */
import { type Decision, evolve, invalid, isRefusal, type Refusal, refuse } from '../../kernel/decider.ts';
import type { Decimal } from '../../kernel/decimal.ts';
import type { DataOf } from '../../kernel/event.ts';
import { type Currency, lineNet, money } from '../../kernel/money.ts';
import { minus, NOTHING, negated, plus, type Quantity, quantityText, smaller, total } from '../../kernel/quantity.ts';
import { unless } from '../faults.ts';
import { corrected, costOf, firstDayFor, type Ledger, type Move, sparedOn } from './cell-ledger.ts';
import { presentValue, shareOf, valueIn } from './costing.ts';
import {
  adjusted,
  arrived,
  type Backorder,
  BackorderWithdrawn,
  type CellKey,
  CostCorrected,
  consumed,
  documentLine,
  free,
  holding,
  issued,
  type OrderLine,
  pickOf,
  received,
  reservationOf,
  returned,
  type State,
  Stock,
  StockAdjusted,
  StockArrived,
  StockBackordered,
  StockConsumed,
  type StockFact,
  StockHeld,
  StockHoldReleased,
  StockIssued,
  StockPicked,
  StockReceived,
  StockReleased,
  StockReserved,
  StockReturned,
  StockSent,
  StockUnpicked,
  sent,
  type Valuation,
  ValuationChosen,
  waiting,
  without,
} from './stock.ts';
import { againstOneStep, needsSecond, type OneStepFacts } from './stock-document.ts';

type Outcome = Decision<StockFact>;
/** An order line's place in a cell. */
type Claim = CellKey & OrderLine;

/** One receipt may serve the whole queue and correct the cost of every movement in one append, and an append stays under 200 events. */
export const WAITING_MAX = 100;
/** Promised and waiting together; a cell's state stays under 64 kB. */
export const OPEN_MAX = 600;
/** A thousand billion units, and as many of the currency, keep every sum an exact integer. */
const ON_HAND_MAX = 1_000_000_000_000_000 as Quantity;
const VALUE_MAX = 100_000_000_000_000;
const NO_DISCOUNT = '0' as Decimal;

type Moving<Fact> = Omit<Fact, 'onHand' | 'cost'>;
type Receipt = Moving<DataOf<typeof StockReceived>>;

/** Goods whose cost is not stated come in at what such goods cost in the cell. */
export function receive(state: State, wish: Receipt, valuation: Valuation): Outcome {
  const move = received(wish);
  if (isMoved(state, move)) return [];
  const value =
    wish.unitCost === undefined ? presentValue(state.ledger.costing, wish.quantity) : netOf(wish.quantity, wish.unitCost, valuation);
  return comingIn(state, wish, { ...move, value }, valuation, rest => StockReceived({ ...wish, ...rest }));
}

type Adjustment = Moving<DataOf<typeof StockAdjusted>>;

/** What is found more comes in at what such goods cost in the cell. */
export function adjust(state: State, wish: Adjustment, valuation: Valuation): Outcome {
  const move = adjusted(wish);
  if (isMoved(state, move)) return [];
  if (wish.quantity < NOTHING)
    return (
      tooLittleToTake(state, wish, negated(wish.quantity), wish.adjustedOn) ??
      leaving(state, wish, move, rest => StockAdjusted({ ...wish, ...rest }))
    );
  const value = presentValue(state.ledger.costing, wish.quantity);
  return comingIn(state, wish, { ...move, value }, valuation, rest => StockAdjusted({ ...wish, ...rest }));
}

type Held = CellKey & { readonly documentId: string; readonly line: number; readonly quantity: Quantity };

/** Keeps free stock for a document, so that all its lines are there before it is approved. */
export function hold(state: State, { on, ...wish }: Held & { readonly on: string }): Outcome {
  const id = documentLine(wish);
  if (holding(state, id) > NOTHING || state.moved.includes(id)) return [];
  if (isCrowded(state)) return crowded(state);
  return tooLittleToTake(state, wish, wish.quantity, on) ?? [StockHeld(wish)];
}

/** Silent where nothing is held; what becomes free goes to those who wait. */
export function unhold(state: State, wish: Omit<Held, 'quantity'>): Outcome {
  const quantity = holding(state, documentLine(wish));
  return quantity === NOTHING ? [] : [StockHoldReleased({ ...wish, quantity }), ...serve(wish, state.queue, plus(free(state), quantity))];
}

export function consume(state: State, wish: Moving<DataOf<typeof StockConsumed>>): Outcome {
  const consumedOn = dayFor(state, wish.quantity, wish.consumedOn);
  return leavingHeld(state, wish, consumed({ ...wish, consumedOn }), rest => StockConsumed({ ...wish, consumedOn, ...rest }));
}

export function send(state: State, wish: Moving<DataOf<typeof StockSent>>): Outcome {
  const sentOn = dayFor(state, wish.quantity, wish.sentOn);
  return leavingHeld(state, wish, sent({ ...wish, sentOn }), rest => StockSent({ ...wish, sentOn, ...rest }));
}

/** What was found to be missing, as a document says. */
export function writeOff(state: State, wish: Adjustment & { readonly line: number }): Outcome {
  const { warehouseId, itemId, adjustmentId: documentId, line } = wish;
  const held = { warehouseId, itemId, documentId, line, quantity: negated(wish.quantity) };
  const adjustedOn = dayFor(state, held.quantity, wish.adjustedOn);
  const written = leavingHeld(state, held, adjusted({ ...wish, adjustedOn }), rest => StockAdjusted({ ...wish, adjustedOn, ...rest }));
  return isRefusal(written) || written.length === 0 ? written : [StockHoldReleased(held), ...written];
}

interface Arriving extends Moving<DataOf<typeof StockArrived>> {
  /** What of it did not arrive. */
  readonly lost: Quantity;
  /** Value with which it left the other warehouse, in minor units. */
  readonly value: number;
}

/** The value comes in with the goods; what was lost on the way is written off at once, before anybody is served. */
export function arrive(state: State, { lost, value, ...wish }: Arriving, valuation: Valuation): Outcome {
  const move = { ...arrived(wish), value };
  if (isMoved(state, move)) return [];
  const facts = comingIn({ ...state, queue: [] }, wish, move, valuation, rest => StockArrived({ ...wish, ...rest }));
  if (isRefusal(facts)) return facts;
  const there = facts.reduce((before, { type, data }) => evolve(Stock, before, type, data), state);
  return [...facts, ...losses(there, wish, lost), ...serve(wish, state.queue, minus(free(there), lost))];
}

function losses(
  state: State,
  { warehouseId, itemId, documentId, line, arrivedOn }: Omit<Arriving, 'lost' | 'value'>,
  lost: Quantity,
): readonly StockFact[] {
  if (lost === NOTHING) return [];
  const loss = { warehouseId, itemId, adjustmentId: documentId, line, quantity: negated(lost), reason: LOST, adjustedOn: arrivedOn };
  return leaving(state, loss, adjusted(loss), rest => StockAdjusted({ ...loss, ...rest }));
}

const LOST = 'Lost on the way between two warehouses';

/** Goods of an approved document leave on its day, or on the first day on which the books can spare them. */
const dayFor = ({ ledger }: State, quantity: Quantity, wished: string): string => firstDayFor(ledger, quantity, wished) ?? wished;

function leavingHeld(state: State, wish: Held, move: Move, becomes: (rest: Rest) => StockFact): Outcome {
  if (isMoved(state, move)) return [];
  const held = holding(state, documentLine(wish));
  return held < wish.quantity ? notHeld(wish, held) : leaving(state, wish, move, becomes);
}

/** What the goods of a delivery cost when they left, and how many of them came back already. */
export interface IssueKnown {
  readonly quantity: Quantity;
  /** Minor units of the company's currency. */
  readonly value: number;
  readonly returned: Quantity;
}

/** Of the cell's own memory; undefined where the goods left another warehouse or long ago. */
export function issueRemembered({ ledger }: State, { deliveryId, line }: Pick<Return, 'deliveryId' | 'line'>): IssueKnown | undefined {
  const issue = ledger.moves.find(move => move.document === 'delivery' && move.documentId === deliveryId && move.line === line);
  if (issue === undefined) return undefined;
  const back = ledger.moves.filter(move => move.of === deliveryId && move.line === line);
  return { quantity: negated(issue.quantity), value: issue.value, returned: total(back.map(move => move.quantity)) };
}

type Return = Moving<DataOf<typeof StockReturned>>;

export interface ReturnFacts {
  readonly valuation: Valuation;
  /** Null where no such issue is known at all. */
  readonly issue: IssueKnown | null;
}

/** Goods come back at what they cost when they left: of one issue, the parts sum up to the whole. */
export function takeBack(state: State, wish: Return, { valuation, issue }: ReturnFacts): Outcome {
  const move = returned(wish);
  if (isMoved(state, move)) return [];
  if (issue === null) return refuse('NothingIssued', `Line ${wish.line} of delivery ${wish.deliveryId} brought nobody anything.`);
  const sum = plus(issue.returned, wish.quantity);
  if (sum > issue.quantity) return tooMuchBack(wish, issue);
  const value = shareOf(issue, sum) - shareOf(issue, issue.returned);
  return comingIn(state, wish, { ...move, value }, valuation, rest => StockReturned({ ...wish, ...rest }));
}

/** What the cell adds to a movement that was asked for. */
type Rest = Pick<DataOf<typeof StockReceived>, 'onHand' | 'cost'>;

/** Values what comes in, corrects the cost of what left after it, and serves those who wait. */
function comingIn(
  state: State,
  { warehouseId, itemId }: CellKey,
  move: Move,
  valuation: Valuation,
  becomes: (rest: Rest) => StockFact,
): Outcome {
  const key = { warehouseId, itemId };
  const onHand = plus(state.onHand, move.quantity);
  if (onHand > ON_HAND_MAX || valueIn(state.ledger.costing) + move.value > VALUE_MAX) return overfull();
  const valued = { ...state.ledger, method: valuation.method };
  return [
    ...(state.currency === null ? [ValuationChosen({ ...key, ...valuation })] : []),
    becomes({ onHand, cost: money(move.value, valuation.currency) }),
    ...corrections(valued, valuation.currency, key, move, onHand),
    ...serve(key, state.queue, minus(onHand, state.reserved)),
  ];
}

/** Costs what leaves, and corrects the cost of what left after it. */
function leaving(state: State, { warehouseId, itemId }: CellKey, move: Move, becomes: (rest: Rest) => StockFact): readonly StockFact[] {
  const onHand = plus(state.onHand, move.quantity);
  const { currency, ledger } = state;
  if (currency === null) return [becomes({ onHand })];
  const cost = money(costOf(ledger, move), currency);
  return [becomes({ onHand, cost }), ...corrections(ledger, currency, { warehouseId, itemId }, move, onHand)];
}

const corrections = (ledger: Ledger, currency: Currency, key: CellKey, move: Move, onHand: Quantity): StockFact[] =>
  corrected(ledger, move).map(({ was: { document, documentId, line, on, value }, is }) =>
    CostCorrected({
      ...{ ...key, document, documentId, line, movedOn: on, onHand },
      before: money(value, currency),
      cost: money(is.value, currency),
    }),
  );

const netOf = (quantity: Quantity, unitCost: Decimal, { currency }: { readonly currency: Currency }): number =>
  lineNet(quantity, unitCost, NO_DISCOUNT, currency).minor;

const isMoved = ({ moved }: State, move: Move): boolean => moved.includes(documentLine(move));

/** What must be known of other contexts, and of the company's rules, for an adjustment by hand. */
export interface AdjustmentFacts extends OneStepFacts {
  readonly warehouseExists: boolean;
  /** Whether there is such an item and it is kept in stock. */
  readonly itemStocked: boolean;
  readonly valuation: Valuation;
  /** From which value on, in minor units, an adjustment needs a second approval; null: none does. */
  readonly secondApprovalFrom: number | null;
}

/** Draft and approval in one step, under the rules of both. */
export function adjustByHand(state: State, wish: Adjustment, facts: AdjustmentFacts): Outcome {
  const faults = [
    ...unless(facts.warehouseExists, '/warehouseId', `There is no open warehouse ${wish.warehouseId}.`),
    ...unless(facts.itemStocked, '/itemId', `There is no item ${wish.itemId} that is kept in stock.`),
  ];
  if (faults.length > 0) return invalid(faults);
  const against = againstOneStep(wish.adjustedOn, facts);
  if (against !== undefined) return against;
  const size = wish.quantity < NOTHING ? negated(wish.quantity) : wish.quantity;
  const needs = needsSecond({ kind: 'adjustment' }, { ...facts, value: presentValue(state.ledger.costing, size) });
  return needs ? tooMuchForOne() : adjust(state, wish, facts.valuation);
}

const tooMuchForOne = (): Refusal =>
  refuse('SecondApprovalRequired', 'An adjustment of this value needs two approvals: draft it, and let two others approve it.');

/** Never refused for lack of stock: what is free is reserved, and the rest waits. */
export function reserve(state: State, wish: Claim & Omit<Backorder, keyof OrderLine>): Outcome {
  if (isKnown(state, reservationOf(wish))) return [];
  if (isCrowded(state)) return crowded(state);
  const { orderedOn, quantity, ...claim } = wish;
  const now = smaller(free(state), quantity);
  const later = minus(quantity, now);
  return [
    ...(now > NOTHING ? [StockReserved({ ...promised(claim, now), waited: false })] : []),
    ...(later > NOTHING ? [StockBackordered({ ...promised(claim, later), orderedOn })] : []),
  ];
}

/** Gives up what an order line holds and what it waits for; what becomes free goes to those who wait. */
export function release(state: State, claim: Claim): Outcome {
  const id = reservationOf(claim);
  const holds = holding(state, id);
  const awaits = waiting(state.queue, id);
  return [
    ...(holds > NOTHING ? [StockReleased(promised(claim, holds))] : []),
    ...(awaits > NOTHING ? [BackorderWithdrawn(promised(claim, awaits))] : []),
    ...serve(claim, without(state.queue, id), plus(free(state), holds)),
  ];
}

/** A line of a delivery, with how much of it. */
type Picking = Claim & { readonly deliveryId: string; readonly quantity: Quantity };

/** Sets aside for a delivery what its order line holds: each line of a delivery is sure before the delivery is. */
export function pick(state: State, { deliveryId, quantity, ...claim }: Picking): Outcome {
  const line = pickOf({ deliveryId, line: claim.line });
  if (state.picked[line] !== undefined || state.settled.includes(line)) return [];
  const holds = holding(state, reservationOf(claim));
  if (holds < quantity) return notReserved(claim, quantity, holds);
  return [StockPicked({ ...promised(claim, quantity), deliveryId })];
}

/** The way back from picking. */
export function unpick(state: State, { deliveryId, ...claim }: Claim & { readonly deliveryId: string }): Outcome {
  const quantity = state.picked[pickOf({ deliveryId, line: claim.line })];
  return quantity === undefined ? [] : [StockUnpicked({ ...promised(claim, quantity), deliveryId })];
}

/** Goods of an approved delivery leave on its day, or on the first day on which the books can spare them. */
export function issue(state: State, wish: Picking & { readonly issuedOn: string }): Outcome {
  const { deliveryId, quantity, issuedOn, ...claim } = wish;
  const line = pickOf(wish);
  if (state.settled.includes(line)) return [];
  const holds = state.picked[line] ?? holding(state, reservationOf(wish));
  if (holds < quantity) return notReserved(wish, quantity, holds);
  const on = dayFor(state, quantity, issuedOn);
  const issue = { ...promised(claim, quantity), deliveryId, issuedOn: on };
  return leaving(state, wish, issued(issue), rest => StockIssued({ ...issue, ...rest }));
}

/** Promises what is free to those who wait, in the order of the queue; the last one served may get a part. */
function serve({ warehouseId, itemId }: CellKey, queue: readonly Backorder[], free: Quantity): StockFact[] {
  const facts: StockFact[] = [];
  let left = free;
  for (const { orderId, line, quantity } of queue) {
    if (left === NOTHING) break;
    const part = smaller(left, quantity);
    facts.push(StockReserved({ ...promised({ warehouseId, itemId, orderId, line }, part), waited: true }));
    left = minus(left, part);
  }
  return facts;
}

const promised = ({ warehouseId, itemId, orderId, line }: Claim, quantity: Quantity) => ({
  warehouseId,
  itemId,
  reservationId: reservationOf({ orderId, line }),
  orderId,
  line,
  quantity,
});

const isKnown = (state: State, id: string): boolean =>
  holding(state, id) > NOTHING || waiting(state.queue, id) > NOTHING || state.settled.includes(id);
const isCrowded = ({ held, picked, queue }: State): boolean =>
  queue.length >= WAITING_MAX || Object.keys(held).length + Object.keys(picked).length + queue.length >= OPEN_MAX;

/** The refusal of what is more than is free, or than could be spared on its day; undefined where it may go. */
function tooLittleToTake(state: State, { itemId }: CellKey, wanted: Quantity, on: string): Refusal | undefined {
  const spare = sparedOn(state.ledger, on);
  if (free(state) < wanted)
    return insufficient(
      itemId,
      wanted,
      free(state),
      `${quantityText(wanted)} were to be taken off, but of ${quantityText(state.onHand)} on hand only ${quantityText(free(state))} are free: the others are reserved.`,
    );
  if (spare < wanted)
    return insufficient(
      itemId,
      wanted,
      spare,
      `${quantityText(wanted)} were to be taken off on ${on}, but only ${quantityText(spare)} could be spared then.`,
    );
  return undefined;
}

const notReserved = ({ itemId, orderId, line }: Claim, wanted: Quantity, reserved: Quantity): Refusal =>
  insufficient(
    itemId,
    wanted,
    reserved,
    `Line ${line} of order ${orderId}: ${quantityText(wanted)} were to go out, but ${quantityText(reserved)} are reserved for it.`,
    { line },
  );

const notHeld = ({ itemId, documentId, line, quantity }: Held, held: Quantity): Refusal =>
  insufficient(
    itemId,
    quantity,
    held,
    `Line ${line} of document ${documentId} has ${quantityText(held)} held of ${quantityText(quantity)}.`,
  );

const insufficient = (item: string, wanted: Quantity, available: Quantity, because: string, where = {}): Refusal =>
  refuse('InsufficientStock', because, { ...where, item, wanted: quantityText(wanted), available: quantityText(available) });

const tooMuchBack = ({ deliveryId, line, quantity }: Return, issue: IssueKnown): Refusal =>
  refuse(
    'ReturnExceedsDelivery',
    `${quantityText(quantity)} were to come back of line ${line} of delivery ${deliveryId}, which brought ${quantityText(issue.quantity)}; ${quantityText(issue.returned)} of them are back already.`,
  );

const overfull = (): Refusal =>
  refuse(
    'StockLimitExceeded',
    `A warehouse counts up to ${quantityText(ON_HAND_MAX)} of an item, worth up to ${VALUE_MAX} of the smallest unit of the currency.`,
  );

const crowded = ({ held, queue }: State): Refusal =>
  refuse(
    'TooManyReservations',
    `${Object.keys(held).length} order lines hold this item and ${queue.length} wait for it: as many as a warehouse keeps. Ship or cancel some first.`,
    { waiting: queue.length },
  );
