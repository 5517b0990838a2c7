/** The logs of both roles, as the operator gets them, after everything a person may send was sent, and after things broke. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNode } from '../../src/eventstore/server.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const PASSWORD = 'MARKER-password-1';
const MARKERS = /marker/i;

let database: TestDatabase;
let node: Awaited<ReturnType<typeof startNode>>;
let folder: string;
let client: pg.Client;
let url: string;
const roles: ChildProcess[] = [];
let output = '';

beforeAll(async () => {
  database = await freshDatabase();
  node = await startNode({ databaseUrl: database.url, port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'throughline-logs-'));
  await start('worker');
  url = await start('api');
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  for (const role of roles) {
    const ended = new Promise(resolve => role.once('exit', resolve));
    role.kill('SIGTERM');
    await ended;
  }
  await node?.stop();
  await database?.drop();
  await rm(folder, { recursive: true });
});

/** Starts a role and answers where it listens. */
function start(role: string): Promise<string> {
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    EVENTSTORE_URL: `esdb://127.0.0.1:${node.port}?tls=false`,
    THROUGHLINE_DATA: folder,
    THROUGHLINE_ADMIN_PASSWORD: PASSWORD,
    PORT: '0',
    LOG_LEVEL: 'trace',
  };
  const child = spawn(process.execPath, [MAIN, '--role', role], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  roles.push(child);
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      output += chunk;
      const found = new RegExp(`Throughline's ${role === 'api' ? 'API' : role} listens on (\\S+)`).exec(output);
      if (found?.[1] !== undefined) resolve(found[1]);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('exit', () => reject(new Error(output)));
  });
}

async function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<{ status: number; body: string }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, body: await response.text() };
}

const person = {
  name: 'Marker Ionescu',
  email: 'marker@person.example',
  phone: '+40 700 MARKER',
  position: 'Marker in chief',
};

test('no secret and nothing of a person gets into any log line, whatever is sent and whatever breaks', async () => {
  const signIn = await ask('POST', '/api/v1/sessions', {}, JSON.stringify({ email: 'admin@localhost', password: PASSWORD }));
  const { token } = JSON.parse(signIn.body) as { token: string };
  const signed = { Authorization: `Bearer ${token}` };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    ask('POST', `/api/v1${path}`, { ...signed, ...headers }, typeof body === 'string' ? body : JSON.stringify(body));
  const lead = { name: 'Marker deal', source: 'web', requestCategory: 'Furniture', description: 'Marker words', contact: person };

  await ask('POST', '/api/v1/sessions', {}, JSON.stringify({ email: 'marker@person.example', password: 'marker wrong' }));
  await post('/leads', lead, { 'Idempotency-Key': 'MARKER-key' });
  await post('/leads', { ...lead, surplusMarker: 'marker' });
  await post('/leads', '{"name": "Marker", broken');
  await post('/users', { email: 'marker@person.example', name: 'Marker Ionescu', roles: ['sales-manager'] });
  await post('/users', { email: 'marker@person.example', name: 'Marker Ionescu', roles: ['sales-manager'] });
  await ask('GET', '/api/v1/leads/marker%20Ionescu', signed);
  await ask('GET', '/api/v1/leads?filter%5Bsearch%5D=Marker', signed);
  await ask('GET', '/api/v1/leads?cursor=marker', { ...signed, Cookie: 'throughline_session=marker', 'Consistency-Token': 'marker' });

  // Postgres tells whole rows where a condition is broken: once to the API, once to the worker.
  await client.query(`alter table ops.requests add constraint no_marker check (key <> 'MARKER-broken')`);
  const another = (mark: string) => ({ ...lead, contact: { ...person, email: `marker-${mark}@person.example` } });
  await post('/leads', another('broken'), { 'Idempotency-Key': 'MARKER-broken' });
  const { rows } = await client.query(
    `select table_name as name from information_schema.tables where table_schema = 'read_data' and table_name ~ '^leads_v'`,
  );
  for (const { name } of rows)
    await client.query(`alter table read_data.${name} add constraint no_marker check (source <> 'marker-source')`);
  await post('/leads', { ...another('stopped'), source: 'marker-source' });
  await expect.poll(() => output, { timeout: 10_000 }).toContain('A projection was stopped');

  for (const told of ['"route":"/sessions"', '"code":"Malformed"', '"code":"Validation"', 'no_marker']) expect(output).toContain(told);
  const bare = output.replaceAll('no_marker', '');
  expect(bare).not.toContain(token);
  expect(bare.split('\n').filter(line => MARKERS.test(line))).toEqual([]);
});
