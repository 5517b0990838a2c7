/** Billing as its users meet it: numbers, payments, credit notes, and what they come to in every report. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
let itemId: string;

beforeAll(async () => {
  house = await startHouse();
  itemId = await house.make('/items', { sku: 'CHAI', name: 'Chai', uom: 'box', taxPercent: '19', stocked: false });
  await house.make('/company-settings/change', { seller: { name: 'Throughline Trading', taxId: 'RO42' } });
});
afterAll(() => house?.stop());

const lei = (amount: string) => ({ amount, currency: 'RON' });
const account = (name: string) => house.make('/accounts', { name, currency: 'RON', taxId: `RO-${name}`, address: { city: 'Cluj' } });

const draft = (accountId: string, quantity = '10', more: object = {}) =>
  house.make('/invoices', { accountId, lines: [{ itemId, quantity, unitPrice: '10' }], ...more });

async function issued(accountId: string, quantity = '10', on?: string): Promise<string> {
  const id = await draft(accountId, quantity);
  await house.make(`/invoices/${id}/issue`, { series: on === undefined ? 'INV' : 'OLD' }, on === undefined ? {} : { on });
  return id;
}

const invoice = async (id: string) => (await house.get(`/invoices/${id}`)).body;

describe('numbers', () => {
  const PARALLEL = 200;

  test('of two hundred invoices issued at once have no gap, and none fails', { timeout: 120_000 }, async () => {
    const accountId = await account('Many');
    const drafts = await Promise.all(Array.from({ length: PARALLEL }, () => draft(accountId)));
    const answers = await Promise.all(drafts.map(id => house.post(`/invoices/${id}/issue`, { series: 'GAP' })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const { body } = await house.get(`/invoices?limit=200&sort=number&filter[account]=${accountId}`);
    const items = body['items'] as readonly { readonly number: string; readonly issueDate: string }[];
    expect(items.map(({ number }) => Number(number.slice(-6)))).toEqual(Array.from({ length: PARALLEL }, (_, index) => index + 1));
    expect(items.map(({ issueDate }) => issueDate)).toEqual(items.map(({ issueDate }) => issueDate).toSorted());
  });

  test('of invoices and of credit notes do not mix', async () => {
    const accountId = await account('Mixed');
    const id = await issued(accountId);
    expect((await house.post(`/invoices/${id}/credit`, { reason: 'Broken', series: 'GAP' })).body).toMatchObject({
      code: 'SeriesMismatch',
    });
    const first = (body: object) => (body as { items: readonly { status: string }[] }).items[0];
    await house.until(`/credit-notes?filter[invoice]=${id}`, body => first(body)?.status === 'Withdrawn');
    await house.until(`/invoices/${id}`, ({ credited }) => (credited as { amount: string }).amount === '0.00');
    await house.make(`/invoices/${id}/credit`, { reason: 'Broken' });
  });
});

describe('an issued invoice', () => {
  test('names seller and buyer as they were, whatever becomes of them', async () => {
    const accountId = await account('Before');
    const id = await issued(accountId);
    await house.make(`/accounts/${accountId}/edit`, { name: 'After' });
    expect(await invoice(id)).toMatchObject({
      accountName: 'Before',
      seller: { name: 'Throughline Trading', taxId: 'RO42' },
      buyer: { name: 'Before', taxId: 'RO-Before', address: { city: 'Cluj' } },
    });
  });

  test('keeps the name of a person who is erased, until its own key goes', { timeout: 30_000 }, async () => {
    const contact = { name: 'Ana Pop', email: 'ana@pop.example' };
    const lead = await house.make('/leads', { name: 'A chair', source: 'web', requestCategory: 'goods', contact });
    await house.make(`/leads/${lead}/stage`, { stage: 'InterestExpressed' });
    await house.make(`/leads/${lead}/convert`, { currency: 'RON' });
    const { accountId } = await house.until(`/leads/${lead}`, body => body['accountId'] !== null);
    await house.until(`/accounts/${accountId}`, () => true);
    const id = await issued(String(accountId));
    await house.make(`/persons/${lead}/erase`, { reason: 'Asked for' });
    expect((await house.get(`/accounts/${accountId}`)).body['name']).toBe('(erased)');
    expect(await invoice(id)).toMatchObject({ accountName: 'Ana Pop', buyer: { name: 'Ana Pop' } });
    await house.make(`/persons/${id}/erase`, { reason: 'Kept long enough' });
    expect(await invoice(id)).toMatchObject({ accountName: '(erased)' });
  });

  test('in another currency is converted at the rate of its day, or by hand with a reason', async () => {
    const accountId = await house.make('/accounts', { name: 'Abroad', currency: 'EUR' });
    const [first, second] = [await draft(accountId), await draft(accountId)];
    await house.make('/company-settings/change', { rateRequired: true });
    expect((await house.post(`/invoices/${first}/issue`)).body).toMatchObject({ code: 'NoExchangeRate' });
    await house.make(`/invoices/${first}/issue`, { rate: { rate: '5.0501', reason: 'As agreed' } });
    expect((await invoice(first))['exchange']).toEqual({
      rate: '5.0501',
      multiplier: 1,
      day: (await invoice(first))['issueDate'],
      source: 'manual',
      reason: 'As agreed',
      net: lei('505.01'),
      tax: lei('95.95'),
      gross: lei('600.96'),
    });
    await house.make('/company-settings/change', { rateRequired: false });
    await house.make(`/invoices/${second}/issue`);
    expect((await invoice(second))['exchange']).toBeNull();
  });

  test('waits in the list of old drafts until it is issued', async () => {
    const accountId = await account('Drafts');
    const old = await house.make('/invoices', { accountId, lines: [{ itemId, quantity: '1', unitPrice: '10' }] }, { on: '2026-03-01' });
    await draft(accountId);
    const list = async () =>
      (
        (await house.get(`/invoices?filter[account]=${accountId}&filter[draftedBefore]=2026-03-02T00:00:00Z`)).body['items'] as {
          id: string;
        }[]
      ).map(({ id }) => id);
    expect(await list()).toEqual([old]);
    await house.make(`/invoices/${old}/issue`);
    expect(await list()).toEqual([]);
  });
});

/** What the account owes by its invoices, has to its credit, and closes its statement with. */
async function stands(accountId: string, on: string) {
  const { body: ageing } = await house.get(`/reports/ageing?on=${on}&account=${accountId}`);
  const { body: credits } = await house.get(`/reports/credits?on=${on}&account=${accountId}`);
  const { body: statement } = await house.get(`/accounts/${accountId}/statement?from=2026-01-01&to=${on}`);
  const [owed] = ageing['totals'] as readonly { readonly total: unknown }[];
  const [credit] = credits['items'] as readonly { readonly credit: unknown }[];
  const [currency] = statement['currencies'] as readonly {
    readonly closing: unknown;
    readonly lines: readonly { readonly kind: string }[];
  }[];
  return {
    owed: owed?.total ?? lei('0.00'),
    credit: credit?.credit ?? lei('0.00'),
    closing: currency?.closing,
    kinds: currency?.lines.map(({ kind }) => kind),
  };
}

