import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const TEST = join(import.meta.dirname, '..');
const DOCS = join(TEST, '..', 'docs');
const pages = ['coverage.md', ...globSync('coverage/*.md', { cwd: DOCS })];
const coverage = pages.map(page => readFileSync(join(DOCS, page), 'utf8')).join('\n');
const rows = [...coverage.matchAll(/^\|.*\| ([\w/.-]+\.test\.ts) · ?(.*?) ?\|$/gm)].map(([, file = '', title = '']) => ({ file, title }));

test('every promise in docs/coverage.md names a test that exists', () => {
  expect(rows.length).toBeGreaterThan(50);
  const promised = coverage.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| promise')).length;
  expect(rows).toHaveLength(promised);
  const missing = rows.filter(
    ({ file, title }) => !existsSync(join(TEST, file)) || !readFileSync(join(TEST, file), 'utf8').includes(title),
  );
  expect(missing).toEqual([]);
});
