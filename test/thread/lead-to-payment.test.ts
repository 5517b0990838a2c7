import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.stop());

interface Goods {
  readonly warehouseId: string;
  readonly itemId: string;
  readonly accountId: string;
}

let drawn = 0;

/** A warehouse, an item at 10.00 RON plus 19 % tax, and a customer. */
async function goods(): Promise<Goods> {
  const mark = `T${drawn++}`;
  const warehouseId = await house.make('/warehouses', { code: `W${mark}`, name: 'Main warehouse' });
  const itemId = await house.make('/items', {
    sku: `SKU-${mark}`,
    name: `Item ${mark}`,
    uom: 'piece',
    taxPercent: '19',
    standardPrice: { unitPrice: '10', currency: 'RON' },
  });
  const accountId = await house.make('/accounts', { name: `Customer ${mark}`, currency: 'RON' });
  return { warehouseId, itemId, accountId };
}

const receive = ({ warehouseId, itemId }: Goods, quantity: string) =>
  house.make('/receipts', { warehouseId, lines: [{ itemId, quantity }] });

async function accepted({ accountId, warehouseId, itemId }: Goods, quantity: string, on?: string): Promise<string> {
  const sending = on === undefined ? {} : { on };
  const id = await house.make('/sales-orders', { accountId, warehouseId, lines: [{ itemId, quantity }] }, sending);
  await house.make(`/sales-orders/${id}/accept`, {}, sending);
  return id;
}

const deliverable = (orderId: string) => house.until(`/deliveries/${orderId}~1`, () => true);
const available = async ({ warehouseId, itemId }: Goods) => (await house.get(`/stock-levels/${warehouseId}~${itemId}`)).body;

async function shipped(orderId: string, on?: string): Promise<void> {
  await deliverable(orderId);
  const sending = on === undefined ? {} : { on };
  await house.make(`/deliveries/${orderId}~1/approve`, {}, sending);
  await house.make(`/deliveries/${orderId}~1/ship`, {}, sending);
  await house.until(`/invoices/${orderId}~1`, () => true);
}

describe('a command', () => {
  test('is answered when all that follows of itself is there, for who prefers to wait', async () => {
    const place = await goods();
    await receive(place, '10');
    const id = await house.make('/sales-orders', {
      accountId: place.accountId,
      warehouseId: place.warehouseId,
      lines: [{ itemId: place.itemId, quantity: '4' }],
    });
    const answer = await house.post(`/sales-orders/${id}/accept`, {}, { prefer: 'respond-async, wait=10' });
    expect(answer.headers.get('Preference-Applied')).toBe('wait');
    // The stock was reserved and the delivery planned by a saga, one after the other.
    expect((await house.get(`/deliveries/${id}~1`)).status).toBe(200);
  });

  test('is answered at once for who does not', async () => {
    const { headers } = await house.post('/accounts', { name: 'Waits for nobody', currency: 'RON' });
    expect(headers.get('Preference-Applied')).toBeNull();
  });
});

