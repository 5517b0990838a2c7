import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.stop());

let drawn = 0;
const mark = () => `T${drawn++}`;

const lead = (wish: object = {}) => house.make('/leads', { name: `Lead ${mark()}`, source: 'web', ...wish });
const account = (wish: object = {}) => house.make('/accounts', { name: `Account ${mark()}`, currency: 'RON', ...wish });
const item = () =>
  house.make('/items', { sku: mark(), name: 'Chair', uom: 'piece', taxPercent: '19', standardPrice: { unitPrice: '10', currency: 'RON' } });
const warehouse = () => house.make('/warehouses', { code: mark(), name: 'Main' });
const amount = (text: string, currency = 'RON') => ({ amount: text, currency });
const body = async (path: string) => (await house.get(path)).body as unknown as Record<string, unknown>;
const ids = async (path: string) => ((await body(path))['items'] as { id: string }[]).map(({ id }) => id);

/** A deal of a contact of an account, with a line of the item at 10 RON. */
async function deal(wish: object = {}): Promise<{ readonly id: string; readonly accountId: string }> {
  const accountId = await account();
  const contactId = await house.make('/contacts', { name: 'Ion', accountId });
  const asked = {
    name: `Deal ${mark()}`,
    accountId,
    contactId,
    currency: 'RON',
    description: 'Chairs',
    expectedClose: '2999-01-01',
    ...wish,
  };
  const id = await house.make('/deals', asked);
  await house.make(`/deals/${id}/lines`, { itemId: await item(), quantity: '2.5' });
  return { id, accountId };
}

const user = (roles: readonly string[] = ['sales-manager']) =>
  house.make('/users', { email: `${mark()}@firm.example`, name: 'Ana', roles });

interface Column {
  readonly stage: string;
  readonly count: number;
  readonly sums: object[];
  readonly weightedSums: object[];
  readonly cards: { readonly id: string; readonly accountName: string }[];
}
const columns = async (path: string) => (await body(path))['columns'] as Column[];

