import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.stop());

let drawn = 0;
const mark = () => `T${drawn++}`;

const item = (standardPrice?: string) =>
  house.make('/items', {
    sku: `sku-${mark()}`,
    name: 'Chai',
    uom: 'box',
    taxPercent: '9',
    ...(standardPrice === undefined ? {} : { standardPrice: { unitPrice: standardPrice, currency: 'RON' } }),
  });
const list = (wish: object = {}) => house.make('/price-lists', { name: mark(), currency: 'RON', ...wish });
const set = (listId: string, itemId: string, unitPrice: string, wish: object = {}) =>
  house.make(`/price-lists/${listId}/prices`, { itemId, unitPrice, from: '2026-01-01', ...wish });

async function priced(question: Record<string, string>) {
  const { status, body } = await house.get(`/prices?${new URLSearchParams({ on: '2026-02-01', ...question })}`);
  expect(body).toMatchObject(status === 200 ? {} : { status: 'shown below' });
  return body as unknown as { unitPrice: string | null; level: number | null; priceListId: string | null; explanation: object[] };
}

describe('the price of an item', () => {
  test('follows the list of the account, the default list and the standard price, day by day', async () => {
    const [own, retail, chai] = [await list(), await list({ isDefault: true }), await item('20')];
    const account = await house.make('/accounts', { name: 'Acme', currency: 'RON', priceListId: own });
    await set(own, chai, '17.5', { from: '2026-03-01', breaks: [{ quantity: '10', unitPrice: '16' }] });
    await house.make(`/price-lists/${own}/prices/${chai}/withdraw`, { from: '2026-05-01' });
    await set(retail, chai, '18', { from: '2026-02-01' });

    const at = async (on: string, quantity = '1') => {
      const { unitPrice, level, priceListId } = await priced({ item: chai, account, on, quantity });
      return { unitPrice, level, priceListId };
    };
    expect(await at('2026-01-31')).toEqual({ unitPrice: '20', level: 5, priceListId: null });
    expect(await at('2026-02-28')).toEqual({ unitPrice: '18', level: 4, priceListId: retail });
    expect(await at('2026-03-01')).toEqual({ unitPrice: '17.5', level: 1, priceListId: own });
    expect(await at('2026-04-30', '10')).toEqual({ unitPrice: '16', level: 1, priceListId: own });
    expect(await at('2026-05-01')).toEqual({ unitPrice: '18', level: 4, priceListId: retail });
    expect((await priced({ item: chai, account })).explanation).toHaveLength(5);

    await house.make(`/price-lists/${retail}/archive`);
    expect(await at('2026-05-01')).toEqual({ unitPrice: '20', level: 5, priceListId: null });
  });

  test('follows groups by their priority and promotions while they run, and stays on the order with its level', async () => {
    const chai = await item('20');
    const account = await house.make('/accounts', { name: 'Acme', currency: 'RON' });
    const [dear, cheap, spring] = [
      await list(),
      await list(),
      await list({ isPromotion: true, validFrom: '2026-01-10', validUntil: '2026-02-10' }),
    ];
    await set(dear, chai, '15');
    await set(cheap, chai, '12');
    await set(spring, chai, '9');
    const level = async (on = '2026-02-01') => {
      const { unitPrice, level: at } = await priced({ item: chai, account, on });
      return [unitPrice, at];
    };
    expect(await level()).toEqual(['9', 3]);
    expect(await level('2026-02-11')).toEqual(['20', 5]);
    const second = await house.make('/customer-groups', { name: 'Tier 2', priority: 20, priceListId: cheap });
    const first = await house.make('/customer-groups', { name: 'Tier 1', priority: 10, priceListId: dear });
    for (const groupId of [second, first]) await house.make(`/customer-groups/${groupId}/members`, { accountId: account });
    expect(await level()).toEqual(['15', 2]);
    expect((await house.get(`/customer-groups?filter[account]=${account}`)).body['items']).toMatchObject([
      { id: first, priority: 10, members: 1 },
      { id: second, priority: 20, members: 1 },
    ]);
    const warehouseId = await house.make('/warehouses', { code: mark(), name: 'Main' });
    const order = await house.make('/sales-orders', { accountId: account, warehouseId, lines: [{ itemId: chai, quantity: '2' }] });
    await house.make(`/customer-groups/${first}/members/${account}/remove`);
    expect(await level()).toEqual(['12', 2]);
    expect((await house.get(`/sales-orders/${order}`)).body['lines']).toMatchObject([
      {
        unitPrice: '15',
        priceLevel: 2,
        priceTried: [
          { level: 1, tried: 'The account has no price list of its own.' },
          { level: 2, chosen: true, unitPrice: '15' },
          { level: 2, chosen: false, unitPrice: '12' },
          { level: 3, tried: 'No promotion runs.' },
          { level: 4 },
          { level: 5, unitPrice: '20' },
        ],
      },
    ]);
    await house.make(`/price-lists/${spring}/archive`);
  });

  test('holds for the days of its line, and the one before counts again afterwards', async () => {
    const [own, chai] = [await list(), await item('20')];
    const account = await house.make('/accounts', { name: 'Acme', currency: 'RON', priceListId: own });
    await set(own, chai, '17', { from: '2026-01-10' });
    await set(own, chai, '15', { from: '2026-02-01', until: '2026-02-28', discount: '10' });
    await house.make(`/price-lists/${own}/prices/${chai}/withdraw`, { from: '2026-04-01' });
    const on = async (day: string) => (await priced({ item: chai, account, on: day })).unitPrice;
    const days = ['2026-01-09', '2026-01-31', '2026-02-01', '2026-02-28', '2026-03-01', '2026-04-01'];
    expect(await Promise.all(days.map(on))).toEqual(['20', '17', '13.5', '13.5', '17', '20']);
    const history = async (past = '') =>
      (
        (await house.get(`/price-lists/${own}/prices/${chai}/history${past}`)).body['items'] as {
          from: string;
          to: string;
          unitPrice: string;
        }[]
      ).map(({ from, to, unitPrice }) => [from, to, unitPrice]);
    expect(await history()).toEqual([
      ['2026-01-10', '2026-01-31', '17'],
      ['2026-02-01', '2026-02-28', '15'],
      ['2026-03-01', '2026-03-31', '17'],
      ['2026-04-01', null, null],
    ]);
    expect(await history('?asOf=2026-01-31&clock=happened')).toEqual([['2026-01-10', null, '17']]);
    const before = new Date().toISOString();
    await set(own, chai, '99', { from: '2026-01-10' });
    expect((await history(`?asOf=${before}`))[0]).toEqual(['2026-01-10', '2026-01-31', '17']);
    expect(await on('2026-01-31')).toBe('99');
    const asOf = await priced({ item: chai, account, on: '2026-01-31', quantity: '2', asOf: before });
    expect(asOf).toMatchObject({
      unitPrice: '17',
      explanation: [{ chosen: true, tried: expect.stringContaining('says 17 RON') }, {}, {}, {}, {}],
    });
    await set(own, chai, '17', { from: '2026-01-10' });
    const shown = (await house.get(`/price-lists/${own}/prices?filter[on]=2026-03-01`)).body['items'];
    expect(shown).toMatchObject([{ unitPrice: '17', from: '2026-01-10', until: null, uom: 'box' }]);
  });

  test('follows the lists of the account for some days, which never meet', async () => {
    const [spring, summer, chai] = [await list(), await list(), await item('20')];
    const account = await house.make('/accounts', { name: 'Acme', currency: 'RON' });
    await set(spring, chai, '15');
    await set(summer, chai, '12');
    await house.make(`/accounts/${account}/price-lists`, { priceListId: spring, from: '2026-03-01', until: '2026-05-31' });
    const refused = await house.post(`/accounts/${account}/price-lists`, { priceListId: summer, from: '2026-05-31' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'PriceOverlap', details: { priceListId: spring } } });
    await house.make(`/accounts/${account}/price-lists`, { priceListId: summer, from: '2026-06-01' });
    const on = async (day: string) => (await priced({ item: chai, account, on: day })).unitPrice;
    const days = ['2026-02-28', '2026-03-01', '2026-05-31', '2026-06-01'];
    expect(await Promise.all(days.map(on))).toEqual(['20', '15', '15', '12']);
    await house.make(`/accounts/${account}/price-lists/${summer}/end`, { from: '2026-06-01', until: '2026-06-30' });
    expect(await on('2026-07-01')).toBe('20');
    const stranger = await house.as('sales-manager');
    const question = new URLSearchParams({ item: chai, account, currency: 'RON', on: '2026-04-01' });
    expect((await stranger.get(`/prices?${question}`)).body).toMatchObject({ unitPrice: '20', level: 5 });
    expect((await stranger.get(`/accounts/${account}/price-lists`)).body['items']).toEqual([]);
    expect((await house.get(`/accounts/${account}/price-lists?filter[on]=2026-04-01`)).body['items']).toMatchObject([
      { priceListId: spring, from: '2026-03-01', until: '2026-05-31' },
    ]);
  });

  test('is converted from lists in other currencies by the setting, and the order keeps by which rate', async () => {
    const [inEuro, chai] = [await list({ currency: 'EUR' }), await item('20')];
    const account = await house.make('/accounts', { name: 'Acme', currency: 'RON', priceListId: inEuro });
    await set(inEuro, chai, '3', { minQuantity: '2', orderMultiple: '2' });
    const day = Temporal.Now.plainDateISO('Europe/Bucharest').subtract({ days: 1 }).toString();
    await house.make('/exchange-rates', { day, source: 'manual', rates: [{ currency: 'EUR', rate: '5.0333' }], reason: 'For the test' });
    const wish = { accountId: account, warehouseId: await house.make('/warehouses', { code: mark(), name: 'Main' }) };
    const ordered = async (quantity: string) => house.post('/sales-orders', { ...wish, lines: [{ itemId: chai, quantity }] });
    const lineOf = async ({ body }: { body: object }) => {
      const { id } = body as { id: string };
      return ((await house.get(`/sales-orders/${id}`)).body['lines'] as object[])[0];
    };
    expect(await lineOf(await ordered('3'))).toMatchObject({ unitPrice: '20', priceLevel: 5 });
    await house.make('/company-settings/change', { convertListCurrencies: true });
    expect(await ordered('3')).toMatchObject({ status: 409, body: { code: 'OrderMultiple', details: { nearest: '4', below: '2' } } });
    expect(await lineOf(await ordered('4'))).toMatchObject({
      unitPrice: '15.1',
      priceLevel: 1,
      priceTried: [{ chosen: true, working: { stated: '3', rateFrom: { rate: '5.0333', day, source: 'manual' } } }, {}, {}, {}, {}],
    });
    await house.make('/company-settings/change', { convertListCurrencies: false });
  });

  test('below the minimum margin of the item takes an approval to be accepted', async () => {
    const chai = await item('10');
    await house.make(`/items/${chai}/edit`, { standardCost: { unitPrice: '2', currency: 'EUR' }, minMarginPercent: '20' });
    const account = await house.make('/accounts', { name: 'Acme', currency: 'RON' });
    const wish = { accountId: account, warehouseId: await house.make('/warehouses', { code: mark(), name: 'Main' }) };
    const order = await house.make('/sales-orders', { ...wish, lines: [{ itemId: chai, quantity: '1' }] });
    const refused = await house.post(`/sales-orders/${order}/accept`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'OverrideRequired', details: { rule: 'belowMinimumMargin' } } });
    const enough = await house.make('/sales-orders', {
      ...wish,
      lines: [{ itemId: chai, quantity: '1', unitPrice: '12.59', priceReason: 'With a margin' }],
    });
    expect((await house.post(`/sales-orders/${enough}/accept`)).status).toBe(200);
  });

  test('keeps each standard price from its day on, in each currency', async () => {
    const chai = await item('20');
    await house.make(`/items/${chai}/standard-price`, { unitPrice: '22', currency: 'RON', from: '2026-02-01' });
    await house.make(`/items/${chai}/standard-price`, { unitPrice: '4.5', currency: 'EUR', from: '2026-02-01' });
    expect((await priced({ item: chai, currency: 'RON', on: '2026-01-31' })).unitPrice).toBe('20');
    expect((await priced({ item: chai, currency: 'RON' })).unitPrice).toBe('22');
    expect((await priced({ item: chai, currency: 'EUR' })).unitPrice).toBe('4.5');
    expect((await priced({ item: chai, currency: 'EUR', on: '2026-01-31' })).unitPrice).toBeNull();
    const history = (await house.get(`/items/${chai}/standard-prices?filter[currency]=RON`)).body['items'];
    expect(history).toMatchObject([
      { from: '2026-02-01', to: null, unitPrice: '22' },
      { from: null, to: '2026-01-31', unitPrice: '20' },
    ]);
  });

  test('is asked for an item and an account that exist, in a currency that is known', async () => {
    const chai = await item();
    expect((await house.get('/prices?item=I9&currency=RON&on=2026-02-01')).status).toBe(404);
    expect((await house.get(`/prices?item=${chai}&account=A9&on=2026-02-01`)).status).toBe(404);
    expect((await house.get(`/prices?item=${chai}&on=2026-02-01`)).status).toBe(400);
    expect((await house.get(`/prices?item=${chai}&currency=RON&on=2026-02-30`)).status).toBe(400);
  });
});

