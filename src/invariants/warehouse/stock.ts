/** What must be true of every stock cell, worked out from its movements alone. */
import {
  BackorderWithdrawn,
  StockAdjusted,
  StockBackordered,
  StockIssued,
  StockPicked,
  StockReceived,
  StockReleased,
  StockReserved,
  StockReturned,
  StockUnpicked,
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

export const stockCell = invariant({
  name: 'stock-cell',
  promise: 'A stock cell has on hand what came less what went, at least what is reserved, and keeps nothing free while somebody waits.',
  events: [
    StockReceived,
    StockAdjusted,
    StockReturned,
    StockReserved,
    StockBackordered,
    StockReleased,
    BackorderWithdrawn,
    StockPicked,
    StockUnpicked,
    StockIssued,
  ],
  initial: (): Cell => ({ onHand: 0, told: 0, held: {}, picked: {}, waiting: {} }),
  on: {
    StockReceived: (cell, { quantity, onHand }) => moved(cell, quantity, onHand),
    StockAdjusted: (cell, { quantity, onHand }) => moved(cell, quantity, onHand),
    StockReturned: (cell, { quantity, onHand }) => moved(cell, quantity, onHand),
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
