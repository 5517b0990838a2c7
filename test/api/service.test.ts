/** What is asked of the process rather than of the business: health, metrics, logs, listening and stopping. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { healthRouter, type ReadinessReport } from '../../src/api/health.ts';
import { listen } from '../../src/api/listen.ts';
import { startMetrics } from '../../src/runtime/metrics.ts';
import { as, type House, house, PASSWORD } from './support.ts';

/** Longer than a known token is believed without asking Postgres. */
const BELIEVED_MS = 1_100;

let home: House;
let token: string;

beforeAll(async () => {
  home = await house();
  await home.user('admin@localhost', ['admin']);
  token = await home.tokenOf('admin@localhost');
});
afterAll(() => home.close());

describe('health', () => {
  const asked = async (check: () => Promise<ReadinessReport>) => {
    const metrics = startMetrics();
    const answer = await request(express().use(healthRouter({ check }, metrics))).get('/readyz');
    await metrics.close();
    return answer;
  };
  const projections = [{ name: 'notes', state: 'live', position: '12', lagSeconds: 0 }];

  test('is alive without asking anybody', async () => {
    expect((await request(home.app).get('/livez').expect(200)).body).toEqual({ alive: true });
  });

  test('is ready when all it needs is there, and says how far its views are', async () => {
    const report = { ready: true, checks: { log: { ok: true }, database: { ok: true } }, projections, sagas: [], queues: {}, owners: [] };
    const { status, body } = await asked(async () => report);
    expect([status, body]).toEqual([200, report]);
  });

  test('is not ready, with 503, when something is missing, fails or never answers', async () => {
    const missing = { ready: false, checks: { log: { ok: false, detail: 'unreachable' } }, projections, sagas: [], queues: {}, owners: [] };
    const answers = [asked(async () => missing), asked(() => Promise.reject(new Error('broken'))), asked(() => new Promise(() => {}))];
    for (const { status, body, headers } of await Promise.all(answers)) {
      expect([status, body.ready]).toEqual([503, false]);
      expect(headers['retry-after']).toBe('2');
    }
  });
});

describe('metrics and logs', () => {
  test('count requests by the pattern of their route, never by what was asked', async () => {
    await as(home.app, token).get('/notes/some-note').expect(404);
    const { text, headers } = await request(home.app).get('/metrics').expect(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toMatch(/throughline_http_request_duration_seconds_count\{method="GET",route="\/notes\/:id",status="404"\} 1/);
    expect(text).not.toContain('some-note');
  });

  test('count commands by outcome and conflicts, and measure how far views are behind and what sagas have still to send', async () => {
    await as(home.app, token).post('/notes', { text: 'counted' }).expect(201);
    const { text } = await request(home.app).get('/metrics').expect(200);
    expect(text).toMatch(/throughline_commands_total\{command="TakeNote",outcome="done"\} [1-9]/);
    expect(text).toMatch(/throughline_conflicts_total 0/);
    expect(text).toMatch(/throughline_projection_lag_positions\{projection="users",version="1",state="live"\} \d/);
    expect(text).toMatch(/throughline_outbox_commands\{state="waiting"\} 0/);
    expect(text).toMatch(/throughline_outbox_commands\{state="held"\} 0/);
  });

  test('are told in time while Postgres is gone', async () => {
    home.postgres.cut();
    const { text } = await request(home.app).get('/metrics').expect(200);
    home.postgres.heal();
    expect(text).toContain('throughline_http_request_duration_seconds_count');
  });

  test('have one line per request, which finds the problem by its trace and holds no secret', async () => {
    home.lines.length = 0;
    const asker = as(home.app, token);
    const refused = await asker.get('/notes/some-note?secret=1').set('Cookie', 'throughline_session=tls_cookie').expect(400);
    await request(home.app).post('/api/v1/sessions').send({ email: 'admin@localhost', password: PASSWORD }).expect(201);
    const lines = home.lines.map(line => JSON.parse(line));
    expect(lines).toMatchObject([
      { method: 'GET', route: '/notes/:id', status: 400, code: 'BadParameter', traceId: refused.body.traceId, ms: expect.any(Number) },
      { method: 'POST', route: '/sessions', status: 201 },
    ]);
    const logged = home.lines.join('');
    for (const secret of [token, PASSWORD, 'tls_', 'secret=1']) expect(logged).not.toContain(secret);
  });
});

test('while Postgres is gone, all that needs it is 503 with Retry-After, and it heals without a restart', async () => {
  const asker = as(home.app, token);
  const { body } = await asker.post('/notes', { text: 'before' }).expect(201);
  home.postgres.cut();
  await sleep(BELIEVED_MS);
  const signIn = request(home.app).post('/api/v1/sessions').send({ email: 'admin@localhost', password: PASSWORD });
  for (const refused of await Promise.all([asker.get('/notes'), asker.post('/notes', { text: 'during' }), signIn])) {
    expect([refused.status, refused.body.code]).toEqual([503, 'DatabaseUnavailable']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  }
  home.postgres.heal();
  await vi.waitFor(() => asker.get(`/notes/${body.id}`).expect(200), { timeout: 15_000, interval: 100 });
  const after = await asker.post('/notes', { text: 'after' }).expect(201);
  await vi.waitFor(() => asker.get(`/notes/${after.body.id}`).expect(200), { timeout: 15_000, interval: 100 });
});

describe('the listener', () => {
  test('answers on loopback only, and is gone after closing', async () => {
    const listening = await listen(home.app, { port: 0 });
    expect((await fetch(`http://127.0.0.1:${listening.port}/livez`)).status).toBe(200);
    await listening.close();
    await expect(fetch(`http://127.0.0.1:${listening.port}/livez`)).rejects.toThrow();
  });

  test('says so when the port is taken', async () => {
    const first = await listen(home.app, { port: 0 });
    await expect(listen(home.app, { port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
  });

  test('lets a request under way end before it closes, without waiting for idle connections', async () => {
    const begun = Promise.withResolvers<void>();
    const slow = express().get('/', async (_request, response) => {
      begun.resolve();
      await sleep(300);
      response.send('done');
    });
    const listening = await listen(slow, { port: 0 });
    const idle = connect(listening.port, '127.0.0.1');
    await once(idle, 'connect');
    const answer = fetch(`http://127.0.0.1:${listening.port}/`).then(answered => answered.text());
    await begun.promise;
    const asked = performance.now();
    await listening.close();
    expect(await answer).toBe('done');
    expect(performance.now() - asked).toBeLessThan(9_000);
    idle.destroy();
  });

  test.each([
    ['what is not HTTP', 'NONSENSE\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
  ])('answers %s with a problem', async (_, text, status) => {
    const listening = await listen(home.app, { port: 0 });
    const socket = connect(listening.port, '127.0.0.1');
    socket.end(text);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    await listening.close();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('application/problem+json');
  });
});

test('while Postgres hangs, the wait for an answer has an end', { timeout: 60_000 }, async () => {
  home.postgres.freeze();
  try {
    const refused = await as(home.app, token).get('/notes').expect(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  } finally {
    home.postgres.cut();
    home.postgres.heal();
  }
  await vi.waitFor(() => as(home.app, token).get('/notes').expect(200), { timeout: 15_000, interval: 100 });
});
