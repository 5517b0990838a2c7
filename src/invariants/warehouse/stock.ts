/** What must be true of every stock cell, worked out from its movements alone. */
import {
  CostCorrected,
  Stock,
  StockAdjusted,
  StockArrived,
  StockConsumed,
  StockIssued,
  StockReceived,
  StockReturned,
  StockSent,
} from '../../domain/warehouse/stock.ts';
import { invariant } from '../../kernel/invariant.ts';

/** Thousandths by reservation; those that come to nothing are left out. */
export type Amounts = Readonly<Record<string, number>>;

interface Cell {
  readonly onHand: number;
  /** What the last event says is on hand. */
  readonly told: number;
  /** What is reserved, picked or not. */
  readonly held: Amounts;
  /** What is set aside, by reservation and delivery. */
  readonly picked: Amounts;
  readonly waiting: Amounts;
}

export function changed(amounts: Amounts, key: string | number, by: number): Amounts {
  const { [key]: before = 0, ...others } = amounts;
  return before + by === 0 ? others : { ...others, [key]: before + by };
}

export const sumOf = (numbers: Iterable<number>): number => [...numbers].reduce((sum, number) => sum + number, 0);

const moved = (cell: Cell, quantity: number, told: number): Cell => ({ ...cell, onHand: cell.onHand + quantity, told });

type LeftHeld = { readonly documentId: string; readonly line: number; readonly quantity: number; readonly onHand: number };

const documentLine = ({ documentId, line }: Pick<LeftHeld, 'documentId' | 'line'>): string => `${documentId}~${line}`;

const leftHeld = (cell: Cell, data: LeftHeld): Cell => ({
  ...moved(cell, -data.quantity, data.onHand),
  held: changed(cell.held, documentLine(data), -data.quantity),
});

export const stockCell = invariant({
  name: 'stock-cell',
  promise: 'A stock cell has on hand what came less what went, at least what is reserved, and keeps nothing free while somebody waits.',
  events: Stock.events,
  initial: (): Cell => ({ onHand: 0, told: 0, held: {}, picked: {}, waiting: {} }),
  on: {
    StockReceived: (cell, { quantity, onHand }) => moved(cell, quantity, onHand),
    StockAdjusted: (cell, { quantity, onHand }) => moved(cell, quantity, onHand),
    StockReturned: (cell, { quantity, onHand }) => moved(cell, quantity, onHand),
    ValuationChosen: cell => cell,
    CostCorrected: cell => cell,
    StockLimitsSet: cell => cell,
    BelowMinimumDetected: cell => cell,
    AboveMaximumDetected: cell => cell,
    StockWithinLimit: cell => cell,
    StockArrived: (cell, { quantity, onHand }) => moved(cell, quantity, onHand),
    StockConsumed: (cell, data) => leftHeld(cell, data),
    StockSent: (cell, data) => leftHeld(cell, data),
    StockHeld: (cell, data) => ({ ...cell, held: changed(cell.held, documentLine(data), data.quantity) }),
    StockHoldReleased: (cell, data) => ({ ...cell, held: changed(cell.held, documentLine(data), -data.quantity) }),
    StockReserved: (cell, { reservationId, quantity, waited }) => ({
      ...cell,
      held: changed(cell.held, reservationId, quantity),
      waiting: waited ? changed(cell.waiting, reservationId, -quantity) : cell.waiting,
    }),
    StockBackordered: (cell, { reservationId, quantity }) => ({ ...cell, waiting: changed(cell.waiting, reservationId, quantity) }),
    StockReleased: (cell, { reservationId, quantity }) => ({ ...cell, held: changed(cell.held, reservationId, -quantity) }),
    BackorderWithdrawn: (cell, { reservationId, quantity }) => ({ ...cell, waiting: changed(cell.waiting, reservationId, -quantity) }),
    StockPicked: (cell, pick) => ({ ...cell, picked: changed(cell.picked, pickOf(pick), pick.quantity) }),
    StockUnpicked: (cell, pick) => ({ ...cell, picked: changed(cell.picked, pickOf(pick), -pick.quantity) }),
    StockIssued: (cell, issued) => ({
      ...moved(cell, -issued.quantity, issued.onHand),
      held: changed(cell.held, issued.reservationId, -issued.quantity),
      picked: pickOf(issued) in cell.picked ? changed(cell.picked, pickOf(issued), -issued.quantity) : cell.picked,
    }),
  },
  *always({ onHand, told, held, picked, waiting }) {
    const reserved = sumOf(Object.values(held));
    if (told !== onHand) yield `it says ${told} on hand, but what came and went makes ${onHand}`;
    if (reserved > onHand) yield `${reserved} reserved of ${onHand} on hand`;
    for (const [reservation, amount] of Object.entries(held)) if (amount < 0) yield `${amount} reserved for ${reservation}`;
    for (const [pick, amount] of Object.entries(picked)) if (amount < 0) yield `${amount} picked for ${pick}`;
    if (sumOf(Object.values(picked)) > reserved) yield `more is picked than ${reserved}, which are reserved`;
    for (const [reservation, amount] of Object.entries(waiting)) if (amount < 0) yield `${amount} waiting for ${reservation}`;
  },
  *afterAppend({ onHand, held, waiting }) {
    const free = onHand - sumOf(Object.values(held));
    if (free > 0 && Object.keys(waiting).length > 0) yield `${free} free, and somebody waits`;
  },
});

