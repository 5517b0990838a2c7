/** The guide for backup and restore, followed to the letter on a house at work. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Program, ROOT, startProgram, until } from '../setup/processes.ts';

vi.setConfig({ testTimeout: 240_000 });

const PASSWORD = 'a-password-for-tests';
const READY_MS_MAX = 30_000;
const SENT_MS_MAX = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-backup-'));
  // For root: Postgres runs as an account without rights, which must reach its files in here.
  await chmod(folder, 0o711);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The commands of the guide below a heading, as they are written. */
function guide(heading: string): string {
  const section =
    readFileSync(join(ROOT, 'docs/backup.md'), 'utf8')
      .split('\n## ')
      .find(part => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, commands]) => commands).join('\n');
}

const namesOfFolders = () => ({
  THROUGHLINE_DATA: join(folder, 'var'),
  BACKUPS: join(folder, 'backups'),
  KEYS: join(folder, 'safe'),
  ELSEWHERE: join(folder, 'elsewhere'),
  OLD: join(folder, 'var'),
});

const OWN = {
  WEBHOOKS_ALLOW: '127.0.0.0/8',
  DATABASE_URL: '',
  EVENTSTORE_URL: '',
  THROUGHLINE_KEYS: '',
  THROUGHLINE_PROOF: '',
  LOG_LEVEL: 'warn',
};

