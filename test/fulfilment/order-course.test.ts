/** Orders through all that may come to them, in any order: real commands, real sagas, judged by the invariants. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { issueInvoice } from '../../src/commands/billing/issue.ts';
import { recordPayment } from '../../src/commands/billing/payment.ts';
import { approveDelivery, shipDelivery } from '../../src/commands/fulfilment/delivery.ts';
import {
  acceptSalesOrder,
  cancelSalesOrder,
  changeSalesOrderShipPolicy,
  closeSalesOrderShort,
  invoiceSalesOrder,
} from '../../src/commands/sales/sales-order.ts';
import { type DocumentLine, priced, totalsOf } from '../../src/domain/document.ts';
import type { InvoiceMode } from '../../src/domain/invoicing.ts';
import { COMPANY_DEFAULTS } from '../../src/domain/platform/company-settings.ts';
import { SalesOrderPlaced, type ShipPolicy } from '../../src/domain/sales/sales-order.ts';
import { ReceiptRecorded } from '../../src/domain/warehouse/receipt.ts';
import type { CommandMessage } from '../../src/kernel/command.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import type { Currency } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { MemoryHouse } from '../support/memory-house.ts';

const RON = 'RON' as Currency;
const line = (number: number, itemId: string, thousandths: number, stocked = true): DocumentLine =>
  priced(
    {
      line: number,
      itemId,
      sku: itemId.toUpperCase(),
      description: itemId,
      uom: 'piece',
      stocked,
      quantity: quantity(thousandths),
      unitPrice: '3.333' as Decimal,
      discount: '7' as Decimal,
      taxPercent: (stocked ? '19' : '9') as Decimal,
      price: { level: 5, source: 'standard' },
    },
    RON,
  );

const placed = (shipPolicy: ShipPolicy, lines: DocumentLine[], invoiceMode: InvoiceMode = 'atShipping') =>
  SalesOrderPlaced({
    accountId: 'A1',
    warehouseId: 'W1',
    ownerId: 'ana',
    channel: 'staff',
    orderedOn: '2026-03-01',
    shipPolicy,
    invoiceMode,
    paymentTermDays: 30,
    currency: RON,
    lines,
    totals: totalsOf(lines, RON),
  });

const lines = [line(1, 'chai', 5_000), line(2, 'tofu', 3_500), line(3, 'freight', 1_000, false)];

/** A house with the orders O1, O2 … that nobody has accepted yet. */
async function house(answers: object, ...orders: readonly ReturnType<typeof placed>[]): Promise<MemoryHouse> {
  const made = new MemoryHouse(['order-fulfilment', 'order-credit', 'receivables', 'invoice-issue', 'goods-receipt'], {
    ShowCompanySettings: COMPANY_DEFAULTS,
    ShowClosedPeriods: { books: null, stock: null },
    BuyerOf: null,
    ItemValuation: null,
    ExchangeRateFor: { currency: RON, to: RON, on: '2026-03-02', rate: null, ageDays: null, usable: false },
    FindPerson: { person: null },
    CreditStanding: null,
    ...answers,
  });
  for (const [index, order] of orders.entries()) await made.happened(`salesOrder-O${index + 1}`, order);
  await made.settle();
  return made;
}

let received = 0;
async function receive(world: MemoryHouse, itemId: string, thousandths: number): Promise<void> {
  const goods = { line: 1, itemId, quantity: quantity(thousandths) };
  await world.happened(`receipt-R${++received}`, ReceiptRecorded({ warehouseId: 'W1', receivedOn: '2026-03-02', lines: [goods] }));
  await world.settle();
}

interface Issued {
  readonly orderId: string;
  readonly totals: { readonly gross: { readonly minor: number } };
}
const payment = (invoiceId: string, minor: number) => {
  const amount = { amount: (minor / 100).toFixed(2), currency: 'RON' };
  return recordPayment({ accountId: 'A1', amount, allocations: [{ invoiceId, amount }] });
};

