import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enterReceipt } from '../../src/commands/warehouse/receipt.ts';
import { arriveStock, consumeStock, holdStock, postAdjustment, sendStock, unholdStock } from '../../src/commands/warehouse/stock.ts';
import { lapseStockDocument } from '../../src/commands/warehouse/stock-document.ts';
import { quantityIn, valueIn } from '../../src/domain/warehouse/costing.ts';
import {
  type State,
  Stock,
  StockAdjusted,
  StockArrived,
  StockBackordered,
  StockConsumed,
  StockHeld,
  StockHoldReleased,
  StockReceived,
  StockReserved,
  StockSent,
  ValuationChosen,
} from '../../src/domain/warehouse/stock.ts';
import {
  type Paper,
  StockDocumentApproved,
  StockDocumentDrafted,
  StockDocumentEdited,
  StockDocumentRejected,
  StockDocumentReviewed,
  TransferReceived,
} from '../../src/domain/warehouse/stock-document.ts';
import { arrive, hold, receive, send } from '../../src/domain/warehouse/stock-keeping.ts';
import { type Decision, isRefusal } from '../../src/kernel/decider.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { HoldLapsed } from '../../src/kernel/hold.ts';
import { money } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { stockPosting } from '../../src/sagas/warehouse/stock-posting.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';
import { average, cell, fifo, next, order, RON } from './random-cell.ts';

const units = (count: number) => quantity(count * 1000);
const lei = (amount: number) => money(Math.round(amount * 100), RON);
const document = { stream: 'stockDocument-D1' };
const stock = { stream: 'stock-W1~I1' };
const line = { ...cell, documentId: 'D1', line: 1 };
const paper: Paper = { kind: 'issue', warehouseId: 'W1', datedOn: '2026-03-02', lines: [{ line: 1, itemId: 'I1', quantity: units(3) }] };
const drafted = (of: Paper) => StockDocumentDrafted({ ...of, authorId: 'ana' });
const approved = (of: Paper) => StockDocumentApproved({ ...of, approverId: 'bo' });
const sent = StockSent({ ...line, quantity: units(3), toWarehouseId: 'W2', sentOn: '2026-03-02', onHand: units(0), cost: lei(30) });
const arrived = StockArrived({ ...line, warehouseId: 'W2', quantity: units(3), arrivedOn: '2026-03-02', onHand: units(3), cost: lei(30) });

