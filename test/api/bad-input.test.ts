import request from 'supertest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listen } from '../../src/api/listen.ts';
import { LogUnavailable } from '../../src/runtime/event-log/port.ts';
import { Conflict, Overloaded } from '../../src/runtime/executor/port.ts';
import { DatabaseUnavailable } from '../../src/runtime/queries/port.ts';
import { as, type House, house } from './support.ts';

let home: House;
let admin: ReturnType<typeof as>;
let token: string;
let failure: Error | undefined;
let eventsBefore: number;

beforeAll(async () => {
  home = await house({
    executor: usual => ({ execute: (message, execution) => (failure ? Promise.reject(failure) : usual.execute(message, execution)) }),
    queries: usual => ({
      ...usual,
      askAny: (query, input, asking) =>
        failure && query.type !== 'FindPerson' ? Promise.reject(failure) : usual.askAny(query, input, asking),
    }),
  });
  await home.user('admin@localhost', ['admin']);
  token = await home.tokenOf('admin@localhost');
  admin = as(home.app, token);
  for (const text of ['a', 'b', 'c']) await admin.post('/notes', { text });
});
afterAll(() => home.close());
beforeEach(() => {
  eventsBefore = home.log.events.length;
});
afterEach(() => {
  failure = undefined;
  expect(home.log.events.length).toBe(eventsBefore);
});

/** Posts a body as it is written here. */
const raw = (body: string, type = 'application/json', path = '/notes') =>
  request(home.app).post(`/api/v1${path}`).set('Authorization', `Bearer ${token}`).set('Content-Type', type).send(body);

const isProblem = ({ headers, body }: request.Response): void => {
  expect(headers['content-type']).toBe('application/problem+json');
  expect(body).toMatchObject({
    type: expect.stringMatching(/^urn:throughline:problem:/),
    code: expect.any(String),
    traceId: expect.any(String),
  });
  expect(JSON.stringify(body)).not.toMatch(/\bat .*:\d+:\d+|node_modules|\/src\//);
};

describe('addresses', () => {
  test.each(['/api/v1/nothing', '/nothing', '/api/v1', '/api/v1/notes/', '/api/v1/Notes', '/api/v1/notes/x/y/z', '/api/v2/notes'])(
    '%s is 404',
    async path => isProblem(await request(home.app).get(path).set('Authorization', `Bearer ${token}`).expect(404)),
  );

  test('a wrong method is 405 and told which are right', async () => {
    const refused = await admin.put('/notes', {}).expect(405);
    isProblem(refused);
    expect(String(refused.headers['allow']).split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
    expect((await request(home.app).post('/livez').expect(405)).headers['allow']).toBe('GET, HEAD');
  });

  test.each(['/notes/%00', '/notes/%ED%A0%80', '/notes/%', '/notes/%FF'])('%s is 400', async path =>
    isProblem(await admin.get(path).expect(400)),
  );

  test('an id the house could not have made is 404', async () => {
    isProblem(await admin.get(`/notes/${'x'.repeat(300)}`).expect(404));
    isProblem(await admin.get('/notes/nobody').expect(404));
  });
});

describe('bodies', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/json; charset=latin1',
  ])('of type %s are 415', async type => isProblem(await raw('{"text":"x"}', type).expect(415)));

  /** Sends bytes just as they are. */
  const bytes = async (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<number> => {
    const listening = await listen(home.app, { port: 0 });
    try {
      const url = `http://127.0.0.1:${listening.port}/api/v1/notes`;
      return (await fetch(url, { method: 'POST', body, headers: { Authorization: `Bearer ${token}`, ...headers } })).status;
    } finally {
      await listening.close();
    }
  };

  test('without a type are 415', async () => expect(await bytes(Buffer.from('{"text":"x"}'))).toBe(415));

  test('compressed are 415', async () => isProblem(await raw('{"text":"x"}').set('Content-Encoding', 'gzip').expect(415)));

  test.each(['{', '{"text":}', 'nonsense', '{"text":"x"}}', "{'text':'x'}", '{"text":"x",}', '\u0000', '{"text":NaN}'])(
    '%j are 400',
    async body => {
      const refused = await raw(body).expect(400);
      isProblem(refused);
      expect(refused.body.code).toBe('Malformed');
    },
  );

  test('that are not UTF-8 are 400', async () =>
    expect(await bytes(Buffer.from('7b2274657874223a22ff227d', 'hex'), { 'Content-Type': 'application/json' })).toBe(400));

  test.each(['[]', '"text"', '1', 'null', 'true', '[{"text":"x"}]'])('%s, not an object, are 422', async body => {
    const refused = await raw(body).expect(422);
    isProblem(refused);
    expect(refused.body.errors).toEqual([{ pointer: '', detail: expect.any(String) }]);
  });

  test('larger than 1 MB are 413', async () => isProblem(await raw(JSON.stringify({ text: 'x'.repeat(1024 * 1024) })).expect(413)));

  test('of more than 20,000 values are 413', async () =>
    isProblem(await raw(`{"text":"x","nested":[${'1,'.repeat(20_000)}1]}`).expect(413)));

  test('nested deeper than 32 levels are 400, however deep', async () => {
    const nested = (depth: number) => `{"text":"x","nested":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    isProblem(await raw(nested(32)).expect(400));
    isProblem(await raw(nested(500_000)).expect(400));
    isProblem(await raw(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`).expect(400));
    isProblem(await raw('['.repeat(1_000_000)).expect(400));
  });

  test('that are absent are read as empty', async () =>
    expect((await admin.post('/notes').expect(422)).body.errors[0].pointer).toBe('/text'));
});