describe('an order in parts', () => {
  test('delivers what is reserved, lets the rest wait, and delivers it when it has come', async () => {
    const world = await house({}, placed('shipPartial', lines));
    await receive(world, 'chai', 2_000);
    await world.ask(acceptSalesOrder({ id: 'O1' }));
    expect(world.instance('order-fulfilment', 'O1')?.waiting).toMatchObject({
      wait: 'approval',
      reason: 'A part of its goods is reserved, but the delivery of them is not approved yet; 3 of CHAI, 3.5 of TOFU missing.',
    });
    await world.ask(approveDelivery({ id: 'O1~1' }));
    await world.ask(shipDelivery({ id: 'O1~1' }));
    await world.ask(issueInvoice({ id: 'O1~1' }));
    expect(world.instance('order-fulfilment', 'O1')?.waiting.reason).toBe('The stock is short: 3 of CHAI, 3.5 of TOFU missing.');
    await receive(world, 'chai', 9_000);
    await receive(world, 'tofu', 9_000);
    await world.ask(approveDelivery({ id: 'O1~2' }));
    // What became ready while the second waited for approval goes with the third.
    await world.ask(approveDelivery({ id: 'O1~3' }));
    await world.ask(shipDelivery({ id: 'O1~2' }));
    await world.ask(shipDelivery({ id: 'O1~3' }));
    await world.ask(issueInvoice({ id: 'O1~2' }));
    await world.ask(issueInvoice({ id: 'O1~3' }));
    const issued = world.facts<Issued>('InvoiceIssued');
    for (const [index, { totals }] of issued.entries()) await world.ask(payment(`O1~${index + 1}`, totals.gross.minor));
    expect(world.facts('SalesOrderClosed')).toHaveLength(1);
    expect(world.instance('order-fulfilment', 'O1')?.status).toBe('finished');
    expect(world.faults()).toEqual([]);
  });

  test('that goes out complete waits for the last line, and leaves at once when it is let out in parts', async () => {
    const world = await house({}, placed('shipComplete', lines));
    await receive(world, 'chai', 5_000);
    await world.ask(acceptSalesOrder({ id: 'O1' }));
    expect(world.facts('DeliveryPlanned')).toEqual([]);
    await world.ask(changeSalesOrderShipPolicy({ id: 'O1', shipPolicy: 'shipPartial' }));
    expect(world.facts('DeliveryPlanned')).toMatchObject([{ lines: [{ line: 1, quantity: 5_000 }] }]);
    expect(world.faults()).toEqual([]);
  });

  test('of which a part is delivered keeps that part, and only its rest is cancelled', async () => {
    const world = await house({}, placed('shipPartial', lines), placed('shipPartial', lines));
    await receive(world, 'chai', 6_000);
    await world.ask(acceptSalesOrder({ id: 'O1' }));
    await world.ask(acceptSalesOrder({ id: 'O2' }));
    await world.ask(approveDelivery({ id: 'O1~1' }));
    await world.ask(cancelSalesOrder({ id: 'O1', reason: 'The site is closed' }));
    expect(world.facts('SalesOrderClosedShort')).toMatchObject([
      { reason: 'The site is closed', lines: [{ line: 2, quantity: 3_500 }], worth: { minor: 1_291 } },
    ]);
    expect(await world.ask(cancelSalesOrder({ id: 'O1', reason: 'again' }))).toMatchObject({ kind: 'done' });
    await world.ask(shipDelivery({ id: 'O1~1' }));
    await world.ask(issueInvoice({ id: 'O1~1' }));
    const [first] = world.facts<Issued>('InvoiceIssued');
    await world.ask(payment('O1~1', first?.totals.gross.minor ?? 0));
    expect(world.instance('order-fulfilment', 'O1')?.status).toBe('finished');
    // Nothing came of the delivery of the other yet: closed short it would be an order cancelled.
    expect(await world.ask(closeSalesOrderShort({ id: 'O2', reason: 'so' }))).toMatchObject({ refusal: { refused: 'InvalidTransition' } });
    await world.ask(cancelSalesOrder({ id: 'O2', reason: 'so' }));
    expect(world.faults()).toEqual([]);
  });

  test('whose goods have all left has no rest to cancel', async () => {
    const world = await house({}, placed('shipComplete', [line(1, 'chai', 1_000)]));
    await receive(world, 'chai', 1_000);
    await world.ask(acceptSalesOrder({ id: 'O1' }));
    await world.ask(approveDelivery({ id: 'O1~1' }));
    expect(await world.ask(cancelSalesOrder({ id: 'O1', reason: 'so' }))).toMatchObject({ refusal: { refused: 'DocumentLocked' } });
  });
});

