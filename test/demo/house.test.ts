import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillWith } from '../../src/cli/demo/fill.ts';
import { type Foundation, layFoundation } from '../../src/runtime/foundation.ts';
import { startHouse, type TestHouse } from '../support/house.ts';
import {
  completenessOf,
  coverageIn,
  customersIn,
  type Fact,
  factsOf,
  lei,
  owedOn,
  paceIn,
  paymentsIn,
  share,
  stagesIn,
} from './by-hand.ts';

const TODAY = '2026-06-30';
const SMALL = { buyers: 12, prospects: 2, leads: 60, converted: 20, inquiries: 10, orders: 60 };

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
  for (const [index, id] of (await shipped()).entries())
    await house.make(`/deliveries/${id}/deliver`, {}, { on: index % 2 === 0 ? '2026-02-20' : '2026-05-20' });
  await sellForCash();
  await wander();
}, 120_000);

afterAll(async () => {
  await foundation?.close();
  await house?.stop();
});

/** Some of the deliveries under way, of the winter: the demo leaves open whether they arrived. */
async function shipped(): Promise<readonly string[]> {
  const { body } = await house.get('/deliveries?limit=200&filter[status]=Shipped');
  const notes = body['items'] as readonly { id: string; shippedOn: string }[];
  return notes.filter(({ shippedOn }) => shippedOn > '2025-12-15' && shippedOn < '2026-02-15').map(({ id }) => id);
}

/** Cases at the edge: sold for cash, a part paid on the last day of a quarter, and an order that was declined. */
async function sellForCash(): Promise<void> {
  const idOf = async (list: string) => ((await house.get(`/${list}?limit=1`)).body['items'] as readonly { id: string }[])[0]?.id;
  const [itemId, warehouseId] = [await idOf('items'), await idOf('warehouses')];
  const accountId = await house.make('/accounts', { name: 'Cash', currency: 'RON', paymentTermDays: 0 }, { on: '2026-03-01' });
  const lines = [{ itemId, quantity: '1', unitPrice: '100', priceReason: 'Cash' }];
  await house.get(`/accounts/${accountId}`);
  const order = await house.make('/sales-orders', { accountId, warehouseId, lines }, { on: '2026-03-11' });
  await house.make(`/sales-orders/${order}/decline`, { reason: 'Changed their mind' }, { on: '2026-03-12' });
  const [{ priceReason: _, ...line }] = lines as [(typeof lines)[number]];
  const invoiceId = await house.make('/invoices', { accountId, lines: [line] }, { on: '2026-03-10' });
  await house.make(`/invoices/${invoiceId}/issue`, { series: 'CASH' }, { on: '2026-03-10' });
  const amount = { amount: '50.00', currency: 'RON' };
  const paid = { accountId, amount, receivedOn: '2026-03-31', allocations: [{ invoiceId, amount }] };
  await house.until(`/invoices/${invoiceId}`, ({ status }) => status === 'Unpaid');
  await house.make('/payments', paid, { on: '2026-03-31' });
  await house.until(`/invoices/${invoiceId}`, ({ status }) => status === 'PartiallyPaid');
}

