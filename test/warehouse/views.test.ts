import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { valueIn } from '../../src/domain/warehouse/costing.ts';
import { cellId, reservationOf, type State, Stock } from '../../src/domain/warehouse/stock.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { total } from '../../src/kernel/quantity.ts';
import { reservations } from '../../src/projections/warehouse/reservations.ts';
import { stockLevels } from '../../src/projections/warehouse/stock-levels.ts';
import { stockMoves } from '../../src/projections/warehouse/stock-moves.ts';
import { rowsAfter } from '../kernel/fold.ts';
import { appendsOf, cell, wishes } from './random-cell.ts';

const happened = (facts: readonly DomainEvent[]) => facts.map(event => ({ event, entityId: cellId(cell) }));

/** Whatever happened to a cell, its views say what the cell itself knows. */
const alwaysAgree = (check: (state: State, facts: readonly DomainEvent[]) => void) =>
  fc.assert(
    fc.property(wishes, sequence => {
      const appends = appendsOf(sequence);
      check(
        appends.at(-1)?.states.at(-1) ?? Stock.initial(),
        appends.flatMap(append => append.facts),
      );
    }),
  );

describe('whatever happens to a cell', () => {
  test('the stock level is what the cell has, promised and owes', () =>
    alwaysAgree(({ onHand, reserved, queue, currency, ledger }, facts) => {
      const backordered = total(queue.map(entry => entry.quantity));
      const level = {
        warehouse_id: 'W1',
        item_id: 'I1',
        on_hand: onHand,
        reserved,
        backordered,
        minimum: null,
        maximum: null,
        value: valueIn(ledger.costing),
        currency,
      };
      expect([...rowsAfter(stockLevels, happened(facts))]).toEqual(facts.length === 0 ? [] : [['W1~I1', level]]);
    }));

  test('the reservations are those that hold or wait', () =>
    alwaysAgree(({ held, picked, queue }, facts) => {
      const reserved: Record<string, number> = { ...held };
      // A pick is named by order, delivery and line, what it was taken of by order and line.
      for (const [pick, quantity] of Object.entries(picked)) {
        const id = pick.replace(/~\d+~/, '~');
        reserved[id] = (reserved[id] ?? 0) + quantity;
      }
      const rows = [...rowsAfter(reservations, happened(facts))];
      const seen = rows.map(([id, { reserved, waiting }]) => [id, reserved, waiting]);
      const ids = new Set([...Object.keys(reserved), ...queue.map(reservationOf)]);
      const known = [...ids].map(id => [id, reserved[id] ?? 0, queue.find(entry => reservationOf(entry) === id)?.quantity ?? 0]);
      expect(seen.sort()).toEqual(known.sort());
    }));

  test('the values of the movements sum up to what the goods are worth', () =>
    alwaysAgree(({ ledger }, facts) => {
      const values = [...rowsAfter(stockMoves, happened(facts)).values()].map(move => move.value ?? 0);
      expect(values.reduce((sum, value) => sum + value, 0)).toBe(valueIn(ledger.costing));
    }));

  test('the movements chain: what one leaves the next finds', () =>
    alwaysAgree(({ onHand }, facts) => {
      const moves = [...rowsAfter(stockMoves, happened(facts)).values()];
      const found = moves.map(move => move.on_hand - move.quantity);
      const left = moves.map(move => move.on_hand);
      expect([...found, onHand]).toEqual([0, ...left]);
    }));
});
