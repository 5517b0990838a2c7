/** Roles as several machines would run them: two workers and two APIs, each a process of its own, on one log. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rebuildCommand } from '../../src/cli/rebuild-command.ts';
import { startNode } from '../../src/eventstore/server.ts';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { readConfig } from '../../src/runtime/config.ts';
import { openPool, rowsOf } from '../../src/runtime/database.ts';
import { connectEventLog } from '../../src/runtime/event-log/eventstore.ts';
import { readLeases } from '../../src/runtime/ownership.ts';
import { PersonalData } from '../../src/runtime/personal/personal-data.ts';
import { compareViews, type ViewComparison } from '../../src/runtime/projector/compare.ts';
import { type Program, startProgram } from '../setup/processes.ts';
import { ADMIN_PASSWORD, speak, type Voice } from '../support/house.ts';
import { freshDatabase } from '../support/postgres.ts';

const TAKEOVER_MS_MAX = 5_000;

const closing: (() => Promise<unknown> | unknown)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let env: NodeJS.ProcessEnv;
let pool: pg.Pool;
let first: Voice;
let second: Voice;
let workers: Program[];
let warehouseId: string;
let itemId: string;

const start = (role: string): Program => {
  const program = startProgram('src/main.ts', ['--role', role], { env });
  closing.push(() => program.kill('SIGKILL'));
  return program;
};
const startWorker = async (): Promise<Program> => {
  const worker = start('worker');
  await worker.line(/^Throughline's worker (is at work|listens)/);
  return worker;
};
const startApi = async (): Promise<Voice> => {
  const line = await start('api').line(/ listens on http/);
  return speak(line.replace(/^.* listens on /, ''), { email: 'admin@localhost', password: ADMIN_PASSWORD });
};

beforeAll(async () => {
  const database = await freshDatabase();
  closing.push(() => database.drop());
  const node = await startNode({ databaseUrl: database.url, port: 0 });
  closing.push(() => node.stop());
  const folder = await mkdtemp(join(tmpdir(), 'throughline-roles-'));
  await chmod(folder, 0o711);
  closing.push(() => rm(folder, { recursive: true, force: true }));
  env = {
    THROUGHLINE_DATA: folder,
    PORT: '0',
    LOG_LEVEL: 'warn',
    DATABASE_URL: database.url,
    EVENTSTORE_URL: `esdb://127.0.0.1:${node.port}?tls=false`,
    THROUGHLINE_ADMIN_PASSWORD: ADMIN_PASSWORD,
  };
  pool = openPool(database.url, { max: 6 });
  closing.push(() => pool.end());
  workers = [await startWorker()];
  first = await startApi();
  const others = await Promise.all([startWorker(), startApi()]);
  workers.push(others[0]);
  second = others[1];
  warehouseId = await first.make('/warehouses', { code: 'MAIN', name: 'Main' });
  const standardPrice = { unitPrice: '10', currency: 'RON' };
  itemId = await first.make('/items', { sku: 'CHAIR', name: 'Chair', uom: 'piece', taxPercent: '19', standardPrice });
  await first.get(`/items/${itemId}`);
}, 60_000);

/** Whose process holds a lease and is alive. */
async function holderOf(name: string): Promise<Program | undefined> {
  const lease = (await readLeases(pool)).find(known => known.name === name && known.silentMs < 2_000);
  return workers.find(({ pid }) => lease?.holder.endsWith(` process ${pid}`));
}

const receive = (voice: Voice) => voice.make('/receipts', { warehouseId, lines: [{ itemId, quantity: '1' }] });

const onHand = async (voice: Voice): Promise<number> => {
  const { body } = await voice.get('/stock-levels?limit=1');
  return Number((body as { items?: { onHand: string }[] }).items?.[0]?.onHand ?? 0);
};

/** Goods received come into stock by a saga and are shown by a view: so both are at work. How long that took, in milliseconds. */
async function stockGrows(): Promise<number> {
  const begun = performance.now();
  const wanted = pieces + 1;
  await receive(second);
  pieces = wanted;
  for (;;) {
    const seen = await onHand(first).catch(() => -1);
    if (seen === wanted) return performance.now() - begun;
    if (performance.now() - begun > 2 * TAKEOVER_MS_MAX) throw new Error(`${seen} pieces are on hand, not ${wanted}`);
    await sleep(20);
  }
}
let pieces = 0;