describe('fields', () => {
  test.each([
    ['{"text":"a\\u0000b"}', '/text'],
    ['{"text":"\\ud800"}', '/text'],
    ['{"text":"x","lines":[{"text":"\\udc00\\ud800"}]}', '/lines/0/text'],
    ['{"text":"x","size":1e309}', '/size'],
    ['{"text":"x","size":-1e309}', '/size'],
    ['{"text":"x","nested":{"any":[0,1e309]}}', '/nested/any/1'],
    ['{"text":"x","nested":{"any":["a\\u0000"]}}', '/nested/any/0'],
    ['{"text":"x","size":1.5}', '/size'],
    ['{"text":"x","size":9007199254740993}', '/size'],
    ['{"text":"x","size":"1"}', '/size'],
    ['{"text":"x","lines":[{"text":"x","amount":{"amount":"1.234","currency":"RON"}}]}', '/lines/0/amount/amount'],
    ['{"text":"x","lines":[{"text":"x","amount":{"amount":1.2,"currency":"RON"}}]}', '/lines/0/amount/amount'],
    ['{"text":"x","lines":[{"text":"x","amount":{"amount":"1e3","currency":"RON"}}]}', '/lines/0/amount/amount'],
    ['{"text":"x","lines":[{"text":"x","amount":{"amount":"1","currency":"ron"}}]}', '/lines/0/amount/currency'],
    ['{"text":"x","lines":[{"text":"x","quantity":"-1"}]}', '/lines/0/quantity'],
    ['{"text":"x","lines":[{"text":"x","quantity":"0"}]}', '/lines/0/quantity'],
    ['{"text":"x","lines":[{"text":"x","quantity":"1.2345"}]}', '/lines/0/quantity'],
    ['{"text":"x","lines":[{"text":"x","quantity":"٣"}]}', '/lines/0/quantity'],
    ['{"text":"x","unknown":1}', '/unknown'],
    ['{"text":"x","a/b~c":1}', '/a~1b~0c'],
    ['{"text":"x","lines":[{"text":"x","owner":1}]}', '/lines/0/owner'],
    ['{"text":"x","__proto__":{"polluted":true}}', '/__proto__'],
    ['{"text":"x","constructor":{"prototype":{"polluted":true}}}', '/constructor'],
    ['{"text":"x","nested":{"__proto__":{"polluted":true}}}', '/nested/__proto__'],
    ['{"text":"  "}', '/text'],
    ['{"text":null}', '/text'],
    ['{"text":["x"]}', '/text'],
    ['{}', '/text'],
  ])('%s are 422 at %s', async (body, pointer) => {
    const refused = await raw(body).expect(422);
    isProblem(refused);
    expect(refused.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('with half a character in a name are 422', async () => isProblem(await raw('{"text":"x","\\ud800":1}').expect(422)));

  test('named in the path and in the body too are 400', async () => {
    const refused = await raw('{"id":"other","text":"x"}', 'application/json', '/notes/01ABC/change').expect(400);
    expect(refused.body.code).toBe('NamedTwice');
  });
});

describe('parameters', () => {
  test.each([
    'limit=0',
    'limit=201',
    'limit=-1',
    'limit=1e1',
    'limit=',
    'limit',
    'limit=%EF%BC%91',
    'sort=nothing',
    'sort=text%20desc;drop%20table',
    'unknown=1',
    'filter[unknown]=1',
    'filter=1',
    'filter[text]=',
    'cursor=rubbish',
    'cursor=',
    'limit=1&limit=2',
    'filter[text]=%00',
    'filter[text]=%ED%A0%80',
    'filter[text]=%ZZ',
    '__proto__=1',
    '__proto__[polluted]=1',
    'constructor=1',
  ])('%s are 400', async query => isProblem(await admin.get(`/notes?${query}`).expect(400)));

  test('without end are 400', async () => {
    const query = Array.from({ length: 101 }, (_, index) => `p${index}=1`).join('&');
    isProblem(await admin.get(`/notes?${query}`).expect(400));
  });

  test('of a command are 400: it has none', async () => isProblem(await admin.post('/notes?text=x', { text: 'x' }).expect(400)));

  test('a cursor works as it was given, and edited it is 400', async () => {
    const first = await admin.get('/notes?limit=2').expect(200);
    expect(first.body.items).toHaveLength(2);
    const { next } = first.body;
    expect(first.headers['link']).toBe(`</api/v1/notes?${new URLSearchParams({ limit: '2', cursor: next })}>; rel="next"`);
    const second = await admin.get(`/notes?limit=2&cursor=${encodeURIComponent(next)}`).expect(200);
    expect(second.body.items.map(({ text }: { text: string }) => text)).toEqual(['c']);
    expect(second.headers['link']).toBeUndefined();
    for (const edited of [
      `${next}x`,
      next.slice(0, -2),
      next.slice(1),
      `A${next.slice(1)}`,
      next.replace(/.$/, (last: string) => (last === 'A' ? 'B' : 'A')),
    ]) {
      const refused = await admin.get(`/notes?limit=2&cursor=${encodeURIComponent(edited)}`).expect(400);
      expect(refused.body.code).toBe('BadCursor');
    }
    await admin.get(`/notes?limit=2&sort=newest&cursor=${encodeURIComponent(next)}`).expect(400);
  });
});

describe('not at the moment', () => {
  test.each([
    [new LogUnavailable('down'), 503, 'LogUnavailable'],
    [new DatabaseUnavailable('down'), 503, 'DatabaseUnavailable'],
    [new Overloaded('full'), 503, 'Overloaded'],
  ])('%s is 503 with Retry-After, and heals', async (error, status, code) => {
    failure = error;
    for (const ask of [() => admin.post('/notes', { text: 'x' }), () => admin.get('/notes')]) {
      const refused = await ask().expect(status);
      isProblem(refused);
      expect(refused.body.code).toBe(code);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
    failure = undefined;
    await admin.get('/notes').expect(200);
  });

  test('a record that kept changing is 409 Conflict', async () => {
    failure = new Conflict('kept changing');
    expect((await admin.post('/notes', { text: 'x' }).expect(409)).body.code).toBe('Conflict');
  });

  test('a bug of ours is 500 that tells nothing, and is written to the log', async () => {
    failure = new Error('secret at /src/api/app.ts:1:1');
    const refused = await admin.get('/notes').expect(500);
    isProblem(refused);
    expect(JSON.stringify(refused.body)).not.toContain('secret');
    expect(home.lines.at(-1)).toContain('secret at');
  });
});

describe('every answer', () => {
  test('is private, names no software and allows no foreign script', async () => {
    const { headers } = await admin.get('/notes').expect(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe-inline');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});
