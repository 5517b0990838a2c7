/** What must hold for every route of the house, whichever contexts it has. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listening, listen } from '../../src/api/listen.ts';
import { modules } from '../../src/modules/index.ts';
import { type House, house } from './support.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly $ref?: string;
}
interface Parameter {
  readonly name?: string;
  readonly in?: string;
}
interface Operation {
  readonly 'x-permission': string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}
interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

let home: House;
let listening: Listening;
let routes: readonly Route[];
let schemas: Readonly<Record<string, Schema>>;
let admin: string;
let nobody: string;

beforeAll(async () => {
  home = await house({ modules });
  listening = await listen(home.app, { port: 0 });
  await home.user('admin@localhost', ['admin']);
  await home.user('nobody@localhost', []);
  [admin, nobody] = await Promise.all([home.tokenOf('admin@localhost'), home.tokenOf('nobody@localhost')]);
  const { body } = await request(home.app).get('/api/v1/openapi.json');
  schemas = body.components.schemas;
  routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(async () => {
  await listening.close();
  await home.close();
});

interface Sent {
  readonly token?: string;
  readonly id?: string;
  readonly query?: string;
  readonly body?: unknown;
}

async function ask({ method, path }: Route, { token, id = '01ABSENT', query = '', body }: Sent): Promise<Response> {
  const url = `http://127.0.0.1:${listening.port}${path.replace(/\{\w+\}/g, encodeURIComponent(id))}${query}`;
  const headers = { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), 'Content-Type': 'application/json' };
  return fetch(url, { method, headers, ...(method === 'GET' || body === undefined ? {} : { body: JSON.stringify(body) }) });
}

/** What goes on for ever is not waited for. */
async function textOf(answer: Response): Promise<string> {
  if (!answer.headers.get('Content-Type')?.startsWith('text/event-stream')) return answer.text();
  await answer.body?.cancel();
  return '';
}

const named = ({ method, path }: Route): string => `${method} ${path}`;

/** Routes whose answer to what is sent is not as it must be, or that wrote something for what they refused; with what was answered. */
async function astray(
  chosen: readonly Route[],
  sent: (route: Route) => readonly Sent[],
  right: (status: number) => boolean,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const route of chosen)
    for (const one of sent(route)) {
      const before = home.log.events.length;
      const answer = await ask(route, one);
      const text = await textOf(answer);
      const wrote = answer.status >= 400 && home.log.events.length > before;
      if (!right(answer.status) || wrote || /\bat .*:\d+:\d+/.test(text))
        wrong.push(`${named(route)} ${JSON.stringify({ ...one, token: '' })}: ${answer.status} ${text}`.slice(0, 400));
    }
  return wrong;
}

const guarded = () => routes.filter(({ operation }) => operation['x-permission'] !== 'public');

describe('every route', () => {
  test('answers 401 to who is not signed in', async () => {
    expect(guarded().length).toBeGreaterThan(80);
    expect(
      await astray(
        guarded(),
        () => [{ body: {} }],
        status => status === 401,
      ),
    ).toEqual([]);
  });

  test('that needs a permission answers 403 to who has no role, before it looks at anything', async () => {
    const needy = guarded().filter(({ operation }) => operation['x-permission'] !== 'signed-in');
    expect(
      await astray(
        needy,
        () => [{ token: nobody, body: { rubbish: true } }],
        status => status === 403,
      ),
    ).toEqual([]);
  });

  test('refuses names it does not know', async () => {
    const bodies = guarded().filter(({ operation }) => operation.requestBody !== undefined);
    expect(bodies.length).toBeGreaterThan(30);
    expect(
      await astray(
        bodies,
        () => [{ token: admin, body: { id_: 1, owner_: 'x', total_: '1' } }],
        status => status === 422,
      ),
    ).toEqual([]);
    expect(
      await astray(
        guarded(),
        () => [{ token: admin, query: '?surplus_=1' }],
        status => status === 400,
      ),
    ).toEqual([]);
  });

  test('never fails on what it is sent, and writes nothing for what it refuses', { timeout: 120_000 }, async () => {
    const noFailure = (status: number) => status < 500;
    const changes = guarded().filter(({ method, path }) => method !== 'GET' && !path.endsWith('/sessions/current'));
    expect(await astray(changes, hostileBodies, noFailure)).toEqual([]);
    expect(
      await astray(
        guarded().filter(({ method }) => method === 'GET'),
        hostileQueries,
        noFailure,
      ),
    ).toEqual([]);
  });
});

const HOSTILE = [
  null,
  true,
  -1,
  1e308,
  '',
  '\u0000',
  '٣',
  '9'.repeat(400),
  '2026-02-30',
  '-1',
  '1e3',
  '0.0000001',
  [],
  [null],
  {},
  { amount: '1', currency: 'XXXX' },
];

/** A body of every name the route knows, each hostile in turn; the rest is missing or hostile as well. */
const hostileBodies = ({ operation }: Route): readonly Sent[] => {
  const names = Object.keys(resolved(operation.requestBody?.content['application/json'].schema).properties ?? {});
  const bodies = HOSTILE.map(value => Object.fromEntries(names.map(name => [name, value])));
  return [undefined, ...(names.length === 0 ? [] : bodies)].map(body => ({ token: admin, id: 'x y/z', body }));
};

const hostileQueries = ({ operation }: Route): readonly Sent[] => {
  const names = (operation.parameters ?? []).flatMap(parameter =>
    parameter.in === 'query' && parameter.name !== undefined ? [parameter.name] : [],
  );
  const values = [
    "'",
    '%',
    '%00',
    '0',
    '-1',
    '9'.repeat(400),
    '2026-02-30',
    '9999-12-31',
    '0000-01-01',
    'x',
    '%F0%9F%98%80',
    '%',
    '%5C',
    '1e3',
    '*',
  ];
  const queries = names.flatMap(name => values.map(value => `?${encodeURIComponent(name)}=${value}`));
  return ['', ...queries].map(query => ({ token: admin, id: "'; drop table x; --", query }));
};

const resolved = (schema: Schema = {}): Schema =>
  schema.$ref === undefined ? schema : resolved(schemas[schema.$ref.split('/').at(-1) ?? '']);
