import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { creditReturn } from '../../src/commands/billing/credit-note.ts';
import { admitDeliveryReturn, withdrawDeliveryReturn } from '../../src/commands/fulfilment/delivery.ts';
import { approveDeliveryReturn, draftDeliveryReturn, rejectDeliveryReturn } from '../../src/commands/fulfilment/delivery-return.ts';
import { returnStock } from '../../src/commands/warehouse/stock.ts';
import {
  DeliveryApproved,
  DeliveryPlanned,
  DeliveryShipped,
  ReturnAdmitted,
  ReturnWithdrawn,
} from '../../src/domain/fulfilment/delivery.ts';
import { DeliveryReturnApproved, DeliveryReturnDrafted, DeliveryReturnRejected } from '../../src/domain/fulfilment/delivery-return.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { quantity, quantityText } from '../../src/kernel/quantity.ts';
import { returnCourse } from '../../src/sagas/fulfilment/return-course.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

const id = { id: 'R1' };
const line = { line: 1, itemId: 'chai', sku: 'CHAI' };
const terms = { orderId: 'O1', accountId: 'A1', warehouseId: 'W1' };
const delivery = { facts: { delivery: { ...terms, lines: [line] } } };
const wish = { deliveryId: 'O1~1', reason: 'Wrong size', lines: [{ line: 1, quantity: '2' }] };
const goods = [{ ...line, quantity: quantity(2_000), restock: true }];
const drafted = DeliveryReturnDrafted({ deliveryId: 'O1~1', ...terms, reason: 'Wrong size', lines: goods });
const approved = DeliveryReturnApproved({ returnedOn: '2026-03-02', invoiceId: 'O1~1' });
const invoiced = { facts: { invoiceId: 'O1~1' } };

describe('a return', () => {
  test('is drafted with what came back of its delivery, and why', () =>
    given().when(draftDeliveryReturn, wish, delivery).thenEvents(drafted));

  test('names lines of its delivery, each once', () => {
    const lines = [
      { line: 1, quantity: '1' },
      { line: 1, quantity: '1' },
      { line: 9, quantity: '1' },
    ];
    given()
      .when(draftDeliveryReturn, { ...wish, lines }, delivery)
      .thenInvalid('/lines/1/line', '/lines/2/line');
    given()
      .when(draftDeliveryReturn, wish, { facts: { delivery: null } })
      .thenInvalid('/deliveryId');
  });

  test('is approved today when its delivery lets the goods come back', () => {
    const verdict = given(drafted).when(approveDeliveryReturn, id, invoiced);
    verdict.thenEvents(approved);
    verdict.thenHolds({
      take: admitDeliveryReturn({ id: 'O1~1', returnId: 'R1', lines: [{ line: 1, quantity: '2' }] }),
      release: withdrawDeliveryReturn({ id: 'O1~1', returnId: 'R1' }),
    });
    given(drafted, approved).when(approveDeliveryReturn, id, invoiced).thenNothing();
  });

  test('is not approved while there is no invoice to credit', () =>
    given(drafted)
      .when(approveDeliveryReturn, id, { facts: { invoiceId: null } })
      .thenRefuses('InvoiceNotIssued'));

  test('is rejected with a reason as long as it is a draft', () => {
    const reason = 'Used already';
    const rejected = DeliveryReturnRejected({ reason });
    given(drafted)
      .when(rejectDeliveryReturn, { ...id, reason })
      .thenEvents(rejected);
    given(drafted, rejected)
      .when(rejectDeliveryReturn, { ...id, reason })
      .thenNothing();
    given(drafted, approved)
      .when(rejectDeliveryReturn, { ...id, reason })
      .thenRefuses('InvalidTransition');
    given(drafted, rejected).when(approveDeliveryReturn, id, invoiced).thenRefuses('InvalidTransition');
    given().when(approveDeliveryReturn, id, invoiced).thenRefuses('NotFound');
  });
});

const planned = DeliveryPlanned({ ...terms, lines: [{ ...line, quantity: quantity(3_000), reservationId: 'O1~1' }] });
const gone = [planned, DeliveryApproved({ approvedOn: '2026-03-01' }), DeliveryShipped({ shippedOn: '2026-03-01' })];
const admit = (returnId: string, text: string) => ({ id: 'O1~1', returnId, lines: [{ line: 1, quantity: text }] });
const admitted = (returnId: string, thousandths: number) =>
  ReturnAdmitted({ returnId, lines: [{ line: 1, quantity: quantity(thousandths) }] });