describe('a stock document', () => {
  test('that is left lying says so, and who can move it', () =>
    givenSaga(stockPosting)
      .on(drafted(paper), document)
      .waitsFor({
        reason: 'The document is not approved yet, so the stock is unchanged.',
        movedBy: { command: 'ApproveStockDocument', permission: 'warehouse:approve' },
      }));

  test('that needs a second approval says so', () =>
    givenSaga(stockPosting)
      .on(drafted(paper), document)
      .on(StockDocumentReviewed({ reviewerId: 'bo', value: 1 }), document)
      .waitsFor({ reason: 'The document is approved once; at its value it needs the approval of another.' }));

  test('that is edited waits for its approval again, and moves what it says then', () => {
    const more: Paper = { ...paper, lines: [{ line: 1, itemId: 'I1', quantity: units(5) }] };
    givenSaga(stockPosting)
      .on(drafted(paper), document)
      .on(StockDocumentReviewed({ reviewerId: 'bo', value: 1 }), document)
      .on(StockDocumentEdited(more), document)
      .waitsFor({ reason: 'The document is not approved yet, so the stock is unchanged.' })
      .on(approved(more), document)
      .sends([consumeStock({ ...line, quantity: '5', reason: undefined, consumedOn: '2026-03-02' })]);
  });

  test('that is rejected ends', () =>
    givenSaga(stockPosting)
      .on(drafted(paper), document)
      .on(StockDocumentRejected({ reason: 'wrong' }), document)
      .finished());

  test('of a receipt is entered when it is approved', () => {
    const receipt: Paper = { ...paper, kind: 'receipt', supplierId: 'A2' };
    const lines = [{ line: 1, itemId: 'I1', quantity: '3' }];
    givenSaga(stockPosting)
      .on(drafted(receipt), document)
      .on(approved(receipt), document)
      .sends([enterReceipt({ id: 'D1', warehouseId: 'W1', reference: undefined, supplierId: 'A2', receivedOn: '2026-03-02', lines })])
      .finished();
  });

  test('of an issue takes out every line, and ends with the last', () =>
    givenSaga(stockPosting)
      .on(drafted(paper), document)
      .on(approved(paper), document)
      .sends([consumeStock({ ...line, quantity: '3', reason: undefined, consumedOn: '2026-03-02' })])
      .on(StockConsumed({ ...line, quantity: units(3), consumedOn: '2026-03-02', onHand: units(0) }), stock)
      .finished());

  test('of an adjustment enters every line', () => {
    const loss: Paper = { ...paper, kind: 'adjustment', reason: 'broken', lines: [{ line: 1, itemId: 'I1', quantity: units(-3) }] };
    const adjustment = { ...cell, adjustmentId: 'D1', line: 1, reason: 'broken', adjustedOn: '2026-03-02' };
    givenSaga(stockPosting)
      .on(drafted(loss), document)
      .on(approved(loss), document)
      .sends([postAdjustment({ ...adjustment, quantity: '-3' })])
      .on(StockAdjusted({ ...adjustment, quantity: units(-3), onHand: units(0) }), stock)
      .finished();
  });

  test('of a transfer brings in what left, at the value with which it left', () => {
    const transfer: Paper = { ...paper, kind: 'transfer', toWarehouseId: 'W2' };
    givenSaga(stockPosting)
      .on(drafted(transfer), document)
      .on(approved(transfer), document)
      .sends([sendStock({ ...line, quantity: '3', toWarehouseId: 'W2', sentOn: '2026-03-02' })])
      .on(sent, stock)
      .sends([arriveStock({ ...line, warehouseId: 'W2', quantity: '3', value: 3_000, arrivedOn: '2026-03-02' })])
      .on(arrived, { stream: 'stock-W2~I1' })
      .finished();
  });

  test.each(['sent first', 'received first'])('of a transfer in two steps waits for who receives it, %s', which => {
    const transfer: Paper = { ...paper, kind: 'transfer', toWarehouseId: 'W2', twoSteps: true };
    const received = TransferReceived({
      receivedOn: '2026-03-04',
      toWarehouseId: 'W2',
      lines: [{ line: 1, itemId: 'I1', sent: units(3), lost: units(1) }],
    });
    const onItsWay = givenSaga(stockPosting).on(drafted(transfer), document).on(approved(transfer), document);
    const both =
      which === 'sent first'
        ? onItsWay.on(sent, stock).sends([]).on(received, document)
        : onItsWay.on(received, document).sends([]).on(sent, stock);
    both
      .sends([arriveStock({ ...line, warehouseId: 'W2', quantity: '3', lost: '1', value: 3_000, arrivedOn: '2026-03-04' })])
      .on(arrived, { stream: 'stock-W2~I1' })
      .finished();
  });

  test('whose approval vanished with what it held frees it after ten minutes, and tells the approval first', () =>
    givenSaga(stockPosting)
      .on(drafted(paper), document)
      .on(StockHeld({ ...line, quantity: units(3) }), { ...stock, causationId: 'approval-1' })
      .rings('vanished')
      .sends([lapseStockDocument({ id: 'D1', commandId: 'approval-1' })])
      .on(HoldLapsed({ commandId: 'approval-1' }), document)
      .sends([unholdStock(line)]));

  test('whose approval was refused is no concern any more', () =>
    givenSaga(stockPosting)
      .on(drafted(paper), document)
      .on(StockHeld({ ...line, quantity: units(3) }), stock)
      .on(StockHoldReleased({ ...line, quantity: units(3) }), stock)
      .sleeps('vanished'));
});

