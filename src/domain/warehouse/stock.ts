/**
 * A stock cell: what one warehouse has of one item, to whom it is promised, and who waits for more.
 *
 * At every revision on hand ≥ reserved ≥ 0, and nobody waits while anything is free: whatever becomes free goes, in the same
 * append, to those who wait, oldest order first. So nobody is ever served past somebody who waits.
 */
import { z } from 'zod';
import { type Decision, decider, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { minus, NOTHING, negated, plus, Quantity, quantityText, smaller } from '../../kernel/quantity.ts';
import { unless } from '../faults.ts';

const cell = { warehouseId: z.string(), itemId: z.string() };
/** What the cell has after the movement. */
const onHand = Quantity;

export const StockReceived = event('StockReceived', {
  ...cell,
  receiptId: z.string(),
  line: z.int(),
  quantity: Quantity,
  unitCost: Decimal.optional(),
  receivedOn: z.iso.date(),
  onHand,
});

/** `quantity` is signed: what was found more, or less. */
export const StockAdjusted = event('StockAdjusted', {
  ...cell,
  adjustmentId: z.string(),
  quantity: Quantity,
  reason: z.string(),
  adjustedOn: z.iso.date(),
  onHand,
});

const promise = { ...cell, reservationId: z.string(), orderId: z.string(), line: z.int(), quantity: Quantity };

/** Stock is promised to an order line; `waited` when it had been a backorder until now. */
export const StockReserved = event('StockReserved', { ...promise, waited: z.boolean() });
/** What the cell could not promise waits in its queue. */
export const StockBackordered = event('StockBackordered', { ...promise, orderedOn: z.iso.date() });
/** A promise is taken back; the stock is free again. */
export const StockReleased = event('StockReleased', promise);
/** An order line no longer waits. */
export const BackorderWithdrawn = event('BackorderWithdrawn', promise);
/** Reserved stock leaves the warehouse. */
export const StockIssued = event('StockIssued', { ...promise, deliveryId: z.string(), issuedOn: z.iso.date(), onHand });

const events = [StockReceived, StockAdjusted, StockReserved, StockBackordered, StockReleased, BackorderWithdrawn, StockIssued] as const;
type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;

export interface CellKey {
  readonly warehouseId: string;
  readonly itemId: string;
}
interface OrderLine {
  readonly orderId: string;
  readonly line: number;
}
interface Backorder extends OrderLine {
  readonly quantity: Quantity;
  readonly orderedOn: string;
}
/** An order line's place in a cell. */
type Claim = CellKey & OrderLine;

export interface State {
  readonly onHand: Quantity;
  /** Sum of `held`. */
  readonly reserved: Quantity;
  /** What is promised, by reservation. */
  readonly held: Readonly<Record<string, Quantity>>;
  /** Who waits: oldest order first, and of one day who asked first. */
  readonly queue: readonly Backorder[];
  /** The reservations that last came to an end. */
  readonly settled: readonly string[];
  /** The lines of receipts that came in last. */
  readonly received: readonly string[];
}

/** One receipt may serve the whole queue in one append, and an append stays under 200 events. */
export const WAITING_MAX = 150;
/** Promised and waiting together; a cell's state stays under 64 kB. */
export const OPEN_MAX = 700;
/** A thousand billion units keep every sum an exact integer. */
const ON_HAND_MAX = 1_000_000_000_000_000 as Quantity;
/**
 * A command that was done already may come again within moments, or after a crash when its sender starts anew. What was done
 * so many others ago does not come again, so the cell need not remember it for years.
 */
const REMEMBERED_MAX = 100;

export const Stock = decider({
  category: 'stock',
  stateVersion: 1,
  events,
  shared: true,
  initial: (): State => ({ onHand: NOTHING, reserved: NOTHING, held: {}, queue: [], settled: [], received: [] }),
  evolve: {
    StockReceived: (state, receipt) => ({
      ...state,
      onHand: receipt.onHand,
      received: remembering(state.received, receiptLine(receipt)),
    }),
    StockAdjusted: (state, { onHand }) => ({ ...state, onHand }),
    StockReserved: (state, promised) => held(promised.waited ? served(state, promised) : state, promised),
    StockBackordered: (state, backorder) => ({ ...state, queue: queued(state.queue, backorder) }),
    StockReleased: (state, { reservationId }) => letGo(state, reservationId),
    BackorderWithdrawn: (state, { reservationId }) => withdrawn(state, reservationId),
    StockIssued: (state, { reservationId, onHand }) => ({ ...letGo(state, reservationId), onHand }),
  },
});

export const cellId = ({ warehouseId, itemId }: CellKey): string => `${warehouseId}~${itemId}`;
export const reservationOf = ({ orderId, line }: OrderLine): string => `${orderId}~${line}`;

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
function serve({ warehouseId, itemId }: CellKey, queue: readonly Backorder[], free: Quantity): Fact[] {
  const facts: Fact[] = [];
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

const receiptLine = ({ receiptId, line }: { readonly receiptId: string; readonly line: number }): string => `${receiptId}~${line}`;

const free = ({ onHand, reserved }: State): Quantity => minus(onHand, reserved);
const holding = ({ held }: State, reservationId: string): Quantity => held[reservationId] ?? NOTHING;
const waiting = (queue: readonly Backorder[], reservationId: string): Quantity =>
  queue.find(entry => reservationOf(entry) === reservationId)?.quantity ?? NOTHING;

const isKnown = (state: State, id: string): boolean =>
  holding(state, id) > NOTHING || waiting(state.queue, id) > NOTHING || state.settled.includes(id);
const isCrowded = ({ held, queue }: State): boolean => queue.length >= WAITING_MAX || Object.keys(held).length + queue.length >= OPEN_MAX;

function held(state: State, { reservationId, quantity }: DataOf<typeof StockReserved>): State {
  const sum = plus(holding(state, reservationId), quantity);
  return { ...state, reserved: plus(state.reserved, quantity), held: { ...state.held, [reservationId]: sum } };
}

function letGo(state: State, reservationId: string): State {
  const { [reservationId]: quantity = NOTHING, ...held } = state.held;
  return { ...state, reserved: minus(state.reserved, quantity), held, settled: remembering(state.settled, reservationId) };
}

const withdrawn = (state: State, reservationId: string): State => ({
  ...state,
  queue: without(state.queue, reservationId),
  settled: remembering(state.settled, reservationId),
});

/** Takes from the queue what was reserved of it. */
const served = (state: State, { reservationId, quantity }: DataOf<typeof StockReserved>): State => ({
  ...state,
  queue: state.queue.flatMap(entry => {
    if (reservationOf(entry) !== reservationId) return [entry];
    const rest = minus(entry.quantity, quantity);
    return rest > NOTHING ? [{ ...entry, quantity: rest }] : [];
  }),
});

/** Behind everyone who ordered earlier or on the same day. */
function queued(queue: readonly Backorder[], { orderId, line, quantity, orderedOn }: Backorder): readonly Backorder[] {
  const later = queue.findIndex(other => other.orderedOn > orderedOn);
  return queue.toSpliced(later < 0 ? queue.length : later, 0, { orderId, line, quantity, orderedOn });
}

const without = (queue: readonly Backorder[], reservationId: string): readonly Backorder[] =>
  queue.filter(entry => reservationOf(entry) !== reservationId);

const remembering = (names: readonly string[], name: string): readonly string[] =>
  [...names.filter(other => other !== name), name].slice(-REMEMBERED_MAX);

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

const crowded = ({ queue }: State): Refusal =>
  refuse('TooManyReservations', `${queue.length} order lines wait for this item already; ship or cancel some of them first.`, {
    waiting: queue.length,
  });
