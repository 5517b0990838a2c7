/** Every wait of every saga, in a whole house: what a process says moves it does move it, and nobody without that permission can. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordRef } from '../../src/kernel/command.ts';
import { registry } from '../../src/kernel/module.ts';
import { ProcessParked } from '../../src/kernel/processes.ts';
import { modules } from '../../src/modules/index.ts';
import { connectEventLog } from '../../src/runtime/event-log/eventstore.ts';
import { record } from '../../src/runtime/sagas/steering.ts';
import { type MailReceiver, mailReceiver } from '../effects/receivers.ts';
import { startHouse, type TestHouse, type Voice } from '../support/house.ts';

const offered = registry(modules);

let house: TestHouse;
let post: MailReceiver;
let database: pg.Client;
beforeAll(async () => {
  post = await mailReceiver();
  house = await startHouse({ smtpUrl: post.url, mailFrom: 'Sales <sales@firm.example>' });
  database = new pg.Client({ connectionString: house.databaseUrl });
  await database.connect();
  // Takes its time, which passes while the others are carried on.
  await house.make('/pipelines/default/stages/Prototype/remove', { target: 'Presentation' });
}, 60_000);
afterAll(async () => {
  await database?.end();
  await house?.stop();
  await post?.close();
});

interface Process {
  readonly saga: string;
  readonly instance: string;
  readonly status: string;
  readonly wait: string | null;
  readonly reason: string;
  readonly waitsFor: RecordRef | null;
  readonly movedBy: { readonly command: string; readonly permission: string } | null;
}

const pathOf = (saga: string, instance: string): string => `/processes/${saga}/${instance}`;
const until = async (saga: string, instance: string, pleases: (process: Process) => boolean): Promise<Process> =>
  (await house.until(pathOf(saga, instance), body => pleases(body as unknown as Process))) as unknown as Process;

/** Somebody who may do one thing only. */
const voices = new Map<string, Promise<Voice>>();
function whoMay(permission: string): Promise<Voice> {
  const role = `only-${permission.replace(':', '-')}`;
  const made = voices.get(role) ?? house.post('/roles', { role, name: role, grants: [permission] }).then(() => house.as(role));
  voices.set(role, made);
  return made;
}

/** What a command needs to be told besides the record it is for; a command without an entry here is one that no test has tried. */
type Wishes = Readonly<Record<string, () => object>>;

/** Does what the process says moves it: as somebody who may do just that, and in vain as somebody who may not. */
async function perform({ saga, instance, movedBy, waitsFor }: Process, wishes: Wishes): Promise<void> {
  if (movedBy === null || waitsFor === null) throw new Error(`${saga} ${instance} does not say who moves it, or what it waits for`);
  const command = offered.commands.get(movedBy.command);
  expect(command?.permission).toBe(movedBy.permission);
  await house.until(`/records/${waitsFor.category}/${waitsFor.id}/history`, body => (body['items'] as unknown[]).length > 0);
  const path = String(command?.route)
    .replace('POST ', '')
    .replace(':saga/:instance', waitsFor.id.replace('~', '/'))
    .replace(':id', waitsFor.id);
  const wish = wishes[movedBy.command]?.();
  if (wish === undefined) throw new Error(`No test performs ${movedBy.command}, which ${saga} waits for`);
  const other = await whoMay('catalogue:read');
  expect((await other.post(path, wish)).status).toBe(403);
  await (await whoMay(movedBy.permission)).make(path, wish);
}

/** Moves a process on and on until it is finished; the waits it was moved out of by people. */
async function carry(saga: string, instance: string, wishes: Wishes): Promise<readonly string[]> {
  const moved: string[] = [];
  for (;;) {
    const at = await until(
      saga,
      instance,
      ({ status, movedBy, wait }) => status === 'finished' || (movedBy !== null && wait !== moved.at(-1)),
    );
    if (at.status === 'finished') return moved;
    await perform(at, wishes);
    moved.push(String(at.wait));
  }
}

