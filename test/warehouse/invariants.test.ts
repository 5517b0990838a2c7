import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cellId,
  StockArrived,
  StockConsumed,
  StockHeld,
  StockHoldReleased,
  StockIssued,
  StockReceived,
  StockSent,
} from '../../src/domain/warehouse/stock.ts';
import { StockDocumentApproved } from '../../src/domain/warehouse/stock-document.ts';
import { stockCell, stockWorth, transfersWhole } from '../../src/invariants/warehouse/stock.ts';
import { stockDocumentsPosted } from '../../src/invariants/warehouse/stock-documents.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { type AnyInvariant, instancesOf } from '../../src/kernel/invariant.ts';
import { money } from '../../src/kernel/money.ts';
import type { ViewMeta } from '../../src/kernel/projection.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { appendsOf, average, cell, fifo, order, RON, wishes } from './random-cell.ts';

/** What an invariant finds wrong in some appends to one cell, or to the record named. */
function faults(invariant: unknown, appends: readonly (readonly DomainEvent[])[], entityId = cellId(cell)): string[] {
  const { on, always, afterAppend, atRest, ...definition } = invariant as AnyInvariant;
  const states = new Map<string, unknown>();
  const found: string[] = [];
  for (const facts of appends) {
    for (const { type, data } of facts) {
      const meta = { entityId } as ViewMeta;
      if (on[type] === undefined) continue;
      for (const key of instancesOf({ on, ...definition } as AnyInvariant, type, data, meta)) {
        const before = states.get(key) ?? definition.initial();
        states.set(key, on[type](before as never, data as never, key, meta));
        found.push(...(always?.(states.get(key) as never, key) ?? []));
      }
    }
    for (const [key, state] of states) found.push(...(afterAppend?.(state as never, key) ?? []));
  }
  for (const [key, state] of states) found.push(...(atRest?.(state as never, key) ?? []));
  return found;
}

test.each([fifo, average])('no life of a cell breaks what must be true of it, valued by $method', valuation =>
  fc.assert(
    fc.property(wishes, sequence => {
      const appends = appendsOf(sequence, valuation).map(({ facts }) => facts);
      expect([...faults(stockCell, appends), ...faults(stockWorth, appends)]).toEqual([]);
    }),
  ),
);

const units = (count: number) => quantity(count * 1000);
const lei = (amount: number) => money(amount * 100, RON);
const received = StockReceived({
  ...cell,
  receiptId: 'R1',
  line: 1,
  quantity: units(2),
  receivedOn: '2026-03-01',
  onHand: units(2),
  cost: lei(10),
});
const line = { ...cell, documentId: 'D1', line: 1, quantity: units(2) };

describe('it is found when', () => {
  test('an empty cell is worth something', () => {
    const issued = (cost: number) =>
      StockIssued({
        ...order('A'),
        reservationId: 'A~1',
        deliveryId: 'A~1',
        quantity: units(2),
        issuedOn: '2026-03-02',
        onHand: units(0),
        cost: lei(cost),
      });
    expect(faults(stockWorth, [[received], [issued(10)]])).toEqual([]);
    expect(faults(stockWorth, [[received], [issued(9)]])).toEqual(['nothing is there, worth 100']);
    expect(faults(stockWorth, [[received], [issued(11)]])).toContain('it is worth -100');
  });

  test('a transfer brings other goods, or another value, than it took', () => {
    const sent = StockSent({ ...line, toWarehouseId: 'W2', sentOn: '2026-03-02', onHand: units(0), cost: lei(10) });
    const arrived = (cost: number) =>
      StockArrived({ ...line, warehouseId: 'W2', arrivedOn: '2026-03-02', onHand: units(2), cost: lei(cost) });
    expect(faults(transfersWhole, [[sent], [arrived(10)]])).toEqual([]);
    expect(faults(transfersWhole, [[sent], [arrived(9)]])).toHaveLength(1);
    expect(faults(transfersWhole, [[sent], [arrived(10)], [arrived(10)]])).toContain('arrived 2 times');
  });

  test('a document moves what nobody approved, never moves what somebody did, or keeps goods', () => {
    const paper = {
      kind: 'issue',
      warehouseId: 'W1',
      datedOn: '2026-03-02',
      lines: [{ line: 1, itemId: 'I1', quantity: units(2) }],
    } as const;
    const approved = StockDocumentApproved({ ...paper, lines: [...paper.lines], approverId: 'bo' });
    const held = StockHeld(line);
    const consumed = StockConsumed({ ...line, consumedOn: '2026-03-02', onHand: units(0), cost: lei(10) });
    expect(faults(stockDocumentsPosted, [[held], [approved], [consumed]], 'D1')).toEqual([]);
    expect(faults(stockDocumentsPosted, [[held], [StockHoldReleased(line)]], 'D1')).toEqual([]);
    expect(faults(stockDocumentsPosted, [[held], [consumed]], 'D1')).toEqual(['D1~1 moved, and no approved document says so']);
    expect(faults(stockDocumentsPosted, [[approved]], 'D1')).toEqual(['D1~1 is approved and never moved']);
    expect(faults(stockDocumentsPosted, [[held]], 'D1')).toEqual(['1 lines are held still']);
  });
});
