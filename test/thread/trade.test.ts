import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
let main: string;
let account: string;
let supplier: string;
let chai: string;
let tofu: string;
let freight: string;

beforeAll(async () => {
  house = await startHouse();
  main = await house.make('/warehouses', { code: 'MAIN', name: 'Main warehouse' });
  account = await house.make('/accounts', { name: 'Alfreds', currency: 'USD' });
  supplier = await house.make('/accounts', { name: 'Exotic Liquids', currency: 'USD', kinds: ['supplier'] });
  const item = (sku: string, more: object) => house.make('/items', { sku, name: sku, uom: 'piece', taxPercent: '19', ...more });
  chai = await item('CHAI', { standardPrice: { unitPrice: '18', currency: 'USD' } });
  tofu = await item('TOFU', {});
  freight = await item('FREIGHT', { stocked: false });
});
afterAll(() => house?.stop());

const found = async (path: string): Promise<readonly Record<string, unknown>[]> =>
  (await house.get(path)).body['items'] as Record<string, unknown>[];
const rejected = async (path: string, body: object) => {
  const { status, body: problem } = await house.post(path, body);
  return { status, code: problem['code'], pointers: ((problem['errors'] ?? []) as { pointer: string }[]).map(({ pointer }) => pointer) };
};
const byHand = (itemId: string, quantity: string, unitPrice: string) => ({ itemId, quantity, unitPrice, priceReason: 'as agreed' });

describe('a warehouse', () => {
  test('shows under its code, which no other may have', async () => {
    expect(await found('/warehouses?filter[code]=MAIN')).toEqual([{ id: main, code: 'MAIN', name: 'Main warehouse', closed: false }]);
    expect(await rejected('/warehouses', { code: ' main', name: 'Another' })).toMatchObject({ status: 409, code: 'Duplicate' });
  });

  test('gets another name', async () => {
    const id = await house.make('/warehouses', { code: 'SIDE', name: 'Side' });
    await house.make(`/warehouses/${id}/rename`, { name: 'By the river' });
    expect((await house.get(`/warehouses/${id}`)).body).toMatchObject({ code: 'SIDE', name: 'By the river' });
  });
});

describe('stock', () => {
  test('comes in by receipts and is corrected by adjustments, each with what was before and after', async () => {
    const id = await house.make('/receipts', {
      warehouseId: main,
      supplierId: supplier,
      reference: 'DN-1',
      receivedOn: '2026-01-05',
      lines: [{ itemId: tofu, quantity: '12.5', unitCost: '7.50' }],
    });
    const level = `/stock-levels/${main}~${tofu}`;
    await house.until(level, body => body['onHand'] === '12.5');
    await house.make('/adjustments', { warehouseId: main, itemId: tofu, quantity: '-2.5', reason: 'Broken' });
    expect((await house.get(level)).body).toMatchObject({ sku: 'TOFU', warehouseCode: 'MAIN', onHand: '10', available: '10' });
    expect((await house.get(`/receipts/${id}`)).body).toMatchObject({
      supplierName: 'Exotic Liquids',
      receivedOn: '2026-01-05',
      lines: [{ line: 1, sku: 'TOFU', quantity: '12.5', unitCost: '7.5' }],
    });
    expect(await found(`/receipts?filter[reference]=DN-1&filter[from]=2026-01-05&filter[to]=2026-01-05`)).toHaveLength(1);
    expect(await found(`/stock-moves?filter[item]=${tofu}&sort=oldest`)).toMatchObject([
      { kind: 'Receipt', movedOn: '2026-01-05', quantity: '12.5', before: '0', after: '12.5', documentId: id },
      { kind: 'Adjustment', quantity: '-2.5', before: '12.5', after: '10', reason: 'Broken' },
    ]);
  });

  test('is not moved for what there is not, nor beyond what there is', async () => {
    const nothing = { warehouseId: 'nowhere', itemId: 'nothing' };
    expect(await rejected('/adjustments', { ...nothing, quantity: '1', reason: 'x' })).toEqual({
      status: 422,
      code: 'Validation',
      pointers: ['/warehouseId', '/itemId'],
    });
    expect(await rejected('/adjustments', { warehouseId: main, itemId: freight, quantity: '1', reason: 'x' })).toMatchObject({
      pointers: ['/itemId'],
    });
    expect(await rejected('/adjustments', { warehouseId: main, itemId: chai, quantity: '-1', reason: 'x' })).toMatchObject({
      status: 409,
      code: 'InsufficientStock',
    });
    expect(
      await rejected('/receipts', { warehouseId: main, receivedOn: '2999-01-01', lines: [{ itemId: 'nothing', quantity: '1' }] }),
    ).toEqual({
      status: 422,
      code: 'Validation',
      pointers: ['/receivedOn', '/lines/0/itemId'],
    });
  });
});