/** A deal that goes back, comes again and is lost, one that is paused, and one that is emptied of what its stage demands; targets. */
async function wander(): Promise<void> {
  const deals = (await house.get('/deals?limit=200')).body['items'] as readonly {
    id: string;
    stage: string;
    ownerId: string;
    accountId: string;
  }[];
  const [{ accountId }] = deals as [(typeof deals)[number]];
  const contactId = await house.make('/contacts', { name: 'Vera', accountId }, { on: '2026-01-02' });
  await house.get(`/contacts/${contactId}`);
  const card = { accountId, contactId, currency: 'RON', amount: { amount: '700.00', currency: 'RON' } };
  const steps: readonly (readonly [string, string, object])[] = [
    ['stage', '2026-01-10', { stage: 'InitialContact' }],
    ['stage', '2026-01-13', { stage: 'NotProcessed', reason: 'It was somebody else' }],
    ['stage', '2026-01-20', { stage: 'InitialContact' }],
    ['lose', '2026-02-02', { reason: 'Too dear' }],
  ];
  const lost = await house.make('/deals', { ...card, name: 'Back and forth' }, { on: '2026-01-05' });
  for (const [step, on, body] of steps) await house.make(`/deals/${lost}/${step}`, body, { on });
  const paused = await house.make('/deals', { ...card, name: 'Later' }, { on: '2026-01-06' });
  await house.make(`/deals/${paused}/stage`, { stage: 'Paused', resumeOn: '2030-01-01' }, { on: '2026-03-03' });
  const late = deals.filter(({ stage }) => ['NeedsAssessment', 'Presentation', 'ProposalPreparation', 'DecisionMaking'].includes(stage));
  expect(late.length).toBeGreaterThan(1);
  await house.make(`/deals/${late[0]!.id}/edit`, { description: null });
  await house.make(`/deals/${late[1]!.id}/edit`, { expectedClose: null });
  for (const month of ['2026-05', '2026-06', '2026-07'])
    for (const [index, ownerId] of [...new Set(deals.map(deal => deal.ownerId))].entries())
      await house.make('/sales-targets', { ownerId, month, amount: { amount: `${(index + 2) * 9_000}.00`, currency: 'RON' } });
}

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
    expect(await total('/sales-orders')).toBe(SMALL.orders + 1);
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

const facts = (): Promise<readonly Fact[]> => factsOf(foundation.log);
const DAYS = ['2024-06-30', '2024-12-31', '2025-07-15', '2026-01-31', '2026-05-01', '2026-06-29', TODAY];

/** Days on which an invoice that was never paid stands at the edge of a bucket. */
function edges(all: readonly Fact[]): readonly string[] {
  const never = all.find(
    ({ type, id }) => type === 'InvoiceIssued' && !all.some(({ type: other, id: of }) => other === 'PaymentApplied' && of === id),
  );
  const due = Temporal.PlainDate.from(String(never?.data['dueDate']));
  return [0, 1, 30, 31, 60, 61, 90, 91].map(days => due.add({ days }).toString());
}

describe('the ageing of what is owed', () => {
  test('is on any day what the facts add up to, by days overdue', async () => {
    const all = await facts();
    const amounts: number[] = [];
    for (const day of [...DAYS, ...edges(all)]) {
      const owed = owedOn(all, day);
      const between = (least: number, most: number) =>
        lei(owed.filter(({ days }) => days >= least && days <= most).reduce((sum, { open }) => sum + open, 0));
      const { body } = await house.get(`/reports/ageing?on=${day}`);
      const expected = {
        notDue: between(0, 0),
        to30: between(1, 30),
        to60: between(31, 60),
        to90: between(61, 90),
        over90: between(91, 9_999),
        total: between(0, 9_999),
      };
      expect(body['totals'], day).toEqual(owed.length === 0 ? [] : [expected]);
      amounts.push(owed.length);
    }
    expect(Math.max(...amounts)).toBeGreaterThan(5);
  });

  test('names the invoices behind its figures', async () => {
    const owed = owedOn(await facts(), '2026-05-01').map(({ id, open, days }) => ({ id, open: lei(open), daysOverdue: days }));
    const { body } = await house.get('/reports/ageing/invoices?on=2026-05-01');
    const shown = (body['items'] as readonly (typeof owed)[number][]).map(({ id, open, daysOverdue }) => ({ id, open, daysOverdue }));
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(shown.toSorted(byId)).toEqual(owed.toSorted(byId));
    expect(shown.length).toBeGreaterThan(2);
  });

  test('and the list of invoices name the same ones as overdue', async () => {
    const owed = owedOn(await facts(), TODAY).filter(({ days }) => days > 0);
    const { body } = await house.get(`/invoices?limit=200&filter[overdueOn]=${TODAY}`);
    expect((body['items'] as readonly { id: string }[]).map(({ id }) => id).toSorted()).toEqual(owed.map(({ id }) => id).toSorted());
    expect(owed.length).toBeGreaterThan(0);
  });

  test('explains what became of it by the invoices that left it or count otherwise, and their events', async () => {
    const { body: before } = await house.get(`/reports/ageing/invoices?on=${TODAY}`);
    const [whole, part] = before['items'] as readonly { id: string; accountId: string; open: { amount: string; currency: string } }[];
    const since = await foundation.log.head();
    const pay = async ({ id: invoiceId, accountId }: { id: string; accountId: string }, amount: object) =>
      house.make('/payments', { accountId, amount, receivedOn: TODAY, allocations: [{ invoiceId, amount }] }, { on: TODAY });
    await pay(whole!, whole!.open);
    await pay(part!, { amount: '1.00', currency: 'RON' });
    await house.until(`/invoices/${part!.id}`, ({ open }) => (open as { amount: string }).amount !== part!.open.amount);
    const { body } = await house.get(`/reports/ageing/difference?on=${TODAY}&since=${since}`);
    const told = (changes: unknown) =>
      (changes as readonly { id: string; events: readonly { type: string }[] }[]).map(({ id, events }) => [
        id,
        ...events.map(({ type }) => type),
      ]);
    expect(body).toMatchObject({
      before: (before['items'] as readonly unknown[]).length,
      now: (before['items'] as readonly unknown[]).length - 1,
    });
    expect([told(body['entered']), told(body['left']), told(body['changed'])]).toEqual([
      [],
      [[whole!.id, 'PaymentApplied']],
      [[part!.id, 'PaymentApplied']],
    ]);
  });

  test('shows nothing of what was not known yet at an instant', async () => {
    const { body } = await house.get('/reports/ageing?on=2026-05-01&asOf=2020-01-01T00:00:00Z');
    expect(body['rows']).toEqual([]);
  });
});

