import { all, type Check, type History, type Logged, streamsOf, sumOf } from '../history.ts';

/** What a cell holds and owes, in thousandths; by reservation `order~line`. */
export interface Cell {
  readonly onHand: number;
  readonly held: ReadonlyMap<string, number>;
  readonly waiting: ReadonlyMap<string, number>;
  readonly issued: ReadonlyMap<string, number>;
}

interface Movement {
  readonly quantity: number;
  readonly reservationId: string;
  readonly waited: boolean;
  readonly onHand?: number;
}

const EMPTY: Cell = { onHand: 0, held: new Map(), waiting: new Map(), issued: new Map() };

const grown = (amounts: ReadonlyMap<string, number>, key: string, by: number): ReadonlyMap<string, number> => {
  const amount = (amounts.get(key) ?? 0) + by;
  const others = [...amounts].filter(([other]) => other !== key);
  return new Map(amount === 0 ? others : [...others, [key, amount]]);
};

const MOVES: Readonly<Record<string, (cell: Cell, moved: Movement) => Cell>> = {
  StockReceived: (cell, { quantity }) => ({ ...cell, onHand: cell.onHand + quantity }),
  StockAdjusted: (cell, { quantity }) => ({ ...cell, onHand: cell.onHand + quantity }),
  StockReserved: (cell, { reservationId, quantity, waited }) => ({
    ...cell,
    held: grown(cell.held, reservationId, quantity),
    waiting: waited ? grown(cell.waiting, reservationId, -quantity) : cell.waiting,
  }),
  StockBackordered: (cell, { reservationId, quantity }) => ({ ...cell, waiting: grown(cell.waiting, reservationId, quantity) }),
  StockReleased: (cell, { reservationId, quantity }) => ({ ...cell, held: grown(cell.held, reservationId, -quantity) }),
  BackorderWithdrawn: (cell, { reservationId, quantity }) => ({ ...cell, waiting: grown(cell.waiting, reservationId, -quantity) }),
  StockIssued: (cell, { reservationId, quantity }) => ({
    ...cell,
    onHand: cell.onHand - quantity,
    held: grown(cell.held, reservationId, -quantity),
    issued: grown(cell.issued, reservationId, quantity),
  }),
};

const moved = (cell: Cell, { type, data }: Logged): Cell => MOVES[type]?.(cell, data as unknown as Movement) ?? cell;

/** The cells as they are at last, by `warehouse~item`. */
export const cellsOf = (history: History): ReadonlyMap<string, Cell> =>
  new Map([...streamsOf(history, 'stock')].map(([id, events]) => [id, events.reduce(moved, EMPTY)]));

/** I5: at every revision on hand ≥ reserved ≥ 0 and as the event says; after every append nobody waits while anything is free. */
export const stocked: Check = function* (history) {
  for (const [id, events] of streamsOf(history, 'stock')) {
    let cell = EMPTY;
    for (const [index, event] of events.entries()) {
      const { type, revision, data, metadata } = event;
      const place = `cell ${id} after revision ${revision} (${type})`;
      cell = moved(cell, event);
      if (MOVES[type] === undefined) yield `${place}: an event no cell knows`;
      const reserved = sumOf(cell.held.values());
      const told = (data as unknown as Movement).onHand ?? cell.onHand;
      if (told !== cell.onHand) yield `${place}: says ${told} on hand, but what came and went makes ${cell.onHand}`;
      if (reserved > cell.onHand) yield `${place}: ${reserved} reserved of ${cell.onHand} on hand`;
      for (const [kind, amounts] of [
        ['reserved', cell.held],
        ['waiting', cell.waiting],
      ] as const)
        for (const [reservation, amount] of amounts) if (amount < 0) yield `${place}: ${amount} ${kind} for ${reservation}`;
      const appended = events[index + 1]?.metadata?.commandId !== metadata?.commandId;
      if (appended && cell.waiting.size > 0 && cell.onHand > reserved) yield `${place}: ${cell.onHand - reserved} free, and somebody waits`;
    }
    for (const [reservation, times] of Map.groupBy(all<Movement>(events, 'StockIssued'), ({ reservationId }) => reservationId))
      if (times.length > 1) yield `cell ${id}: ${reservation} was issued ${times.length} times`;
  }
  yield* received(history);
};

interface ReceiptLine {
  readonly line: number;
  readonly itemId: string;
  readonly quantity: number;
}

/** Every line of every receipt is in its cell, once. */
function* received(history: History): Iterable<string> {
  const cells = streamsOf(history, 'stock');
  const came = [...cells.values()].flatMap(events => all<ReceiptLine & { readonly receiptId: string }>(events, 'StockReceived'));
  const byLine = Map.groupBy(came, ({ receiptId, line, itemId, quantity }) => `${receiptId} ${line} ${itemId} ${quantity}`);
  const wanted = [...streamsOf(history, 'receipt')].flatMap(([id, events]) =>
    all<{ lines: readonly ReceiptLine[] }>(events, 'ReceiptRecorded').flatMap(({ lines }) =>
      lines.map(({ line, itemId, quantity }) => `${id} ${line} ${itemId} ${quantity}`),
    ),
  );
  for (const line of wanted) {
    const times = byLine.get(line)?.length ?? 0;
    if (times !== 1) yield `receipt line ${line} came into stock ${times} times`;
  }
  if (came.length > wanted.length) yield `${came.length} receipts of stock, but only ${wanted.length} lines of receipts`;
}
