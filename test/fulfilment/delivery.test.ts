import { describe, expect, test } from 'vitest';
import { approveDelivery, cancelDelivery, deliverDelivery, planDelivery, shipDelivery } from '../../src/commands/fulfilment/delivery.ts';
import { deliveryCommitment } from '../../src/commands/sales/holds.ts';
import { goodsPicked } from '../../src/commands/warehouse/holds.ts';
import {
  DeliveryApproved,
  DeliveryCancelled,
  DeliveryDelivered,
  DeliveryPlanned,
  DeliveryShipped,
} from '../../src/domain/fulfilment/delivery.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { given } from '../kernel/scenario.ts';

const id = { id: 'O1~1' };
const line = { line: 1, itemId: 'chai', sku: 'CHAI', reservationId: 'O1~1' };
const goods = { orderId: 'O1', accountId: 'A1', warehouseId: 'W1', shipVia: 'Speedy' };
const planned = DeliveryPlanned({ ...goods, lines: [{ ...line, quantity: quantity(3_000) }] });
const approved = DeliveryApproved({ approvedOn: '2026-03-02' });
const shipped = DeliveryShipped({ shippedOn: '2026-03-01' });
const delivered = DeliveryDelivered({ deliveredOn: '2026-03-02' });
const cancelled = DeliveryCancelled({ reason: 'too late' });

describe('a delivery', () => {
  const plan = { ...id, ...goods, lines: [{ ...line, quantity: '3' }] };
  test('is planned with its goods', () => given().when(planDelivery, plan).thenEvents(planned));
  test('is planned once', () => given(planned, approved).when(planDelivery, plan).thenNothing());

  test('is approved today, when its order is bound to it and each line is set aside', () => {
    const verdict = given(planned).when(approveDelivery, id);
    verdict.thenEvents(approved);
    verdict.thenHolds(
      deliveryCommitment('O1', 'O1~1', [{ line: 1, quantity: quantity(3_000) }]),
      goodsPicked({ warehouseId: 'W1', itemId: 'chai', orderId: 'O1', line: 1, deliveryId: 'O1~1', quantity: '3' }),
    );
  });
  test('is approved once, and holds nothing then', () => {
    const verdict = given(planned, approved).when(approveDelivery, id);
    verdict.thenNothing();
    verdict.thenHolds();
  });

  test('is shipped today unless a day is given', () => {
    given(planned, approved)
      .when(shipDelivery, id)
      .thenEvents(DeliveryShipped({ shippedOn: '2026-03-02' }));
    given(planned, approved)
      .when(shipDelivery, { ...id, shippedOn: '2026-03-01', carrier: 'Speedy', trackingNumber: 'X1' })
      .thenEvents(DeliveryShipped({ shippedOn: '2026-03-01', carrier: 'Speedy', trackingNumber: 'X1' }));
  });
  test('is shipped once', () => given(planned, approved, shipped).when(shipDelivery, id).thenNothing());
  test('cannot have been shipped in the future', () =>
    expect(
      given(planned, approved)
        .when(shipDelivery, { ...id, shippedOn: '2026-03-03' })
        .refusal()?.details,
    ).toMatchObject({
      errors: [{ pointer: '/shippedOn' }],
    }));

  test('arrives today unless a day is given', () => {
    given(planned, approved, shipped).when(deliverDelivery, id).thenEvents(delivered);
    given(planned, approved, shipped)
      .when(deliverDelivery, { ...id, deliveredOn: '2026-03-01' })
      .thenEvents(DeliveryDelivered({ deliveredOn: '2026-03-01' }));
  });
  test('arrives once', () => given(planned, approved, shipped, delivered).when(deliverDelivery, id).thenNothing());
  test.each(['2026-02-28', '2026-03-03'])('cannot have arrived before it was shipped or in the future: %s', deliveredOn =>
    expect(
      given(planned, approved, shipped)
        .when(deliverDelivery, { ...id, deliveredOn })
        .refusal()?.details,
    ).toMatchObject({
      errors: [{ pointer: '/deliveredOn' }],
    }),
  );

  test('is cancelled with its order', () =>
    given(planned)
      .when(cancelDelivery, { ...id, reason: 'too late' })
      .thenEvents(cancelled));
  test('is cancelled once', () =>
    given(planned, cancelled)
      .when(cancelDelivery, { ...id, reason: 'again' })
      .thenNothing());
  test('that was never planned needs no cancelling', () =>
    given()
      .when(cancelDelivery, { ...id, reason: 'too late' })
      .thenNothing());
  test('is not cancelled once its goods leave', () =>
    given(planned, approved)
      .when(cancelDelivery, { ...id, reason: 'too late' })
      .thenRefuses('DocumentLocked'));

  test.each([
    ['approved after it was cancelled', [planned, cancelled], approveDelivery, []],
    ['approved after it was shipped', [planned, approved, shipped], approveDelivery, ['DeliverDelivery']],
    ['shipped before it is approved', [planned], shipDelivery, ['ApproveDelivery']],
    ['delivered before it is shipped', [planned, approved], deliverDelivery, ['ShipDelivery']],
  ] as const)('cannot be %s', (_, history, command, permitted) =>
    expect(
      given(...history)
        .when(command as typeof approveDelivery, id)
        .refusal(),
    ).toMatchObject({ refused: 'InvalidTransition', details: { permitted } }),
  );

  test.each([approveDelivery, shipDelivery, deliverDelivery])('that does not exist is not found', command =>
    given()
      .when(command as typeof approveDelivery, id)
      .thenRefuses('NotFound'),
  );
});
