import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool, rowsOf } from '../../src/runtime/database.ts';
import { type Random, randomFrom } from '../kill/random.ts';
import { startHouse, type TestHouse } from '../support/house.ts';
import { Business } from './business.ts';

let house: TestHouse;
let pool: pg.Pool;
beforeAll(async () => {
  house = await startHouse();
  pool = openPool(house.databaseUrl, { max: 2 });
});
afterAll(async () => {
  await pool?.end();
  await house?.stop();
});

const INSTANTS = 200;
const LOOKS_EACH = 4;

/** What was shown at an instant, and where the log stood then. */
interface Look {
  readonly instant: string;
  readonly position: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

/** All that can be looked at: lists, boards, single records, reports. */
function pathsOf(business: Business, random: Random): readonly string[] {
  const some = (kind: string): string => random.pick([...business.all(kind), 'none']);
  const [item, account, warehouse, order] = [some('items'), some('accounts'), some('warehouses'), some('sales-orders')];
  return [
    ...['/boards/leads', '/boards/deals', '/leads?sort=name', '/leads?filter[stage]=InterestExpressed&limit=3', '/deals', '/accounts'],
    ...[`/leads/${some('leads')}`, `/deals/${some('deals')}`, `/accounts/${account}`, `/accounts/${account}/360`, '/contacts'],
    ...['/items?sort=name', `/items/${item}`, `/items/${item}/standard-prices`, `/price-lists/${some('price-lists')}/prices`],
    ...[`/prices?item=${item}&account=${account}&on=2030-01-01&quantity=2`, `/prices?item=${item}&currency=RON&on=2030-01-01`],
    ...['/stock-levels', `/stock-levels/${warehouse}~${item}`, '/stock-moves?limit=5', `/stock-card?item=${item}`, '/reservations'],
    ...[`/stock-card?item=${item}&warehouse=${warehouse}&limit=3`, '/receipts', `/receipts/${some('receipts')}`],
    ...['/sales-orders', `/sales-orders/${order}`, '/deliveries', `/deliveries/${order}~1`],
    ...['/invoices', `/invoices/${order}~1`, '/payments', '/reports/revenue?by=item', '/reports/revenue?by=account'],
    ...['/processes', `/processes/order-fulfilment/${order}`, `/records/salesOrder/${order}/history`, '/users'],
  ];
}

interface Standing {
  /** Commands that sagas have still to send. */
  readonly waiting: number;
  /** The view that has come least far. */
  readonly reached: string | null;
  readonly head: string;
}

/** Where the log stands once nothing is under way any more: no command of a saga waits, and every view has taken all in. */
async function settled(): Promise<string> {
  for (;;) {
    const [standing] = await rowsOf<Standing>(
      pool,
      `select (select count(*) from ops.saga_outbox where not held) as waiting,
         (select min(position)::text from ops.checkpoints where shown) as reached,
         (select max(position)::text from eventstore.events) as head`,
    );
    if (standing?.waiting === 0 && standing.reached === standing.head) return standing.head;
    await sleep(5);
  }
}

async function look(paths: readonly string[]): Promise<readonly Look[]> {
  const position = await settled();
  const shown = await Promise.all(paths.map(path => house.get(path)));
  const instant = new Date().toISOString();
  // The next event is recorded at a later instant.
  await sleep(2);
  return shown.map(({ status, body }, index) => ({ instant, position, path: paths[index] ?? '', status, body }));
}

const ask = (path: string, asOf: string) => house.get(`${path}${path.includes('?') ? '&' : '?'}asOf=${encodeURIComponent(asOf)}`);

/** Problems carry the id of the request. */
const withoutTrace = (body: unknown): unknown => ({ ...(body as object), traceId: undefined });

describe('as of', () => {
  test(`each of ${INSTANTS} random instants of a random history, every answer equals the one given then`, {
    timeout: 120_000,
  }, async () => {
    const random = randomFrom(20_261_122);
    const business = new Business(house, random);
    await business.open();
    const looks: Look[] = [];
    for (let instant = 0; instant < INSTANTS; instant++) {
      for (let deed = random.between(1, 3); deed > 0; deed--) await business.act();
      looks.push(...(await look(random.shuffled(pathsOf(business, random)).slice(0, LOOKS_EACH))));
    }
    const differing: unknown[] = [];
    for (const [index, { instant, position, path, status, body }] of random.shuffled(looks).entries()) {
      const again = await ask(path, index % 4 === 0 ? position : instant);
      const same = again.status === status && JSON.stringify(withoutTrace(again.body)) === JSON.stringify(withoutTrace(body));
      if (!same) differing.push({ path, instant, position, shown: { status, body }, again: again.body });
    }
    expect(differing.slice(0, 1)).toEqual([]);
    expect(looks).toHaveLength(INSTANTS * LOOKS_EACH);
    for (const deed of ['leads/stage', 'deals/edit', 'receipts', 'price-lists/prices', 'deliveries/ship', 'invoices/issue', 'payments'])
      expect(business.done[deed], deed).toBeGreaterThan(0);
    expect(looks.filter(({ status }) => status === 200).length).toBeGreaterThan(looks.length / 2);
  });
});
