import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { freshDatabase } from '../support/postgres.ts';
import { type Program, startProgram } from './processes.ts';

vi.setConfig({ testTimeout: 120_000 });

const START_MS_MAX = 60_000;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-start-'));
  await chmod(folder, 0o711);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function start(env: NodeJS.ProcessEnv = {}, ...args: readonly string[]): Program {
  const own = { THROUGHLINE_DATA: join(folder, 'var'), PORT: '0', EVENTSTORE_URL: '', DATABASE_URL: '', THROUGHLINE_ADMIN_PASSWORD: '' };
  const program = startProgram('src/main.ts', args, { env: { ...own, ...env } });
  onTestFinished(() => program.kill());
  return program;
}

/** Where it listens, once it does. */
async function address(program: Program): Promise<string> {
  return (await program.line(/^Throughline listens on /)).replace('Throughline listens on ', '');
}

const signIn = (url: string, password: string): Promise<Response> =>
  fetch(`${url}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': password },
    body: JSON.stringify({ email: 'admin@localhost', password }),
  });

describe('npm start', () => {
  test('serves within a minute, tells the sign-in once, and knows it after a restart', async () => {
    const began = performance.now();
    const first = start();
    const url = await address(first);
    expect(performance.now() - began).toBeLessThan(START_MS_MAX);
    const [, password = ''] = /admin@localhost with the password (\S+)/.exec(first.said()) ?? [];
    expect((await signIn(url, password)).ok).toBe(true);
    expect((await signIn(url, `${password}x`)).status).toBe(401);
    first.kill('SIGTERM');
    expect(await first.ended).toBe(0);

    const second = start();
    const again = await address(second);
    expect(second.said()).not.toContain('password');
    expect((await signIn(again, password)).ok).toBe(true);
    second.kill('SIGINT');
    expect(await second.ended).toBe(0);
  });

  test.each([
    [
      'an unknown role',
      ['--role', 'cook'],
      /^Start Throughline without arguments, with --demo \[--date YYYY-MM-DD\], or one role of it with --role api\|worker\|eventstore\.\n$/,
    ],
    ['an unknown argument', ['--fast'], /^Start Throughline without arguments/],
    ['a demo of a day to come', ['--demo', '--date', '2999-01-01'], /^--date takes a day up to today/],
    ['a demo of no day', ['--demo', '--date', '2026-02-31'], /^--date takes a day up to today/],
    ['a date without a demo', ['--date', '2026-01-31'], /^Start Throughline without arguments/],
    ['a demo in one role', ['--demo', '--role', 'api'], /^Start Throughline without arguments/],
    ['an API without its addresses', ['--role', 'api'], /DATABASE_URL and EVENTSTORE_URL\.\n$/],
    ['a worker without its addresses', ['--role', 'worker'], /DATABASE_URL and EVENTSTORE_URL\.\n$/],
    ['an event store without a database', ['--role', 'eventstore'], /DATABASE_URL is not set/],
  ])('refuses %s in one sentence', async (_, args, sentence) => {
    const program = start({}, ...args);
    expect(await program.ended).toBe(1);
    expect(program.said()).toMatch(sentence);
    expect(program.said().trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([
    ['a database', 'DATABASE_URL', 'postgres://somebody:secret@127.0.0.1:1/x', 'DATABASE_URL: PostgreSQL at 127.0.0.1:1/x cannot be used'],
    [
      'an event store',
      'EVENTSTORE_URL',
      'esdb://somebody:secret@127.0.0.1:1?tls=false',
      'EVENTSTORE_URL: EventStoreDB at 127.0.0.1:1 cannot be used',
    ],
    ['what is no address of a database', 'DATABASE_URL', 'somewhere', 'DATABASE_URL must be an address'],
  ])('refuses %s that cannot be reached in one sentence, without the password in it', async (_, name, url, sentence) => {
    const program = start({ [name]: url });
    expect(await program.ended).toBe(1);
    const said = program.said();
    expect(said).toContain(sentence);
    expect(said).not.toContain('secret');
    expect(said).not.toMatch(/\n\s+at /);
  });

  test('runs each role alone', async () => {
    const database = await freshDatabase();
    onTestFinished(() => database.drop());
    const node = start({ DATABASE_URL: database.url, NODE_PORT: '0' }, '--role', 'eventstore');
    const { listening } = JSON.parse(await node.line(/^\{"listening"/)) as { listening: number };
    const urls = { DATABASE_URL: database.url, EVENTSTORE_URL: `esdb://127.0.0.1:${listening}?tls=false` };
    const worker = start(urls, '--role', 'worker');
    await worker.line(/worker listens on http/);
    const api = start(urls, '--role', 'api');
    const url = (await api.line(/ listens on http/)).replace(/^.* listens on /, '');
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    for (const program of [api, worker, node]) {
      program.kill('SIGTERM');
      expect(await program.ended).toBe(0);
    }
  });
});
