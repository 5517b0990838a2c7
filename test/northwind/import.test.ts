import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';
import { caughtUp, environmentOf, ran, relieved, restoredElsewhere } from './aftermath.ts';
import { type Billed, billed, day, read, shortProducts, totals } from './expected.ts';
import { northwindFolder } from './folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const IMPORT_MS = 400_000;
const { folder, here, unless } = northwindFolder();

type Body = Readonly<Record<string, unknown>>;

describe.skipIf(!here)(`Northwind${unless}`, () => {
  let house: TestHouse;
  let key: string;
  /** Where the importer writes what it rejects. */
  let desk: string;

  beforeAll(async () => {
    house = await startHouse();
    const made = await house.post('/api-keys', { name: 'Northwind', grants: ['*'] });
    key = String(made.body['token']);
    desk = await mkdtemp(join(tmpdir(), 'northwind-'));
  });
  afterAll(async () => {
    await house?.stop();
    await rm(desk, { recursive: true, force: true });
  });

  function startImport(): { readonly child: ChildProcess; readonly said: () => string } {
    const script = [join(ROOT, 'src/cli/import.ts'), join(ROOT, 'imports/northwind.json'), folder];
    const env = { ...process.env, THROUGHLINE_URL: house.url, THROUGHLINE_API_KEY: key };
    const child = spawn(process.execPath, script, { cwd: desk, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout?.on('data', chunk => {
      output += String(chunk);
    });
    return { child, said: () => output };
  }

  async function imported(): Promise<string> {
    const { child, said } = startImport();
    const [code] = await once(child, 'exit');
    expect(code, said()).toBe(0);
    return said();
  }

  async function all(path: string): Promise<Body[]> {
    const items: Body[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await house.get(`${path}${path.includes('?') ? '&' : '?'}limit=200${cursor}`);
      items.push(...(body['items'] as Body[]));
      if (body['next'] === null) return items;
      cursor = `&cursor=${encodeURIComponent(String(body['next']))}`;
    }
  }

  const revenueBy = async (by: string): Promise<readonly Body[]> => (await house.get(`/reports/revenue?by=${by}`)).body['rows'] as Body[];
  const cents = (row: Body): number => Number(String((row['net'] as Body)['amount']).replace('.', ''));
  const asTotals = (rows: readonly Body[], keyOf: (row: Body) => string) =>
    new Map(rows.map(row => [keyOf(row), { cents: cents(row), count: row['count'] as number }]));
  const sorted = <Value>(map: ReadonlyMap<string, Value>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const expectedBy = (groupOf: (line: Billed) => string) => sorted(totals(billed(folder), groupOf));

  test(
    'comes in whole, though the import is killed twice on the way and begun anew',
    async () => {
      for (const step of ['customers: ', 'accept: ']) {
        const { child, said } = startImport();
        while (!said().includes(step) && child.exitCode === null) await new Promise(resolve => setTimeout(resolve, 20));
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      expect(await imported()).toMatch(/ 0 rejected\n$/);
      expect(await readdir(desk)).toEqual([]);
    },
    IMPORT_MS,
  );

  test(
    'changes nothing when it is imported again',
    async () => expect(await imported()).toMatch(/\n0 changed, 4424 unchanged, 0 rejected\n$/),
    IMPORT_MS,
  );

  test('has every customer and supplier as the files say', async () => {
    const accounts = new Map((await all('/accounts')).map(account => [account['code'], account]));
    const contacts = new Map((await all('/contacts')).map(contact => [contact['accountId'], contact]));
    for (const [file, codeOf] of [
      ['customers.csv', row => row['customerID']],
      ['suppliers.csv', row => `S${row['supplierID']}`],
    ] as const satisfies readonly (readonly [string, (row: Record<string, string | null>) => string | null | undefined])[]) {
      for (const row of read(folder, file)) {
        const account = accounts.get(codeOf(row) as string);
        const { address, city, region, postalCode, country } = row;
        const place = { street: address, city, region, postalCode, country };
        expect(account).toMatchObject({ name: row['companyName'], phone: row['phone'], fax: row['fax'], currency: 'USD' });
        expect(account?.['address']).toEqual(Object.fromEntries(Object.entries(place).filter(([, value]) => value !== null)));
        expect(contacts.get(account?.['id'])).toMatchObject({ name: row['contactName'], position: row['contactTitle'] });
      }
    }
    expect(accounts.size).toBe(91 + 29);
  });

  test('has every item as the files say, at today’s price, and the discontinued ones discontinued', async () => {
    const items = new Map((await all('/items')).map(item => [item['sku'], item]));
    const categories = new Map(read(folder, 'categories.csv').map(row => [row['categoryID'], row['categoryName']]));
    const suppliers = new Map(read(folder, 'suppliers.csv').map(row => [row['supplierID'], row['companyName']]));
    for (const row of read(folder, 'products.csv')) {
      const item = items.get(`NW${row['productID']}`);
      expect(item).toMatchObject({
        name: row['productName'],
        packaging: row['quantityPerUnit'],
        category: categories.get(row['categoryID'] ?? ''),
        supplierName: suppliers.get(row['supplierID'] ?? ''),
        reorderLevel: row['reorderLevel'] === '0' ? null : row['reorderLevel'],
      });
      expect(item?.['discontinuedOn'] === null).toBe(row['discontinued'] === '0');
      const [price] = await all(`/items/${item?.['id']}/standard-prices`);
      expect(price).toMatchObject({ currency: 'USD' });
      expect(Number(price?.['unitPrice'])).toBe(Number(row['unitPrice']));
    }
  });

  test(
    'has every order with its lines, its freight, its customer, its days and where it was sent',
    async () => {
      const orders = new Map((await all('/sales-orders')).map(order => [order['reference'], order]));
      const codes = new Map((await all('/accounts')).map(account => [account['id'], account['code']]));
      const details = Map.groupBy(read(folder, 'order-details.csv'), row => row['orderID']);
      expect(orders.size).toBe(830);
      for (const row of read(folder, 'orders.csv')) {
        const order = orders.get(row['orderID'] ?? '');
        expect(codes.get(order?.['accountId'])).toBe(row['customerID']);
        expect(order).toMatchObject({
          orderedOn: day(row['orderDate'] ?? null),
          requiredOn: day(row['requiredDate'] ?? null),
          shippedOn: day(row['shippedDate'] ?? null),
        });
        const whole = (await house.get(`/sales-orders/${order?.['id']}`)).body as Body;
        expect(whole['shipTo']).toEqual(shipTo(row));
        const goods = (details.get(row['orderID'] as string) ?? []).map(lineOf);
        const freight =
          Number(row['freight']) === 0 ? [] : [{ sku: 'FREIGHT', quantity: 1, unitPrice: Number(row['freight']), discount: 0 }];
        expect((whole['lines'] as Body[]).map(lineShown)).toEqual([...goods, ...freight]);
      }
    },
    IMPORT_MS,
  );

  const shipTo = (row: Readonly<Record<string, string | null>>) =>
    Object.fromEntries(
      Object.entries({
        name: row['shipName'],
        street: row['shipAddress'],
        city: row['shipCity'],
        region: row['shipRegion'],
        postalCode: row['shipPostalCode'],
        country: row['shipCountry'],
      }).filter(([, value]) => value !== null),
    );
  const lineOf = (row: Readonly<Record<string, string | null>>) => ({
    sku: `NW${row['productID']}`,
    quantity: Number(row['quantity']),
    unitPrice: Number(row['unitPrice']),
    discount: Math.round(Number(row['discount']) * 100),
  });
  const lineShown = (line: Body) => ({
    sku: line['sku'],
    quantity: Number(line['quantity']),
    unitPrice: Number(line['unitPrice']),
    discount: Number(line['discount']),
  });

  test('has revenue by month, account and item to the cent', async () => {
    const codes = new Map((await all('/accounts')).map(account => [account['id'], String(account['code'])]));
    const skus = new Map((await all('/items')).map(item => [item['id'], String(item['sku']).replace(/^NW/, '')]));
    expect(sorted(asTotals(await revenueBy('month'), row => String(row['key'])))).toEqual(expectedBy(line => line.issued.slice(0, 7)));
    expect(sorted(asTotals(await revenueBy('account'), row => codes.get(row['key'] as string) ?? ''))).toEqual(
      expectedBy(line => line.customerId),
    );
    expect(sorted(asTotals(await revenueBy('item'), row => skus.get(row['key'] as string) ?? ''))).toEqual(
      expectedBy(line => line.productId),
    );
  });

  test('numbers the invoices in the order of their dates, without gaps', async () => {
    const invoices = (await all('/invoices?filter[status]=Unpaid')).toSorted((a, b) =>
      String(a['number']) < String(b['number']) ? -1 : 1,
    );
    expect(invoices).toHaveLength(809);
    const dates = invoices.map(invoice => String(invoice['issueDate']));
    expect(dates).toEqual(dates.toSorted());
    for (const year of ['1996', '1997', '1998']) {
      const numbers = invoices
        .filter(invoice => String(invoice['issueDate']).startsWith(year))
        .map(invoice => Number(String(invoice['number']).slice(-6)));
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  test('ends with the stock the files name, and 17 items that the open orders wait for', async () => {
    const short = await house.until('/stock-levels?limit=200&filter[short]=true', body => (body['items'] as Body[]).length === 17);
    expect((short['items'] as Body[]).map(level => String(level['sku']).replace(/^NW/, '')).toSorted()).toEqual(
      shortProducts(folder).toSorted(),
    );
    const levels = new Map((await all('/stock-levels')).map(level => [level['sku'], Number(level['onHand'])]));
    for (const row of read(folder, 'products.csv')) expect(levels.get(`NW${row['productID']}`)).toBe(Number(row['unitsInStock']));
  });

  test('leaves 21 orders open, and every process says what it waits for', async () => {
    const running = await all('/processes?filter[status]=running&filter[saga]=order-fulfilment');
    expect(running).toHaveLength(830);
    const kinds = Map.groupBy(running, ({ reason }) => (/is still to be paid/.test(String(reason)) ? 'payment' : 'open'));
    expect(kinds.get('payment')).toHaveLength(809);
    expect(kinds.get('open')).toHaveLength(21);
    expect(await all('/processes?filter[status]=parked')).toEqual([]);
  });

  test(
    'is verified whole after its worker was killed and relieved, all views were built anew, and a backup was restored elsewhere',
    async () => {
      const clean = /^ok {4}Views equal a fresh fold of the log$/m;
      expect(await relieved(house)).toBeLessThan(5_000);
      expect(await ran('rebuild', ['all'], environmentOf(house))).toMatchObject({ code: 0 });
      expect(await ran('verify', [], environmentOf(house))).toMatchObject({ code: 0, said: expect.stringMatching(clean) });
      const copy = await restoredElsewhere(house);
      expect(await ran('verify', [], copy)).toMatchObject({ code: 0 });
      await caughtUp(copy);
      expect(await ran('verify', [], copy)).toMatchObject({ code: 0, said: expect.stringMatching(clean) });
    },
    IMPORT_MS,
  );
});