describe('an order is invoiced', () => {
  test('whole when it is accepted, where the order says so, and by no delivery again', async () => {
    const world = await house({}, placed('shipPartial', lines, 'atAcceptance'));
    await receive(world, 'chai', 5_000);
    await world.ask(acceptSalesOrder({ id: 'O1' }));
    expect(world.facts('InvoiceDrafted')).toMatchObject([{ lines: [{ quantity: 5_000 }, { quantity: 3_500 }, { quantity: 1_000 }] }]);
    await world.ask(approveDelivery({ id: 'O1~1' }));
    await world.ask(shipDelivery({ id: 'O1~1' }));
    expect(world.facts('InvoiceDrafted')).toHaveLength(1);
    expect(await world.ask(invoiceSalesOrder({ id: 'O1' }))).toMatchObject({ refusal: { refused: 'InvoiceModeConflict' } });
    expect(await world.ask(cancelSalesOrder({ id: 'O1', reason: 'so' }))).toMatchObject({ refusal: { refused: 'DocumentLocked' } });
    expect(world.faults()).toEqual([]);
  });

  test('by hand as far as it is delivered, and waits for that', async () => {
    const world = await house({}, placed('shipPartial', lines, 'manual'));
    await receive(world, 'chai', 5_000);
    await world.ask(acceptSalesOrder({ id: 'O1' }));
    expect(await world.ask(invoiceSalesOrder({ id: 'O1' }))).toMatchObject({ refusal: { refused: 'NothingToInvoice' } });
    await world.ask(approveDelivery({ id: 'O1~1' }));
    await world.ask(shipDelivery({ id: 'O1~1' }));
    expect(world.facts('InvoiceDrafted')).toEqual([]);
    expect(world.instance('order-fulfilment', 'O1')?.waiting).toMatchObject({
      wait: 'conversion',
      movedBy: { command: 'InvoiceSalesOrder' },
    });
    const part = (line: number, quantity: string) => invoiceSalesOrder({ id: 'O1', lines: [{ line, quantity }] });
    expect(await world.ask(part(2, '1'))).toMatchObject({
      refusal: { refused: 'InvoiceBeforeDelivery', details: { line: 2, invoiceable: '0' } },
    });
    expect(await world.ask(part(1, '5.001'))).toMatchObject({ refusal: { refused: 'InvoiceBeforeDelivery' } });
    expect(await world.ask(part(9, '1'))).toMatchObject({ refusal: { refused: 'Validation' } });
    await world.ask(part(1, '2'));
    await world.ask(invoiceSalesOrder({ id: 'O1' }));
    expect(world.facts('InvoiceDrafted')).toMatchObject([
      { lines: [{ line: 1, quantity: 2_000 }] },
      {
        lines: [
          { line: 1, quantity: 3_000 },
          { line: 3, quantity: 1_000 },
        ],
      },
    ]);
    expect(world.faults()).toEqual([]);
  });

  test('by hand, if it is of services alone, and cancelled until then', async () => {
    const service = [line(1, 'freight', 1_000, false)];
    const world = await house({}, placed('shipPartial', service, 'manual'), placed('shipPartial', service, 'manual'));
    await world.ask(acceptSalesOrder({ id: 'O1' }));
    await world.ask(acceptSalesOrder({ id: 'O2' }));
    expect(await world.ask(cancelSalesOrder({ id: 'O1', reason: 'so' }))).toMatchObject({ kind: 'done' });
    await world.ask(invoiceSalesOrder({ id: 'O2' }));
    expect(await world.ask(cancelSalesOrder({ id: 'O2', reason: 'so' }))).toMatchObject({ refusal: { refused: 'DocumentLocked' } });
    expect(world.faults()).toEqual([]);
  });
});