describe('the statement of an account', () => {
  test('carries the opening balance over its lines to the closing one, which is what the account owes that day', async () => {
    const { body: ageing } = await house.get('/reports/ageing?on=2026-05-01');
    const [row] = ageing['rows'] as readonly { accountId: string; total: unknown }[];
    const whole = await house.get(`/accounts/${row?.accountId}/statement?from=2024-01-01&to=2026-05-01`);
    const part = await house.get(`/accounts/${row?.accountId}/statement?from=2026-01-01&to=2026-05-01`);
    const [first] = whole.body['currencies'] as readonly { opening: unknown; closing: unknown; lines: readonly unknown[] }[];
    const [second] = part.body['currencies'] as readonly { opening: unknown; closing: unknown; lines: readonly unknown[] }[];
    expect(first).toMatchObject({ opening: lei(0), closing: row?.total });
    expect(second).toMatchObject({ closing: row?.total });
    expect(first?.lines.slice(-(second?.lines.length ?? 0))).toEqual(second?.lines);
  });

  test('of an account that does not exist is refused', async () => {
    expect((await house.get('/accounts/NOBODY/statement?from=2024-01-01&to=2026-05-01')).status).toBe(404);
  });
});

const YEAR = { from: '2025-07-01T00:00:00Z', until: '2026-06-01T00:00:00Z' };
const span = `from=${YEAR.from}&until=${YEAR.until}`;
const inYear = ({ at }: Fact): boolean => Date.parse(at) >= Date.parse(YEAR.from) && Date.parse(at) < Date.parse(YEAR.until);

