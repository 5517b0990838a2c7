import { describe, expect, test } from 'vitest';
import { draftOrderInvoice } from '../../src/commands/billing/invoice.ts';
import { winDealByPayment } from '../../src/commands/crm/deal.ts';
import { approveDelivery, cancelDelivery, planDelivery } from '../../src/commands/fulfilment/delivery.ts';
import { closeSalesOrder } from '../../src/commands/sales/sales-order.ts';
import { issueStock, releaseStock, reserveStock } from '../../src/commands/warehouse/stock.ts';
import { CreditAllocated } from '../../src/domain/billing/credit-note.ts';
import { CreditNoteRequested } from '../../src/domain/billing/crediting.ts';
import { CreditApplied, InvoiceDrafted, InvoiceIssued, PaymentApplied, PaymentUnapplied } from '../../src/domain/billing/invoice.ts';
import { PaymentAllocated, PaymentRecorded } from '../../src/domain/billing/payment.ts';
import { type DocumentLine, priced, totalsOf } from '../../src/domain/document.ts';
import { DeliveryApproved, DeliveryPlanned, DeliveryShipped } from '../../src/domain/fulfilment/delivery.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderClosedShort,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderModified,
  SalesOrderPlaced,
} from '../../src/domain/sales/sales-order.ts';
import { StockBackordered, StockReserved } from '../../src/domain/warehouse/stock.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import { type Currency, money, zero } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { orderFulfilment } from '../../src/sagas/fulfilment/order-fulfilment.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';

const RON = 'RON' as Currency;
const decimal = (text: string) => text as Decimal;
const line = (number: number, sku: string, units: number, stocked = true): DocumentLine =>
  priced(
    {
      line: number,
      itemId: sku.toLowerCase(),
      sku,
      description: sku,
      uom: 'piece',
      stocked,
      quantity: quantity(units * 1000),
      unitPrice: decimal('10'),
      discount: decimal('0'),
      taxPercent: decimal('19'),
      price: { level: 5, source: 'standard' },
    },
    RON,
  );

const terms = { accountId: 'A1', warehouseId: 'W1', orderedOn: '2026-03-01', paymentTermDays: 30, currency: RON };
const placed = (lines: DocumentLine[], dealId?: string) =>
  SalesOrderPlaced({
    ...terms,
    ownerId: 'ana',
    channel: 'staff',
    reference: 'PO-7',
    shipVia: 'Speedy',
    dealId,
    lines,
    totals: totalsOf(lines, RON),
  });

const goods = [line(1, 'CHAI', 3), line(2, 'TOFU', 5)];
const freight = line(3, 'FREIGHT', 1, false);
const lines = [...goods, freight];
const totals = totalsOf(lines, RON);

const order = { stream: 'salesOrder-O1' };
const delivery = { stream: 'delivery-O1~1' };
const invoice = { stream: 'invoice-O1~1' };
const cell = (sku: string) => ({ stream: `stock-W1~${sku}` });

const place = (number: number, sku: string) => ({ warehouseId: 'W1', itemId: sku, orderId: 'O1', line: number });
const promise = (number: number, sku: string, units: number) => ({
  ...place(number, sku),
  reservationId: `O1~${number}`,
  quantity: quantity(units * 1000),
});
const reserved = (number: number, sku: string, units: number, waited = false) => StockReserved({ ...promise(number, sku, units), waited });
const backordered = (number: number, sku: string, units: number) =>
  StockBackordered({ ...promise(number, sku, units), orderedOn: '2026-03-01' });

const planned = DeliveryPlanned({ orderId: 'O1', accountId: 'A1', warehouseId: 'W1', lines: [] });
const approved = DeliveryApproved({ approvedOn: '2026-03-04' });
const shipped = DeliveryShipped({ shippedOn: '2026-03-05' });
const drafted = InvoiceDrafted({ accountId: 'A1', orderId: 'O1', currency: RON, paymentTermDays: 30, lines, totals });
const issued = (gross = totals.gross) =>
  InvoiceIssued({
    number: 'INV-2026-000001',
    series: 'INV',
    sequence: 1,
    issueDate: '2026-03-05',
    dueDate: '2026-04-04',
    accountId: 'A1',
    orderId: 'O1',
    totals: { ...totals, gross },
  });