test('a delivery is approved with all its lines or with none, and says which line fails', async () => {
  const world = await house({}, placed('shipComplete', lines));
  await receive(world, 'chai', 5_000);
  await receive(world, 'tofu', 3_500);
  await world.ask(acceptSalesOrder({ id: 'O1' }));
  // Somebody gave up the reservation of the second line behind the back of the delivery.
  await world.ask({ command: 'ReleaseStock', input: { warehouseId: 'W1', itemId: 'tofu', orderId: 'O1', line: 2 } });
  const refused = await world.ask(approveDelivery({ id: 'O1~1' }));
  expect(refused).toMatchObject({ refusal: { refused: 'InsufficientStock', details: { line: 2, wanted: '3.5', available: '0' } } });
  expect(world.facts('DeliveryApproved')).toEqual([]);
  expect(world.facts('StockPicked')).toHaveLength(world.facts('StockUnpicked').length);
  expect(world.facts('DeliveryCommitted')).toHaveLength(world.facts('DeliveryWithdrawn').length);
});

test('of two orders that fit the limit alone only one is accepted, and cancelling it lets the other pass', async () => {
  const client = { name: 'Acme', blocked: false, currency: RON, limit: 4_000, exposure: 0, raised: 0, overdueDays: null };
  const world = await house({ CreditStanding: client }, placed('shipComplete', lines), placed('shipComplete', lines));
  const accepting = ['O1', 'O2'].map(id => acceptSalesOrder({ id }));
  const answers = await world.askTogether(accepting);
  expect(answers.map(answer => (answer.kind === 'refused' ? answer.refusal.refused : answer.kind)).sort()).toEqual([
    'CreditLimitExceeded',
    'done',
  ]);
  const [accepted, refused] = answers[0]?.kind === 'done' ? ['O1', 'O2'] : ['O2', 'O1'];
  await world.ask(cancelSalesOrder({ id: accepted as string, reason: 'so' }));
  expect(await world.ask(acceptSalesOrder({ id: refused as string }))).toMatchObject({ kind: 'done' });
  expect(world.faults()).toEqual([]);
});

const orderId = fc.constantFrom('O1', 'O2', 'O3');
type Step = (world: MemoryHouse) => Promise<unknown>;
const asking =
  (message: CommandMessage): Step =>
  world =>
    world.ask(message);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ item: fc.constantFrom('chai', 'tofu'), amount: fc.integer({ min: 1, max: 9_000 }) }).map(
    ({ item, amount }): Step =>
      world =>
        receive(world, item, amount),
  ),
  orderId.map(id => asking(acceptSalesOrder({ id }))),
  orderId.map(id => asking(cancelSalesOrder({ id, reason: 'so' }))),
  orderId.map(id => asking(closeSalesOrderShort({ id, reason: 'so' }))),
  orderId.map(id => asking(invoiceSalesOrder({ id }))),
  fc
    .record({ id: orderId, shipPolicy: fc.constantFrom('shipPartial' as const, 'shipComplete' as const) })
    .map(wish => asking(changeSalesOrderShipPolicy(wish))),
  fc
    .record({ id: orderId, number: fc.integer({ min: 1, max: 4 }), command: fc.constantFrom(approveDelivery, shipDelivery, issueInvoice) })
    .map(({ id, number, command }) => asking(command({ id: `${id}~${number}` }))),
);

test(
  'whatever comes to orders, ordered = reserved + waiting + delivered + cancelled, and parts of invoices are the whole',
  { timeout: 60_000 },
  () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async steps => {
        const world = await house(
          placed('shipPartial', lines),
          placed('shipComplete', lines),
          placed('shipPartial', [line(1, 'chai', 7_000)], 'manual'),
        );
        for (const next of steps) await next(world);
        expect(world.faults()).toEqual([]);
      }),
      { numRuns: 60 },
    ),
);
