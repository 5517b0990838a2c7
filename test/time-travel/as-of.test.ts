import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AnyQuery, clocksOf } from '../../src/kernel/query.ts';
import { modules } from '../../src/modules/index.ts';
import { openPool, rowsOf } from '../../src/runtime/database.ts';
import { randomFrom } from '../kill/random.ts';
import { startHouse, type TestHouse } from '../support/house.ts';
import { Business } from './business.ts';
import { askable, pathOf } from './questions.ts';

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
const LOOKS_EACH = 3;
/** Asked again at the same time. */
const TOGETHER = 10;

/** What was shown at an instant, and where the log stood then. */
interface Look {
  readonly instant: string;
  readonly position: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
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

const DAY_MS = 86_400_000;
/** The day in the company's time zone, so many days from now. */
const dayFromNow = (days: number): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Bucharest' }).format(Date.now() + days * DAY_MS);

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
    // Every query comes round, in ever another order.
    const due: AnyQuery[] = [];
    for (let instant = 0; instant < INSTANTS; instant++) {
      for (let deed = random.between(1, 3); deed > 0; deed--) await business.act();
      if (due.length < LOOKS_EACH) due.push(...random.shuffled(askable));
      looks.push(...(await look(due.splice(0, LOOKS_EACH).map(query => pathOf(query, business, random)))));
    }
    const differing: unknown[] = [];
    const again = async ({ instant, position, path, status, body }: Look, index: number): Promise<void> => {
      const answer = await ask(path, index % 4 === 0 ? position : instant);
      const same = answer.status === status && JSON.stringify(withoutTrace(answer.body)) === JSON.stringify(withoutTrace(body));
      if (!same) differing.push({ path, instant, position, shown: { status, body }, again: answer.body });
    };
    const mixed = random.shuffled(looks);
    for (let from = 0; from < mixed.length; from += TOGETHER) await Promise.all(mixed.slice(from, from + TOGETHER).map(again));
    expect(differing.slice(0, 1)).toEqual([]);
    expect(looks).toHaveLength(INSTANTS * LOOKS_EACH);
    for (const deed of ['leads/stage', 'deals/edit', 'receipts', 'price-lists/prices', 'deliveries/ship', 'invoices/issue', 'payments'])
      expect(business.done[deed], deed).toBeGreaterThan(0);
    for (const deed of [
      'pipelines/stages',
      'deals/observers',
      'handovers',
      'sales-targets',
      'customer-groups/members',
      'late receipts',
      'deals/merge',
    ])
      expect(business.done[deed], deed).toBeGreaterThan(0);
    const patterns = askable.map(({ route = '' }) => new RegExp(`^${route.replace('GET ', '').replace(/:\w+/g, '[^/?]+')}(\\?|$)`));
    expect(patterns.filter(pattern => !looks.some(({ path }) => pattern.test(path)))).toEqual([]);
    expect(looks.filter(({ status }) => status === 200).length).toBeGreaterThan(looks.length / 2);
  });
});