describe('a stock cell', () => {
  const valued = ValuationChosen({ ...cell, ...fifo });
  const received = StockReceived({
    ...cell,
    receiptId: 'R1',
    line: 1,
    quantity: units(5),
    receivedOn: '2026-03-01',
    onHand: units(5),
    cost: lei(50),
  });
  const held = StockHeld({ ...line, quantity: units(3) });
  const wish = { ...line, quantity: '3', on: '2026-03-02' };

  test('holds free stock for a document, once', () => {
    given(valued, received).when(holdStock, wish).thenEvents(held);
    given(valued, received, held).when(holdStock, wish).thenNothing();
  });

  test('holds nothing that is reserved, nor what could not be spared on the day', () => {
    const reserved = StockReserved({ ...order('A'), reservationId: 'A~1', quantity: units(3), waited: false });
    const refusal = given(valued, received, reserved).when(holdStock, wish).refusal();
    expect(refusal).toMatchObject({ refused: 'InsufficientStock', details: { item: 'I1', wanted: '3', available: '2' } });
    given(valued, received)
      .when(holdStock, { ...wish, on: '2026-02-28' })
      .thenRefuses('InsufficientStock');
  });

  test('frees what it held for those who wait', () => {
    const waits = StockBackordered({ ...order('A'), reservationId: 'A~1', quantity: units(4), orderedOn: '2026-03-02' });
    const half = StockReserved({ ...order('A'), reservationId: 'A~1', quantity: units(2), waited: false });
    given(valued, received, held, half, waits)
      .when(unholdStock, line)
      .thenEvents(
        StockHoldReleased({ ...line, quantity: units(3) }),
        StockReserved({ ...order('A'), reservationId: 'A~1', quantity: units(3), waited: true }),
      );
    given(valued, received).when(unholdStock, line).thenNothing();
  });

  test('gives out what it held, once, at its cost', () => {
    const consumed = StockConsumed({ ...line, quantity: units(3), consumedOn: '2026-03-02', onHand: units(2), cost: lei(30) });
    const issue = { ...line, quantity: '3', consumedOn: '2026-03-02' };
    given(valued, received, held).when(consumeStock, issue).thenEvents(consumed);
    given(valued, received, held, consumed).when(consumeStock, issue).thenNothing();
    given(valued, received).when(consumeStock, issue).thenRefuses('InsufficientStock');
  });

  test('writes off what was held for it', () => {
    const loss = { ...cell, adjustmentId: 'D1', line: 1, reason: 'broken', adjustedOn: '2026-03-02' };
    given(valued, received, held)
      .when(postAdjustment, { ...loss, quantity: '-3' }, { facts: fifo })
      .thenEvents(
        StockHoldReleased({ ...line, quantity: units(3) }),
        StockAdjusted({ ...loss, quantity: units(-3), onHand: units(2), cost: lei(30) }),
      );
  });

  test('writes off what was lost on the way before it serves anybody', () => {
    const waits = StockBackordered({ ...order('A'), reservationId: 'A~1', quantity: units(4), orderedOn: '2026-03-02' });
    given(valued, waits)
      .when(arriveStock, { ...line, quantity: '3', lost: '1', value: 3_000, arrivedOn: '2026-03-02' }, { facts: fifo })
      .thenEvents(
        StockArrived({ ...line, quantity: units(3), arrivedOn: '2026-03-02', onHand: units(3), cost: lei(30) }),
        StockAdjusted({
          ...{ ...cell, adjustmentId: 'D1', line: 1, quantity: units(-1), reason: 'Lost on the way between two warehouses' },
          ...{ adjustedOn: '2026-03-02', onHand: units(2), cost: lei(10) },
        }),
        StockReserved({ ...order('A'), reservationId: 'A~1', quantity: units(2), waited: true }),
      );
  });
});

const folded = (state: State, decision: Decision<DomainEvent>): State => {
  if (isRefusal(decision)) throw new Error(decision.because);
  return decision.reduce(next, state);
};

test('transfers move value with the goods: the sum over both warehouses stays, to the cent', () =>
  fc.assert(
    fc.property(
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 9_999 }), cost: fc.integer({ min: 0, max: 999_999 }) }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.array(fc.integer({ min: 1, max: 9_999 }), { maxLength: 8 }),
      fc.constantFrom(fifo, average),
      (receipts, transfers, valuation) => {
        let from = receipts.reduce((state, { count, cost }, index) => {
          const unitCost = String(cost) as Decimal;
          return folded(
            state,
            receive(
              state,
              { ...cell, receiptId: `R${index}`, line: 1, quantity: quantity(count), unitCost, receivedOn: '2026-03-01' },
              valuation,
            ),
          );
        }, Stock.initial());
        let to = Stock.initial();
        const sum = valueIn(from.ledger.costing);
        for (const [index, count] of transfers.entries()) {
          const wish = { ...cell, documentId: `T${index}`, line: 1, quantity: quantity(count) };
          const kept = hold(from, { ...wish, on: '2026-03-02' });
          if (isRefusal(kept)) continue;
          from = folded(from, kept);
          const left = send(from, { ...wish, toWarehouseId: 'W2', sentOn: '2026-03-02' });
          from = folded(from, left);
          const [{ data }] = left as unknown as [{ data: { cost: { minor: number } } }];
          to = folded(
            to,
            arrive(to, { ...wish, warehouseId: 'W2', lost: units(0), value: data.cost.minor, arrivedOn: '2026-03-02' }, valuation),
          );
          expect(valueIn(from.ledger.costing) + valueIn(to.ledger.costing)).toBe(sum);
        }
        expect(quantityIn(to.ledger.costing)).toBe(to.onHand);
      },
    ),
  ));