describe('a lead', () => {
  test('becomes an account, a contact and a deal that name each other, once', async () => {
    const contact = { name: 'Ion', email: 'Ion@acme.example', phone: '021' };
    const id = await lead({ company: 'Acme', contact, requestCategory: 'Furniture', value: amount('1200.00') });
    await house.make(`/leads/${id}/convert`, { expectedClose: '2999-01-01' });
    const { dealId, accountId, contactId } = (await body(`/leads/${id}`)) as Record<string, string>;
    const shown = await house.until(`/deals/${dealId}`, () => true);
    expect(shown).toMatchObject({
      leadId: id,
      accountId,
      accountName: 'Acme',
      contactName: 'Ion',
      amount: amount('1200.00'),
      stage: 'NotProcessed',
    });
    expect(await body(`/accounts/${accountId}`)).toMatchObject({ name: 'Acme', leadId: id, status: 'prospect', phone: '021' });
    expect(await body(`/contacts/${contactId}`)).toMatchObject({ email: 'ion@acme.example', primary: true, accountId });

    const again = await house.post(`/leads/${id}/convert`, { currency: 'RON' });
    expect(again).toMatchObject({ status: 409, body: { code: 'LeadAlreadyConverted', details: { dealId, accountId, contactId } } });
    expect(await ids(`/deals?filter[lead]=${id}`)).toEqual([dealId]);
    await house.until(`/processes/lead-conversion/${id}`, process => process['status'] === 'finished');
  });

  test('joins an account that exists', async () => {
    const [id, accountId] = [await lead({ requestCategory: 'x' }), await account({ currency: 'EUR' })];
    await house.make(`/leads/${id}/convert`, { accountId });
    const { dealId } = (await body(`/leads/${id}`)) as Record<string, string>;
    expect(await house.until(`/deals/${dealId}`, () => true)).toMatchObject({ accountId, currency: 'EUR', contactId: null });
  });

  test('says by pointers what it lacks', async () => {
    const refused = await house.post(`/leads/${await lead()}/convert`, { accountId: 'A9' });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/accountId' }, { pointer: '/requestCategory' }] } });
  });

  test('is found by what it says, its stage and its tags', async () => {
    const id = await lead({ company: 'Țiriac', tags: ['vip'] });
    await house.make(`/leads/${id}/stage`, { stage: 'Paused' });
    expect(await ids(`/leads?filter[search]=${encodeURIComponent('țIRIAC')}`)).toEqual([id]);
    expect(await ids('/leads?filter[tag]=vip&filter[stage]=Paused&filter[source]=web')).toEqual([id]);
    expect(await ids('/leads?filter[tag]=vip&filter[stage]=NotProcessed')).toEqual([]);
  });

  test('belongs to users only', async () => {
    expect(await house.post('/leads', { name: 'x', source: 'web', ownerId: 'U9' })).toMatchObject({ status: 422 });
    const [id, ownerId] = [await lead(), await user()];
    expect(await house.post(`/leads/${id}/assign`, { ownerId: 'U9' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/ownerId' }] },
    });
    await house.make(`/leads/${id}/assign`, { ownerId, reason: 'On leave' });
    expect(await ids(`/leads?filter[owner]=${ownerId}`)).toEqual([id]);
  });

  test('is edited, and emptied by null', async () => {
    const id = await lead({ company: 'Acme', value: amount('5.00') });
    await house.make(`/leads/${id}/edit`, { company: null, value: amount('6.50', 'EUR') });
    expect(await body(`/leads/${id}`)).toMatchObject({ company: null, value: amount('6.50', 'EUR') });
  });
});

describe('the board of leads', () => {
  test('counts, sums by currency and shows cards by stage, for one owner where asked', async () => {
    const ownerId = await user();
    const first = await lead({ ownerId, value: amount('10.00'), contact: { phone: '021' } });
    const second = await lead({ ownerId, value: amount('0.50', 'EUR') });
    const third = await lead({ ownerId, value: amount('2.50') });
    const fourth = await lead({ ownerId });
    const other = await lead({ value: amount('99.00') });
    await house.make(`/leads/${first}/stage`, { stage: 'InterestExpressed' });
    const [fresh, interested, ...empty] = await columns(`/boards/leads?owner=${ownerId}`);
    expect(fresh).toMatchObject({ stage: 'NotProcessed', count: 3, sums: [amount('0.50', 'EUR'), amount('2.50')] });
    expect(fresh?.cards.map(({ id }) => id)).toEqual([fourth, third, second]);
    expect(interested).toMatchObject({ stage: 'InterestExpressed', count: 1, sums: [amount('10.00')], cards: [{ id: first }] });
    expect(empty.map(({ stage, count, cards }) => [stage, count, cards])).toEqual([
      ['Paused', 0, []],
      ['Disqualified', 0, []],
      ['Deal', 0, []],
    ]);
    expect((await columns('/boards/leads')).flatMap(({ cards }) => cards.map(({ id }) => id))).toContain(other);
  });
});

describe('a deal', () => {
  test('shows its lines, numbered for good', async () => {
    const { id } = await deal();
    await house.make(`/deals/${id}/lines`, {
      itemId: await item(),
      quantity: '1',
      unitPrice: '9.90',
      priceReason: 'Agreed',
      discount: '5',
    });
    await house.make(`/deals/${id}/lines/1/remove`);
    await house.make(`/deals/${id}/lines`, { itemId: await item(), quantity: '3' });
    expect((await body(`/deals/${id}`))['lines']).toMatchObject([
      { line: 2, quantity: '1', unitPrice: '9.9', priceReason: 'Agreed', discount: '5', itemName: 'Chair' },
      { line: 3, quantity: '3', unitPrice: null, discount: '0' },
    ]);
  });

  test('takes no line of an item that does not exist, and no line number that is none', async () => {
    const { id } = await deal();
    expect(await house.post(`/deals/${id}/lines`, { itemId: 'I9', quantity: '1' })).toMatchObject({ status: 422 });
    expect((await house.post(`/deals/${id}/lines/zero/remove`)).status).toBe(422);
  });

  test('moves forward over several stages only with all they need', async () => {
    const { id } = await deal();
    const refused = await house.post(`/deals/${id}/stage`, { stage: 'DecisionMaking' });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/amount', detail: 'Presentation needs an amount.' }] } });
    await house.make(`/deals/${id}/edit`, { amount: amount('25.00') });
    await house.make(`/deals/${id}/stage`, { stage: 'DecisionMaking' });
    expect(await body(`/deals/${id}`)).toMatchObject({ stage: 'DecisionMaking', percent: 60 });
  });

  test('is ordered, won by hand, and makes a customer of its account', async () => {
    const [{ id, accountId }, warehouseId] = [await deal({ amount: amount('25.00') }), await warehouse()];
    await house.make(`/deals/${id}/order`, { warehouseId });
    const { orderId } = (await body(`/deals/${id}`)) as Record<string, string>;
    const order = await house.until(`/sales-orders/${orderId}`, () => true);
    expect(order).toMatchObject({ dealId: id, accountId, net: amount('25.00'), lines: [{ line: 1, quantity: '2.5', unitPrice: '10' }] });
    await house.make(`/deals/${id}/stage`, { stage: 'DecisionMaking' });
    await house.make(`/deals/${id}/win`, { reason: 'Price' });
    expect(await body(`/deals/${id}`)).toMatchObject({ stage: 'Completed', closedReason: 'Price', orderId });
    await house.until(`/accounts/${accountId}`, shown => shown['status'] === 'active');
  });

  test('learns why its order was refused, and is ordered again once that is put right', async () => {
    const [{ id }, warehouseId] = [await deal(), await warehouse()];
    const itemId = await item();
    await house.make(`/deals/${id}/lines`, { itemId, quantity: '1' });
    await house.make(`/items/${itemId}/discontinue`);
    await house.make(`/deals/${id}/order`, { warehouseId });
    const refused = await house.until(`/deals/${id}`, shown => shown['orderUndone'] !== null);
    expect(refused).toMatchObject({ orderId: null, orderUndone: expect.stringContaining('no longer sold') });
    await house.make(`/deals/${id}/lines/2/remove`);
    await house.make(`/deals/${id}/order`, { warehouseId });
    const { orderId } = (await body(`/deals/${id}`)) as Record<string, string>;
    await house.until(`/sales-orders/${orderId}`, () => true);
    expect(await body(`/deals/${id}`)).toMatchObject({ orderId, orderUndone: null });
  });

  test('is free again when its order is declined', async () => {
    const [{ id }, warehouseId] = [await deal(), await warehouse()];
    await house.make(`/deals/${id}/order`, { warehouseId });
    const { orderId } = (await body(`/deals/${id}`)) as Record<string, string>;
    await house.until(`/sales-orders/${orderId}`, () => true);
    expect((await house.post(`/deals/${id}/order`, { warehouseId })).body).toMatchObject({
      code: 'Duplicate',
      details: { existingId: orderId },
    });
    await house.make(`/sales-orders/${orderId}/decline`, { reason: 'Too late' });
    const freed = await house.until(`/deals/${id}`, shown => shown['orderUndone'] !== null);
    expect(freed).toMatchObject({ orderId: null, orderUndone: 'The order was declined: Too late' });
  });

  test('is not ordered for a blocked account', async () => {
    const { id, accountId } = await deal();
    await house.make(`/accounts/${accountId}/block`, { reason: 'Overdue' });
    expect((await house.post(`/deals/${id}/order`, { warehouseId: await warehouse() })).body).toMatchObject({ code: 'AccountBlocked' });
  });
});

describe('the board of deals', () => {
  test('weighs each sum by the chance of its stage', async () => {
    const ownerId = await user();
    const first = await deal({ ownerId, amount: amount('100.01') });
    await deal({ ownerId, amount: amount('50.00') });
    await deal({ ownerId });
    await house.make(`/deals/${first.id}/stage`, { stage: 'InitialContact' });
    const shown = await columns(`/boards/deals?owner=${ownerId}`);
    expect(shown.map(({ stage }) => stage)).not.toContain('HistoricalApplications');
    expect(shown[0]).toMatchObject({
      stage: 'NotProcessed',
      phase: 'Processing',
      count: 2,
      sums: [amount('50.00')],
      weightedSums: [amount('0.00')],
    });
    expect(shown[1]).toMatchObject({
      stage: 'InitialContact',
      percent: 20,
      count: 1,
      sums: [amount('100.01')],
      weightedSums: [amount('20.00')],
    });
    expect(shown[1]?.cards).toMatchObject([{ id: first.id, accountName: expect.stringContaining('Account') }]);
    expect(shown.slice(2).every(({ count, cards }) => count === 0 && cards.length === 0)).toBe(true);
  });
});

describe('an account', () => {
  test('bears a code and a tax id no other account bears, and gives them back with an edit', async () => {
    const [code, taxId] = [mark(), `RO${mark()}`];
    const first = await account({ code, taxId });
    const refused = await house.post('/accounts', { name: 'Copy', currency: 'RON', code: code.toLowerCase() });
    expect(refused).toMatchObject({ status: 409, body: { code: 'Duplicate', details: { existingId: first } } });
    await house.make(`/accounts/${first}/edit`, { code: `${code}-2` });
    expect((await house.post('/accounts', { name: 'Copy', currency: 'RON', taxId })).body).toMatchObject({ code: 'Duplicate' });
    await account({ code });
    expect((await house.post('/accounts', { name: 'Copy', currency: 'RON', code: `${code}-2` })).body).toMatchObject({ code: 'Duplicate' });
  });

  test('is found by name, kind, code and country', async () => {
    const code = mark();
    const id = await account({
      name: 'Blauer See Delikatessen',
      kinds: ['buyer', 'partner'],
      code,
      address: { city: 'Mannheim', country: 'Germany' },
    });
    expect(await ids('/accounts?filter[search]=blauer')).toEqual([id]);
    expect(await ids(`/accounts?filter[kind]=partner&filter[country]=Germany&filter[code]=${code}&filter[blocked]=false`)).toEqual([id]);
    expect(await ids(`/accounts?filter[kind]=supplier&filter[code]=${code}`)).toEqual([]);
    expect((await house.get('/accounts?filter[blocked]=perhaps')).status).toBe(400);
  });

  test('is unknown in one sentence', async () =>
    expect(await house.get('/accounts/A9')).toMatchObject({ status: 404, body: { detail: 'There is no account A9.' } }));
});

describe('a contact', () => {
  test('is listed with its account', async () => {
    const accountId = await account({ name: 'Bólido Comidas' });
    const id = await house.make('/contacts', { name: 'Martín Sommer', accountId, email: 'Martin@bolido.example', primary: true });
    expect((await body(`/contacts?filter[account]=${accountId}&filter[primary]=true`))['items']).toMatchObject([
      { id, accountName: 'Bólido Comidas' },
    ]);
    expect(await ids('/contacts?filter[email]=MARTIN@bolido.example')).toEqual([id]);
    expect(await ids(`/contacts?filter[search]=${encodeURIComponent('MARTÍN')}`)).toEqual([id]);
  });
});
