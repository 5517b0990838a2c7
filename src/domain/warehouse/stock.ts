/**
 * A stock cell: what one warehouse has of one item, to whom it is promised, and who waits for more.
 *
 * At every revision on hand ≥ reserved ≥ 0, and nobody waits while anything is free: whatever becomes free goes, in the same
 * append, to those who wait, oldest order first. So nobody is ever served past somebody who waits.
 */
import { z } from 'zod';
import { decider } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency, Money } from '../../kernel/money.ts';
import { minus, NOTHING, negated, plus, Quantity } from '../../kernel/quantity.ts';
import { type Document, entered, type Ledger, type Move, NO_LEDGER } from './cell-ledger.ts';
import { VALUATION_METHODS } from './costing.ts';

const cell = { warehouseId: z.string(), itemId: z.string() };
/** What the cell has after the movement. */
const onHand = Quantity;
/** What the goods that moved cost, however many; absent where the cell does not value its goods yet. */
const cost = Money.optional();

/** How a cell values its goods, and in which currency: said when its first goods come, for good. */
export const ValuationChosen = event('ValuationChosen', { ...cell, method: z.enum(VALUATION_METHODS), currency: Currency });
export type Valuation = Pick<DataOf<typeof ValuationChosen>, 'method' | 'currency'>;

export const StockReceived = event('StockReceived', {
  ...cell,
  receiptId: z.string(),
  line: z.int(),
  quantity: Quantity,
  unitCost: Decimal.optional(),
  receivedOn: z.iso.date(),
  /** The stock with which the house took over. */
  opening: z.literal(true).optional(),
  onHand,
  cost,
});

/** `quantity` is signed: what was found more, or less. */
export const StockAdjusted = event('StockAdjusted', {
  ...cell,
  adjustmentId: z.string(),
  /** Of the document; absent where it was adjusted in one step. */
  line: z.int().optional(),
  quantity: Quantity,
  reason: z.string(),
  adjustedOn: z.iso.date(),
  onHand,
  cost,
});

/** Goods of a delivery come back: `line` is that of the delivery. They cost what they cost when they left. */
export const StockReturned = event('StockReturned', {
  ...cell,
  returnId: z.string(),
  deliveryId: z.string(),
  line: z.int(),
  quantity: Quantity,
  returnedOn: z.iso.date(),
  onHand,
  cost,
});

/** A movement that was recorded late changed what goods cost that left after it: `cost` is what they cost now, `before` what they were said to cost. */
export const CostCorrected = event('CostCorrected', {
  ...cell,
  document: z.string(),
  documentId: z.string(),
  line: z.int(),
  /** Day on which the goods left. */
  movedOn: z.iso.date(),
  before: Money,
  cost: Money,
  onHand,
});

const documented = { ...cell, documentId: z.string(), line: z.int(), quantity: Quantity };

/** Free stock is kept for a line of a document that is being approved. */
export const StockHeld = event('StockHeld', documented);
/** The document was not approved after all; the stock is free again. */
export const StockHoldReleased = event('StockHoldReleased', documented);
/** Stock that was held leaves for our own use. */
export const StockConsumed = event('StockConsumed', {
  ...documented,
  reason: z.string().optional(),
  consumedOn: z.iso.date(),
  onHand,
  cost,
});
/** Stock that was held leaves for another warehouse. */
export const StockSent = event('StockSent', { ...documented, toWarehouseId: z.string(), sentOn: z.iso.date(), onHand, cost });
/** What left another warehouse comes in, at the cost at which it left. */
export const StockArrived = event('StockArrived', { ...documented, arrivedOn: z.iso.date(), onHand, cost });

const limit = Quantity.nullable();
/** Between what and what the stock is to be kept; null: no such limit. */
export const StockLimitsSet = event('StockLimitsSet', { ...cell, minimum: limit, maximum: limit });
/** Less is free than there should be: said once, until it is refilled. */
export const BelowMinimumDetected = event('BelowMinimumDetected', { ...cell, available: Quantity, minimum: Quantity });
/** More is on hand than there should be: said once, until it has gone down. */
export const AboveMaximumDetected = event('AboveMaximumDetected', { ...cell, onHand: Quantity, maximum: Quantity });
export const StockWithinLimit = event('StockWithinLimit', { ...cell, limit: z.enum(['minimum', 'maximum']) });

const promise = { ...cell, reservationId: z.string(), orderId: z.string(), line: z.int(), quantity: Quantity };

/** Stock is promised to an order line; `waited` when it had been a backorder until now. */
export const StockReserved = event('StockReserved', { ...promise, waited: z.boolean() });
/** What the cell could not promise waits in its queue. */
export const StockBackordered = event('StockBackordered', { ...promise, orderedOn: z.iso.date() });
/** A promise is taken back; the stock is free again. */
export const StockReleased = event('StockReleased', promise);
/** An order line no longer waits. */
export const BackorderWithdrawn = event('BackorderWithdrawn', promise);
/** Reserved stock is set aside for a delivery that is being approved: nobody releases it any more. */
export const StockPicked = event('StockPicked', { ...promise, deliveryId: z.string() });
/** The delivery was not approved after all; its goods are reserved as before. */
export const StockUnpicked = event('StockUnpicked', { ...promise, deliveryId: z.string() });
/** Reserved stock leaves the warehouse. */
export const StockIssued = event('StockIssued', { ...promise, deliveryId: z.string(), issuedOn: z.iso.date(), onHand, cost });

