import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { PostgresProxy } from './proxy.ts';
import { collected, connect, happening } from './support.ts';

const MAIN = new URL('../../src/eventstore/main.ts', import.meta.url).pathname;

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(env: Record<string, string>, stdin: 'pipe' | 'ignore' | 'ipc' = 'pipe') {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, DATABASE_URL: database.url, NODE_PORT: '0', ...env },
    stdio: stdin === 'ipc' ? ['ignore', 'pipe', 'pipe', 'ipc'] : [stdin, 'pipe', 'pipe'],
  });
  children.push(child);
  let [out, err] = ['', ''];
  child.stdout!.on('data', chunk => (out += chunk));
  child.stderr!.on('data', chunk => (err += chunk));
  const exit = once(child, 'exit').then(([code]) => ({ code, out, err }));
  const listening = once(child.stdout!, 'data').then(([line]) => JSON.parse(String(line)).listening as number);
  return { child, exit, listening };
}

test('prints where it listens, serves, and stops cleanly on SIGTERM with a subscription open', async () => {
  const { child, exit, listening } = start({});
  const client = connect(await listening);
  await client.appendToStream('stream-1', happening());
  client.subscribeToAll().on('error', () => {});
  const startedAt = performance.now();
  child.kill('SIGTERM');
  expect(await exit).toMatchObject({ code: 0, err: '' });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  await client.dispose();
});

test('killed without warning, it starts again at once and has what it acknowledged', async () => {
  const first = start({});
  const client = connect(await first.listening);
  const event = happening();
  await client.appendToStream('stream-2', event);
  first.child.kill('SIGKILL');
  await first.exit;
  const second = start({});
  const again = connect(await second.listening);
  expect((await collected(again.readStream('stream-2'))).map(({ id }) => id)).toEqual([event.id]);
  await Promise.all([client.dispose(), again.dispose()]);
});

test('waits for a Postgres that is on its way up', async () => {
  const postgres = await PostgresProxy.before(database.url);
  postgres.cut();
  const { child, exit, listening } = start({ DATABASE_URL: postgres.url });
  const early = await Promise.race([listening, exit, sleep(1_000, 'nothing yet')]);
  expect(early).toBe('nothing yet');
  postgres.heal();
  const client = connect(await listening);
  await expect(client.appendToStream('stream-4', happening())).resolves.toMatchObject({ success: true });
  await client.dispose();
  child.kill('SIGTERM');
  await exit;
  await postgres.close();
});

test('ends when its parent’s end of the pipe closes', async () => {
  const { child, exit, listening } = start({});
  await listening;
  child.stdin!.end();
  expect(await exit).toMatchObject({ code: 0 });
});

test('ends when its parent’s IPC channel closes', async () => {
  const { child, exit, listening } = start({}, 'ipc');
  await listening;
  child.disconnect();
  expect(await exit).toMatchObject({ code: 0 });
});

test('does not take a standard input that is no pipe for a dead parent', async () => {
  const { child, exit, listening } = start({}, 'ignore');
  const client = connect(await listening);
  await expect(client.appendToStream('stream-3', happening())).resolves.toMatchObject({ success: true });
  await client.dispose();
  child.kill('SIGINT');
  expect(await exit).toMatchObject({ code: 0 });
});

test('says in one sentence why it cannot start, and exits non-zero', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address() as { port: number };
  const unusable = new URL(database.url);
  unusable.pathname = '/no_such_database';
  const cases: [Record<string, string>, RegExp][] = [
    [{ DATABASE_URL: '' }, /DATABASE_URL is not set/],
    [{ DATABASE_URL: 'postgres://127.0.0.1:1/x' }, /ECONNREFUSED/],
    [{ DATABASE_URL: unusable.href }, /"no_such_database" does not exist/],
    [{ NODE_PORT: 'eighty' }, /NODE_PORT must be a port number/],
    [{ NODE_PORT: String(address.port) }, /is already in use by another program/],
  ];
  for (const [env, sentence] of cases) {
    const { code, out, err } = await start(env).exit;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(sentence);
    expect(err.trim().split('\n')).toHaveLength(1);
  }
  taken.close();
});

test('refuses to be the second node on a database', async () => {
  const first = start({});
  await first.listening;
  const { code, err } = await start({}).exit;
  expect(code).toBe(1);
  expect(err.trim()).toBe('The event store cannot start: Another node is already writing to this database; only one may.');
});
