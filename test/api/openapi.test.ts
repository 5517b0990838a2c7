import { Script } from 'node:vm';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { notesModule } from './notes.ts';
import { type House, house } from './support.ts';

type Json = { readonly [key: string]: unknown };
interface Operation extends Json {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Json[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Json } } };
  readonly responses: Readonly<Record<string, Json>>;
}

const everything = [...modules, notesModule];
let home: House;
let document: Json & { readonly paths: Record<string, Record<string, Operation>> };

beforeAll(async () => {
  home = await house({ modules: everything });
  document = (await request(home.app).get('/api/v1/openapi.json').expect(200)).body;
});
afterAll(() => home.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

/** Every value in the document, with where it is. */
function* walk(value: unknown, at = '#'): Generator<{ readonly at: string; readonly value: Json }> {
  if (typeof value !== 'object' || value === null) return;
  yield { at, value: value as Json };
  for (const [key, member] of Object.entries(value)) yield* walk(member, `${at}/${key}`);
}

const follow = (reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, part) => (at as Json | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], document);

describe('the API reference', () => {
  test('is OpenAPI 3.1 with a title and a version', () =>
    expect(document).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\.\d+$/),
      info: { title: expect.any(String), version: expect.any(String) },
    }));

  test('has every route of the registry, and no other below it than those for signing in, the feed and what screens are drawn from', () => {
    const { commands, queries } = registry(everything);
    const offered = [...commands.values(), ...queries.values()].flatMap(({ route }): string[] => (route === undefined ? [] : [route]));
    const described = operations().map(
      ({ path, method }) => `${method.toUpperCase()} ${path.replace('/api/v1', '').replace(/\{(\w+)\}/g, ':$1')}`,
    );
    expect(offered.length).toBeGreaterThan(80);
    expect(offered.filter(route => !described.includes(route))).toEqual([]);
    expect(described.filter(route => !offered.includes(route)).sort()).toEqual([
      'DELETE /api-keys/:id',
      'DELETE /sessions/current',
      'GET /api-keys',
      'GET /feed',
      'GET /me',
      'GET /meta',
      'POST /api-keys',
      'POST /sessions',
      'POST /users/:id/password',
    ]);
  });

  test('resolves every reference in itself', () => {
    const references = [...walk(document)].flatMap(({ at, value }) => ('$ref' in value ? [{ at, to: value['$ref'] as string }] : []));
    expect(references.length).toBeGreaterThan(50);
    expect(references.filter(({ to }) => !to.startsWith('#/') || follow(to) === undefined)).toEqual([]);
  });

  test('gives every operation a unique name, a summary, a group, a permission and its answers', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { operation } of operations()) {
      expect(operation.summary, operation.operationId).toMatch(/\.$/);
      expect(operation.tags).toHaveLength(1);
      expect(operation['x-permission']).toMatch(/^(public|signed-in|[a-z-]+:[a-z-]+)$/);
      expect(Object.keys(operation.responses).some(status => status.startsWith('2'))).toBe(true);
      if (operation['x-permission'] !== 'public') expect(operation.responses).toHaveProperty('401');
    }
  });

  test('declares each name of a path exactly once, as a parameter and not in the body', () => {
    for (const { path, operation } of operations()) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = (operation.parameters ?? []).map(parameter =>
        '$ref' in parameter ? (follow(parameter['$ref'] as string) as Json) : parameter,
      );
      expect(parameters.filter(parameter => parameter['in'] === 'path').map(({ name }) => name)).toEqual(named);
      const keys = parameters.map(parameter => `${parameter['in']} ${parameter['name']}`);
      expect(new Set(keys).size).toBe(keys.length);
      const body = operation.requestBody?.content['application/json'].schema as { properties?: object } | undefined;
      for (const name of named) expect(body?.properties ?? {}).not.toHaveProperty(name as string);
    }
  });

  test('tells what is taken, strictly, and what is answered', () => {
    const take = document.paths['/api/v1/notes']?.['post'] as Operation;
    expect(take.requestBody?.content['application/json'].schema).toMatchObject({
      type: 'object',
      required: ['text'],
      additionalProperties: false,
      properties: { text: { type: 'string', minLength: 1 }, size: { type: 'integer' }, lines: { type: 'array' } },
    });
    expect(Object.keys(take.responses)).toEqual(
      expect.arrayContaining(['201', '400', '401', '403', '409', '412', '413', '415', '422', '503']),
    );
    expect(take.responses['201']).toMatchObject({
      headers: { ETag: {}, 'Consistency-Token': {}, Location: {} },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/CommandAnswer' } } },
    });
    const list = document.paths['/api/v1/notes']?.['get'] as Operation;
    expect(list.parameters).toContainEqual(expect.objectContaining({ in: 'query', name: 'limit', required: false }));
    expect(list.parameters).toContainEqual(expect.objectContaining({ in: 'query', name: 'filter[text]' }));
    expect(list.responses['200']).toMatchObject({
      content: { 'application/json': { schema: { properties: { items: { type: 'array' } } } } },
    });
  });

  test('uses JSON Schema that a validator understands', () => {
    const types = new Set(['string', 'integer', 'number', 'boolean', 'object', 'array', 'null']);
    for (const { at, value } of walk(document['components']))
      if (at.includes('/schemas/') && typeof value['type'] === 'string') expect(types, at).toContain(value['type']);
    for (const { value } of walk(document))
      if (typeof value['pattern'] === 'string') expect(() => new RegExp(value['pattern'] as string, 'u')).not.toThrow();
  });
});

describe('the docs page', () => {
  const page = async (path: string) => (await request(home.app).get(path).expect(200)).text;

  test.each(['/', '/api/v1/docs'])('%s holds no script or style of its own and asks nothing of other places', async path => {
    const html = await page(path);
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address as string);
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) {
      expect(address).toMatch(/^\/(?!\/)/);
      await request(home.app).get(address).expect(200);
    }
  });

  test('serves its script and style as such', async () => {
    expect((await request(home.app).get('/api/v1/docs/docs.js').expect(200)).headers['content-type']).toMatch(/^text\/javascript/);
    expect((await request(home.app).get('/api/v1/docs/docs.css').expect(200)).headers['content-type']).toMatch(/^text\/css/);
    const script = await page('/api/v1/docs/docs.js');
    expect(script).not.toMatch(/innerHTML|https?:\/\//);
    expect(() => new Script(script)).not.toThrow();
  });
});