let drawn = 0;
/** Orders that are cancelled and delivered at once. */
const CROSSED = 6;

async function goods() {
  const mark = `W${drawn++}`;
  const warehouseId = await house.make('/warehouses', { code: mark, name: 'Main warehouse' });
  const item = { name: mark, uom: 'piece', taxPercent: '19', standardPrice: { unitPrice: '10', currency: 'RON' } };
  const itemId = await house.make('/items', { ...item, sku: `SKU-${mark}` });
  const serviceId = await house.make('/items', { ...item, sku: `SRV-${mark}`, stocked: false });
  return { warehouseId, itemId, serviceId };
}

const TOTAL = { amount: '119.00', currency: 'RON' };

/** A lead that became a deal whose order waits to be accepted. */
async function orderOfLead({ warehouseId, itemId }: { readonly warehouseId: string; readonly itemId: string }) {
  const contact = { name: 'Ana', email: 'ana@acme.example' };
  const lead = await house.make('/leads', { name: 'Ten', company: 'Acme', source: 'web', requestCategory: 'goods', contact });
  await house.make(`/leads/${lead}/stage`, { stage: 'InterestExpressed' });
  await house.make(`/leads/${lead}/convert`, { currency: 'RON' });
  const { dealId, accountId } = (await house.until(`/leads/${lead}`, body => body['dealId'] !== null)) as Record<string, string>;
  await house.until(`/deals/${dealId}`, () => true);
  await house.make(`/deals/${dealId}/lines`, { itemId, quantity: '10' });
  await house.make(`/deals/${dealId}/order`, { warehouseId });
  const { orderId } = (await house.until(`/deals/${dealId}`, body => body['orderId'] !== null)) as Record<string, string>;
  await house.until(`/sales-orders/${orderId}`, () => true);
  return { dealId: String(dealId), orderId: String(orderId), accountId: String(accountId) };
}

async function draftOfServices({ warehouseId, serviceId }: { readonly warehouseId: string; readonly serviceId: string }) {
  const accountId = await house.make('/accounts', { name: `Customer ${drawn++}`, currency: 'RON' });
  const order = await house.make('/sales-orders', { accountId, warehouseId, lines: [{ itemId: serviceId, quantity: '1' }] });
  await house.make(`/sales-orders/${order}/accept`);
  await house.until(`/invoices/${order}~1`, () => true);
  return `${order}~1`;
}

const isEmpty = (body: Readonly<Record<string, unknown>>): boolean => (body['items'] as unknown[]).length === 0;

/** Waits that are over before anybody can be sure to see them. */
const FLEETING = [
  'account-activation/activation',
  'handover-course/giving',
  'deal-merge/takingIn',
  'claim-holds/document',
  'sheet-taking/taking',
  'duplicate-detection/detection',
  'account-merging/other',
  'credit-note/issuing',
  'payment-reversal/unapplying',
  'return-course/settling',
];