describe('a price list', () => {
  test('shows every change of its prices, and those that hold on a day', async () => {
    const [own, chai, chang] = [await list(), await item(), await item()];
    await set(own, chai, '1');
    await set(own, chai, '2', { from: '2026-06-01' });
    await set(own, chang, '3', { breaks: [{ quantity: '2.5', unitPrice: '2' }] });
    await set(await list(), chai, '4');
    const shown = async (query: string) => {
      const { items } = (await house.get(`/price-lists/${own}/prices?${query}`)).body as unknown as {
        items: { unitPrice: string; breaks: object[] }[];
      };
      return items;
    };
    expect((await shown('')).map(({ unitPrice }) => unitPrice).toSorted()).toEqual(['1', '2', '3']);
    expect((await shown('filter[on]=2026-06-01')).map(({ unitPrice }) => unitPrice).toSorted()).toEqual(['2', '3']);
    expect(await shown(`filter[item]=${chang}`)).toMatchObject([{ unitPrice: '3', breaks: [{ quantity: '2.5', unitPrice: '2' }] }]);
    const first = (await house.get(`/price-lists/${own}/prices?limit=2`)).body as unknown as { items: object[]; next: string };
    const rest = (await house.get(`/price-lists/${own}/prices?limit=2&cursor=${encodeURIComponent(first.next)}`)).body;
    expect([...first.items, ...(rest['items'] as object[])]).toEqual(await shown(''));
  });

  test('takes many prices at once or none, and is cloned with all it has, price by price', async () => {
    const own = await list();
    const items = await Promise.all(Array.from({ length: 103 }, () => item()));
    const prices = items.map((itemId, index) => ({ itemId, unitPrice: `${index + 1}` }));
    const entering = (entered: object[]) => house.post(`/price-lists/${own}/price-sheets`, { from: '2026-01-01', prices: entered });
    const priceOf = async (of: string, itemId: string) =>
      ((await house.get(`/price-lists/${of}/prices?filter[item]=${itemId}`)).body['items'] as { unitPrice: string }[])[0]?.unitPrice;
    const refused = await entering([...prices, { itemId: 'I9', unitPrice: '1' }]);
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/prices/103/itemId' }] } });
    const { headers } = await entering(prices);
    expect((await house.get(String(headers.get('Location')).replace('/api/v1', ''))).body).toMatchObject({ prices: 103, copied: false });
    await house.until(`/price-lists/${own}/prices?filter[item]=${items[102]}`, body => (body['items'] as object[]).length === 1);
    expect(await priceOf(own, items[0] as string)).toBe('1');

    const clone = await house.make(`/price-lists/${own}/clone`, { name: mark(), changePercent: '10', rounding: 'tenth' });
    await house.until(`/processes/price-list-cloning/${clone}`, body => body['status'] === 'finished');
    const ofLast = items.toSorted().at(-1) as string;
    await house.until(`/price-lists/${clone}/prices?filter[item]=${ofLast}`, body => (body['items'] as object[]).length === 1);
    expect((await house.get(`/price-lists/${clone}`)).body['origin']).toEqual({
      priceListId: own,
      changePercent: '10',
      rounding: 'tenth',
      prices: 103,
      copied: 103,
    });
    expect(await Promise.all([0, 1, 102].map(index => priceOf(clone, items[index] as string)))).toEqual(['1.1', '2.2', '113.3']);
  });

  test('is the default of its currency alone, and another may follow once it is not', async () => {
    const first = await list({ currency: 'CHF', isDefault: true });
    const refused = await house.post('/price-lists', { name: mark(), currency: 'CHF', isDefault: true });
    expect(refused).toMatchObject({ status: 409, body: { code: 'DefaultListConflict', details: { existingId: first } } });
    await house.make(`/price-lists/${first}/edit`, { isDefault: false });
    await list({ currency: 'CHF', isDefault: true });
  });
});

