import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse, type Voice } from '../support/house.ts';

/** What a sales manager has: records of their own. */
interface Desk {
  readonly account: string;
  readonly contact: string;
  readonly lead: string;
  readonly deal: string;
  readonly order: string;
}

let house: TestHouse;
let director: Voice;
let ana: Voice;
let hers: Desk;
let his: Desk;
let goods: { readonly warehouseId: string; readonly lines: readonly object[] };

beforeAll(async () => {
  house = await startHouse();
  const warehouseId = await house.make('/warehouses', { code: 'MAIN', name: 'Main' });
  const standardPrice = { unitPrice: '10', currency: 'RON' };
  const itemId = await house.make('/items', { sku: 'CHAIR', name: 'Chair', uom: 'piece', taxPercent: '19', standardPrice });
  goods = { warehouseId, lines: [{ itemId, quantity: '1' }] };
  await house.get(`/items/${itemId}`);
  director = await house.as('commercial-director');
  ana = await house.as('sales-manager');
  hers = await desk(ana);
  his = await desk(await house.as('sales-manager'));
});
afterAll(() => house?.stop());

async function desk(voice: Voice): Promise<Desk> {
  const account = await voice.make('/accounts', { name: 'Acme', currency: 'RON' });
  await voice.get(`/accounts/${account}`);
  const contact = await voice.make('/contacts', { name: 'Ion', accountId: account });
  const lead = await voice.make('/leads', { name: 'Chairs', source: 'web', requestCategory: 'Furniture' });
  const deal = await voice.make('/deals', { name: 'Chairs', accountId: account, currency: 'RON' });
  const order = await voice.make('/sales-orders', { accountId: account, ...goods });
  await voice.get(`/sales-orders/${order}`);
  return { account, contact, lead, deal, order };
}

const recordsOf = ({ account, contact, lead, deal, order }: Desk) => [
  `/accounts/${account}`,
  `/accounts/${account}/360`,
  `/contacts/${contact}`,
  `/leads/${lead}`,
  `/deals/${deal}`,
  `/sales-orders/${order}`,
];

/** Everything that names an account or a contact beside what it is about. */
const references = (own: Desk, other: Desk): readonly (readonly [path: string, body: object, pointer: string])[] => [
  ['/sales-orders', { accountId: other.account, ...goods }, '/accountId'],
  ['/deals', { name: 'Tables', accountId: other.account, currency: 'RON' }, '/accountId'],
  ['/deals', { name: 'Tables', accountId: own.account, contactId: other.contact, currency: 'RON' }, '/contactId'],
  [`/deals/${own.deal}/edit`, { contactId: other.contact }, '/contactId'],
  ['/contacts', { name: 'Maria', accountId: other.account }, '/accountId'],
  [`/contacts/${own.contact}/edit`, { accountId: other.account }, '/accountId'],
  [`/leads/${own.lead}/convert`, { accountId: other.account }, '/accountId'],
];

