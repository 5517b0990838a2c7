/** A rule, its refusal and its approval over HTTP: who may ask, decide and see. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse, type Voice } from '../support/house.ts';

let house: TestHouse;
let ana: Voice;
let eva: Voice;
let director: Voice;
let order: string;
let approval: string;

const words = { reason: 'They buy much', evidence: [{ description: 'Offer', link: 'https://files.firm.example/offer.pdf' }] };

beforeAll(async () => {
  house = await startHouse();
  ana = await house.as('sales-manager');
  eva = await house.as('sales-manager');
  director = await house.as('commercial-director');
  await house.make('/company-settings/change', {
    discountLimitPercent: '5',
    discountLimitPercentByRole: { 'sales-manager': '10', 'commercial-director': '30.0' },
  });
  const warehouseId = await house.make('/warehouses', { code: 'MAIN', name: 'Main' });
  const standardPrice = { unitPrice: '10', currency: 'RON' };
  const itemId = await house.make('/items', { sku: 'CHAIR', name: 'Chair', uom: 'piece', taxPercent: '19', standardPrice });
  const accountId = await ana.make('/accounts', { name: 'Acme', currency: 'RON' });
  order = await ana.make('/sales-orders', { accountId, warehouseId, lines: [{ itemId, quantity: '1', discount: '15' }] });
}, 60_000);
afterAll(() => house?.stop());

describe('a discount over the limit of a role', () => {
  test('is refused with what to ask for, asked for, and seen by who asked and who decides', async () => {
    const refused = await ana.post(`/sales-orders/${order}/accept`);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'OverrideRequired', details: { terms: 'A discount of 15 % where 10 % is the limit' } });
    const asked = await ana.post('/approvals', { ...(refused.body['details'] as object), ...words });
    approval = String(asked.body['id']);
    expect([asked.status, asked.headers.get('Location')]).toEqual([201, `/api/v1/approvals/${approval}`]);
    expect((await ana.get(`/approvals/${approval}`)).body).toMatchObject({ status: 'Pending', evidence: words.evidence, decidedBy: null });
    expect((await eva.get(`/approvals/${approval}`)).status).toBe(404);
    expect((await eva.get('/approvals')).body['items']).toEqual([]);
    expect((await eva.post(`/approvals/${approval}/withdraw`)).status).toBe(404);
    expect((await director.until('/approvals?filter[status]=Pending', () => true))['items']).toMatchObject([{ id: approval }]);
  });

  test('is approved by a director alone, and accepted once by who asked', async () => {
    expect((await ana.post(`/approvals/${approval}/approve`)).status).toBe(403);
    await director.make(`/approvals/${approval}/approve`, { note: 'For this once' });
    const approvals = { discountOverLimit: approval };
    await ana.make(`/sales-orders/${order}/accept`, { approvals });
    const shown = await ana.until(`/approvals/${approval}`, ({ status }) => status === 'Used');
    expect(shown).toMatchObject({ decision: 'For this once', terms: 'A discount of 15 % where 10 % is the limit' });
    expect((await ana.post(`/approvals/${approval}/withdraw`)).body).toMatchObject({ code: 'InvalidTransition' });
  });

  test('stands whole in the thread of the order', async () => {
    const [placed] = (await house.get(`/records/salesOrder/${order}/history`)).body['items'] as { correlationId: string }[];
    const thread = (await house.get(`/threads/${placed?.correlationId}?limit=200`)).body['items'] as { type: string }[];
    const types = thread.map(({ type }) => type);
    const steps = ['OverrideRequested', 'OverrideApproved', 'OverrideUsed', 'SalesOrderAccepted'];
    expect(types.filter(type => steps.includes(type))).toEqual(steps);
  });
});