describe('asking about the past', () => {
  test.each([
    ['of the future', '/leads?asOf=2099-01-01T00:00:00Z', 'BadParameter', '/asOf'],
    ['of a day to come', '/leads?asOf=2099-01-01', 'BadParameter', '/asOf'],
    ['of a position the log has not reached', '/leads?asOf=999999999', 'BadParameter', '/asOf'],
    ['of no instant', '/leads?asOf=yesterday', 'BadParameter', '/asOf'],
    ['of a day that is none', '/leads?asOf=2026-02-30', 'BadParameter', '/asOf'],
    ['by a clock without an instant', '/leads?clock=recorded', 'BadParameter', '/asOf'],
    ['by a clock that is none', '/leads?asOf=2026-01-01&clock=sundial', 'BadParameter', '/clock'],
    ['by business day, of what is no ledger', '/leads?asOf=2026-01-01&clock=happened', 'BadParameter', '/clock'],
    ['by business day, of an instant', '/stock-moves?asOf=2026-01-01T00:00:00Z&clock=happened', 'BadParameter', '/asOf'],
    ['of what keeps no past', '/effects?asOf=2026-01-01', 'BadParameter', '/asOf'],
  ])('%s is refused', async (_, path, code, pointer) => {
    const { status, body } = await house.get(path);
    expect(body).toMatchObject({ code, errors: [{ pointer }] });
    expect(status).toBe(400);
  });

  test('a day means its end where the company is; today means now', async () => {
    await house.make('/leads', { name: 'Of today', source: 'web' });
    const names = async (asOf: string) =>
      ((await ask('/leads?limit=200', asOf)).body['items'] as { name: string }[]).map(({ name }) => name);
    expect(await names(dayFromNow(0))).toContain('Of today');
    expect(await names(dayFromNow(-1))).toEqual([]);
  });

  test('is found by analysts in SQL, as the guide writes it', async () => {
    const account = await house.make('/accounts', { name: 'In SQL', currency: 'RON' });
    await house.get(`/accounts/${account}`);
    await house.make('/deals', { name: 'In SQL', accountId: account, currency: 'RON' });
    const [board] = await look(['/boards/deals']);
    await house.make('/deals', { name: 'Later', accountId: account, currency: 'RON' });
    await settled();
    const guide = await readFile(join(import.meta.dirname, '../../docs/time-travel.md'), 'utf8');
    const [, sql = ''] = /```sql\n(.*?)```/s.exec(guide) ?? [];
    expect(sql).toContain('2026-09-30 21:00:00+00');
    const rows = await rowsOf(pool, sql.replace('2026-09-30 21:00:00+00', board!.instant));
    const { columns } = board!.body as { columns: readonly { stage: string; count: number }[] };
    const counts = columns.flatMap(({ stage, count }) => (count === 0 ? [] : [{ stage, count }]));
    expect(rows).toEqual(counts.sort((a, b) => (a.stage < b.stage ? -1 : 1)));
  });

  test('pages lead through one past, and a record shown as it was has no tag to change it by', async () => {
    const id = await house.make('/leads', { name: 'Paged', source: 'web' });
    const { headers: first } = await ask('/leads?limit=1', dayFromNow(0));
    expect(first.get('Link')).toContain(`asOf=${dayFromNow(0)}`);
    expect((await house.get(`/leads/${id}`)).headers.get('ETag')).toBe('"0"');
    expect((await ask(`/leads/${id}`, dayFromNow(0))).headers.get('ETag')).toBeNull();
  });

  test('is offered by every query but those of what goes out of the house', () => {
    const queries = modules.flatMap(module => module.queries).filter(({ route }) => route !== undefined);
    const withoutPast = queries.filter(query => !clocksOf(query).includes('recorded')).map(({ route }) => route);
    expect(new Set(withoutPast)).toEqual(
      new Set([
        'GET /effects',
        'GET /effects/:id',
        'GET /webhook-endpoints',
        'GET /webhook-endpoints/:id',
        'GET /webhook-endpoints/:id/secret',
        'GET /webhook-endpoints/:id/deliveries',
      ]),
    );
  });

  test('is described for programs, with the clocks each query has', async () => {
    const { paths } = (await (await fetch(`${house.url}/api/v1/openapi.json`)).json()) as {
      paths: Record<string, { get: { parameters: { $ref?: string }[] } }>;
    };
    const clocks = (path: string) =>
      paths[`/api/v1${path}`]?.get.parameters.flatMap(({ $ref = '' }) => /(AsOf|Clock)$/.exec($ref)?.[0] ?? []);
    expect(clocks('/boards/deals')).toEqual(['AsOf']);
    expect(clocks('/stock-card')).toEqual(['AsOf', 'Clock']);
    expect(clocks('/effects')).toEqual([]);
  });
});

interface Changes {
  readonly before: number;
  readonly now: number;
  readonly entered: readonly Change[];
  readonly left: readonly Change[];
  readonly changed: readonly Change[];
}
interface Change {
  readonly id: string;
  readonly events: readonly { readonly type: string }[];
}

describe('the difference of a figure between two instants', () => {
  const WHEN = 'from=2020-01-01T00:00:00Z&until=2099-01-01T00:00:00Z';
  const typesOf = (changes: readonly Change[]) => changes.map(({ id, events }) => [id, ...events.map(({ type }) => type)]);
  const differenceOf = async (path: string, since: string, asOf?: string): Promise<Changes> =>
    (await house.get(`${path}&since=${since}${asOf === undefined ? '' : `&asOf=${asOf}`}`)).body as unknown as Changes;

  test('names what entered, what left and what counts otherwise, with the events that did it', async () => {
    const lead = (name: string) => house.make('/leads', { name, source: 'difference' });
    const [stays, given, back] = [await lead('Stays'), await lead('Given up'), await lead('Taken up again')];
    await house.make(`/leads/${back}/disqualify`, { reason: 'No money' });
    const [first] = await look(['/leads']);
    const late = await lead('Late');
    await house.make(`/leads/${given}/disqualify`, { reason: 'No need' });
    await house.make(`/leads/${back}/reopen`, { reason: 'Money came' });
    const [second] = await look(['/leads']);
    await house.make(`/leads/${late}/disqualify`, { reason: 'Nobody there' });
    await house.get('/leads');

    const captured = `/reports/sales/difference?${WHEN}&by=source&key=difference&measure=captured`;
    const disqualified = `/reports/sales/difference?${WHEN}&by=source&key=difference&measure=disqualified`;
    const toSecond = await differenceOf(captured, first!.instant, second!.instant);
    expect([toSecond.before, toSecond.now, toSecond.left]).toEqual([3, 4, []]);
    expect(typesOf(toSecond.entered)).toEqual([[late, 'LeadCaptured']]);
    expect(typesOf(toSecond.changed).toSorted()).toEqual(
      [
        [given, 'LeadDisqualified'],
        [back, 'LeadReopened'],
      ].toSorted(),
    );
    expect(typesOf(toSecond.changed).flat()).not.toContain(stays);
    const reasons = await differenceOf(disqualified, first!.position, second!.position);
    expect([reasons.before, reasons.now]).toEqual([1, 1]);
    expect(typesOf(reasons.entered)).toEqual([[given, 'LeadDisqualified']]);
    expect(typesOf(reasons.left)).toEqual([[back, 'LeadReopened']]);
    expect(typesOf((await differenceOf(disqualified, second!.instant)).entered)).toEqual([[late, 'LeadDisqualified']]);
  });

  test.each([
    ['no instant', '', '/since'],
    ['the future', '&since=2099-01-01', '/since'],
    ['what lies after the other', '&since=3&asOf=2', '/since'],
    ['nonsense', '&since=yesterday', '/since'],
  ])('with %s is refused', async (_, since, pointer) => {
    const { status, body } = await house.get(`/reports/sales/difference?${WHEN}&measure=captured${since}`);
    expect([status, body['errors']]).toMatchObject([400, [{ pointer }]]);
  });

  test('is not offered where nothing is compared', async () =>
    expect((await house.get('/leads?since=2026-01-01')).body).toMatchObject({ code: 'BadParameter', errors: [{ pointer: '/since' }] }));
});

