import { describe, expect, test } from 'vitest';
import { deliveryCommitment } from '../../src/commands/sales/holds.ts';
import {
  acceptSalesOrder,
  cancelSalesOrder,
  commitDelivery,
  declineSalesOrder,
  withdrawDelivery,
} from '../../src/commands/sales/sales-order.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  followUpId,
  orderOf,
  SalesOrder,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderPlaced,
} from '../../src/domain/sales/sales-order.ts';
import { evolve } from '../../src/kernel/decider.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import { type Currency, money, zero } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { given } from '../kernel/scenario.ts';

const RON = 'RON' as Currency;
const line = {
  line: 1,
  itemId: 'I1',
  sku: 'CHAI',
  description: 'Chai',
  uom: 'box',
  stocked: true,
  quantity: quantity(1_000),
  unitPrice: '1' as Decimal,
  discount: '0' as Decimal,
  taxPercent: '0' as Decimal,
  net: money(100, RON),
  price: { level: 5, source: 'standard' },
} as const;
const order = {
  accountId: 'A1',
  warehouseId: 'W1',
  ownerId: 'ana',
  channel: 'staff',
  orderedOn: '2026-03-02',
  paymentTermDays: 30,
  currency: RON,
  totals: { net: zero(RON), taxes: [], gross: zero(RON) },
};
const placed = SalesOrderPlaced({ ...order, lines: [line] });
const ofServices = SalesOrderPlaced({ ...order, lines: [{ ...line, stocked: false }] });
const accepted = SalesOrderAccepted({});
const declined = SalesOrderDeclined({ reason: 'too dear' });
const cancelled = SalesOrderCancelled({ reason: 'too late' });
const committed = DeliveryCommitted({ deliveryId: 'O1~1' });
const withdrawn = DeliveryWithdrawn({ deliveryId: 'O1~1' });

const id = { id: 'O1' };
const delivery = { ...id, deliveryId: 'O1~1' };

describe('a sales order', () => {
  test('is accepted', () => given(placed).when(acceptSalesOrder, id).thenEvents(accepted));
  test('is accepted once', () => given(placed, accepted).when(acceptSalesOrder, id).thenNothing());
  test('is declined with a reason', () =>
    given(placed)
      .when(declineSalesOrder, { ...id, reason: 'too dear' })
      .thenEvents(declined));
  test('is declined once', () =>
    given(placed, declined)
      .when(declineSalesOrder, { ...id, reason: 'again' })
      .thenNothing());
  test('is cancelled once it was accepted', () =>
    given(placed, accepted)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenEvents(cancelled));
  test('is cancelled once', () =>
    given(placed, accepted, cancelled)
      .when(cancelSalesOrder, { ...id, reason: 'again' })
      .thenNothing());

  test('of services alone cannot be cancelled once it is accepted, since it is invoiced then', () =>
    given(ofServices, accepted)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenRefuses('DocumentLocked'));
  test('cannot be cancelled once a delivery is approved', () =>
    given(placed, accepted, committed)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenRefuses('DocumentLocked'));
  test('can be cancelled after the delivery was not approved after all', () =>
    given(placed, accepted, committed, withdrawn)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenEvents(cancelled));

  test.each([
    ['accepted after it was declined', [placed, declined], acceptSalesOrder, []],
    ['accepted after it was cancelled', [placed, accepted, cancelled], acceptSalesOrder, []],
    ['declined after it was accepted', [placed, accepted], declineSalesOrder, ['CancelSalesOrder']],
    ['cancelled before it was accepted', [placed], cancelSalesOrder, ['AcceptSalesOrder', 'DeclineSalesOrder']],
  ] as const)('cannot be %s', (_, history, command, permitted) =>
    expect(
      given(...history)
        .when(command as typeof declineSalesOrder, command === acceptSalesOrder ? (id as never) : { ...id, reason: 'so' })
        .refusal(),
    ).toMatchObject({ refused: 'InvalidTransition', details: { permitted } }),
  );

  test.each([
    [acceptSalesOrder, id],
    [declineSalesOrder, { ...id, reason: 'so' }],
    [cancelSalesOrder, { ...id, reason: 'so' }],
    [commitDelivery, delivery],
    [withdrawDelivery, delivery],
  ])('that does not exist is not found', (command, input) =>
    given()
      .when(command as typeof commitDelivery, input as never)
      .thenRefuses('NotFound'),
  );

  test('answers for itself through its owner', () => {
    const state = evolve(SalesOrder, SalesOrder.initial(), placed.type, placed.data);
    expect(acceptSalesOrder.relations?.(state)).toEqual({ owner: 'ana' });
  });
});

describe('the commitment to a delivery', () => {
  test('binds an accepted order', () => given(placed, accepted).when(commitDelivery, delivery).thenEvents(committed));
  test('is made once', () => given(placed, accepted, committed).when(commitDelivery, delivery).thenNothing());
  test('is refused to a second delivery', () =>
    given(placed, accepted, committed)
      .when(commitDelivery, { ...id, deliveryId: 'O1~2' })
      .thenRefuses('DocumentLocked'));
  test('is refused when the order was cancelled', () =>
    given(placed, accepted, cancelled).when(commitDelivery, delivery).thenRefuses('InvalidTransition'));
  test('is taken back', () => given(placed, accepted, committed).when(withdrawDelivery, delivery).thenEvents(withdrawn));
  test('is taken back by no other delivery', () =>
    given(placed, accepted, committed)
      .when(withdrawDelivery, { ...id, deliveryId: 'O1~2' })
      .thenNothing());
  test('is offered to others as a hold', () =>
    expect(deliveryCommitment('O1', 'O1~1')).toEqual({
      take: { command: 'CommitDelivery', input: delivery },
      release: { command: 'WithdrawDelivery', input: delivery },
    }));
});

test('documents that follow from an order lead back to it, others nowhere', () => {
  expect(orderOf(followUpId('0198-ab', 1))).toEqual(['0198-ab']);
  expect(orderOf('0198-ab')).toEqual([]);
});
