/** What an account's page shows, to whom, and as of when. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
let account: string;

const lei = (amount: string) => ({ amount, currency: 'RON' });
/** The parts of the page by the right that shows them. */
const PARTS = {
  'crm:read': ['contacts', 'openDeals', 'pipeline'],
  'sales:read': ['orders'],
  'fulfilment:read': ['deliveries'],
  // Goods are promised to orders, and an order that is not shown gives nothing away.
  'warehouse:read': ['stock'],
  'catalogue:read': ['priceGroups'],
  'billing:read': ['invoices', 'payments', 'balance', 'credit'],
} as const;
const all = Object.values(PARTS).flat();

beforeAll(async () => {
  house = await startHouse();
  const warehouseId = await house.make('/warehouses', { code: 'MAIN', name: 'Main' });
  const standardPrice = { unitPrice: '100', currency: 'RON' };
  const itemId = await house.make('/items', { sku: 'DESK', name: 'Desk', uom: 'piece', taxPercent: '19', standardPrice });
  const list = await house.make('/price-lists', { name: 'Regulars', currency: 'RON' });
  account = await house.make('/accounts', { name: 'Acme', currency: 'RON', creditLimit: lei('1000.00'), priceListId: list });
  const group = await house.make('/customer-groups', { name: 'North', priority: 1, priceListId: list });
  await house.get(`/accounts/${account}`);
  await house.make(`/customer-groups/${group}/members`, { accountId: account });
  const contactId = await house.make('/contacts', { name: 'Ana', accountId: account });
  await house.get(`/contacts/${contactId}`);
  const deal = await house.make('/deals', { name: 'Desks', accountId: account, contactId, currency: 'RON', amount: lei('200.00') });
  await house.make(`/deals/${deal}/stage`, { stage: 'InitialContact' });
  await house.make('/receipts', { warehouseId, lines: [{ itemId, quantity: '2' }] });
  await house.until(`/stock-levels/${warehouseId}~${itemId}`, ({ onHand }) => onHand === '2');
  const order = await house.make('/sales-orders', { accountId: account, warehouseId, lines: [{ itemId, quantity: '2' }] });
  await house.make(`/sales-orders/${order}/accept`);
  await house.until(`/deliveries/${order}~1`, ({ status }) => status === 'Planned');
  const line = { itemId, quantity: '3', unitPrice: '100' };
  const invoiceId = await house.make('/invoices', { accountId: account, lines: [line] }, { on: '2026-01-10' });
  await house.make(`/invoices/${invoiceId}/issue`, { series: 'A' }, { on: '2026-01-10' });
  const amount = lei('57.00');
  await house.until(`/invoices/${invoiceId}`, ({ status }) => status === 'Unpaid');
  await house.make('/payments', { accountId: account, amount, allocations: [{ invoiceId, amount }] });
  await house.until(`/invoices/${invoiceId}`, ({ status }) => status === 'PartiallyPaid');
}, 60_000);
afterAll(() => house?.stop());

const page = async (voice: Pick<TestHouse, 'get'> = house, past = '') => (await voice.get(`/accounts/${account}/360${past}`)).body;

describe('the page of an account', () => {
  test('tells what it owes, what of that is overdue, what credit is left, what is open, promised and agreed', async () => {
    expect(await page()).toMatchObject({
      account: { name: 'Acme', priceListName: 'Regulars' },
      contacts: [{ name: 'Ana' }],
      openDeals: [{ name: 'Desks' }],
      pipeline: [{ count: 1, amount: lei('200.00'), weighted: lei('40.00') }],
      orders: [{ status: 'Accepted', deliveryStatus: 'Planned' }],
      deliveries: [{ status: 'Planned' }],
      stock: [{ sku: 'DESK', promised: '2', waiting: '0' }],
      priceGroups: [{ name: 'North', priceListName: 'Regulars' }],
      invoices: [{ status: 'PartiallyPaid' }],
      payments: [{ amount: lei('57.00') }],
      balance: [{ open: lei('300.00'), overdue: lei('300.00') }],
      credit: [{ limit: lei('1000.00'), left: lei('700.00') }],
    });
  });

  test('tells of each part when it last changed', async () => {
    const before = (await page())['updatedAt'] as Readonly<Record<string, string>>;
    for (const part of all) expect(Date.parse(before[part] ?? ''), part).toBeGreaterThan(0);
    await house.make('/contacts', { name: 'Ion', accountId: account });
    const after = (await page())['updatedAt'] as Readonly<Record<string, string>>;
    expect(all.filter(part => after[part] !== before[part])).toEqual(['contacts']);
    expect(Date.parse(after['contacts'] ?? '')).toBeGreaterThan(Date.parse(before['contacts'] ?? ''));
  });

  test('tells what was overdue on the day of the past that is asked about', async () => {
    const { items } = (await house.get('/events?limit=1')).body as { items: readonly { position: string }[] };
    const byPosition = await page(house, `?asOf=${items[0]?.position}`);
    expect(byPosition['balance']).toEqual([{ open: lei('300.00'), overdue: lei('300.00') }]);
    const { updatedAt: _, ...now } = await page();
    const { updatedAt: __, ...then } = byPosition;
    expect(then).toEqual(now);
  });

  test.each(Object.entries(PARTS).filter(([right]) => right !== 'crm:read'))(
    'shows by %s its own parts and hides the others',
    async (right, parts) => {
      const code = right.replace(':', '-');
      const grants = right === 'warehouse:read' ? ['crm:read', right, 'sales:read'] : ['crm:read', right];
      await house.make('/roles', { role: code, name: code, grants });
      const seen = await page(await house.as(code));
      const shown = [...PARTS['crm:read'], ...parts, ...(right === 'warehouse:read' ? PARTS['sales:read'] : [])];
      expect(all.filter(part => seen[part] !== null).toSorted()).toEqual(shown.toSorted());
      const changes = seen['updatedAt'] as Readonly<Record<string, string | null>>;
      expect(all.filter(part => changes[part] !== null).toSorted()).toEqual(shown.toSorted());
      for (const part of shown) expect((seen[part] as readonly unknown[]).length, part).toBeGreaterThan(0);
    },
  );

  test('shows no stock of orders that are hidden', async () => {
    await house.make('/roles', { role: 'stock-alone', name: 'Stock alone', grants: ['crm:read', 'warehouse:read'] });
    expect((await page(await house.as('stock-alone')))['stock']).toEqual([]);
  });
});
