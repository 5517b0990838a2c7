import { describe, test } from 'vitest';
import { expireSalesOrder, remindOfModification } from '../../src/commands/sales/sales-order.ts';
import {
  ModificationReminded,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderModified,
  SalesOrderPlaced,
} from '../../src/domain/sales/sales-order.ts';
import { type Currency, zero } from '../../src/kernel/money.ts';
import { orderExpiry } from '../../src/sagas/sales/order-expiry.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';

const RON = 'RON' as Currency;
const totals = { net: zero(RON), taxes: [], gross: zero(RON) };
const order = { stream: 'salesOrder-O1' };
const terms = { accountId: 'A1', warehouseId: 'W1', ownerId: 'ana', channel: 'staff', orderedOn: '2026-03-02', paymentTermDays: 30 };
const placed = SalesOrderPlaced({ ...terms, expiresOn: '2026-03-16', currency: RON, lines: [], totals });
const modified = SalesOrderModified({ ownerId: 'ana', reason: 'so', lines: [], removed: [], before: [], totals, expiresOn: '2026-03-20' });
const open = () => givenSaga(orderExpiry).on(placed, order);

describe('an order that nobody accepts', () => {
  test('expires when its last day is over everywhere on earth', () =>
    open()
      // Told at 09:00 on the 2nd; noon of the 17th is 15 days and 3 hours later.
      .wakes('past', 'PT363H')
      .waitsFor({ movedBy: { command: 'AcceptSalesOrder', permission: 'sales:accept' } })
      .rings('past')
      .sends([expireSalesOrder({ id: 'O1' })])
      .on(SalesOrderExpired({}), order)
      .finished());

  test('that has no last day, as those of old, is left alone', () => {
    const { expiresOn: _, ...ofOld } = placed.data;
    givenSaga(orderExpiry).on(SalesOrderPlaced(ofOld), order).begins();
  });

  test('gets a new last day with a change, and its client a reminder after two days', () =>
    open()
      .on(modified, order)
      .wakes('unanswered', 'PT48H')
      .wakes('past', 'PT459H')
      .waitsFor({ movedBy: { command: 'ConfirmModification', permission: 'sales:accept' } })
      .rings('unanswered')
      .sends([remindOfModification({ id: 'O1' })])
      .on(ModificationReminded({}), order)
      .waitsFor({ reason: 'The client has not answered the changed order yet, nor the reminder.' })
      .rings('past')
      .sends([expireSalesOrder({ id: 'O1' })]));
});

test.each([SalesOrderAccepted({}), SalesOrderDeclined({ reason: 'so' }), SalesOrderCancelled({ reason: 'so' })])(
  'an order that was decided expires no more: $type',
  decided => {
    open().on(decided, order).sendsNothing().finished();
  },
);