describe('a sales order', () => {
  test('runs at its historic day, with discount, freight and a price by hand, and is found by its reference', async () => {
    const on = '1996-07-04';
    const id = await house.make(
      '/sales-orders',
      {
        accountId: account,
        warehouseId: main,
        reference: '10248',
        channel: 'import',
        requiredOn: '1996-08-01',
        shipVia: 'Federal Shipping',
        shipTo: { name: 'Vins et alcools', city: 'Reims', country: 'France' },
        lines: [{ ...byHand(chai, '4', '14.40'), discount: '15' }, byHand(freight, '1', '32.38')],
      },
      { on },
    );
    await house.make(`/sales-orders/${id}/accept`, {}, { on });
    const order = () => house.until(`/sales-orders/${id}`, body => (body['lines'] as { waiting: string }[])[0]?.waiting === '4');
    expect(await order()).toMatchObject({
      status: 'Accepted',
      statusCode: 4,
      orderedOn: on,
      net: { amount: '81.34', currency: 'USD' },
      tax: { amount: '15.45' },
      gross: { amount: '96.79' },
      taxes: [{ taxPercent: '19', net: { amount: '81.34' }, tax: { amount: '15.45' } }],
      shipTo: { city: 'Reims' },
      deliveryId: null,
      lines: [
        {
          sku: 'CHAI',
          discount: '15',
          net: { amount: '48.96' },
          priceSource: 'hand',
          priceReason: 'as agreed',
          reserved: '0',
          waiting: '4',
        },
        { sku: 'FREIGHT', stocked: false, net: { amount: '32.38' }, waiting: '0' },
      ],
    });
    expect(await found(`/reservations?filter[order]=${id}&filter[waiting]=true`)).toMatchObject([
      { sku: 'CHAI', orderedOn: on, waiting: '4' },
    ]);
    expect(await found('/stock-levels?filter[short]=true')).toMatchObject([{ sku: 'CHAI', backordered: '4' }]);

    await house.make('/receipts', { warehouseId: main, receivedOn: '1996-07-10', lines: [{ itemId: chai, quantity: '4' }] });
    const note = `/deliveries/${id}~1`;
    await house.until(note, body => body['status'] === 'Planned');
    await house.make(`${note}/approve`, {}, { on: '1996-07-15' });
    await house.make(`${note}/ship`, { carrier: 'Federal Shipping' }, { on: '1996-07-16' });
    await house.make(`${note}/deliver`, {}, { on: '1996-07-18' });
    expect((await house.get(note)).body).toMatchObject({
      status: 'Delivered',
      orderReference: '10248',
      approvedOn: '1996-07-15',
      shippedOn: '1996-07-16',
      deliveredOn: '1996-07-18',
      lines: [{ sku: 'CHAI', quantity: '4', reservationId: `${id}~1` }],
    });
    await house.until(`/invoices/${id}~1`, () => true);
    expect(await found('/sales-orders?filter[reference]=10248&filter[open]=false')).toMatchObject([
      { id, deliveryStatus: 'Delivered', shippedOn: '1996-07-16', invoiceStatus: 'Draft' },
    ]);
    expect(await found('/sales-orders?filter[reference]=10248&filter[open]=true')).toEqual([]);
    expect(await found(`/stock-moves?filter[order]=${id}`)).toMatchObject([
      { kind: 'Delivery', movedOn: '1996-07-15', quantity: '-4', after: '0' },
    ]);
    expect(await found(`/deliveries?filter[shippedFrom]=1996-07-16&filter[shippedTo]=1996-07-16`)).toHaveLength(1);
  });

  test('in parts shows of each line what is reserved, waits, is ready, shipped and invoiced, and every delivery and invoice', async () => {
    const wish = { accountId: account, warehouseId: main, shipPolicy: 'shipPartial' };
    const lines = [byHand(chai, '3', '10'), byHand(freight, '1', '5')];
    const id = await house.make('/sales-orders', { ...wish, lines });
    await house.make(`/sales-orders/${id}/accept`);
    await house.make('/receipts', { warehouseId: main, lines: [{ itemId: chai, quantity: '2' }] });
    await house.until(`/deliveries/${id}~1`, () => true);
    const shown = (pleases: (order: Record<string, unknown>) => boolean) => house.until(`/sales-orders/${id}`, pleases);
    const line = (order: Record<string, unknown>) => (order['lines'] as Record<string, unknown>[])[0];
    const planned = await shown(({ deliveryId }) => deliveryId !== null);
    expect(planned).toMatchObject({ delivered: 'none', invoiced: 'none', deliveries: [{ id: `${id}~1`, status: 'Planned' }] });
    expect(line(planned)).toMatchObject({ reserved: '2', waiting: '1', ready: '2', delivered: '0', shipped: '0', cancelled: '0' });
    expect(await found(`/backorders?filter[order]=${id}`)).toMatchObject([
      { sku: 'CHAI', waiting: '1', reserved: '2', shipPolicy: 'shipPartial' },
    ]);
    expect(await found(`/backorders?filter[order]=${id}&filter[orderedTo]=1996-01-01`)).toEqual([]);

    await house.make(`/deliveries/${id}~1/approve`);
    await house.make(`/deliveries/${id}~1/ship`);
    await house.until(`/invoices/${id}~1`, () => true);
    await house.make(`/invoices/${id}~1/issue`);
    const partly = await shown(({ delivered, invoiced }) => delivered === 'partial' && invoiced === 'partial');
    expect(line(partly)).toMatchObject({ reserved: '0', waiting: '1', ready: '0', delivered: '2', shipped: '2', invoiced: '2' });
    expect(partly).toMatchObject({ invoices: [{ id: `${id}~1`, status: 'Unpaid', payable: { amount: '29.75' } }] });
    expect(await found(`/sales-orders?filter[delivered]=partial&filter[invoiced]=partial`)).toMatchObject([{ id }]);

    await house.make(`/sales-orders/${id}/close-short`, { reason: 'No more is made' });
    const short = await shown(order => line(order)?.['waiting'] === '0' && order['delivered'] === 'full');
    expect(line(short)).toMatchObject({ quantity: '3', reserved: '0', waiting: '0', delivered: '2', cancelled: '1' });
    expect(short).toMatchObject({ status: 'Accepted', invoiced: 'full', reason: 'No more is made' });
  });

  test('of services alone goes from acceptance to its invoice', async () => {
    const id = await house.make('/sales-orders', { accountId: account, warehouseId: main, lines: [byHand(freight, '1', '5')] });
    await house.make(`/sales-orders/${id}/accept`);
    await house.until(`/invoices/${id}~1`, () => true);
  });

  test('names what is wrong with it', async () => {
    const wish = { accountId: account, warehouseId: main, lines: [{ itemId: chai, quantity: '1' }] };
    const no = (changes: object) => rejected('/sales-orders', { ...wish, ...changes });
    expect(await no({ accountId: 'nobody', warehouseId: 'nowhere', lines: [{ itemId: 'nothing', quantity: '1' }] })).toEqual({
      status: 422,
      code: 'Validation',
      pointers: ['/accountId', '/warehouseId', '/lines/0/itemId'],
    });
    expect(await no({ lines: [{ itemId: tofu, quantity: '1' }] })).toMatchObject({ status: 409, code: 'NoPrice' });
    expect(await no({ lines: [{ itemId: chai, quantity: '-1' }] })).toMatchObject({ status: 422 });
    expect(await no({ lines: [byHand(chai, '999999999', '999999999999')] })).toMatchObject({ status: 409, code: 'AmountTooLarge' });
    expect(await no({ status: 'Accepted' })).toMatchObject({ status: 422 });
    await house.make(`/items/${tofu}/discontinue`);
    expect(await no({ lines: [byHand(tofu, '1', '1')] })).toMatchObject({ status: 409, code: 'ItemNotAvailable' });
    await house.make(`/accounts/${account}/block`, { reason: 'Overdue' });
    expect(await no({})).toMatchObject({ status: 409, code: 'AccountBlocked' });
  });
});