const applied = (open: number) => PaymentApplied({ paymentId: 'P1', amount: money(1, RON), open: money(open, RON) });

const recorded = PaymentRecorded({
  accountId: 'A1',
  amount: money(1, RON),
  receivedOn: '2026-03-02',
  method: 'bank',
  allocations: [{ invoiceId: 'O1~1', amount: money(1, RON) }],
});
const payment = { stream: 'payment-P1' };
const part = { allocationId: 'P1~A', accountId: 'A1', invoiceId: 'O1~1', amount: money(1, RON), allocatedOn: '2026-03-06' };
const credited = (open: number) =>
  CreditNoteRequested({
    creditNoteId: 'C1',
    accountId: 'A1',
    orderId: 'O1',
    invoiceNumber: 'INV-2026-000001',
    reason: 'Broken',
    series: 'CN',
    currency: RON,
    lines: [],
    totals,
    applied: money(1, RON),
    open: money(open, RON),
    cancels: false,
  });

const draft = draftOrderInvoice({
  id: 'O1~1',
  orderId: 'O1',
  deliveryId: 'O1~1',
  accountId: 'A1',
  currency: 'RON',
  paymentTermDays: 30,
  reference: 'PO-7',
  lines,
});

const atAcceptance = (dealId?: string) => givenSaga(orderFulfilment).on(placed(lines, dealId), order);
const atStock = (dealId?: string) => atAcceptance(dealId).on(SalesOrderAccepted({}), order);
const atApproval = (dealId?: string) =>
  atStock(dealId)
    .on(reserved(1, 'chai', 3), cell('chai'))
    .on(reserved(2, 'tofu', 5), cell('tofu'))
    .on(planned, delivery);
const atShipping = (dealId?: string) => atApproval(dealId).on(approved, delivery);
const atIssue = (dealId?: string) => atShipping(dealId).on(shipped, delivery).on(drafted, invoice);
const atPayment = (dealId?: string) => atIssue(dealId).on(issued(), invoice);