describe('a delivery', () => {
  test('takes back no more of a line than left with it, over all returns', () => {
    given(...gone)
      .when(admitDeliveryReturn, admit('R1', '3'))
      .thenEvents(admitted('R1', 3_000));
    given(...gone, admitted('R1', 2_000))
      .when(admitDeliveryReturn, admit('R2', '1'))
      .thenEvents(admitted('R2', 1_000));
    const verdict = given(...gone, admitted('R1', 2_000)).when(admitDeliveryReturn, admit('R2', '1.001'));
    expect(verdict.refusal()).toMatchObject({ refused: 'ReturnExceedsDelivery', details: { line: 1, wanted: '1.001', returnable: '1' } });
  });

  test('takes back nothing before it left', () =>
    given(planned).when(admitDeliveryReturn, admit('R1', '1')).thenRefuses('InvalidTransition'));

  test('takes a return back once, and lets go of one that did not come about', () => {
    given(...gone, admitted('R1', 2_000))
      .when(admitDeliveryReturn, admit('R1', '2'))
      .thenNothing();
    given(...gone, admitted('R1', 2_000))
      .when(withdrawDeliveryReturn, { id: 'O1~1', returnId: 'R1' })
      .thenEvents(ReturnWithdrawn({ returnId: 'R1' }));
    given(...gone, admitted('R1', 3_000), ReturnWithdrawn({ returnId: 'R1' }))
      .when(admitDeliveryReturn, admit('R2', '3'))
      .thenEvents(admitted('R2', 3_000));
  });

  test('whatever returns are asked for, no more comes back than left', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2_500 }), { maxLength: 12 }), wishes => {
        const history: DomainEvent[] = [...gone];
        for (const [index, thousandths] of wishes.entries()) {
          const verdict = given(...history).when(admitDeliveryReturn, admit(`R${index}`, quantityText(quantity(thousandths))));
          if (verdict.refusal() === undefined) history.push(...verdict.events());
        }
        const back = history.flatMap(({ type, data }) =>
          type === 'ReturnAdmitted' ? (data as { lines: { quantity: number }[] }).lines : [],
        );
        expect(back.reduce((sum, part) => sum + part.quantity, 0)).toBeLessThanOrEqual(3_000);
      }),
    ));
});

const stream = { stream: 'deliveryReturn-R1' };
const running = () => givenSaga(returnCourse).on(drafted, stream);

describe('what follows of a return', () => {
  test('waits for whoever approves it', () =>
    running().waitsFor({ movedBy: { command: 'ApproveDeliveryReturn', permission: 'fulfilment:approve' } }));

  test('puts into stock what is fit for it, and credits all of it', () =>
    running()
      .on(approved, stream)
      .sends([
        returnStock({
          warehouseId: 'W1',
          itemId: 'chai',
          returnId: 'R1',
          deliveryId: 'O1~1',
          line: 1,
          quantity: '2',
          returnedOn: '2026-03-02',
        }),
        creditReturn({ id: 'O1~1', returnId: 'R1', creditNoteId: 'R1~1', reason: 'Wrong size', lines: [{ line: 1, quantity: '2' }] }),
      ]));

  test('does not put into stock what cannot be sold again', () => {
    const spoilt = DeliveryReturnDrafted({ ...drafted.data, lines: [{ ...line, quantity: quantity(2_000), restock: false }] });
    givenSaga(returnCourse)
      .on(spoilt, stream)
      .on(approved, stream)
      .sends([
        creditReturn({ id: 'O1~1', returnId: 'R1', creditNoteId: 'R1~1', reason: 'Wrong size', lines: [{ line: 1, quantity: '2' }] }),
      ]);
  });

  test('is approved once more when whoever approved it died in between', () =>
    running()
      .on(admitted('R1', 2_000), { stream: 'delivery-O1~1' })
      .wakes('unapproved', 'PT10M')
      .rings('unapproved')
      .sends([approveDeliveryReturn(id)]));

  test('ends with its rejection', () =>
    running()
      .on(DeliveryReturnRejected({ reason: 'Used already' }), stream)
      .finished());
});
