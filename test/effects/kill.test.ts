/** A real worker that is killed while it sends, again and again. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNode } from '../../src/eventstore/server.ts';
import { type Program, startProgram } from '../setup/processes.ts';
import { ADMIN_PASSWORD, speak, type Voice } from '../support/house.ts';
import { freshDatabase } from '../support/postgres.ts';
import { eventually, type HttpReceiver, httpReceiver } from './receivers.ts';

const KILLS = 2;
const PLACES_BETWEEN_KILLS = 12;

const closing: (() => Promise<unknown> | unknown)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let env: NodeJS.ProcessEnv;
let hooks: HttpReceiver;
let worker: Program;
let admin: Voice;

const start = (role: string): Program => {
  const program = startProgram('src/main.ts', ['--role', role], { env });
  closing.push(() => program.kill('SIGKILL'));
  return program;
};
const startWorker = async (): Promise<Program> => {
  const program = start('worker');
  await program.line(/^Throughline's worker (is at work|listens)/);
  return program;
};

beforeAll(async () => {
  hooks = await httpReceiver();
  closing.push(() => hooks.close());
  const database = await freshDatabase();
  closing.push(() => database.drop());
  const node = await startNode({ databaseUrl: database.url, port: 0 });
  closing.push(() => node.stop());
  const folder = await mkdtemp(join(tmpdir(), 'throughline-kill-'));
  await chmod(folder, 0o711);
  closing.push(() => rm(folder, { recursive: true, force: true }));
  env = {
    THROUGHLINE_DATA: folder,
    PORT: '0',
    LOG_LEVEL: 'error',
    DATABASE_URL: database.url,
    EVENTSTORE_URL: `esdb://127.0.0.1:${node.port}?tls=false`,
    THROUGHLINE_ADMIN_PASSWORD: ADMIN_PASSWORD,
    WEBHOOKS_ALLOW: '127.0.0.0/8',
  };
  worker = await startWorker();
  const listens = await start('api').line(/ listens on http/);
  admin = await speak(listens.replace(/^.* listens on /, ''), { email: 'admin@localhost', password: ADMIN_PASSWORD });
}, 60_000);

test('loses no message and invents none when the worker is killed while it sends', { timeout: 60_000 }, async () => {
  await admin.make('/webhook-endpoints', { name: 'Shop', url: hooks.url, events: ['WarehouseOpened'] });
  const created: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    // Half of them are taken and answered late, so that a kill falls between sending and noting.
    hooks.answer = (response, { body }) => void setTimeout(() => response.writeHead(204).end(), body.length % 2 === 0 ? 0 : 60);
    for (let count = 0; count < PLACES_BETWEEN_KILLS; count++) {
      // Opening a warehouse asks no view, so it does not need the worker.
      created.push(await admin.make('/warehouses', { name: `Place ${kill} ${'x'.repeat(count)}`, code: `K${kill}N${count}` }));
      if (count === 6) await worker.kill('SIGKILL');
    }
    worker = await startWorker();
  }
  expect((await admin.post('/warehouses', { name: 'Refused', code: 'K0N0' })).status).toBe(409);
  const told = (): ReadonlyMap<unknown, string> =>
    new Map(hooks.received.map(({ headers, body }) => [headers['webhook-id'], (JSON.parse(body) as { record: { id: string } }).record.id]));
  await eventually(() => (told().size >= created.length ? true : undefined), 'A message for each warehouse');
  await admin.until('/effects?filter[status]=waiting', ({ items }) => (items as unknown[]).length === 0);
  expect([...told().values()].sort()).toEqual([...created].sort());
});
