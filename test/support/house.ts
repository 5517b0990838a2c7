import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../../src/eventstore/server.ts';
import { runApi } from '../../src/runtime/api-role.ts';
import type { WorkerConfig } from '../../src/runtime/worker-role.ts';
import { freshDatabase } from './postgres.ts';

export const ADMIN_PASSWORD = 'a-password-for-tests';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  /** What came, as it came. */
  readonly text: string;
}

export interface Sending {
  readonly key?: string;
  readonly on?: string;
  readonly ifMatch?: number;
  readonly token?: string;
  readonly prefer?: string;
}

/** Somebody who speaks to the house over HTTP. Everything they write is seen by what they ask next. */
export interface Voice {
  post(path: string, body?: object, sending?: Sending): Promise<Answer>;
  get(path: string, sending?: Sending): Promise<Answer>;
  /** Posts and expects it to succeed; answers the record's id. */
  make(path: string, body?: object, sending?: Sending): Promise<string>;
  /** Asks until the answer pleases, for what sagas do on their own. */
  until(path: string, pleases: (body: Readonly<Record<string, unknown>>) => boolean): Promise<Readonly<Record<string, unknown>>>;
}

/** The whole house on a database of its own, spoken to as the administrator. */
export interface TestHouse extends Voice {
  readonly url: string;
  readonly databaseUrl: string;
  readonly eventstoreUrl: string;
  readonly keysDir: string;
  /** The worker's process, and where it tells how it fares. */
  readonly worker: { readonly url: string; readonly pid: number };
  /** The voice of a new user with these roles. */
  as(...roles: readonly string[]): Promise<Voice>;
  stop(): Promise<void>;
}

const PATIENCE_MS = 15_000;
const PAUSE_MS = 25;

/** `settings` are of the house's ways out: the mail server, which webhooks it may reach, where traces go. */
export async function startHouse(
  settings: Partial<Pick<WorkerConfig, 'smtpUrl' | 'mailFrom' | 'webhooksAllow' | 'traceEndpoint'>> = {},
): Promise<TestHouse> {
  const database = await freshDatabase();
  const node = await startNode({ databaseUrl: database.url, port: 0 });
  const keysDir = await mkdtemp(join(tmpdir(), 'throughline-keys-'));
  const config = {
    keysDir,
    proofDir: join(keysDir, 'proof'),
    effectsDir: join(keysDir, 'effects'),
    databaseUrl: database.url,
    eventstoreUrl: `esdb://127.0.0.1:${node.port}?tls=false`,
    timeZone: 'Europe/Bucharest',
    logLevel: 'warn',
    port: 0,
    adminPassword: ADMIN_PASSWORD,
    ...settings,
  } as const;
  const worker = await startWorker(config);
  const api = await runApi(config);
  const admin = await speak(api.url, { email: 'admin@localhost', password: ADMIN_PASSWORD });
  let people = 0;
  return {
    ...admin,
    as: async (...roles) => {
      const person = { email: `person${people++}@firm.example`, password: ADMIN_PASSWORD };
      const id = await admin.make('/users', { email: person.email, name: 'Person', roles });
      await admin.post(`/users/${id}/password`, { password: person.password });
      return speak(api.url, person);
    },
    url: api.url,
    databaseUrl: database.url,
    eventstoreUrl: config.eventstoreUrl,
    keysDir,
    worker,
    stop: async () => {
      await api.stop();
      await worker.stop();
      await node.stop();
      await database.drop();
      await rm(keysDir, { recursive: true });
    },
  };
}

async function startWorker(config: object): Promise<TestHouse['worker'] & { stop(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(config)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [message] = await once(child, 'message');
  if (!Object.hasOwn(message as object, 'ready')) throw new Error(`The worker did not start: ${JSON.stringify(message)}`);
  return {
    url: String((message as { readonly url?: string }).url),
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export async function speak(url: string, credentials: { readonly email: string; readonly password: string }): Promise<Voice> {
  let bearer: string | undefined;
  let newest: string | null = null;

  const ask = async (
    method: string,
    path: string,
    body: object | undefined,
    { key, on, ifMatch, token, prefer }: Sending = {},
  ): Promise<Answer> => {
    const seen = token ?? newest;
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
        ...(seen === null ? {} : { 'Consistency-Token': seen }),
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
        ...(on === undefined ? {} : { 'Occurred-At': on }),
        ...(ifMatch === undefined ? {} : { 'If-Match': `"${ifMatch}"` }),
        ...(prefer === undefined ? {} : { Prefer: prefer }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    newest = response.headers.get('Consistency-Token') ?? newest;
    const text = await response.text();
    const isJson = response.headers.get('Content-Type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {}, text };
  };

  const post = (path: string, body: object = {}, sending?: Sending) => ask('POST', path, body, sending);
  const get = (path: string, sending?: Sending) => ask('GET', path, undefined, sending);
  const make = async (path: string, body?: object, sending?: Sending): Promise<string> => {
    const answer = await post(path, body, sending);
    if (answer.status >= 300) throw new Error(`POST ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return String(answer.body['id']);
  };
  const until = async (
    path: string,
    pleases: (body: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const giveUp = performance.now() + PATIENCE_MS;
    for (;;) {
      const { status, body } = await get(path);
      if (status === 200 && pleases(body)) return body;
      if (performance.now() > giveUp) throw new Error(`GET ${path} never pleased; at last it answered ${status}: ${JSON.stringify(body)}`);
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
    }
  };

  const session = await post('/sessions', credentials);
  bearer = String(session.body['token']);
  return { post, get, make, until };
}