describe('who has a right to their own records only', () => {
  test('sees these, and no others', async () => {
    for (const path of recordsOf(hers)) expect(await ana.get(path)).toMatchObject({ status: 200 });
    for (const path of recordsOf(his)) expect(await ana.get(path)).toMatchObject({ status: 404 });
    for (const list of ['/accounts', '/contacts', '/leads', '/deals', '/sales-orders']) {
      expect((await ana.get(list)).body['items']).toHaveLength(1);
      // A header, the one row, and the end of its line.
      expect((await ana.get(`${list}?format=csv`)).text.split('\r\n')).toHaveLength(3);
    }
    for (const board of ['/boards/leads', '/boards/deals']) {
      const columns = (await ana.get(board)).body['columns'] as { readonly count: number }[];
      expect(columns.reduce((sum, { count }) => sum + count, 0)).toBe(1);
    }
  });

  test('does nothing to others', async () => {
    const reason = 'Wanted to';
    const wishes: readonly (readonly [string, object])[] = [
      [`/accounts/${his.account}/edit`, { name: 'Mine' }],
      [`/contacts/${his.contact}/edit`, { name: 'Mine' }],
      [`/leads/${his.lead}/disqualify`, { reason }],
      [`/leads/${his.lead}/convert`, {}],
      [`/deals/${his.deal}/lose`, { reason }],
      [`/deals/${his.deal}/order`, { warehouseId: goods.warehouseId }],
      [`/sales-orders/${his.order}/accept`, {}],
      [`/sales-orders/${his.order}/decline`, { reason }],
      [`/sales-orders/${his.order}/cancel`, { reason }],
    ];
    for (const [path, body] of wishes) expect(await ana.post(path, body), path).toMatchObject({ status: 404 });
  });

  test('sees what they observe, in lists, boards, counts and sums too, and does nothing to it', async () => {
    const { id: anaId } = (await ana.get('/me')).body['user'] as { id: string };
    let seen = {};
    const read = async (path: string) => (await ana.get(path, seen)).body;
    const directs = async (path: string, body: object = {}) => {
      const { headers } = await director.post(`/deals/${his.deal}/${path}`, body);
      seen = { token: headers.get('Consistency-Token') };
    };
    const shown = async () => {
      const { columns } = (await read('/boards/deals')) as unknown as {
        columns: readonly { count: number; sums: readonly { amount: string }[]; cards: readonly { id: string }[] }[];
      };
      return {
        list: ((await read('/deals')) as unknown as { items: { id: string }[] }).items.map(({ id }) => id).toSorted(),
        cards: columns.flatMap(({ cards }) => cards.map(({ id }) => id)).toSorted(),
        count: columns.reduce((sum, { count }) => sum + count, 0),
        sums: columns.flatMap(({ sums }) => sums.map(({ amount }) => amount)),
        forecast: ((await read('/reports/forecast')) as unknown as { rows: { count: number; amount: object }[] }).rows,
      };
    };
    await directs('edit', { amount: { amount: '500.00', currency: 'RON' } });
    const before = await shown();
    await directs('observers', { userId: anaId });
    const both = [hers.deal, his.deal].toSorted();
    expect(await shown()).toMatchObject({
      list: both,
      cards: both,
      count: 2,
      sums: ['500.00'],
      forecast: [{ count: 2, amount: { amount: '500.00' } }],
    });
    expect(await ana.get(`/deals/${his.deal}`)).toMatchObject({ status: 200, body: { observers: [anaId] } });
    for (const [path, body] of [
      ['lose', { reason: 'Wanted to' }],
      ['edit', { name: 'Mine' }],
      ['observers', { userId: anaId }],
    ] as const)
      expect(await ana.post(`/deals/${his.deal}/${path}`, body), path).toMatchObject({ status: 403 });
    expect((await ana.get(`/accounts/${his.account}`)).status).toBe(404);

    await directs(`observers/${anaId}/remove`);
    expect(await shown()).toEqual(before);
    expect(before).toMatchObject({ list: [hers.deal], count: 1, sums: [] });
    expect((await ana.get(`/deals/${his.deal}`)).status).toBe(404);
    expect((await ana.post(`/deals/${his.deal}/lose`, { reason: 'Wanted to' })).status).toBe(404);
  });

  test('cannot name others either: they are as unknown as what does not exist', async () => {
    for (const [path, body, pointer] of references(hers, his))
      expect(await ana.post(path, body), path).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
    for (const [path, body] of references(hers, his)) expect((await director.post(path, body)).status, path).toBeLessThan(300);
  });

  test('keeps working on what was given to them, whosever account it names', async () => {
    const { id: anaId } = (await ana.get('/me')).body['user'] as { id: string };
    await director.make(`/deals/${his.deal}/assign`, { ownerId: anaId });
    await ana.make(`/deals/${his.deal}/edit`, { name: 'Chairs, taken over' });
    await ana.make(`/deals/${his.deal}/lines`, goods.lines[0]);
    await ana.make(`/deals/${his.deal}/order`, { warehouseId: goods.warehouseId });
    const { orderId } = await ana.until(`/deals/${his.deal}`, deal => deal['orderId'] !== null);
    await ana.until(`/sales-orders/${orderId}`, order => order['status'] === 'Draft');
  });

  test('gets and gives records by a handover, which only directors order', async () => {
    const bob = await house.as('sales-manager');
    const { id: bobId } = (await bob.get('/me')).body['user'] as { id: string };
    const named = { leads: [his.lead], accounts: [his.account], contacts: [his.contact], deals: [his.deal] };
    expect((await ana.post('/handovers', { ownerId: bobId, reason: 'Wanted to', ...named })).status).toBe(403);
    await director.make('/handovers', { ownerId: bobId, reason: 'Moved to another region', ...named });
    for (const path of [`/leads/${his.lead}`, `/accounts/${his.account}`, `/contacts/${his.contact}`, `/deals/${his.deal}`])
      expect(await bob.until(path, () => true)).toMatchObject({ ownerId: bobId });
    const refused = await director.post('/handovers', { ownerId: bobId, reason: 'x', deals: [his.deal, 'nowhere'] });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/deals/1' }] } });
  });
});
