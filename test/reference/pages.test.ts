import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { referencePages } from '../../src/runtime/reference/pages.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'reference');
const house = registry(modules);
const written = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

test('docs/reference says what the definitions say; npm run docs writes it anew', async () => {
  const pages = await referencePages(house);
  expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(pages).sort());
  const stale = Object.entries(pages).filter(([name, text]) => text !== written(name));
  expect(stale.map(([name]) => `docs/reference/${name} is stale: npm run docs`)).toEqual([]);
});

test('every event, view, column, permission and route is in its page', async () => {
  const pages = await referencePages(house);
  const routes = [...house.commands.values(), ...house.queries.values()].flatMap(({ route }) => route ?? []);
  const columns = [...house.projections.values()].flatMap(({ table }) => Object.keys(table.columns));
  const expected: Readonly<Record<string, readonly string[]>> = {
    'events.md': [...house.events.keys()].map(type => `#### ${type}\n`),
    'analyst-dictionary.md': [
      ...[...house.projections.values()].map(({ table }) => `### read.${table.name}\n`),
      ...columns.map(name => `| \`${name}\` |`),
    ],
    'permissions.md': [...house.commands.values(), ...house.queries.values()].map(({ permission }) => `| \`${permission}\` |`),
    'api.md': routes.map(route => `### ${route}\n`),
  };
  const missing = Object.entries(expected).flatMap(([name, wanted]) => wanted.filter(text => !pages[name]?.includes(text)));
  expect(missing).toEqual([]);
  expect(Object.values(expected).flat().length).toBeGreaterThan(300);
});

test('the same definitions make the same text', async () => {
  expect(await referencePages(registry(modules))).toEqual(await referencePages(house));
});