describe('an order', () => {
  test('waits for acceptance and asks for nothing before', () =>
    atAcceptance()
      .sendsNothing()
      .waitsFor({ record: { category: 'salesOrder', id: 'O1' }, movedBy: { command: 'AcceptSalesOrder', permission: 'sales:accept' } }));

  test('reserves every line of goods when it is accepted, and no service', () =>
    atStock().sends([
      reserveStock({ ...place(1, 'chai'), quantity: '3', orderedOn: '2026-03-01' }),
      reserveStock({ ...place(2, 'tofu'), quantity: '5', orderedOn: '2026-03-01' }),
    ]));

  test('that was changed waits for the client, and reserves what they agreed to', () => {
    const modified = SalesOrderModified({
      ownerId: 'ana',
      reason: 'Only one is left',
      lines: [line(1, 'CHAI', 1)],
      removed: [2],
      before: [],
      totals,
      expiresOn: '2026-03-16',
    });
    atAcceptance()
      .on(modified, order)
      .sendsNothing()
      .waitsFor({ record: { category: 'salesOrder', id: 'O1' }, movedBy: { command: 'ConfirmModification', permission: 'sales:accept' } })
      .on(SalesOrderAccepted({}), order)
      .sends([reserveStock({ ...place(1, 'chai'), quantity: '1', orderedOn: '2026-03-01' })]);
  });

  test('without goods goes straight to its invoice', () =>
    givenSaga(orderFulfilment)
      .on(placed([freight]), order)
      .on(SalesOrderAccepted({}), order)
      .sends([
        draftOrderInvoice({
          id: 'O1~1',
          orderId: 'O1',
          accountId: 'A1',
          currency: 'RON',
          paymentTermDays: 30,
          reference: 'PO-7',
          lines: [freight],
        }),
      ]));

  test('says while its goods are being reserved that the house is at work', () => {
    atStock().waitsFor({ reason: 'Its goods are being reserved.' });
    atStock()
      .on(reserved(1, 'chai', 3), cell('chai'))
      .sendsNothing()
      .waitsFor({ reason: 'Its goods are being reserved.' });
  });

  test('says which goods are short, how many, where, and who can bring them', () =>
    atStock()
      .on(reserved(1, 'chai', 3), cell('chai'))
      .on(reserved(2, 'tofu', 1), cell('tofu'))
      .on(backordered(2, 'tofu', 4), cell('tofu'))
      .sendsNothing()
      .waitsFor({
        reason: 'The stock is short: 4 of TOFU missing.',
        record: { category: 'stock', id: 'W1~tofu' },
        movedBy: { command: 'RecordReceipt', permission: 'warehouse:receive' },
      }));

  test('names three goods that are short and counts the others', () => {
    const many = ['A', 'B', 'C', 'D', 'E'].map((sku, index) => line(index + 1, sku, 2));
    many
      .reduce(
        (saga, { line: number, itemId }) => saga.on(backordered(number, itemId, 2), cell(itemId)),
        givenSaga(orderFulfilment).on(placed(many), order).on(SalesOrderAccepted({}), order),
      )
      .waitsFor({ reason: 'The stock is short: 2 of A, 2 of B, 2 of C and of 2 more missing.' });
  });

  test('plans its delivery by itself when the last missing piece is reserved', () =>
    atStock()
      .on(backordered(2, 'tofu', 5), cell('tofu'))
      .on(reserved(1, 'chai', 3), cell('chai'))
      .on(reserved(2, 'tofu', 4, true), cell('tofu'))
      .sendsNothing()
      .waitsFor({ reason: 'The stock is short: 1 of TOFU missing.' })
      .on(reserved(2, 'tofu', 1, true), cell('tofu'))
      .sends([
        planDelivery({
          id: 'O1~1',
          orderId: 'O1',
          accountId: 'A1',
          warehouseId: 'W1',
          shipVia: 'Speedy',
          lines: [
            { line: 1, itemId: 'chai', sku: 'CHAI', quantity: '3', reservationId: 'O1~1' },
            { line: 2, itemId: 'tofu', sku: 'TOFU', quantity: '5', reservationId: 'O1~2' },
          ],
        }),
      ]));

  test('waits for the approval of its delivery', () =>
    atApproval().waitsFor({
      record: { category: 'delivery', id: 'O1~1' },
      movedBy: { command: 'ApproveDelivery', permission: 'fulfilment:approve' },
    }));

  test('takes its goods out of stock on the day the delivery is approved', () =>
    atShipping()
      .sends([
        issueStock({ ...place(1, 'chai'), deliveryId: 'O1~1', quantity: '3', issuedOn: '2026-03-04' }),
        issueStock({ ...place(2, 'tofu'), deliveryId: 'O1~1', quantity: '5', issuedOn: '2026-03-04' }),
      ])
      .waitsFor({ movedBy: { command: 'ShipDelivery', permission: 'fulfilment:ship' } }));

  test('completes an approval that was cut off after it had bound the order', () => {
    const committed = DeliveryCommitted({ deliveryId: 'O1~1' });
    atApproval()
      .on(committed, order)
      .wakes('unapproved', 'PT10M')
      .rings('unapproved')
      .sends([approveDelivery({ id: 'O1~1' })]);
    atApproval().on(committed, order).on(approved, delivery).sleeps('unapproved');
    atApproval()
      .on(committed, order)
      .on(DeliveryWithdrawn({ deliveryId: 'O1~1' }), order)
      .sleeps('unapproved');
  });

  test('drafts the invoice of all its lines when the goods are shipped', () => atShipping().on(shipped, delivery).sends([draft]));

  test('waits for the issue of its invoice', () =>
    atIssue().waitsFor({
      record: { category: 'invoice', id: 'O1~1' },
      movedBy: { command: 'IssueInvoice', permission: 'billing:invoice' },
    }));

  test('waits for what is still to be paid', () =>
    atPayment('D1')
      .waitsFor({ reason: '107.10 RON is still to be paid.', movedBy: { command: 'RecordPayment', permission: 'billing:pay' } })
      .on(applied(1_000), invoice)
      .sendsNothing()
      .waitsFor({ reason: '10.00 RON is still to be paid.' })
      .on(PaymentUnapplied({ paymentId: 'P1', amount: money(1, RON), open: money(2_000, RON) }), invoice)
      .waitsFor({ reason: '20.00 RON is still to be paid.' }));

  test('wins its deal when all is paid', () =>
    atPayment('D1')
      .on(applied(0), invoice)
      .sendsNothing()
      .waitsFor({ reason: 'Its last payment is being recorded.' })
      .on(recorded, payment)
      .sends([winDealByPayment({ id: 'D1', orderId: 'O1' }), closeSalesOrder({ id: 'O1' })])
      .finished());

  test('of no deal is closed when all is paid', () =>
    atPayment()
      .on(applied(0), invoice)
      .on(recorded, payment)
      .sends([closeSalesOrder({ id: 'O1' })])
      .finished());

  test('is not paid by a payment that was taken back before it was recorded', () =>
    atPayment('D1')
      .on(applied(0), invoice)
      .on(PaymentUnapplied({ paymentId: 'P1', amount: money(1, RON), open: money(2_000, RON) }), invoice)
      .on(recorded, payment)
      .sendsNothing()
      .waitsFor({ reason: '20.00 RON is still to be paid.' }));

  test('is paid as well by credit: what its invoice gives back, and what is set against it later', () => {
    const due = () => atIssue().on(issued(), invoice);
    due()
      .on(credited(1), invoice)
      .waitsFor({ reason: '0.01 RON is still to be paid.' })
      .on(applied(0), invoice)
      .on(PaymentAllocated({ ...part, unallocated: money(0, RON) }), payment)
      .finished();
    due().on(credited(0), invoice).finished();
    due()
      .on(CreditApplied({ creditNoteId: 'C1', allocationId: 'C1~A', amount: money(1, RON), open: money(0, RON) }), invoice)
      .waitsFor({ reason: 'Its last payment is being recorded.' })
      .on(CreditAllocated({ ...part, open: money(0, RON) }), { stream: 'creditNote-C1' })
      .finished();
  });

  test('that costs nothing ends with its invoice', () =>
    atIssue()
      .on(issued(zero(RON)), invoice)
      .sends([closeSalesOrder({ id: 'O1' })])
      .finished());
});