describe('rates of exchange', () => {
  const record = (day: string, rate: string, more: object = {}) =>
    house.make('/exchange-rates', { day, source: 'bnr', rates: [{ currency: 'EUR', rate }], ...more });
  const rateFor = async (on: string, past = '') => {
    const { rate, ageDays, usable } = (await house.get(`/exchange-rates/for?currency=EUR&on=${on}${past}`)).body;
    const { rate: number, day, source } = (rate ?? {}) as Record<string, string>;
    return { rate: number, day, source, ageDays, usable };
  };

  test('count for documents of later days: the last banking day before counts, with how old it is', async () => {
    await record('2026-03-05', '4.97');
    await record('2026-03-06', '4.98');
    expect(await rateFor('2026-03-05')).toMatchObject({ rate: undefined, usable: false });
    expect(await rateFor('2026-03-06')).toMatchObject({ rate: '4.97', day: '2026-03-05', ageDays: 1 });
    const monday = { rate: '4.98', day: '2026-03-06', source: 'bnr', ageDays: 3, usable: true };
    expect(await rateFor('2026-03-09')).toEqual(monday);
    expect(await rateFor('2026-03-17')).toMatchObject({ rate: '4.98', ageDays: 11, usable: false });
    await house.make('/company-settings/change', { exchangeRateDaysMax: 20 });
    expect(await rateFor('2026-03-17')).toMatchObject({ ageDays: 11, usable: true });
  });

  test('entered by hand go before published ones of the same day, and are shown as of any instant', async () => {
    await record('2026-04-07', '5.01');
    const instant = new Date().toISOString();
    await record('2026-04-07', '5.1', { source: 'manual', reason: 'Agreed with the bank' });
    expect(await rateFor('2026-04-08')).toMatchObject({ rate: '5.1', source: 'manual' });
    expect(await rateFor('2026-04-08', `&asOf=${instant}`)).toMatchObject({ rate: '5.01', source: 'bnr' });
    await house.make('/exchange-rates/2026-04-07/manual/EUR/withdraw', { reason: 'Not agreed after all' });
    await house.make('/exchange-rates/2026-04-07/bnr/EUR/correct', { rate: '5.02', reason: 'Misread' });
    expect(await rateFor('2026-04-08')).toMatchObject({ rate: '5.02', source: 'bnr' });
    const refused = await house.post('/exchange-rates', { day: '2026-04-07', source: 'bnr', rates: [{ currency: 'EUR', rate: '5.01' }] });
    expect(refused).toMatchObject({ status: 409, body: { code: 'ExchangeRateConflict', details: { rate: '5.02' } } });
    expect((await house.get('/exchange-rates?filter[day]=2026-04-07')).body['items']).toMatchObject([{ rate: '5.02', reason: 'Misread' }]);
    expect((await house.get('/exchange-rates?asOf=2026-04-01&clock=happened')).body['items']).toMatchObject([
      { day: '2026-03-06' },
      { day: '2026-03-05' },
    ]);
  });
});

