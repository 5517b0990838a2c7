import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillWith } from '../../src/cli/demo/fill.ts';
import { type Foundation, layFoundation } from '../../src/runtime/foundation.ts';
import { startHouse, type TestHouse } from '../support/house.ts';

const TODAY = '2026-06-30';
const SMALL = { buyers: 12, prospects: 2, leads: 40, converted: 8, inquiries: 4, orders: 50 };

let house: TestHouse;
let foundation: Foundation;
const said: string[] = [];

beforeAll(async () => {
  house = await startHouse();
  foundation = await layFoundation(
    {
      databaseUrl: house.databaseUrl,
      eventstoreUrl: house.eventstoreUrl,
      keysDir: house.keysDir,
      proofDir: `${house.keysDir}/proof`,
      timeZone: 'Europe/Bucharest',
      logLevel: 'warn',
    },
    'demo',
    8,
  );
  await fillWith(foundation, { today: TODAY, size: SMALL }, line => void said.push(line));
}, 120_000);

afterAll(async () => {
  await foundation?.close();
  await house?.stop();
});

const total = async (path: string): Promise<number> => {
  let [found, cursor] = [0, ''];
  do {
    const { body } = await house.get(`${path}?limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    found += (body['items'] as readonly unknown[]).length;
    cursor = String(body['nextCursor'] ?? '');
  } while (cursor !== '');
  return found;
};

describe('the demo company', () => {
  test('is made by commands of its people, of which none is refused', async () => {
    expect(said.at(-1)).toMatch(/^The demo company is there/);
    expect(await total('/sales-orders')).toBe(SMALL.orders);
    expect(await total('/leads')).toBe(SMALL.leads);
  });

  test('has a history: prices that changed, payments, invoices that are open', async () => {
    const { body } = await house.get('/invoices?limit=200');
    const statuses = new Set((body['items'] as readonly { status: string }[]).map(({ status }) => status));
    expect(statuses).toContain('Paid');
    expect(statuses).toContain('Unpaid');
  });

  test('is there once, however often it is filled', async () => {
    const head = await foundation.log.head();
    await fillWith(foundation, { today: TODAY, size: SMALL }, () => undefined);
    expect(await foundation.log.head()).toBe(head);
  });

  test('is refused a house that has a company already', async () => {
    await expect(fillWith(foundation, { today: '2026-06-29', size: SMALL }, () => undefined)).rejects.toThrow(
      'a company in this house already',
    );
  });
});