describe('an order that comes to nothing', () => {
  const released = [releaseStock(place(1, 'chai')), releaseStock(place(2, 'tofu'))];
  const cancelled = SalesOrderCancelled({ reason: 'too late' });

  test.each([SalesOrderDeclined({ reason: 'too dear' }), SalesOrderExpired({})])('ends when nobody accepts it: $type', end => {
    atAcceptance().on(end, order).sendsNothing().finished();
  });

  test.each([
    ['while its goods are being reserved', atStock, released],
    ['while the delivery waits for approval', atApproval, [cancelDelivery({ id: 'O1~1', reason: 'too late' }), ...released]],
  ])('gives everything back when it is cancelled %s', (_, when, back) => {
    when().on(cancelled, order).sends(back).finished();
  });

  test('is not taken up again by what comes later', () =>
    atStock()
      .on(cancelled, order)
      .on(reserved(1, 'chai', 3), cell('chai'))
      .on(reserved(2, 'tofu', 5), cell('tofu'))
      .sendsNothing()
      .finished());
});

describe('an order in parts', () => {
  const inParts = SalesOrderPlaced({ ...placed(lines).data, shipPolicy: 'shipPartial' });
  const firstOut = () =>
    givenSaga(orderFulfilment)
      .on(inParts, order)
      .on(SalesOrderAccepted({}), order)
      .on(reserved(1, 'chai', 3), cell('chai'))
      .on(reserved(2, 'tofu', 1), cell('tofu'))
      .on(backordered(2, 'tofu', 4), cell('tofu'));

  test('goes out as far as it is reserved, once all cells have answered', () =>
    firstOut().sends([
      planDelivery({
        id: 'O1~1',
        orderId: 'O1',
        accountId: 'A1',
        warehouseId: 'W1',
        shipVia: 'Speedy',
        lines: [
          { line: 1, itemId: 'chai', sku: 'CHAI', quantity: '3', reservationId: 'O1~1' },
          { line: 2, itemId: 'tofu', sku: 'TOFU', quantity: '1', reservationId: 'O1~2' },
        ],
      }),
    ]));

  test('gets an invoice for each delivery: services with the first, and what came before is said', () => {
    const { reference, accountId, currency, paymentTermDays } = inParts.data;
    const invoiceOf = { orderId: 'O1', accountId, currency, paymentTermDays, reference, lines };
    const part = (number: number, units: number, before = 0) => ({
      line: number,
      quantity: quantity(units * 1000),
      before: quantity(before * 1000),
    });
    firstOut()
      .on(planned, delivery)
      .on(approved, delivery)
      .on(shipped, delivery)
      .sends([draftOrderInvoice({ ...invoiceOf, id: 'O1~1', deliveryId: 'O1~1', parts: [part(1, 3), part(2, 1), part(3, 1)] })])
      .on(reserved(2, 'tofu', 4, true), cell('tofu'))
      .on(planned, { stream: 'delivery-O1~2' })
      .on(approved, { stream: 'delivery-O1~2' })
      .sends([issueStock({ ...place(2, 'tofu'), deliveryId: 'O1~2', quantity: '4', issuedOn: '2026-03-04' })])
      .on(shipped, { stream: 'delivery-O1~2' })
      .sends([draftOrderInvoice({ ...invoiceOf, id: 'O1~2', deliveryId: 'O1~2', parts: [part(2, 4, 1)] })]);
  });

  test('gives back what has not left when its rest is cancelled, and goes on with what has', () =>
    firstOut()
      .on(planned, delivery)
      .on(approved, delivery)
      .on(SalesOrderClosedShort({ reason: 'so', lines: [{ line: 2, quantity: quantity(4_000) }] }), order)
      .sends([releaseStock(place(2, 'tofu'))])
      .on(reserved(2, 'tofu', 4, true), cell('tofu'))
      .sendsNothing()
      .waitsFor({ record: { category: 'delivery', id: 'O1~1' }, movedBy: { command: 'ShipDelivery', permission: 'fulfilment:ship' } }));

  test('takes back a delivery that was not approved after all when the rest was cancelled meanwhile', () =>
    firstOut()
      .on(planned, delivery)
      .on(DeliveryCommitted({ deliveryId: 'O1~1', lines: [] }), order)
      .on(SalesOrderClosedShort({ reason: 'so', lines: [{ line: 2, quantity: quantity(4_000) }] }), order)
      .on(DeliveryWithdrawn({ deliveryId: 'O1~1', lines: [] }), order)
      .sends([
        cancelDelivery({ id: 'O1~1', reason: 'The rest of the order was cancelled before the delivery was approved' }),
        releaseStock(place(1, 'chai')),
        releaseStock(place(2, 'tofu')),
        closeSalesOrder({ id: 'O1' }),
      ]));
});

test('invoices and goods of other orders move nothing', () => {
  expect(orderFulfilment.instances.InvoiceIssued(issued().data, { entityId: 'I1' } as never)).toEqual([]);
  givenSaga(orderFulfilment)
    .on(placed(lines), order)
    .on(StockReserved({ ...promise(1, 'chai', 3), orderId: 'O2', waited: false }), cell('chai'))
    .begins('O1');
});

test('a process that is refused stands still and says why', () => {
  atStock().refused('ReserveStock', 'TooManyReservations', '150 order lines wait already.').parked('150 order lines wait already.');
});
