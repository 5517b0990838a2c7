/** What is decided about a stock cell. */
import { type Decision, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import type { DataOf } from '../../kernel/event.ts';
import { minus, NOTHING, negated, plus, type Quantity, quantityText, smaller } from '../../kernel/quantity.ts';
import { unless } from '../faults.ts';
import {
  type Backorder,
  BackorderWithdrawn,
  type CellKey,
  free,
  holding,
  type OrderLine,
  receiptLine,
  reservationOf,
  type State,
  StockAdjusted,
  StockBackordered,
  type StockFact,
  StockIssued,
  StockReceived,
  StockReleased,
  StockReserved,
  waiting,
  without,
} from './stock.ts';

type Outcome = Decision<StockFact>;
/** An order line's place in a cell. */
type Claim = CellKey & OrderLine;

/** One receipt may serve the whole queue in one append, and an append stays under 200 events. */
export const WAITING_MAX = 150;
/** Promised and waiting together; a cell's state stays under 64 kB. */
export const OPEN_MAX = 700;
/** A thousand billion units keep every sum an exact integer. */
const ON_HAND_MAX = 1_000_000_000_000_000 as Quantity;
type Receipt = Omit<DataOf<typeof StockReceived>, 'onHand'>;

export function receive(state: State, wish: Receipt): Outcome {
  if (state.received.includes(receiptLine(wish))) return [];
  const onHand = plus(state.onHand, wish.quantity);
  if (onHand > ON_HAND_MAX) return overfull();
  return [StockReceived({ ...wish, onHand }), ...serve(wish, state.queue, minus(onHand, state.reserved))];
}

type Adjustment = Omit<DataOf<typeof StockAdjusted>, 'onHand'>;

export function adjust(state: State, wish: Adjustment): Outcome {
  const onHand = plus(state.onHand, wish.quantity);
  if (onHand < state.reserved) return tooLittleToTake(state, wish);
  if (onHand > ON_HAND_MAX) return overfull();
  return [StockAdjusted({ ...wish, onHand }), ...serve(wish, state.queue, minus(onHand, state.reserved))];
}

/** What must be known of other contexts for an adjustment by hand. */
export interface AdjustmentFacts {
  readonly warehouseExists: boolean;
  /** Whether there is such an item and it is kept in stock. */
  readonly itemStocked: boolean;
}

export function adjustByHand(state: State, wish: Adjustment, { warehouseExists, itemStocked }: AdjustmentFacts): Outcome {
  const faults = [
    ...unless(warehouseExists, '/warehouseId', `There is no warehouse ${wish.warehouseId}.`),
    ...unless(itemStocked, '/itemId', `There is no item ${wish.itemId} that is kept in stock.`),
  ];
  return faults.length > 0 ? invalid(faults) : adjust(state, wish);
}

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

export function issue(state: State, wish: Claim & { readonly deliveryId: string; readonly issuedOn: string }): Outcome {
  const id = reservationOf(wish);
  if (state.settled.includes(id)) return [];
  const quantity = holding(state, id);
  const awaits = waiting(state.queue, id);
  if (quantity === NOTHING || awaits > NOTHING) return notYetReserved(wish, quantity, awaits);
  const { deliveryId, issuedOn, ...claim } = wish;
  return [StockIssued({ ...promised(claim, quantity), deliveryId, issuedOn, onHand: minus(state.onHand, quantity) })];
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
const isCrowded = ({ held, queue }: State): boolean => queue.length >= WAITING_MAX || Object.keys(held).length + queue.length >= OPEN_MAX;

const tooLittleToTake = (state: State, { itemId, quantity }: Adjustment): Refusal =>
  insufficient(
    itemId,
    negated(quantity),
    free(state),
    `${quantityText(negated(quantity))} were to be taken off, but of ${quantityText(state.onHand)} on hand only ${quantityText(free(state))} are free: the others are reserved.`,
  );

const notYetReserved = ({ itemId, orderId, line }: Claim, reserved: Quantity, awaits: Quantity): Refusal =>
  insufficient(
    itemId,
    plus(reserved, awaits),
    reserved,
    `Line ${line} of order ${orderId} has ${quantityText(reserved)} reserved and still waits for ${quantityText(awaits)}.`,
  );

const insufficient = (item: string, wanted: Quantity, available: Quantity, because: string): Refusal =>
  refuse('InsufficientStock', because, { item, wanted: quantityText(wanted), available: quantityText(available) });

const overfull = (): Refusal => refuse('StockLimitExceeded', `A warehouse counts up to ${quantityText(ON_HAND_MAX)} of an item.`);

const crowded = ({ held, queue }: State): Refusal =>
  refuse(
    'TooManyReservations',
    `${Object.keys(held).length} order lines hold this item and ${queue.length} wait for it: as many as a warehouse keeps. Ship or cancel some first.`,
    { waiting: queue.length },
  );
