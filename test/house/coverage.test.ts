import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const TEST = join(import.meta.dirname, '..');
const coverage = readFileSync(join(TEST, '..', 'docs', 'coverage.md'), 'utf8');
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