describe('a ledger', () => {
  const RON = 'RON';
  let itemId: string;
  beforeAll(async () => {
    const standardPrice = { unitPrice: '10', currency: RON };
    itemId = await house.make('/items', { sku: 'LEDGER', name: 'Ledger', uom: 'piece', taxPercent: '19', standardPrice });
    await house.get(`/items/${itemId}`);
  });

  test('tells on the stock card what was there on any business day, however late it was recorded', async () => {
    const warehouseId = await house.make('/warehouses', { code: 'CARD', name: 'Card' });
    await house.get(`/warehouses/${warehouseId}`);
    await house.make('/receipts', { warehouseId, lines: [{ itemId, quantity: '10' }] });
    await house.until(`/stock-levels/${warehouseId}~${itemId}`, ({ onHand }) => onHand === '10');
    await house.make('/adjustments', { warehouseId, itemId, quantity: '-2', reason: 'Broken' });
    const path = `/stock-card?item=${itemId}&warehouse=${warehouseId}`;
    const { instant } = (await look([path]))[0]!;
    await house.make('/receipts', { warehouseId, receivedOn: '2026-01-10', lines: [{ itemId, quantity: '5' }] });
    await house.until(`/stock-levels/${warehouseId}~${itemId}`, ({ onHand }) => onHand === '13');

    const balances = ({ movements }: Readonly<Record<string, unknown>>) =>
      (movements as { quantity: string; balance: string }[]).map(({ quantity, balance }) => `${quantity} ${balance}`);
    const whole = (await house.get(path)).body;
    expect(balances(whole)).toEqual(['5 5', '10 15', '-2 13']);
    expect(whole).toMatchObject({ opening: '0', in: '15', out: '2', closing: '13' });
    const recent = (await house.get(`${path}&from=2026-01-11`)).body;
    expect(balances(recent)).toEqual(['10 15', '-2 13']);
    expect(recent).toMatchObject({ opening: '5', in: '10', out: '2', closing: '13' });
    // What is known today of the 31st of January, and what was known before the late receipt was recorded.
    expect((await house.get(`${path}&asOf=2026-01-31&clock=happened`)).body).toMatchObject({ closing: '5', movements: [{ balance: '5' }] });
    expect(balances((await ask(path, instant)).body)).toEqual(['10 10', '-2 8']);
    const page = (await house.get(`${path}&limit=2`)).body;
    expect(balances((await house.get(`${path}&limit=2&cursor=${page['next']}`)).body)).toEqual(['-2 13']);
    expect((await house.get(`${path}&from=2026-01-11&limit=2&cursor=${page['next']}`)).status).toBe(400);
  });

  test('tells the revenue and the prices of any business day', async () => {
    const accountId = await house.make('/accounts', { name: 'Early', currency: RON });
    await house.get(`/accounts/${accountId}`);
    const invoice = await house.make('/invoices', { accountId, lines: [{ itemId, quantity: '3', unitPrice: '10' }] }, { on: '2026-02-01' });
    await house.make(`/invoices/${invoice}/issue`, { series: 'LED' }, { on: '2026-02-02' });
    await house.make(`/items/${itemId}/standard-price`, { unitPrice: '12', currency: RON, from: '2030-01-01' });

    const earned = async (day: string) =>
      ((await house.get(`/reports/revenue?by=account&asOf=${day}&clock=happened`)).body['rows'] as { key: string; net: object }[]).filter(
        ({ key }) => key === accountId,
      );
    expect(await earned('2026-02-01')).toEqual([]);
    expect(await earned('2026-02-02')).toMatchObject([{ net: { amount: '30.00' } }]);
    const prices = async (day: string) =>
      ((await house.get(`/items/${itemId}/standard-prices?asOf=${day}&clock=happened`)).body['items'] as { unitPrice: string }[]).map(
        ({ unitPrice }) => unitPrice,
      );
    expect(await prices('2029-12-31')).toEqual(['10']);
    expect((await prices('2030-01-01')).sort()).toEqual(['10', '12']);
  });
});
