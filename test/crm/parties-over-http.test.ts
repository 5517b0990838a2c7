/** Duplicates over HTTP: what is refused, what becomes a case, who sees it, and what is left of an erased person. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse, type Voice } from '../support/house.ts';

let house: TestHouse;
let database: pg.Client;
let ana: Voice;
let eva: Voice;
beforeAll(async () => {
  house = await startHouse();
  ana = await house.as('sales-manager');
  eva = await house.as('sales-manager');
  database = new pg.Client({ connectionString: house.databaseUrl });
  await database.connect();
}, 60_000);
afterAll(async () => {
  await database?.end();
  await house?.stop();
});

type Item = Readonly<Record<string, unknown>>;
const casesOf = async (voice: Voice, record: string, count = 1): Promise<readonly Item[]> =>
  (await voice.until(`/duplicate-cases?filter[record]=${record}`, ({ items }) => (items as Item[]).length === count))['items'] as Item[];

describe('an account', () => {
  test('with a tax number that is there is refused, however it is written, unless forced', async () => {
    const first = await house.make('/accounts', { name: 'Birotica SRL', currency: 'RON', taxId: 'RO 14399840', address: { city: 'Cluj' } });
    await house.until(`/accounts/${first}`, () => true);
    const again = { name: 'Another name', currency: 'RON', taxId: '14399840' };
    const refused = await ana.post('/accounts', again);
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'Duplicate', details: { existingId: first, key: 'taxId' } }]);
    const forced = { ...again, force: { reason: 'A branch with books of its own' } };
    expect((await ana.post('/accounts', forced)).status).toBe(403);
    const branch = await house.make('/accounts', forced);
    expect(await casesOf(house, branch)).toMatchObject([
      { strength: 'certain', olderId: first, newerId: branch, olderName: 'Birotica SRL' },
    ]);
  });

  test('of a name alike in the same city becomes a case, seen by its owner without the name of what they may not see', async () => {
    const theirs = await eva.make('/accounts', { name: 'Papetăria Centrală S.R.L.', currency: 'RON', address: { city: 'Iași' } });
    await house.until(`/accounts/${theirs}`, () => true);
    const own = await ana.make('/accounts', { name: 'SC PAPETARIA CENTRALA', currency: 'RON', address: { city: 'IASI' } });
    const elsewhere = await ana.make('/accounts', { name: 'Papetaria Centrala', currency: 'RON', address: { city: 'Arad' } });
    const [found] = await casesOf(ana, own);
    expect(found).toMatchObject({
      strength: 'possible',
      matchedBy: ['name'],
      olderId: theirs,
      olderName: null,
      newerName: 'SC PAPETARIA CENTRALA',
    });
    expect((await eva.get(`/duplicate-cases?filter[record]=${own}`)).body['items']).toEqual([]);
    expect((await eva.get(`/duplicate-cases/${found?.['id']}`)).status).toBe(404);
    expect((await eva.post(`/duplicate-cases/${found?.['id']}/dismiss`, { reason: 'No' })).status).toBe(404);
    await ana.make(`/duplicate-cases/${found?.['id']}/dismiss`, { reason: 'A namesake' });
    expect((await ana.get(`/duplicate-cases/${found?.['id']}`)).body).toMatchObject({ status: 'NotDuplicate', reason: 'A namesake' });
    expect((await house.get(`/duplicate-cases?filter[record]=${elsewhere}`)).body['items']).toEqual([]);
  });
});

describe('a person', () => {
  test('with an e-mail address that is there is refused; of one telephone number becomes a case', async () => {
    const accountId = await house.make('/accounts', { name: 'Telefonica', currency: 'RON' });
    const first = await house.make('/contacts', { name: 'Ana Pop', email: 'Ana.Pop@x.example', phone: '+40 721 555 001', accountId });
    const refused = await house.post('/contacts', { name: 'A. Pop', email: 'ana.pop@X.example' });
    expect(refused.body).toMatchObject({ code: 'Duplicate', details: { existingId: first } });
    const second = await house.make('/contacts', { name: 'Pop, Ana', phone: '0721-555-001', accountId });
    expect(await casesOf(house, second)).toMatchObject([{ strength: 'strong', matchedBy: ['phone', 'name'], olderId: first }]);
  });

  test('is a lead once while the lead is open', async () => {
    const lead = { name: 'Chairs', source: 'web', contact: { name: 'Ion', email: 'ion@lead.example' } };
    const first = await house.make('/leads', lead);
    expect((await house.post('/leads', { ...lead, name: 'Tables' })).body).toMatchObject({
      code: 'Duplicate',
      details: { existingId: first },
    });
    await house.make(`/leads/${first}/disqualify`, { reason: 'No money' });
    await house.make('/leads', { ...lead, name: 'Tables' });
  });

  test('who is erased leaves nothing to compare, and may come back', async () => {
    const person = { name: 'Zamfira Gone', email: 'zamfira@gone.example', phone: '0721 999 888' };
    const id = await house.make('/contacts', person);
    const left = async () => {
      const { rows } = await database.query<{ row: string }>('select k::text as row from read.party_keys k');
      return rows.filter(({ row }) => /zamfira|721999888/.test(row)).length;
    };
    await expect.poll(left).toBe(1);
    await house.make(`/persons/${id}/erase`, { reason: 'Asked for' });
    await expect.poll(left, { timeout: 10_000 }).toBe(0);
    await house.make('/contacts', person);
  });
});

describe('accounts that are merged', () => {
  const RON = (amount: string) => ({ amount, currency: 'RON' });
  let survivor: string;
  let loser: string;
  let invoice: string;
  let itemId: string;
  let warehouseId: string;

  test('are read as one: contacts, deals, orders, what is owed; papers stay as they were issued', async () => {
    warehouseId = await house.make('/warehouses', { code: 'MERGE', name: 'Main' });
    const standardPrice = { unitPrice: '100', currency: 'RON' };
    itemId = await house.make('/items', { sku: 'SRV', name: 'Advice', uom: 'hour', taxPercent: '0', standardPrice, stocked: false });
    survivor = await house.make('/accounts', { name: 'Merged Alpha', currency: 'RON', code: 'MA' });
    loser = await house.make('/accounts', { name: 'Merged Alpha SRL', currency: 'RON', taxId: 'RO 555', paymentTermDays: 60 });
    await casesOf(house, loser);
    const contact = await house.make('/contacts', { name: 'Of the loser', accountId: loser });
    const deal = await house.make('/deals', { name: 'Of the loser', accountId: loser, currency: 'RON' });
    const order = await house.make('/sales-orders', { accountId: loser, warehouseId, lines: [{ itemId, quantity: '1' }] });
    await house.make(`/sales-orders/${order}/accept`);
    invoice = `${order}~1`;
    await house.until(`/invoices/${invoice}`, () => true);
    await house.make(`/invoices/${invoice}/issue`, { series: 'MRG' });

    expect((await ana.post(`/accounts/${loser}/merge`, { survivorId: survivor, reason: 'Entered twice' })).status).toBe(404);
    await house.make(`/accounts/${loser}/merge`, { survivorId: survivor, reason: 'Entered twice' });

    const page = (await house.get(`/accounts/${survivor}/360`)).body;
    const ids = (part: string) => (page[part] as Item[]).map(({ id }) => id);
    expect([ids('contacts'), ids('openDeals'), ids('orders'), ids('invoices')]).toEqual([[contact], [deal], [order], [invoice]]);
    expect(page['balance']).toMatchObject([{ open: RON('100.00') }]);
    expect(page['account']).toMatchObject({ id: survivor, taxId: 'RO 555', code: 'MA', paymentTermDays: 60, name: 'Merged Alpha SRL' });
    expect((await house.get(`/accounts/${loser}/360`)).body['account']).toMatchObject({ id: survivor });
    expect((await house.get(`/accounts/${loser}`)).body).toMatchObject({ status: 'merged', mergedInto: survivor });
    expect((await house.get('/accounts?filter[search]=merged alpha')).body['items']).toMatchObject([{ id: survivor }]);
    expect((await house.get(`/contacts/${contact}`)).body).toMatchObject({ accountId: survivor, accountName: 'Merged Alpha SRL' });
    expect((await house.get(`/deals?filter[account]=${survivor}`)).body['items']).toMatchObject([{ id: deal, accountId: survivor }]);
    expect((await house.get(`/invoices?filter[account]=${survivor}`)).body['items']).toMatchObject([{ id: invoice, accountId: loser }]);
    const on = String((await house.get(`/invoices/${invoice}`)).body['issueDate']);
    expect((await house.get(`/reports/ageing?on=${on}&account=${survivor}`)).body['rows']).toMatchObject([
      { accountId: survivor, total: RON('100.00') },
    ]);
    expect(await casesOf(house, loser)).toMatchObject([{ status: 'Merged', olderId: survivor }]);
  });

  test('are one to whoever pays and buys, and the loser names the survivor to whoever edits it', async () => {
    const edited = await house.post(`/accounts/${loser}/edit`, { name: 'x' });
    expect([edited.status, edited.body]).toMatchObject([409, { code: 'AccountMerged', details: { survivorId: survivor } }]);
    const order = await house.make('/sales-orders', { accountId: loser, warehouseId, lines: [{ itemId, quantity: '1' }] });
    expect((await house.get(`/sales-orders/${order}`)).body).toMatchObject({ accountId: survivor });
    const part = { amount: RON('40.00'), allocations: [{ invoiceId: invoice, amount: RON('40.00') }] };
    const stranger = await house.make('/accounts', { name: 'Stranger', currency: 'RON' });
    expect((await house.post('/payments', { ...part, accountId: stranger })).body).toMatchObject({ code: 'AccountMismatch' });
    await house.make('/payments', { ...part, accountId: survivor });
    expect((await house.get(`/accounts/${survivor}/360`)).body['balance']).toMatchObject([{ open: RON('60.00') }]);
  });

  test('are two again when that is taken back, each with what it had', async () => {
    await house.make(`/accounts/${survivor}/unmerge`, { loserId: loser });
    expect((await house.get(`/accounts/${loser}`)).body).toMatchObject({ status: 'prospect', mergedInto: null, taxId: 'RO 555' });
    expect((await house.get(`/accounts/${survivor}`)).body).toMatchObject({ name: 'Merged Alpha', taxId: null, paymentTermDays: 30 });
    expect((await house.get(`/accounts/${loser}/360`)).body['balance']).toMatchObject([{ open: RON('60.00') }]);
    const taken = await house.post('/accounts', { name: 'Third', currency: 'RON', taxId: '555' });
    expect(taken.body).toMatchObject({ code: 'Duplicate', details: { existingId: loser } });
    await house.until(`/duplicate-cases?filter[record]=${loser}&filter[status]=Detected`, ({ items }) => (items as Item[]).length === 1);
  });
});