describe('the sales report', () => {
  test('counts leads and deals as the facts do, with their rates', async () => {
    const all = await facts();
    const ids = (type: string) => new Set(all.filter(fact => fact.type === type && inYear(fact)).map(({ id }) => id));
    const ever = new Set(all.filter(({ type }) => type === 'LeadConverted').map(({ id }) => id));
    const captured = ids('LeadCaptured');
    const counts = {
      captured: captured.size,
      becameDeals: [...captured].filter(id => ever.has(id)).length,
      converted: ids('LeadConverted').size,
      disqualified: ids('LeadDisqualified').size,
      opened: ids('DealOpened').size,
      won: ids('DealWon').size,
      lost: ids('DealLost').size,
    };
    expect(Object.values(counts).every(count => count > 0)).toBe(true);
    const { body } = await house.get(`/reports/sales?${span}`);
    expect((body['rows'] as readonly object[])[0]).toMatchObject({
      key: 'all',
      ...counts,
      conversionPercent: share(counts.becameDeals, counts.captured),
      conversionInSpanPercent: share(counts.converted, counts.converted + counts.disqualified),
      winRatePercent: share(counts.won, counts.won + counts.lost),
    });
  });

  test.each(['owner', 'source'])('adds up to the same when it is divided by %s', async by => {
    const { body: whole } = await house.get(`/reports/sales?${span}`);
    const { body: parts } = await house.get(`/reports/sales?${span}&by=${by}`);
    const total = (rows: unknown, of: string) => (rows as readonly Record<string, number>[]).reduce((sum, row) => sum + (row[of] ?? 0), 0);
    for (const measure of ['captured', 'becameDeals', 'converted', 'disqualified', 'opened', 'won', 'lost'])
      expect(total(parts['rows'], measure), measure).toBe(total(whole['rows'], measure));
    expect((parts['rows'] as readonly unknown[]).length).toBeGreaterThan(1);
  });

  test('names the records behind each figure', async () => {
    const { body: report } = await house.get(`/reports/sales?${span}&by=owner`);
    for (const row of report['rows'] as readonly (Record<string, number> & { key: string })[])
      for (const measure of ['captured', 'won', 'lost']) {
        const { body } = await house.get(`/reports/sales/records?${span}&by=owner&measure=${measure}&key=${row.key}`);
        expect((body['items'] as readonly unknown[]).length, `${measure} of ${row.key}`).toBe(row[measure]);
      }
  });

  test('counts for a seller their own records only', async () => {
    const seller = await house.as('sales-manager');
    expect((await seller.get(`/reports/sales?${span}`)).body['rows']).toEqual([]);
    expect((await seller.get('/reports/forecast')).body['rows']).toEqual([]);
  });

  test('says why deals were won and lost, each once', async () => {
    const { body: report } = await house.get(`/reports/sales?${span}`);
    const { body } = await house.get(`/reports/outcomes?${span}`);
    const count = (outcome: string) =>
      (body['rows'] as readonly { outcome: string; count: number }[])
        .filter(row => row.outcome === outcome)
        .reduce((sum, row) => sum + row.count, 0);
    expect([count('won'), count('lost')]).toEqual([
      (report['rows'] as readonly { won: number }[])[0]?.won,
      (report['rows'] as readonly { lost: number }[])[0]?.lost,
    ]);
  });
});

describe('the pace of sales', () => {
  test('counts leads that came all the way, and what open deals bring a day, as the facts do', async () => {
    const { velocityPerDay, ...counts } = paceIn(await facts(), Date.parse(YEAR.from), Date.parse(YEAR.until));
    const [row] = (await house.get(`/reports/sales?${span}`)).body['rows'] as readonly { values: readonly object[] }[];
    expect(counts.becameSales).toBeGreaterThan(0);
    expect(row).toMatchObject({ ...counts, values: [{ velocityPerDay }] });
  });

  test('adds up to the same by pipeline, where leads that became no deal are in none', async () => {
    const { body: whole } = await house.get(`/reports/sales?${span}`);
    const { body: parts } = await house.get(`/reports/sales?${span}&by=pipeline`);
    const [all] = whole['rows'] as readonly Readonly<Record<string, number>>[];
    const rows = parts['rows'] as readonly (Readonly<Record<string, number>> & { key: string })[];
    expect(rows.map(({ key }) => key)).toEqual(['default', 'none']);
    for (const measure of ['captured', 'becameSales', 'won', 'lost'])
      expect(
        rows.reduce((sum, row) => sum + (row[measure] ?? 0), 0),
        measure,
      ).toBe(all?.[measure]);
  });
});