const pickOf = ({ reservationId, deliveryId }: { readonly reservationId: string; readonly deliveryId: string }): string =>
  `${reservationId} ${deliveryId}`;

export const issuedOnce = invariant({
  name: 'issued-once',
  promise: 'What is reserved for an order line leaves the warehouse once with each delivery.',
  events: [StockIssued],
  keys: { StockIssued: ({ reservationId, deliveryId }, { entityId }) => [`${entityId} ${reservationId} ${deliveryId}`] },
  initial: (): number => 0,
  on: { StockIssued: times => times + 1 },
  *always(times) {
    if (times > 1) yield `issued ${times} times`;
  },
});

interface Worth {
  readonly onHand: number;
  /** Minor units of the company's currency. */
  readonly value: number;
}
type Costed = { readonly quantity: number; readonly cost?: { readonly minor: number } | undefined };

const came = ({ onHand, value }: Worth, { quantity, cost }: Costed): Worth => ({
  onHand: onHand + quantity,
  value: value + (cost?.minor ?? 0) * Math.sign(quantity),
});
const went = (worth: Worth, { quantity, cost }: Costed): Worth => came(worth, { quantity: -quantity, cost });

export const stockWorth = invariant({
  name: 'stock-worth',
  promise: 'What goods cost when they left, corrections included, is what they cost when they came: an empty cell is worth nothing.',
  events: [StockReceived, StockAdjusted, StockReturned, StockArrived, StockConsumed, StockSent, StockIssued, CostCorrected],
  initial: (): Worth => ({ onHand: 0, value: 0 }),
  on: {
    StockReceived: came,
    StockAdjusted: came,
    StockReturned: came,
    StockArrived: came,
    StockConsumed: went,
    StockSent: went,
    StockIssued: went,
    CostCorrected: ({ onHand, value }, { before, cost }) => ({ onHand, value: value + before.minor - cost.minor }),
  },
  *afterAppend({ onHand, value }) {
    if (value < 0) yield `it is worth ${value}`;
    if (onHand === 0 && value !== 0) yield `nothing is there, worth ${value}`;
  },
});

interface Transfer {
  readonly sent: string | null;
  readonly arrived: readonly string[];
}
const load = ({ itemId, quantity, cost }: { readonly itemId: string } & Costed): string =>
  `${quantity} of ${itemId} for ${cost?.minor ?? 0}`;

export const transfersWhole = invariant({
  name: 'transfers-whole',
  promise: 'What leaves one warehouse for another comes in there once, with all its goods and all its value.',
  events: [StockSent, StockArrived],
  keys: { StockSent: sent => [documentLine(sent)], StockArrived: arrived => [documentLine(arrived)] },
  initial: (): Transfer => ({ sent: null, arrived: [] }),
  on: {
    StockSent: (transfer, data) => ({ ...transfer, sent: load(data) }),
    StockArrived: (transfer, data) => ({ ...transfer, arrived: [...transfer.arrived, load(data)] }),
  },
  *always({ sent, arrived }) {
    if (arrived.length > 1) yield `arrived ${arrived.length} times`;
    for (const goods of arrived) if (goods !== sent) yield `${goods} arrived, but ${sent ?? 'nothing'} was sent`;
  },
});