describe('the thread', () => {
  test('runs from a lead to the last payment, and shows whole', async () => {
    const { warehouseId, itemId } = await goods();
    await receive({ warehouseId, itemId, accountId: '' }, '10');
    const lead = await house.make('/leads', {
      name: 'Ten pieces',
      company: 'Acme',
      source: 'web',
      requestCategory: 'goods',
      contact: { name: 'Ana', email: 'ana@acme.example' },
    });
    await house.make(`/leads/${lead}/stage`, { stage: 'InterestExpressed' });
    await house.make(`/leads/${lead}/convert`, { currency: 'RON', amount: { amount: '119.00', currency: 'RON' } });
    const { dealId } = (await house.until(`/leads/${lead}`, body => body['dealId'] !== null)) as { dealId: string };
    await house.until(`/deals/${dealId}`, () => true);
    await house.make(`/deals/${dealId}/lines`, { itemId, quantity: '10' });
    await house.make(`/deals/${dealId}/order`, { warehouseId });
    const { orderId } = (await house.until(`/deals/${dealId}`, body => body['orderId'] !== null)) as { orderId: string };
    await house.until(`/sales-orders/${orderId}`, () => true);
    await house.make(`/sales-orders/${orderId}/accept`);
    await shipped(orderId);
    await house.make(`/deliveries/${orderId}~1/deliver`);
    await house.make(`/invoices/${orderId}~1/issue`);
    const invoice = (await house.get(`/invoices/${orderId}~1`)).body;
    expect(invoice).toMatchObject({
      status: 'Unpaid',
      gross: { amount: '119.00', currency: 'RON' },
      open: { amount: '119.00' },
    });
    const { accountId } = invoice as { accountId: string };
    await house.make('/payments', {
      accountId,
      amount: { amount: '119.00', currency: 'RON' },
      allocations: [{ invoiceId: `${orderId}~1`, amount: { amount: '119.00', currency: 'RON' } }],
    });
    const won = await house.until(`/deals/${dealId}`, body => body['stage'] === 'Completed');
    expect(won['orderId']).toBe(orderId);

    const history = (await house.get(`/records/lead/${lead}/history`)).body['items'] as { correlationId: string }[];
    const thread = (await house.get(`/threads/${history[0]?.correlationId}?limit=200`)).body['items'] as {
      type: string;
      causationId: string;
    }[];
    const types = thread.map(({ type }) => type);
    const course = [
      'LeadCaptured',
      'LeadConverted',
      'AccountCreated',
      'ContactAdded',
      'DealOpened',
      'DealOrdered',
      'SalesOrderPlaced',
      'SalesOrderAccepted',
    ];
    const rest = [
      'StockReserved',
      'DeliveryPlanned',
      'DeliveryApproved',
      'StockIssued',
      'DeliveryShipped',
      'InvoiceDrafted',
      'NumberTaken',
      'InvoiceIssued',
    ];
    for (const type of [...course, ...rest, 'PaymentApplied', 'PaymentRecorded', 'DealWon']) expect(types).toContain(type);
    const page = (await house.get(`/accounts/${accountId}/360`)).body;
    expect(page).toMatchObject({ account: { name: 'Acme' }, contacts: [{ name: 'Ana' }], invoices: [{ status: 'Paid' }], balance: [] });
  });

  test('says why an order waits, and moves the oldest first when a receipt comes', async () => {
    const stock = await goods();
    await receive(stock, '5');
    const first = await accepted(stock, '4');
    await deliverable(first);
    const younger = await accepted(stock, '3', '2026-02-02');
    const older = await accepted(stock, '2', '2026-01-02');
    const short = await house.until(`/processes/order-fulfilment/${older}`, body => String(body['reason']).includes('short'));
    expect(short).toMatchObject({ movedBy: { command: 'RecordReceipt', permission: 'warehouse:receive' } });
    const { reason, movedBy } = short;
    expect((await house.get(`/sales-orders/${older}`)).body['process']).toMatchObject({ status: 'running', reason, movedBy });
    // Processes and stock levels are kept apart: one may show a fact a moment before the other.
    const level = await house.until(`/stock-levels/${stock.warehouseId}~${stock.itemId}`, body => body['backordered'] === '4');
    expect(level).toMatchObject({ onHand: '5', reserved: '5', available: '0' });

    await receive(stock, '2');
    await deliverable(older);
    await house.until(`/processes/order-fulfilment/${younger}`, body => String(body['reason']).includes('short'));
    await receive(stock, '2');
    await deliverable(younger);
    expect(await available(stock)).toMatchObject({ onHand: '9', reserved: '9', backordered: '0' });

    await shipped(younger);
    const [placed] = (await house.get(`/records/salesOrder/${younger}/history`)).body['items'] as { correlationId: string }[];
    const thread = (await house.get(`/threads/${placed?.correlationId}`)).body['items'] as { type: string }[];
    expect(thread).toContainEqual(expect.objectContaining({ type: 'StockReserved', data: expect.objectContaining({ waited: true }) }));
    for (const type of ['StockBackordered', 'DeliveryPlanned', 'DeliveryApproved', 'StockIssued', 'DeliveryShipped', 'InvoiceDrafted'])
      expect(thread.map(fact => fact.type)).toContain(type);
  });

  test('gives everything back when an order is cancelled, and to who waits', async () => {
    const stock = await goods();
    await receive(stock, '5');
    const cancelled = await accepted(stock, '5');
    await deliverable(cancelled);
    const waits = await accepted(stock, '5');
    await house.until(`/processes/order-fulfilment/${waits}`, body => String(body['reason']).includes('short'));
    await house.make(`/sales-orders/${cancelled}/cancel`, { reason: 'The customer went elsewhere' });
    await deliverable(waits);
    await house.until(`/deliveries/${cancelled}~1`, body => body['status'] === 'Cancelled');
    expect(await available(stock)).toMatchObject({ onHand: '5', reserved: '5', backordered: '0' });
  });

  test('keeps an order from being cancelled once its delivery is approved', async () => {
    const stock = await goods();
    await receive(stock, '1');
    const order = await accepted(stock, '1');
    await deliverable(order);
    await house.make(`/deliveries/${order}~1/approve`);
    const refused = await house.post(`/sales-orders/${order}/cancel`, { reason: 'Too late' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'DocumentLocked' } });
  });

  test('numbers invoices without a gap however many are issued at once', async () => {
    const stock = await goods();
    const many = 12;
    await receive(stock, String(many));
    const orders = await Promise.all(Array.from({ length: many }, () => accepted(stock, '1')));
    for (const order of orders) await shipped(order);
    const issued = await Promise.all(orders.map(order => house.post(`/invoices/${order}~1/issue`, { series: 'PAR' })));
    expect(issued.map(({ status }) => status)).toEqual(orders.map(() => 200));
    const invoices = await Promise.all(orders.map(order => house.until(`/invoices/${order}~1`, body => body['number'] !== null)));
    const sequence = invoices.map(body => Number(String(body['number']).slice(-6))).sort((a, b) => a - b);
    expect(sequence).toEqual(orders.map((_, index) => index + 1));
  });

  test('refuses an invoice date earlier than the last of its series, and leaves the draft', async () => {
    const stock = await goods();
    await receive(stock, '2');
    const [late, early] = [await accepted(stock, '1'), await accepted(stock, '1')];
    await shipped(late);
    await shipped(early);
    await house.make(`/invoices/${late}~1/issue`, { series: 'DAT' }, { on: '2026-05-05' });
    const refused = await house.post(`/invoices/${early}~1/issue`, { series: 'DAT' }, { on: '2026-05-04' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'IssueDateTooEarly' } });
    await house.until(`/invoices/${early}~1`, body => body['status'] === 'Draft');
    await house.make(`/invoices/${early}~1/issue`, { series: 'DAT' }, { on: '2026-05-06' });
  });

  test('sets one payment against several invoices, all or none', async () => {
    const stock = await goods();
    await receive(stock, '2');
    const orders = [await accepted(stock, '1'), await accepted(stock, '1')];
    for (const order of orders) {
      await shipped(order);
      await house.make(`/invoices/${order}~1/issue`, { series: 'PAY' });
    }
    const pay = (parts: readonly string[], amount: string, accountId = stock.accountId) =>
      house.post('/payments', {
        accountId,
        amount: { amount, currency: 'RON' },
        allocations: parts.map((part, index) => ({ invoiceId: `${orders[index]}~1`, amount: { amount: part, currency: 'RON' } })),
      });
    expect(await pay(['11.90', '11.91'], '23.81')).toMatchObject({ status: 409, body: { code: 'PaymentExceedsBalance' } });
    expect(await pay(['11.90', '11.90'], '23.80', (await goods()).accountId)).toMatchObject({
      status: 409,
      body: { code: 'AccountMismatch' },
    });
    const open = async (order: string | undefined) => (await house.get(`/invoices/${order}~1`)).body['open'];
    expect(await open(orders[0])).toMatchObject({ amount: '11.90' });
    expect(await pay(['11.90', '1.90'], '13.80')).toMatchObject({ status: 201 });
    expect(await Promise.all(orders.map(open))).toMatchObject([{ amount: '0.00' }, { amount: '10.00' }]);
  });

  test('tells with every record the revision that a command on it may be held to', async () => {
    const { accountId } = await goods();
    const seen = await house.get(`/accounts/${accountId}`);
    expect([seen.headers.get('ETag'), seen.body['revision']]).toEqual(['"0"', 0]);
    const rename = (name: string) => house.post(`/accounts/${accountId}/edit`, { name }, { ifMatch: 0 });
    expect(await rename('First')).toMatchObject({ status: 200 });
    expect(await rename('Second')).toMatchObject({ status: 412, body: { code: 'StaleVersion' } });
    expect((await house.get(`/accounts/${accountId}`)).headers.get('ETag')).toBe('"1"');
  });
});