/** Views that are not what the log makes of them. */
async function differences(): Promise<readonly ViewComparison[]> {
  const house = registry(modules);
  const log = connectEventLog({ url: env['EVENTSTORE_URL'] ?? '' });
  const personal = await PersonalData.open({ pool, registry: house, keysDir: readConfig(env).keysDir });
  try {
    const results = await compareViews({ pool, log: personal.sealed(log), registry: house });
    return results.filter(({ equal }) => !equal);
  } finally {
    await personal.close();
    await log.close();
  }
}

describe('two workers on one log', () => {
  test('have one owner of the views and one of the sagas', async () => {
    await stockGrows();
    const leases = await readLeases(pool);
    for (const name of ['projector', 'sagas']) {
      expect(leases.filter(lease => lease.name === name)).toHaveLength(1);
      expect(workers).toContain(await holderOf(name));
    }
  });

  test('go on within five seconds when the owner is killed', async () => {
    const [owner] = [(await holderOf('projector')) as Program];
    owner.kill('SIGKILL');
    expect(await stockGrows()).toBeLessThan(TAKEOVER_MS_MAX);
    expect(await holderOf('projector')).not.toBe(owner);
    workers = [...workers.filter(worker => worker !== owner), await startWorker()];
  });

  test('go on within five seconds when the owner freezes, which writes nothing when it wakes', async () => {
    const owner = (await holderOf('projector')) as Program;
    const [before] = await rowsOf<{ pid: number }>(pool, `select backend_pid as pid from ops.leases where name = 'projector'`);
    owner.kill('SIGSTOP');
    const took = await stockGrows();
    expect(took).toBeLessThan(TAKEOVER_MS_MAX);
    const heir = await holderOf('projector');
    expect(heir).not.toBe(owner);
    // The connection over which it wrote is gone before it wakes, and so is what it had begun.
    expect(await rowsOf(pool, 'select from pg_stat_activity where pid = $1', [before?.pid])).toEqual([]);
    owner.kill('SIGCONT');
    for (let count = 0; count < 5; count++) await stockGrows();
    expect(await holderOf('projector')).toBe(heir);
  });

  test('leave each event counted once in every view', async () => {
    expect(await differences()).toEqual([]);
    expect(await onHand(second)).toBe(pieces);
  });
});

describe('all views built anew while commands run', () => {
  test('answer whole all the time, with what was just written, and equal the log in the end', async () => {
    let over = false;
    const said: string[] = [];
    const rebuilding = rebuildCommand(['all'], { pool, registry: registry(modules) }, line => said.push(line)).finally(() => {
      over = true;
    });
    let answers = 0;
    for (; !over; answers++) {
      const { status, body } = await second.get('/items?limit=10');
      // 503 would be honest, and is not needed here: what is shown is fed all the time.
      expect([status, (body['items'] as object[]).length]).toEqual([200, 1]);
      await stockGrows();
    }
    await rebuilding;
    expect(answers).toBeGreaterThan(1);
    expect(said).toContain('stock-levels: built anew and shown');
    expect(await differences()).toEqual([]);
  });
});

describe('two APIs on one log', () => {
  test('give one answer to a request that both get', async () => {
    const send = (voice: Voice, index: number) =>
      voice.post('/accounts', { name: `Firm ${index}`, currency: 'RON' }, { key: `firm-${index}` });
    for (let index = 0; index < 5; index++) {
      const [one, other] = await Promise.all([send(first, index), send(second, index)]);
      expect([one.status, other.status]).toEqual([201, 201]);
      expect(other.body['id']).toBe(one.body['id']);
      expect((await send(second, index)).body).toEqual(one.body);
    }
    const { body } = await first.get('/accounts?limit=50');
    expect((body['items'] as { name: string }[]).filter(({ name }) => name.startsWith('Firm '))).toHaveLength(5);
  });

  test('resolve their conflicts: what both write into one stream is all there', async () => {
    const before = await onHand(first);
    const adjust = (voice: Voice) => voice.post('/adjustments', { warehouseId, itemId, quantity: '1', reason: 'found' });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => adjust(index % 2 === 0 ? first : second)));
    expect(answers.filter(({ status }) => status >= 300).map(({ body }) => body)).toEqual([]);
    // Each has asked to see its own writings only.
    for (const voice of [first, second]) await expect.poll(() => onHand(voice)).toBe(before + 40);
  });

  test('a decision of one is seen by the other before it decides, though it remembers the record', async () => {
    const lead = await first.make('/leads', { name: 'Chairs for Ana', source: 'web' });
    expect((await second.post(`/leads/${lead}/edit`, { name: 'Chairs for Anca' })).status).toBe(200);
    expect((await first.post(`/leads/${lead}/disqualify`, { reason: 'gone' })).status).toBe(200);
    expect((await second.post(`/leads/${lead}/convert`)).status).toBe(409);
  });
});