describe('an account', () => {
  test('stands on every day as its documents have it: payments, credit notes, refunds and reversals', { timeout: 60_000 }, async () => {
    const accountId = await account('Whole');
    const on = (day: string) => ({ on: day });
    const first = await issued(accountId, '10', '2026-05-04');
    const second = await issued(accountId, '20', '2026-05-05');
    const pay = { accountId, amount: lei('200.00'), allocations: [{ invoiceId: first, amount: lei('119.00') }] };
    const payment = await house.make('/payments', pay, on('2026-05-06'));
    expect(await stands(accountId, '2026-05-06')).toMatchObject({ owed: lei('238.00'), credit: lei('81.00'), closing: lei('157.00') });
    await house.make(`/payments/${payment}/allocate`, { invoiceId: second, amount: lei('50.00') }, on('2026-05-07'));
    expect(await stands(accountId, '2026-05-07')).toMatchObject({ owed: lei('188.00'), credit: lei('31.00'), closing: lei('157.00') });
    await house.make(`/payments/${payment}/refund`, { amount: lei('31.00') }, on('2026-05-08'));
    expect(await stands(accountId, '2026-05-08')).toMatchObject({ owed: lei('188.00'), credit: lei('0.00'), closing: lei('188.00') });
    await house.make(
      `/invoices/${second}/credit`,
      { reason: 'Broken', series: 'OLDCN', lines: [{ line: 1, quantity: '5' }] },
      on('2026-05-11'),
    );
    expect(await stands(accountId, '2026-05-11')).toMatchObject({ owed: lei('128.50'), closing: lei('128.50') });
    await house.make(
      `/invoices/${first}/credit`,
      { reason: 'Broken', series: 'OLDCN', lines: [{ line: 1, quantity: '1' }] },
      on('2026-05-12'),
    );
    expect(await stands(accountId, '2026-05-12')).toEqual({
      owed: lei('128.50'),
      credit: lei('11.90'),
      closing: lei('116.60'),
      kinds: ['Invoice', 'Invoice', 'Payment', 'Refund', 'CreditNote', 'CreditNote'],
    });
    const { body } = await house.get(`/credit-notes?filter[account]=${accountId}&filter[unused]=true`);
    const [note] = body['items'] as readonly { readonly id: string; readonly status: string }[];
    expect(note).toMatchObject({ status: 'Open', statusCode: 1, open: lei('11.90') });
    await house.make(`/credit-notes/${note?.id}/allocate`, { invoiceId: second, amount: lei('11.90') }, on('2026-05-13'));
    expect(await stands(accountId, '2026-05-13')).toMatchObject({ owed: lei('116.60'), credit: lei('0.00'), closing: lei('116.60') });
    expect(await stands(accountId, '2026-05-06')).toMatchObject({ owed: lei('238.00'), credit: lei('81.00') });
    expect(await invoice(second)).toMatchObject({ status: 'PartiallyPaid', statusCode: 3, open: lei('116.60'), credited: lei('59.50') });
    expect((await house.get(`/credit-notes/${note?.id}`)).body).toMatchObject({
      status: 'Closed',
      statusCode: 2,
      lines: [{ quantity: '1' }],
    });
  });

  test('owes again what a reversed payment had settled', async () => {
    const accountId = await account('Bounced');
    const ids = [await issued(accountId, '10', '2026-05-14'), await issued(accountId, '20', '2026-05-14')];
    const allocations = [
      { invoiceId: ids[0], amount: lei('119.00') },
      { invoiceId: ids[1], amount: lei('100.00') },
    ];
    const payment = await house.make('/payments', { accountId, amount: lei('219.00'), allocations }, { on: '2026-05-15' });
    expect((await invoice(String(ids[0])))['status']).toBe('Paid');
    await house.make(`/payments/${payment}/reverse`, { reason: 'Bounced' }, { on: '2026-05-18' });
    expect((await invoice(String(ids[0])))['status']).toBe('Unpaid');
    expect((await house.get(`/payments/${payment}`)).body).toMatchObject({ status: 'Reversed', invoiceIds: [], reversalReason: 'Bounced' });
    expect(await stands(accountId, '2026-05-17')).toMatchObject({ owed: lei('138.00'), credit: lei('0.00'), closing: lei('138.00') });
    expect(await stands(accountId, '2026-05-18')).toMatchObject({ owed: lei('357.00'), credit: lei('0.00'), closing: lei('357.00') });
  });

  test('has to its credit what it pays too much, where the company has it so', async () => {
    const accountId = await account('Generous');
    const id = await issued(accountId, '10', '2026-05-19');
    const pay = { accountId, amount: lei('120.00'), allocations: [{ invoiceId: id, amount: lei('120.00') }] };
    expect((await house.post('/payments', pay)).body).toMatchObject({ code: 'PaymentExceedsBalance' });
    await house.make('/company-settings/change', { overpaymentToCredit: true });
    await house.make('/payments', pay, { on: '2026-05-20' });
    expect((await invoice(id))['status']).toBe('Paid');
    expect(await stands(accountId, '2026-05-20')).toMatchObject({ owed: lei('0.00'), credit: lei('1.00'), closing: lei('-1.00') });
    await house.make('/company-settings/change', { overpaymentToCredit: false });
  });

  test('owes nothing of an invoice that was reversed, from that day on', async () => {
    const accountId = await account('Reversed');
    const id = await issued(accountId, '10', '2026-05-21');
    await house.make(`/invoices/${id}/reverse`, { reason: 'Wrong customer', series: 'OLDCN' }, { on: '2026-05-22' });
    expect(await invoice(id)).toMatchObject({ status: 'Cancelled', statusCode: 5, open: lei('0.00'), credited: lei('119.00') });
    expect((await house.post(`/invoices/${id}/cancel`, { reason: 'Again' })).body).toMatchObject({ code: 'DocumentLocked' });
    expect(await stands(accountId, '2026-05-21')).toMatchObject({ owed: lei('119.00'), closing: lei('119.00') });
    expect(await stands(accountId, '2026-05-22')).toMatchObject({ owed: lei('0.00'), closing: lei('0.00') });
    const { body } = await house.get('/reports/revenue?by=account');
    expect((body['rows'] as { key: string }[]).find(({ key }) => key === accountId)).toMatchObject({ net: lei('0.00'), count: 1 });
  });
});