describe('an item', () => {
  test('bears a SKU no other item bears, however it is spelt', async () => {
    const sku = mark();
    const first = await house.make('/items', { sku, name: 'Chai', uom: 'box', taxPercent: '9' });
    const again = await house.post('/items', { sku: ` ${sku.toLowerCase()}`, name: 'Chang', uom: 'box', taxPercent: '9' });
    expect(again).toMatchObject({ status: 409, body: { code: 'Duplicate', details: { existingId: first } } });
  });

  test('is found by SKU, by words of its name whatever their case, and by what it is', async () => {
    const sku = mark();
    const supplier = await house.make('/accounts', { name: 'Exotic Liquids', kinds: ['supplier'], currency: 'USD' });
    const wish = { sku, name: 'Ceai de Măceșe', uom: 'box', taxPercent: '9.50', supplierId: supplier, stocked: false };
    const id = await house.make('/items', wish);
    const ids = async (query: string) => ((await house.get(`/items?${query}`)).body['items'] as { id: string }[]).map(entry => entry.id);
    expect(await ids(`filter[sku]=${sku.toLowerCase()}`)).toEqual([id]);
    expect(await ids(`filter[search]=${encodeURIComponent('MĂCEȘE')}`)).toEqual([id]);
    expect(await ids(`filter[supplier]=${supplier}&filter[stocked]=false`)).toEqual([id]);
    expect(await ids(`filter[supplier]=${supplier}&filter[discontinued]=true`)).toEqual([]);
    await house.make(`/items/${id}/discontinue`, { on: '2026-02-01' });
    expect(await ids(`filter[supplier]=${supplier}&filter[discontinued]=true`)).toEqual([id]);
    expect((await house.get(`/items/${id}`)).body).toMatchObject({
      sku,
      taxPercent: '9.5',
      supplierName: 'Exotic Liquids',
      discontinuedOn: '2026-02-01',
    });
  });

  test('is not added for a supplier that does not exist', async () => {
    const refused = await house.post('/items', { sku: mark(), name: 'x', uom: 'box', taxPercent: '9', supplierId: 'A9' });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/supplierId' }] } });
  });
});