const events = [
  ValuationChosen,
  StockReceived,
  StockAdjusted,
  StockReturned,
  CostCorrected,
  StockHeld,
  StockHoldReleased,
  StockConsumed,
  StockSent,
  StockArrived,
  StockLimitsSet,
  BelowMinimumDetected,
  AboveMaximumDetected,
  StockWithinLimit,
  StockReserved,
  StockBackordered,
  StockReleased,
  BackorderWithdrawn,
  StockPicked,
  StockUnpicked,
  StockIssued,
] as const;
export type StockFact = EventOf<(typeof events)[number]>;

export interface CellKey {
  readonly warehouseId: string;
  readonly itemId: string;
}
export interface OrderLine {
  readonly orderId: string;
  readonly line: number;
}
export interface Backorder extends OrderLine {
  readonly quantity: Quantity;
  readonly orderedOn: string;
}

type Amounts = Readonly<Record<string, Quantity>>;

export interface State {
  readonly onHand: Quantity;
  /** Sum of `held` and `picked`. */
  readonly reserved: Quantity;
  /** What is promised and not picked, by reservation. */
  readonly held: Amounts;
  /** What is set aside, by delivery and line. */
  readonly picked: Amounts;
  /** Who waits: oldest order first, and of one day who asked first. */
  readonly queue: readonly Backorder[];
  /** The reservations and the lines of deliveries that last came to an end. */
  readonly settled: readonly string[];
  /** The lines of documents that moved goods last. */
  readonly moved: readonly string[];
  /** Currency of its values; null until its first valued goods come. */
  readonly currency: Currency | null;
  /** Its movements as far as their costs may still change, and what the goods cost that are there. */
  readonly ledger: Ledger;
  readonly minimum: Quantity | null;
  readonly maximum: Quantity | null;
  /** Which limits are known to be passed. */
  readonly passed: { readonly minimum: boolean; readonly maximum: boolean };
}

/**
 * A command that was done already may come again within moments, or after a crash when its sender starts anew. What was done
 * so many others ago does not come again, so the cell need not remember it for years.
 */
const REMEMBERED_MAX = 100;

export const Stock = decider({
  category: 'stock',
  stateVersion: 4,
  events,
  shared: true,
  initial: (): State => ({
    onHand: NOTHING,
    reserved: NOTHING,
    held: {},
    picked: {},
    queue: [],
    settled: [],
    moved: [],
    currency: null,
    ledger: NO_LEDGER,
    minimum: null,
    maximum: null,
    passed: { minimum: false, maximum: false },
  }),
  evolve: {
    ValuationChosen: (state, { method, currency }) => ({ ...state, currency, ledger: { ...state.ledger, method } }),
    StockReceived: (state, data) => changed(state, received(data), data),
    StockAdjusted: (state, data) => changed(state, adjusted(data), data),
    StockReturned: (state, data) => changed(state, returned(data), data),
    CostCorrected: state => state,
    StockHeld: (state, data) => held(state, { reservationId: documentLine(data), quantity: data.quantity }),
    StockHoldReleased: (state, data) => unheld(state, documentLine(data)),
    StockConsumed: (state, data) => changed(unheld(state, documentLine(data)), consumed(data), data),
    StockSent: (state, data) => changed(unheld(state, documentLine(data)), sent(data), data),
    StockArrived: (state, data) => changed(state, arrived(data), data),
    StockLimitsSet: (state, { minimum, maximum }) => ({ ...state, minimum, maximum }),
    BelowMinimumDetected: state => ({ ...state, passed: { ...state.passed, minimum: true } }),
    AboveMaximumDetected: state => ({ ...state, passed: { ...state.passed, maximum: true } }),
    StockWithinLimit: (state, { limit }) => ({ ...state, passed: { ...state.passed, [limit]: false } }),
    StockReserved: (state, promised) => held(promised.waited ? served(state, promised) : state, promised),
    StockBackordered: (state, backorder) => ({ ...state, queue: queued(state.queue, backorder) }),
    StockReleased: (state, { reservationId }) => letGo(state, reservationId),
    BackorderWithdrawn: (state, { reservationId }) => withdrawn(state, reservationId),
    StockPicked: (state, { reservationId, quantity, ...pick }) => ({
      ...state,
      held: summed(state.held, reservationId, negated(quantity)),
      picked: summed(state.picked, pickOf(pick), quantity),
      settled: remembering(state.settled, reservationId),
    }),
    StockUnpicked: (state, { reservationId, quantity, ...pick }) => ({
      ...state,
      held: summed(state.held, reservationId, quantity),
      picked: summed(state.picked, pickOf(pick), negated(quantity)),
    }),
    StockIssued: (state, data) => changed(left(state, data), issued(data), data),
  },
});

