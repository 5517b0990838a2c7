import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { promises, unproven } from '../support/promises.ts';

const TEST = join(import.meta.dirname, '..');

// `npm test` also sees that each of them ran.
test('every promise in docs/coverage.md names a test that exists', () => {
  expect(promises.length).toBeGreaterThan(50);
  expect(promises).not.toContain(undefined);
  const missing = promises.filter(
    promise => promise && !(existsSync(join(TEST, promise.file)) && readFileSync(join(TEST, promise.file), 'utf8').includes(promise.words)),
  );
  expect(missing).toEqual([]);
});

test('a promise whose test did not run is told', () => {
  const [first] = promises;
  if (first === undefined) throw new Error('There is no promise.');
  const everyTest = promises.flatMap(promise => (promise ? [{ file: promise.file, title: `group > ${promise.words}` }] : []));
  expect(unproven(everyTest)).toEqual([]);
  expect(unproven(everyTest.filter(({ file }) => file !== first.file))).toContainEqual(first);
  expect(unproven([])).toHaveLength(promises.length);
});
