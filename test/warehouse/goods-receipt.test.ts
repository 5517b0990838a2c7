import { describe, test } from 'vitest';
import { receiveStock } from '../../src/commands/warehouse/stock.ts';
import { ReceiptRecorded } from '../../src/domain/warehouse/receipt.ts';
import { StockReceived } from '../../src/domain/warehouse/stock.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { goodsReceipt } from '../../src/sagas/warehouse/goods-receipt.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';

const place = { warehouseId: 'W1', receivedOn: '2026-03-01' };
const unitCost = '7.5' as Decimal;
const recorded = ReceiptRecorded({
  ...place,
  lines: [
    { line: 1, itemId: 'chai', quantity: quantity(3_000), unitCost },
    { line: 2, itemId: 'chai', quantity: quantity(500) },
  ],
});
const received = (line: number, receiptId = 'R1') =>
  StockReceived({ ...place, itemId: 'chai', receiptId, line, quantity: quantity(3_000), onHand: quantity(3_000) });
const about = { stream: 'receipt-R1' };
const cell = { stream: 'stock-W1~chai' };

describe('a goods receipt', () => {
  test('puts each of its lines into stock', () =>
    givenSaga(goodsReceipt)
      .on(recorded, about)
      .sends([
        receiveStock({ ...place, itemId: 'chai', receiptId: 'R1', line: 1, quantity: '3', unitCost }),
        receiveStock({ ...place, itemId: 'chai', receiptId: 'R1', line: 2, quantity: '0.5' }),
      ])
      .waitsFor({ reason: '2 lines of the receipt are being put into stock.' }));

  test('is finished when all lines are in, in any order and however often one is told', () =>
    givenSaga(goodsReceipt)
      .on(recorded, about)
      .on(received(2), cell)
      .on(received(2), cell)
      .waitsFor({ reason: 'One line of the receipt is being put into stock.' })
      .on(received(1), cell)
      .finished());

  test('does not mind what other receipts bring', () => givenSaga(goodsReceipt).on(received(1, 'R2'), cell).begins());
});
