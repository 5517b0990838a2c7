/** What whoever watches over the house is told, by the API and by the worker. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
let database: pg.Client;

beforeAll(async () => {
  house = await startHouse();
  database = new pg.Client({ connectionString: house.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await house?.stop();
});

interface Report {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
  readonly projections: readonly { readonly name: string; readonly state: string; readonly lagSeconds: number | null }[];
  readonly sagas: Report['projections'];
  readonly queues: Readonly<Record<string, number>>;
  readonly owners: readonly { readonly name: string }[];
}

const readiness = async (url = house.url): Promise<Report> => (await fetch(`${url}/readyz`)).json() as Promise<Report>;

/** The value of one line of metrics; undefined when there is none. */
async function metric(url: string, line: RegExp): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = text.split('\n').find(one => line.test(one));
  return found === undefined ? undefined : Number(found.slice(found.lastIndexOf(' ') + 1));
}

const lead = { name: 'Chairs', source: 'web', requestCategory: 'Furniture' };

describe('/readyz', () => {
  test('says how far each view and each saga is, what waits, and who does the work', async () => {
    await house.get(`/leads/${await house.make('/leads', lead)}`);
    const report = await readiness();
    expect(report).toMatchObject({ ready: true, checks: { log: { ok: true }, database: { ok: true }, views: { ok: true } } });
    expect(report.projections.find(({ name }) => name === 'leads')).toMatchObject({ state: 'live', lagSeconds: 0 });
    expect(report.sagas.map(({ name }) => name)).toContain('order-fulfilment');
    expect(report.queues).toMatchObject({ commandsWaiting: 0, commandsOldestSeconds: 0, effectsWaiting: 0, processesStopped: 0 });
    expect(report.owners.map(({ name }) => name)).toEqual(expect.arrayContaining(['projector', 'sagas']));
  });

  test('says what lags and since when, while the worker stands still', async () => {
    process.kill(house.worker.pid, 'SIGSTOP');
    try {
      await house.post('/leads', lead);
      await sleep(600);
      const report = await readiness();
      expect(report.ready).toBe(true);
      for (const reader of ['leads', 'order-fulfilment']) {
        const found = [...report.projections, ...report.sagas].find(({ name }) => name === reader);
        expect(found?.lagSeconds, reader).toBeGreaterThan(0.5);
        expect(found?.lagSeconds, reader).toBeLessThan(20);
      }
      expect(await metric(house.url, /^throughline_projection_lag_seconds\{projection="leads"/)).toBeGreaterThan(0.5);
      expect(await metric(house.url, /^throughline_projection_lag_positions\{projection="leads"/)).toBeGreaterThan(0);
      expect(await metric(house.url, /^throughline_saga_lag_seconds\{saga="order-fulfilment"/)).toBeGreaterThan(0.5);
    } finally {
      process.kill(house.worker.pid, 'SIGCONT');
    }
    await house.until('/leads', () => true);
  });

  test('names a saga or reaction that stands still, and stays ready', async () => {
    await database.query(`update ops.sagas set detached = 'a fault' where name = 'deal-order'`);
    const reaction = (
      await database.query(
        `update ops.reactions set detached = 'a fault' where name in (select name from ops.reactions order by name limit 1) returning name`,
      )
    ).rows[0].name;
    const { ready, checks, sagas } = await readiness();
    await database.query('update ops.reactions set detached = null');
    await database.query(`update ops.sagas set detached = null where name = 'deal-order'`);
    expect({ ready, sagas: checks['sagas'] }).toEqual({
      ready: true,
      sagas: { ok: false, detail: `Detached: ${['deal-order', reaction].sort().join(', ')}` },
    });
    expect(sagas.find(({ name }) => name === 'deal-order')).toMatchObject({ state: 'detached' });
  });
});

describe('metrics', () => {
  test('of the worker tell its batches, and the commands that sagas sent', async () => {
    const id = await house.make('/leads', { ...lead, company: 'Acme', contact: { name: 'Ion', email: 'ion@acme.example' } });
    await house.make(`/leads/${id}/stage`, { stage: 'InterestExpressed' });
    await house.make(`/leads/${id}/convert`, { currency: 'RON' });
    await house.until(`/leads/${id}`, ({ stage }) => stage === 'Deal');
    expect((await fetch(`${house.worker.url}/livez`)).status).toBe(200);
    await expect(readiness(house.worker.url)).resolves.toMatchObject({ ready: true });
    expect(await metric(house.worker.url, /^throughline_projection_batch_seconds_count\{live="true"/)).toBeGreaterThan(0);
    expect(await metric(house.worker.url, /^throughline_projection_delay_seconds_count/)).toBeGreaterThan(0);
    await expect.poll(() => metric(house.worker.url, /^throughline_commands_total\{.*outcome="done"/)).toBeGreaterThan(0);
    expect(await metric(house.url, /^throughline_projection_batch_seconds_count/)).toBeUndefined();
  });

  test('tell whether states were found in memory or had to be read', async () => {
    const loads = (found: string) => metric(house.url, new RegExp(`^throughline_stream_loads_total\\{found="${found}"`));
    const id = await house.make('/leads', lead);
    const [cached, read] = [await loads('cached'), await loads('read')];
    await house.make(`/leads/${id}/disqualify`, { reason: 'No budget' });
    expect(await loads('cached')).toBeGreaterThan(cached ?? 0);
    await house.make('/leads', lead);
    expect(await loads('read')).toBeGreaterThan(read ?? 0);
    expect(await metric(house.url, /^throughline_stream_cache_bytes/)).toBeGreaterThan(0);
  });

  test('tell what waits: commands by age, effects, connections, conflicts', async () => {
    for (const name of [
      'throughline_outbox_oldest_seconds',
      'throughline_effects_oldest_seconds',
      'throughline_effects{state="waiting"}',
      'throughline_processes_stopped',
      'throughline_commands_waiting',
      'throughline_conflicts_total',
    ])
      expect(await metric(house.url, new RegExp(`^${name.replace(/[{}]/g, '\\$&')}`)), name).toBe(0);
    expect(await metric(house.url, /^throughline_database_connections\{state="idle"/)).toBeGreaterThan(0);
  });
});