describe('the report of stages', () => {
  const SPANS = [
    ['a year', YEAR.from, YEAR.until],
    ['a quarter', '2026-01-01T00:00:00Z', '2026-04-01T00:00:00Z'],
    ['the days of a return', '2026-01-12T00:00:00Z', '2026-01-25T00:00:00Z'],
    ['two years', '2024-06-01T00:00:00Z', '2026-06-30T21:00:00Z'],
  ] as const;

  test.each(SPANS)(
    'tells who moved on, how long they stayed with returns added up, and what was lost there, as the facts do: %s',
    async (_, from, until) => {
      const expected = stagesIn(await facts(), Date.parse(from), Date.parse(until));
      const { body } = await house.get(`/reports/stages?from=${from}&until=${until}`);
      expect(body['rows']).toEqual(expected);
    },
  );

  test('names the deals behind each figure, by owner and source too', async () => {
    for (const by of ['owner', 'source']) {
      const { body } = await house.get(`/reports/stages?${span}&by=${by}`);
      const rows = body['rows'] as readonly (Readonly<Record<string, number>> & { key: string; stage: string })[];
      expect(new Set(rows.map(({ key }) => key)).size).toBeGreaterThan(1);
      for (const { key, stage, ...row } of rows.slice(0, 6))
        for (const measure of ['entered', 'movedOn', 'left', 'staying', 'lost']) {
          const path = `/reports/stages/deals?${span}&by=${by}&stage=${stage}&measure=${measure}&key=${key}`;
          expect(((await house.get(path)).body['items'] as readonly unknown[]).length, `${measure} of ${stage} of ${key}`).toBe(
            row[measure],
          );
        }
    }
  });

  test('shows nothing of what was not known yet at an instant', async () =>
    expect((await house.get(`/reports/stages?${span}&asOf=2020-01-01T00:00:00Z`)).body['rows']).toEqual([]));
});

describe('the coverage of a target', () => {
  test.each([
    ['2026-06', { from: '2026-06-01', to: '2026-06-30' }],
    ['2026-07', { from: '2026-07-01', to: '2026-07-31' }],
    ['2026-Q2', { from: '2026-04-01', to: '2026-06-30' }],
    ['2026', { from: '2026-01-01', to: '2026-12-31' }],
  ])('is what is open against what is missing, plain and weighted, as the facts say: %s', async (period, days) => {
    const { body } = await house.get(`/reports/coverage?period=${period}`);
    expect(body['rows']).toEqual([{ key: 'all', ...coverageIn(await facts(), days) }]);
  });

  test('names the deals behind it, and adds up by owner', async () => {
    const amount = (row: Readonly<Record<string, { amount: string }>> | undefined, of: string) =>
      Math.round(100 * Number(row?.[of]?.amount));
    const [all] = (await house.get('/reports/coverage?period=2026')).body['rows'] as readonly Record<string, { amount: string }>[];
    const parts = (await house.get('/reports/coverage?period=2026&by=owner')).body['rows'] as readonly Record<string, { amount: string }>[];
    for (const of of ['target', 'won', 'open', 'weighted'])
      expect(Math.abs(parts.reduce((sum, row) => sum + amount(row, of), 0) - amount(all, of)), of).toBeLessThan(parts.length);
    for (const measure of ['won', 'open']) {
      const { body } = await house.get(`/reports/coverage/deals?period=2026&measure=${measure}`);
      const items = body['items'] as readonly Record<string, { amount: string }>[];
      expect(items.reduce((sum, item) => sum + amount(item, 'amount'), 0)).toBe(amount(all, measure));
    }
  });
});

describe('the completeness of open deals', () => {
  test('is what they have of what the stages up to theirs demand, and names those that lack something', async () => {
    const expected = completenessOf(await facts());
    const { body } = await house.get('/reports/completeness');
    expect(body['rows']).toEqual([expected]);
    const items = (await house.get('/reports/completeness/deals')).body['items'] as readonly { missing: readonly string[] }[];
    expect(items.flatMap(({ missing }) => missing).length).toBe(expected.mandatory - expected.filled);
    expect(items.length).toBeGreaterThan(0);
  });
});