async function shell(commands: string, env: NodeJS.ProcessEnv = namesOfFolders()): Promise<{ code: number; said: string }> {
  const child = spawn('bash', ['-e', '-c', commands], {
    cwd: ROOT,
    env: { ...process.env, ...OWN, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', chunk => (said += chunk));
  const [code] = await once(child, 'close');
  return { code, said };
}

interface Started {
  readonly program: Program;
  ask(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>;
  stop(): Promise<void>;
}

async function start(dataDir: string): Promise<Started> {
  const program = startProgram('src/main.ts', [], {
    env: { ...OWN, THROUGHLINE_DATA: dataDir, PORT: '0', THROUGHLINE_ADMIN_PASSWORD: PASSWORD },
  });
  onTestFinished(() => program.kill());
  const url = (await program.line(/^Throughline listens on /)).replace('Throughline listens on ', '');
  let token = '';
  const ask: Started['ask'] = async (method, path, body) => {
    const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
  };
  token = await signedIn(ask);
  return {
    program,
    ask,
    stop: async () => {
      program.kill('SIGTERM');
      expect(await program.ended).toBe(0);
    },
  };
}

/** After a restore views are still being made. */
async function signedIn(ask: Started['ask']): Promise<string> {
  const giveUpAt = performance.now() + READY_MS_MAX;
  for (;;) {
    const { status, body } = await ask('POST', '/sessions', { email: 'admin@localhost', password: PASSWORD });
    if (status < 300) return String(body['token']);
    if (performance.now() > giveUpAt) throw new Error(`Nobody can sign in: ${status} ${JSON.stringify(body)}`);
    await sleep(100);
  }
}

/** Opens accounts one after the other until told to stop; answers the names of those that were acknowledged. */
function atWork(house: Started): { stop(): Promise<readonly string[]> } {
  const acknowledged: string[] = [];
  let going = true;
  const working = (async () => {
    for (let number = 1; going; number++) {
      const name = `Customer ${number}`;
      const answer = await house.ask('POST', '/accounts', { name, currency: 'RON' }).catch(() => undefined);
      if (answer?.status === 201) acknowledged.push(name);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await working;
      return acknowledged;
    },
  };
}

interface Receiver {
  readonly url: string;
  /** The accounts that it was told of, once for each time that it said it had taken it. */
  readonly taken: readonly string[];
  /** Answers nobody until `open` is called. */
  hold(): void;
  open(): void;
}

/** Somebody elsewhere who is told by webhooks. */
async function startReceiver(): Promise<Receiver> {
  const taken: string[] = [];
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  const server = createServer(async (request, response) => {
    const { record } = (await json(request)) as { readonly record: { readonly id: string } };
    await gate.promise;
    taken.push(record.id);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const hold = () => {
    gate = Promise.withResolvers<void>();
  };
  return { url: `http://127.0.0.1:${port}/hook`, taken, hold, open: () => gate.resolve() };
}

test('a backup made under load by the guide, restored elsewhere by the guide, is verified clean and goes on', async () => {
  const house = await start(namesOfFolders().THROUGHLINE_DATA);
  const receiver = await startReceiver();
  const endpoint = { name: 'Elsewhere', url: receiver.url, events: ['AccountCreated'] };
  expect(await house.ask('POST', '/webhook-endpoints', endpoint)).toMatchObject({ status: 201 });
  const work = atWork(house);
  await sleep(1_500);
  receiver.hold();
  const before = (await house.ask('POST', '/accounts', { name: 'Known before', currency: 'RON' })).body['id'];
  const backup = await shell(guide('Back up'));
  expect(backup).toEqual({ code: 0, said: expect.stringMatching(/\d+ rows were written to .*All events up to position \d+ are in it/) });
  receiver.open();
  const after = (await house.ask('POST', '/accounts', { name: 'Lost with the machine', currency: 'RON' })).body['id'];
  const acknowledged = await work.stop();
  expect(acknowledged.length).toBeGreaterThan(10);
  await until(() => receiver.taken.includes(String(after)), 'what the backup does not know was sent', SENT_MS_MAX);
  await house.stop();

  const restored = await shell(guide('Restore, here or elsewhere'));
  expect(restored.said).toMatch(/\d+ rows of .* were restored with all events up to position \d+/);
  expect(restored.said).toContain('Everything is as it must be.');
  expect(restored.said).not.toContain('FAULT');
  expect(restored.code).toBe(0);

  expect(await shell(guide('Mail and webhooks after a restore'))).toEqual({ code: 0, said: '' });
  const elsewhere = await start(namesOfFolders().ELSEWHERE);
  expect((await elsewhere.ask('GET', `/accounts/${before}`)).body).toMatchObject({ name: 'Known before' });
  expect((await elsewhere.ask('GET', `/accounts/${after}`)).status).toBe(404);
  const next = await elsewhere.ask('POST', '/accounts', { name: 'Goes on', currency: 'RON' });
  expect(next.status).toBe(201);
  await until(() => receiver.taken.includes(String(next.body['id'])), 'the restored house sends', SENT_MS_MAX);
  expect(receiver.taken).toContain(before);
  expect(receiver.taken.filter((id, index) => receiver.taken.indexOf(id) !== index)).toEqual([]);
  await elsewhere.stop();
  const verified = await shell('npm run verify', { THROUGHLINE_DATA: namesOfFolders().ELSEWHERE });
  expect(verified.said).toMatch(/The head signed at .* agrees up to position \d+/);
  expect(verified.said).toMatch(/\d\d views were made anew from the log and compared/);
  expect(verified).toMatchObject({ code: 0, said: expect.not.stringContaining('FAULT') });
});

test.each([
  [
    'was changed',
    (text: string) => text.replace('AccountCreated', 'AccountCreatee'),
    /was changed since it was written; nothing was restored/,
  ],
  ['ends too early', (text: string) => text.slice(0, text.lastIndexOf('{"lines":')), /ends too early; nothing was restored/],
  [
    'is of a newer version',
    (text: string) => text.replace('"migrations":["', '"migrations":["999-of-tomorrow.sql","'),
    /does not fit this version/,
  ],
  ['is none', () => 'Something else\n', /is no backup of Throughline/],
])('a backup that %s is refused, and nothing is restored', async (what, change, sentence) => {
  const backups = join(folder, 'backups');
  const whole = gunzipSync(await readFile(join(backups, 'throughline-1.backup'))).toString();
  const damaged = join(backups, `${what}.backup`);
  await writeFile(damaged, gzipSync(change(whole)));
  const env = { THROUGHLINE_DATA: join(folder, 'refused') };
  const refused = await shell(`npm run -s restore -- "${damaged}"`, env);
  expect(refused).toEqual({ code: 2, said: expect.stringMatching(sentence) });
  expect(refused.said.trim().split('\n')).toHaveLength(1);
});

test('a backup is restored into nothing that holds something already, and written over nothing', async () => {
  const { BACKUPS, ELSEWHERE } = namesOfFolders();
  const restored = await shell('npm run -s restore -- "$BACKUPS/throughline-1.backup"', { BACKUPS, THROUGHLINE_DATA: ELSEWHERE });
  expect(restored).toEqual({ code: 2, said: expect.stringMatching(/holds something already/) });
  const again = await shell('npm run -s backup -- "$BACKUPS/throughline-1.backup"', { BACKUPS, THROUGHLINE_DATA: ELSEWHERE });
  expect(again).toEqual({ code: 2, said: expect.stringMatching(/exists already; a backup is written over nothing/) });
});