const moveOf = (document: Document, on: string, quantity: Quantity, cost: Money | undefined): Move => ({
  ...document,
  on,
  quantity,
  value: cost?.minor ?? 0,
});

type Moving<Fact> = Omit<Fact, 'onHand'>;

/** Movements as the ledger of the cell keeps them. */
export const received = ({ receiptId, line, receivedOn, quantity, cost }: Moving<DataOf<typeof StockReceived>>): Move =>
  moveOf({ document: 'receipt', documentId: receiptId, line }, receivedOn, quantity, cost);
export const adjusted = ({ adjustmentId, line = 1, adjustedOn, quantity, cost }: Moving<DataOf<typeof StockAdjusted>>): Move =>
  moveOf({ document: 'adjustment', documentId: adjustmentId, line }, adjustedOn, quantity, cost);
export const returned = ({ returnId, deliveryId, line, returnedOn, quantity, cost }: Moving<DataOf<typeof StockReturned>>): Move =>
  moveOf({ document: 'return', documentId: returnId, line, of: deliveryId }, returnedOn, quantity, cost);
export const consumed = ({ documentId, line, consumedOn, quantity, cost }: Moving<DataOf<typeof StockConsumed>>): Move =>
  moveOf({ document: 'issue', documentId, line }, consumedOn, negated(quantity), cost);
export const sent = ({ documentId, line, sentOn, quantity, cost }: Moving<Omit<DataOf<typeof StockSent>, 'toWarehouseId'>>): Move =>
  moveOf({ document: 'transfer', documentId, line }, sentOn, negated(quantity), cost);
export const arrived = ({ documentId, line, arrivedOn, quantity, cost }: Moving<DataOf<typeof StockArrived>>): Move =>
  moveOf({ document: 'transfer', documentId, line }, arrivedOn, quantity, cost);
export const issued = ({ deliveryId, line, issuedOn, quantity, cost }: Moving<Omit<DataOf<typeof StockIssued>, 'reservationId'>>): Move =>
  moveOf({ document: 'delivery', documentId: deliveryId, line }, issuedOn, negated(quantity), cost);

const changed = (state: State, move: Move, { onHand }: { readonly onHand: Quantity }): State => ({
  ...state,
  onHand,
  moved: remembering(state.moved, documentLine(move)),
  ledger: entered(state.ledger, move),
});

export const cellId = ({ warehouseId, itemId }: CellKey): string => `${warehouseId}~${itemId}`;
export const reservationOf = ({ orderId, line }: OrderLine): string => `${orderId}~${line}`;

/** One line of a delivery. */
export const pickOf = ({ deliveryId, line }: { readonly deliveryId: string; readonly line: number }): string => `${deliveryId}~${line}`;

export const documentLine = ({ documentId, line }: Pick<Document, 'documentId' | 'line'>): string => `${documentId}~${line}`;

export const free = ({ onHand, reserved }: State): Quantity => minus(onHand, reserved);
export const holding = ({ held }: State, reservationId: string): Quantity => held[reservationId] ?? NOTHING;
export const waiting = (queue: readonly Backorder[], reservationId: string): Quantity =>
  queue.find(entry => reservationOf(entry) === reservationId)?.quantity ?? NOTHING;

/** What comes to nothing is left out. */
function summed(amounts: Amounts, key: string, by: Quantity): Amounts {
  const { [key]: before = NOTHING, ...others } = amounts;
  const after = plus(before, by);
  return after === NOTHING ? others : { ...others, [key]: after };
}

const held = (state: State, { reservationId, quantity }: Pick<DataOf<typeof StockReserved>, 'reservationId' | 'quantity'>): State => ({
  ...state,
  reserved: plus(state.reserved, quantity),
  held: summed(state.held, reservationId, quantity),
});

/** What leaves was picked; before there was picking, it left out of what was held. */
function left(state: State, { reservationId, quantity, ...pick }: DataOf<typeof StockIssued>): State {
  const line = pickOf(pick);
  const isPicked = state.picked[line] !== undefined;
  return {
    ...state,
    reserved: minus(state.reserved, quantity),
    held: isPicked ? state.held : summed(state.held, reservationId, negated(quantity)),
    picked: isPicked ? summed(state.picked, line, negated(quantity)) : state.picked,
    settled: remembering(remembering(state.settled, reservationId), line),
  };
}

/** Nothing is kept under this id any more. */
function unheld(state: State, id: string): State {
  const { [id]: quantity = NOTHING, ...held } = state.held;
  return { ...state, reserved: minus(state.reserved, quantity), held };
}

const letGo = (state: State, reservationId: string): State => ({
  ...unheld(state, reservationId),
  settled: remembering(state.settled, reservationId),
});

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

export const without = (queue: readonly Backorder[], reservationId: string): readonly Backorder[] =>
  queue.filter(entry => reservationOf(entry) !== reservationId);

const remembering = (names: readonly string[], name: string): readonly string[] =>
  [...names.filter(other => other !== name), name].slice(-REMEMBERED_MAX);