describe('a process', () => {
  test('of an order is carried from acceptance to its end by what it says moves it', { timeout: 60_000 }, async () => {
    const stock = await goods();
    const { orderId, dealId, accountId } = await orderOfLead(stock);
    const none = () => ({});
    const moved = await carry('order-fulfilment', orderId, {
      AcceptSalesOrder: none,
      RecordReceipt: () => ({ warehouseId: stock.warehouseId, lines: [{ itemId: stock.itemId, quantity: '10' }] }),
      ApproveDelivery: none,
      ShipDelivery: none,
      IssueInvoice: none,
      RecordPayment: () => ({ accountId, amount: TOTAL, allocations: [{ invoiceId: `${orderId}~1`, amount: TOTAL }] }),
    });
    expect(moved).toEqual(['acceptance', 'goods', 'approval', 'shipping', 'issue', 'payment']);
    await house.until(`/deals/${dealId}`, body => body['stage'] === 'Completed');
    await house.make(`/invoices/${orderId}~1/send`);
    await house.until(`/processes?filter[saga]=invoice-sending`, body => (body['items'] as unknown[]).length === 0);
  });

  test('of an order that was changed goes on when the client confirms it', { timeout: 30_000 }, async () => {
    const { warehouseId, serviceId } = await goods();
    const accountId = await house.make('/accounts', { name: `Customer ${drawn++}`, currency: 'RON' });
    const id = await house.make('/sales-orders', { accountId, warehouseId, lines: [{ itemId: serviceId, quantity: '2' }] });
    await until('order-expiry', id, ({ wait }) => wait === 'decision');
    const lines = [{ line: 1, itemId: serviceId, quantity: '1' }];
    await house.make(`/sales-orders/${id}/modify`, { reason: 'Only one can come', lines });
    await until('order-fulfilment', id, ({ wait }) => wait === 'confirmation');
    expect(await carry('order-expiry', id, { ConfirmModification: () => ({}) })).toEqual(['client']);
    const shown = await house.until(`/sales-orders/${id}`, body => body['status'] === 'Accepted');
    expect(shown).toMatchObject({
      net: { amount: '10.00' },
      awaitingClient: false,
      modification: { answer: 'confirmed', before: [{ line: 1, quantity: '2', net: { amount: '20.00', currency: 'RON' } }] },
      lines: [{ line: 1, quantity: '1' }],
    });
    await until('order-fulfilment', id, ({ wait }) => wait === 'issue');
  });

  test('of an approval goes on when somebody else decides, and ends with it', { timeout: 30_000 }, async () => {
    const { warehouseId, itemId } = await goods();
    await house.make('/company-settings/change', { discountLimitPercent: '10' });
    const accountId = await house.make('/accounts', { name: `Customer ${drawn++}`, currency: 'RON' });
    const order = await house.make('/sales-orders', { accountId, warehouseId, lines: [{ itemId, quantity: '1', discount: '20' }] });
    const refused = await house.post(`/sales-orders/${order}/accept`);
    expect(refused.body).toMatchObject({ code: 'OverrideRequired' });
    const words = { reason: 'Their competitor offers it', evidence: [{ description: 'Offer' }] };
    const approval = await house.make('/approvals', { ...(refused.body['details'] as object), ...words });
    await perform(await until('override-course', approval, ({ wait }) => wait === 'decision'), { ApproveOverride: () => ({}) });
    await until('override-course', approval, ({ wait }) => wait === 'use');
    await house.make(`/approvals/${approval}/withdraw`);
    await until('override-course', approval, ({ status }) => status === 'finished');
  });

  test('of a stock document is carried from its draft to its last movement by what it says moves it', { timeout: 60_000 }, async () => {
    const { warehouseId, itemId } = await goods();
    const { warehouseId: toWarehouseId } = await goods();
    await house.make('/company-settings/change', { transferSteps: 'two', adjustmentSecondApprovalFrom: 1 });
    await house.make('/receipts', { warehouseId, lines: [{ itemId, quantity: '10', unitCost: '5' }] });
    const levelIn = (warehouse: string, onHand: string) =>
      house.until(`/stock-levels/${warehouse}~${itemId}`, body => body['onHand'] === onHand && body['reserved'] === '0');
    await levelIn(warehouseId, '10');
    const none = () => ({});
    const transfer = await house.make('/stock-documents/transfers', { warehouseId, toWarehouseId, lines: [{ itemId, quantity: '4' }] });
    const missing = [{ line: 1, quantity: '1' }];
    const moved = await carry('stock-posting', transfer, { ApproveStockDocument: none, ReceiveTransfer: () => ({ missing }) });
    expect(moved).toEqual(['approval', 'arrival']);
    expect(await levelIn(warehouseId, '6')).toMatchObject({ value: { amount: '30.00', currency: 'RON' } });
    expect(await levelIn(toWarehouseId, '3')).toMatchObject({ value: { amount: '15.00', currency: 'RON' } });
    expect((await house.get(`/stock-documents/${transfer}`)).body).toMatchObject({ statusCode: 1, lines: [{ quantity: '4', lost: '1' }] });

    const loss = { warehouseId, reason: 'Broken', lines: [{ itemId, quantity: '-2' }] };
    expect((await house.post('/adjustments', { warehouseId, reason: 'Broken', itemId, quantity: '-2' })).body).toMatchObject({
      code: 'SecondApprovalRequired',
    });
    const adjustment = await house.make('/stock-documents/adjustments', loss);
    await house.make(`/stock-documents/${adjustment}/approve`);
    expect((await house.post(`/stock-documents/${adjustment}/approve`)).body).toMatchObject({ code: 'SelfApproval' });
    await perform(await until('stock-posting', adjustment, ({ wait }) => wait === 'secondApproval'), { ApproveStockDocument: none });
    await levelIn(warehouseId, '4');

    const lines = [
      { itemId, quantity: '3' },
      { itemId, quantity: '2' },
    ];
    const issue = await house.make('/stock-documents/issues', { warehouseId, lines });
    const refused = await house.post(`/stock-documents/${issue}/approve`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'InsufficientStock', details: { item: itemId } } });
    await levelIn(warehouseId, '4');
    const lying = await house.get('/stock-documents?filter[status]=Draft&sort=oldest');
    expect((lying.body['items'] as { id: string }[]).map(({ id }) => id)).toEqual([issue]);
    expect((await house.post(`/warehouses/${warehouseId}/close`)).body).toMatchObject({ code: 'WarehouseNotEmpty' });
    await house.make(`/stock-documents/${issue}/reject`, { reason: 'More than there is' });
    await until('stock-posting', issue, ({ status }) => status === 'finished');
    await house.make('/company-settings/change', { transferSteps: 'one', adjustmentSecondApprovalFrom: null });
  });

  test('of a return goes on when it is approved, which puts goods into stock and credits them', { timeout: 60_000 }, async () => {
    const { warehouseId, itemId } = await goods();
    const accountId = await house.make('/accounts', { name: `Customer ${drawn++}`, currency: 'RON' });
    await house.make('/receipts', { warehouseId, lines: [{ itemId, quantity: '5', unitCost: '4' }] });
    const order = await house.make('/sales-orders', { accountId, warehouseId, lines: [{ itemId, quantity: '5' }] });
    await house.make(`/sales-orders/${order}/accept`);
    const deliveryId = `${order}~1`;
    await house.until(`/deliveries/${deliveryId}`, () => true);
    await house.make(`/deliveries/${deliveryId}/approve`);
    await house.make(`/deliveries/${deliveryId}/ship`);
    await house.until(`/invoices/${deliveryId}`, () => true);
    const lines = [{ line: 1, quantity: '2' }];
    const back = await house.make('/delivery-returns', { deliveryId, reason: 'Wrong size', lines });
    expect((await house.post(`/delivery-returns/${back}/approve`)).body).toMatchObject({ code: 'InvoiceNotIssued' });
    await house.make(`/invoices/${deliveryId}/issue`);
    expect(await carry('return-course', back, { ApproveDeliveryReturn: () => ({}) })).toEqual(['approval']);
    // Two of five at 10.00 and 19 % tax, of 59.50.
    expect(await house.until(`/invoices/${deliveryId}`, body => (body['open'] as { amount: string }).amount === '35.70')).toBeDefined();
    const shown = await house.until(`/delivery-returns/${back}`, body => body['creditNoteNumber'] !== null);
    expect(shown).toMatchObject({ status: 'Approved', statusCode: 1, lines: [{ line: 1, quantity: '2', restock: true }] });
    await house.until(`/stock-levels/${warehouseId}~${itemId}`, body => body['onHand'] === '2');
    const more = await house.make('/delivery-returns', { deliveryId, reason: 'Wrong size', lines: [{ line: 1, quantity: '4' }] });
    expect((await house.post(`/delivery-returns/${more}/approve`)).body).toMatchObject({ code: 'ReturnExceedsDelivery' });
    await house.make(`/delivery-returns/${more}/reject`, { reason: 'Never bought' });
    await until('return-course', more, ({ status }) => status === 'finished');
  });

  test('of an order that is invoiced by hand goes on when it is', { timeout: 30_000 }, async () => {
    const { warehouseId, serviceId } = await goods();
    const accountId = await house.make('/accounts', { name: `Customer ${drawn++}`, currency: 'RON' });
    const lines = [{ itemId: serviceId, quantity: '1' }];
    const id = await house.make('/sales-orders', { accountId, warehouseId, invoiceMode: 'manual', lines });
    await house.make(`/sales-orders/${id}/accept`);
    await perform(await until('order-fulfilment', id, ({ wait }) => wait === 'conversion'), { InvoiceSalesOrder: () => ({}) });
    await until('order-fulfilment', id, ({ wait }) => wait === 'issue');
  });

  test('of a raise of a credit limit goes on when it is granted, lets an order pass, and is over when it is ended', {
    timeout: 30_000,
  }, async () => {
    const { warehouseId, serviceId } = await goods();
    const creditLimit = { amount: '10.00', currency: 'RON' };
    const accountId = await house.make('/accounts', { name: `Customer ${drawn++}`, currency: 'RON', creditLimit });
    const order = await house.make('/sales-orders', { accountId, warehouseId, lines: [{ itemId: serviceId, quantity: '1' }] });
    const accept = () => house.post(`/sales-orders/${order}/accept`);
    expect(await accept()).toMatchObject({ status: 409, body: { code: 'CreditLimitExceeded', details: { rule: 'creditLimit' } } });
    expect((await house.get(`/sales-orders/${order}`)).body).toMatchObject({ status: 'Draft', creditHold: true });
    const raise = { amount: { amount: '5.00', currency: 'RON' }, until: '2099-12-31', reason: 'A large site' };
    await (await whoMay('sales:order')).make(`/accounts/${accountId}/credit-raise`, raise);
    const shown = await house.until(`/accounts/${accountId}/credit`, body => body['raise'] !== null);
    expect(shown).toMatchObject({
      limit: creditLimit,
      exposure: { amount: '0.00' },
      left: { amount: '10.00' },
      raise: { status: 'Requested' },
    });
    const { items } = (await house.get('/processes?filter[saga]=credit-raise')).body as { items: { instance: string }[] };
    const instance = String(items[0]?.instance);
    await perform(await until('credit-raise', instance, ({ wait }) => wait === 'approval'), { ApproveCreditRaise: () => ({}) });
    const standing = await until('credit-raise', instance, ({ wait }) => wait === 'end');
    await house.until(`/sales-orders/${order}`, body => body['creditHold'] === false);
    expect((await accept()).status).toBe(200);
    await house.until(`/accounts/${accountId}/credit`, body => (body['exposure'] as { amount: string }).amount === '11.90');
    await perform(standing, { EndCreditRaise: () => ({ reason: 'It is paid' }) });
    await house.until(`/accounts/${accountId}/credit`, body => body['raise'] === null);
  });

  test('of an invoice whose number was refused goes on when it is issued again', { timeout: 30_000 }, async () => {
    const stock = await goods();
    const [late, early] = [await draftOfServices(stock), await draftOfServices(stock)];
    await house.make(`/invoices/${late}/issue`, { series: 'DAT' }, { on: '2026-05-05' });
    expect((await house.post(`/invoices/${early}/issue`, { series: 'DAT' }, { on: '2026-05-04' })).status).toBe(409);
    expect(await carry('invoice-issue', early, { IssueInvoice: () => ({ series: 'OTHER' }) })).toEqual(['issueAgain']);
  });

  test('of an invoice is over when it is paid, begins anew when the payment is reversed, and ends when all is credited', {
    timeout: 30_000,
  }, async () => {
    const invoice = await draftOfServices(await goods());
    await house.make(`/invoices/${invoice}/issue`);
    const { accountId, open } = (await house.until(`/invoices/${invoice}`, ({ number }) => number !== null)) as Record<string, unknown>;
    const waiting = await until('invoice-overdue', invoice, ({ status }) => status === 'running');
    expect(waiting).toMatchObject({ wait: 'payment', movedBy: { command: 'RecordPayment' } });
    const gone = () => house.until(`/processes?filter[saga]=invoice-overdue&filter[record]=${invoice}`, isEmpty);
    const payment = await house.make('/payments', { accountId, amount: open, allocations: [{ invoiceId: invoice, amount: open }] });
    await gone();
    await house.make(`/payments/${payment}/reverse`, { reason: 'Bounced' });
    await until('payment-reversal', payment, ({ status }) => status === 'finished');
    await until('invoice-overdue', invoice, ({ status }) => status === 'running');
    await house.make(`/invoices/${invoice}/credit`, { reason: 'Never done' });
    await gone();
    await house.until(`/credit-notes?filter[invoice]=${invoice}`, body => (body['items'] as { status: string }[])[0]?.status === 'Closed');
    await house.until('/processes?filter[saga]=credit-note', isEmpty);
  });

  test('that met a fault goes on when it is retried, and is in front of the list until then', { timeout: 30_000 }, async () => {
    const { warehouseId, itemId } = await goods();
    const { orderId } = await orderOfLead({ warehouseId, itemId });
    await parkByFault('order-fulfilment', orderId);
    const parked = await until('order-fulfilment', orderId, ({ status }) => status === 'parked');
    const list = (await house.get('/processes')).body['items'] as Process[];
    expect(list[0]).toMatchObject({ instance: orderId, status: 'parked' });
    const found = async (filter: string) => ((await house.get(`/processes?${filter}`)).body['items'] as Process[]).map(({ saga }) => saga);
    for (const filter of ['filter[status]=parked', 'filter[stalled]=true', 'filter[permission]=platform:retry'])
      expect(await found(filter)).toEqual(['order-fulfilment']);
    expect((await found(`filter[record]=${orderId}`)).sort()).toEqual(['deal-order', 'order-expiry', 'order-fulfilment']);
    expect(await found(`filter[record]=${orderId}&filter[saga]=deal-order`)).toEqual(['deal-order']);
    await perform(parked, { RetryProcess: () => ({ note: 'The fault is mended' }) });
    expect(await until('order-fulfilment', orderId, ({ status }) => status === 'running')).toMatchObject({ wait: 'acceptance' });
  });

  test('that is given up gives back what it reserved, and says what stays', { timeout: 30_000 }, async () => {
    const { warehouseId, itemId } = await goods();
    await house.make('/receipts', { warehouseId, lines: [{ itemId, quantity: '10' }] });
    const { orderId } = await orderOfLead({ warehouseId, itemId });
    await house.make(`/sales-orders/${orderId}/accept`);
    await until('order-fulfilment', orderId, ({ wait }) => wait === 'approval');
    const path = `${pathOf('order-fulfilment', orderId)}/abandon`;
    expect((await (await whoMay('platform:retry')).post(path, { note: 'No' })).status).toBe(403);
    expect((await house.post(path, {})).status).toBe(422);
    await (await whoMay('platform:abandon')).make(path, { note: 'The customer is bankrupt' });
    const shown = await until('order-fulfilment', orderId, ({ status }) => status === 'abandoned');
    expect(shown.reason).toBe('It was given up: The customer is bankrupt');
    await house.until(`/stock-levels/${warehouseId}~${itemId}`, body => body['reserved'] === '0' && body['available'] === '10');
    await house.until(`/deliveries/${orderId}~1`, body => body['status'] === 'Cancelled');
    const told = (await house.get(`/records/process/order-fulfilment~${orderId}/history`)).body['items'] as {
      type: string;
      data: object;
    }[];
    expect(told.find(({ type }) => type === 'ProcessAbandoned')?.data).toMatchObject({ note: 'The customer is bankrupt' });
  });

  test('comes to one of two ends, whole, when its order is cancelled while the delivery is approved', { timeout: 60_000 }, async () => {
    const { warehouseId, itemId } = await goods();
    const accountId = await house.make('/accounts', { name: `Customer ${drawn++}`, currency: 'RON' });
    await house.make('/receipts', { warehouseId, lines: [{ itemId, quantity: String(CROSSED) }] });
    const orders = await Promise.all(
      Array.from({ length: CROSSED }, async () => {
        const id = await house.make('/sales-orders', { accountId, warehouseId, lines: [{ itemId, quantity: '1' }] });
        await house.make(`/sales-orders/${id}/accept`);
        await until('order-fulfilment', id, ({ wait }) => wait === 'approval');
        return id;
      }),
    );
    const ends = await Promise.all(
      orders.map(async (id, index) => {
        const cancel = () => house.post(`/sales-orders/${id}/cancel`, { reason: 'Crossed' });
        const approve = () => house.post(`/deliveries/${id}~1/approve`);
        const [cancelled, approved] = index % 2 === 0 ? [cancel(), approve()] : [approve(), cancel()].reverse();
        return { id, statuses: [(await cancelled)?.status, (await approved)?.status] };
      }),
    );
    for (const { id, statuses } of ends) {
      expect([
        [200, 409],
        [409, 200],
      ]).toContainEqual(statuses);
      const status = statuses[0] === 200 ? 'Cancelled' : 'Approved';
      await house.until(`/deliveries/${id}~1`, body => body['status'] === status);
      await until('order-fulfilment', id, process =>
        status === 'Cancelled' ? process.status === 'finished' : process.wait === 'shipping',
      );
    }
    const out = ends.filter(({ statuses }) => statuses[1] === 200).length;
    await house.until(
      `/stock-levels/${warehouseId}~${itemId}`,
      body => body['reserved'] === '0' && body['onHand'] === String(CROSSED - out) && body['available'] === String(CROSSED - out),
    );
  });

  test('that clones a price list ends by itself', { timeout: 30_000 }, async () => {
    const list = await house.make('/price-lists', { name: 'Retail', currency: 'RON' });
    const { itemId } = await goods();
    await house.make(`/price-lists/${list}/prices`, { itemId, unitPrice: '10' });
    const clone = await house.make(`/price-lists/${list}/clone`, { name: 'Retail, dearer', changePercent: '5' });
    await until('price-list-cloning', clone, ({ status }) => status === 'finished');
  });

  test('that removes a stage of the pipeline ends by itself', { timeout: 30_000 }, async () => {
    await until('stage-removal', 'default~Prototype', ({ status }) => status === 'finished');
    await house.until(
      '/pipelines/default',
      body => !(body['stages'] as readonly { readonly key: string }[]).some(({ key }) => key === 'Prototype'),
    );
  });

  test('was seen in every wait there is, and left it', async () => {
    const { rows } = await database.query<{ name: string }>(
      `select distinct saga || '/' || (waiting ->> 'wait') as name from ops.saga_history where to_position is not null and waiting ->> 'wait' is not null`,
    );
    const seen = new Set(rows.map(({ name }) => name));
    const waits = [...offered.sagas.values()].flatMap(({ name, waits: named }) => Object.keys(named).map(wait => `${name}/${wait}`));
    expect(waits.length).toBeGreaterThan(10);
    expect(waits.filter(wait => !seen.has(wait) && !FLEETING.includes(wait))).toEqual([]);
  });
});

/** As the runner of sagas does it when it meets a fault. */
async function parkByFault(saga: string, instance: string): Promise<void> {
  const log = connectEventLog({ url: house.eventstoreUrl });
  const event = ProcessParked({ saga, instance, reason: 'A fault planted by a test' });
  const id = crypto.randomUUID();
  await record(log, { event, commandId: id, correlationId: id, causationId: id, recordedAt: new Date().toISOString() });
  await log.close();
}
