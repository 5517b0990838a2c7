import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { sourcesOf } from './imports.ts';

const house = registry(modules);
const routed = [...house.commands.values(), ...house.queries.values()].filter(entry => entry.route !== undefined);

/** `METHOD /a/:x/b` and `METHOD /a/:y/b` answer the same requests. */
const shape = (route: string): string => route.replace(/:[^/]+/g, ':');

/** Whether a request for `later` would already be answered by `earlier`, because a parameter stands where a word does. */
function shadows(earlier: string, later: string): boolean {
  const [a, b] = [earlier, later].map(route => shape(route).split(/[ /]/));
  return a?.length === b?.length && earlier !== later && (a ?? []).every((part, index) => part === ':' || part === b?.[index]);
}

type Definition = { readonly kind: string; readonly name: string };

function kindOf(value: unknown): Definition | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const { type, name, decider, decide, answer, reads, table, on, alarms, promise, schema, decode, compose, effects } = value as Record<
    string,
    unknown
  >;
  if (decider && decide) return { kind: 'command', name: String(type) };
  if (answer && reads) return { kind: 'query', name: String(type) };
  if (compose) return { kind: 'effect', name: String(type) };
  if (effects && on) return { kind: 'reaction', name: String(name) };
  if (promise && on) return { kind: 'invariant', name: String(name) };
  if (alarms && on) return { kind: 'saga', name: String(name) };
  if (table && on) return { kind: 'projection', name: String(name) };
  if (schema && decode) return { kind: 'event', name: String(type) };
  return undefined;
}

async function exported(): Promise<readonly (Definition & { readonly file: string })[]> {
  const found: (Definition & { readonly file: string })[] = [];
  for (const layer of ['domain', 'commands', 'projections', 'effects', 'sagas', 'invariants']) {
    for (const { path } of sourcesOf(`src/${layer}`)) {
      const file = `${layer}/${path}`;
      const values = Object.values((await import(/* @vite-ignore */ `../../src/${file}`)) as Record<string, unknown>);
      found.push(...values.flatMap(value => kindOf(value) ?? []).map(definition => ({ ...definition, file })));
    }
  }
  return found;
}

describe('the registry', () => {
  test('lists every definition that a layer exports', async () => {
    const known: Readonly<Record<string, ReadonlyMap<string, unknown>>> = {
      command: house.commands,
      query: house.queries,
      saga: house.sagas,
      projection: house.projections,
      event: house.events,
      invariant: house.invariants,
      effect: house.effects,
      reaction: house.reactions,
    };
    const definitions = await exported();
    expect(definitions.length).toBeGreaterThan(100);
    expect(
      definitions.filter(({ kind, name }) => !known[kind]?.has(name)).map(({ file, kind, name }) => `${kind} ${name} in ${file}`),
    ).toEqual([]);
  });

  test('has one definition for each route, and none that hides another', () => {
    const routes = routed.map(entry => entry.route as string);
    expect(routes.length).toBeGreaterThan(50);
    expect(routes.filter((route, index) => routes.findIndex(other => shape(other) === shape(route)) !== index)).toEqual([]);
    const hidden = routes.flatMap((later, index) =>
      routes
        .slice(0, index)
        .filter(earlier => shadows(earlier, later))
        .map(earlier => `${earlier} hides ${later}`),
    );
    expect(hidden).toEqual([]);
    expect(shadows('GET /leads/:id', 'GET /leads/new')).toBe(true);
  });

  test('asks a permission for every route', () => {
    const permission = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$/;
    expect(routed.filter(entry => !permission.test(entry.permission)).map(entry => entry.type)).toEqual([]);
  });

  test('names categories without a dash, since the dash ends them', () => {
    expect([...house.deciders.keys()].filter(category => !/^[a-z][A-Za-z]*$/.test(category))).toEqual([]);
  });

  test('gives every path name to the input that receives it', () => {
    const lost = routed.flatMap(({ type, route = '', input }) =>
      [...route.matchAll(/:([^/]+)/g)]
        .map(match => match[1] as string)
        .filter(name => !Object.hasOwn((input as { shape?: object }).shape ?? {}, name))
        .map(name => `${type} has no ${name}`),
    );
    expect(lost).toEqual([]);
  });

  const goldens = Object.assign(
    {},
    ...modules
      .map(({ name }) => join(import.meta.dirname, '..', 'golden', `${name}.json`))
      .filter(file => existsSync(file))
      .map(file => JSON.parse(readFileSync(file, 'utf8')) as object),
  ) as Record<string, Record<string, unknown> | undefined>;

  test('can still read a sample of every version of every event ever written', () => {
    const missing = [...house.events.values()].flatMap(({ type, version, decode }) =>
      Array.from({ length: version }, (_, index) => index + 1)
        .filter(old => {
          const sample = goldens[type]?.[old];
          if (sample === undefined) return true;
          decode(sample, old);
          return false;
        })
        .map(old => `${type} version ${old}`),
    );
    expect(missing).toEqual([]);
    expect(Object.keys(goldens).filter(type => !house.events.has(type))).toEqual([]);
  });
});