describe('the forecast', () => {
  test('weighs each open deal by the chance of its stage', async () => {
    const { body: list } = await house.get('/deals?limit=200');
    const open = (list['items'] as readonly { stage: string; percent: number; amount: { amount: string } | null }[]).filter(
      ({ stage }) => !['Completed', 'Rejected', 'DroppedOut', 'HistoricalApplications'].includes(stage),
    );
    const bani = ({ amount }: (typeof open)[number]) => Math.round(Number(amount?.amount ?? 0) * 100);
    const { body } = await house.get('/reports/forecast');
    expect(open.length).toBeGreaterThan(0);
    expect((body['rows'] as readonly object[])[0]).toEqual({
      key: 'all',
      count: open.length,
      amount: lei(open.reduce((sum, deal) => sum + bani(deal), 0)),
      weighted: lei(Math.round(open.reduce((sum, deal) => sum + (bani(deal) * deal.percent) / 100, 0))),
      commit: lei(open.filter(({ percent }) => percent >= 60).reduce((sum, deal) => sum + bani(deal), 0)),
    });
  });
});

const PERIODS = [
  ['2026-Q2', { from: '2026-04-01', to: '2026-06-30' }, { from: '2026-01-01', to: '2026-03-31' }, 91],
  ['2026-Q1', { from: '2026-01-01', to: '2026-03-31' }, { from: '2025-10-01', to: '2025-12-31' }, 90],
  ['2025', { from: '2025-01-01', to: '2025-12-31' }, { from: '2024-01-01', to: '2024-12-31' }, 365],
  ['2026-03', { from: '2026-03-01', to: '2026-03-31' }, { from: '2026-02-01', to: '2026-02-28' }, 31],
] as const;

describe('the report of customers', () => {
  test.each(PERIODS)('tells who stayed, ordered again and brought what, as the facts do: %s', async (period, now, before) => {
    const expected = customersIn(await facts(), now, before);
    const { body } = await house.get(`/reports/customers?period=${period}`);
    expect(body['rows']).toEqual([{ key: 'all', ...expected }]);
  });

  test('names the accounts behind each figure, by owner too', async () => {
    const { body } = await house.get('/reports/customers?period=2026-Q2&by=owner');
    const rows = body['rows'] as readonly (Readonly<Record<string, number>> & { readonly key: string })[];
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows)
      for (const measure of ['activeBefore', 'active', 'retained', 'lost', 'won', 'ordered', 'orderedAgain']) {
        const { body: shown } = await house.get(`/reports/customers/accounts?period=2026-Q2&by=owner&measure=${measure}&key=${row.key}`);
        expect((shown['items'] as readonly unknown[]).length, `${measure} of ${row.key}`).toBe(row[measure]);
      }
  });
});

describe('the report of payments', () => {
  test.each(PERIODS)('tells what was paid in time and for how long sales stand out, as the facts do: %s', async (period, span, _, days) => {
    const expected = paymentsIn(await facts(), span, days);
    const { body } = await house.get(`/reports/payments?period=${period}`);
    expect(body['rows']).toEqual([{ key: 'all', ...expected }]);
  });

  test('names the invoices behind each figure, by account too', async () => {
    const { body } = await house.get('/reports/payments?period=2026-Q1&by=account');
    const rows = body['rows'] as readonly Readonly<Record<string, { amount: string }> & { key: string }>[];
    expect(rows.length).toBeGreaterThan(1);
    const amounts = { due: 'payable', inTime: 'paidInTime', receivables: 'openAtEnd', creditSales: 'payable' };
    for (const row of rows)
      for (const [measure, amount] of Object.entries(amounts)) {
        const path = `/reports/payments/invoices?period=2026-Q1&by=account&measure=${measure}&key=${row.key}`;
        const items = (await house.get(path)).body['items'] as readonly Record<string, { amount: string }>[];
        const bani = items.reduce((sum, item) => sum + Math.round(100 * Number(item[amount]?.amount)), 0);
        expect(bani, `${measure} of ${row.key}`).toBe(Math.round(100 * Number(row[measure]?.amount)));
      }
  });

  test('is as it was known at an instant', async () => {
    expect((await house.get('/reports/payments?period=2026-Q1&asOf=2020-01-01T00:00:00Z')).body['rows']).toEqual([]);
  });
});
