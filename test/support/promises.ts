/** The promises of docs/coverage.md and docs/coverage/: each names the test that proves it. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

export interface Promised {
  /** Below test/. */
  readonly file: string;
  /** Words of the test's title; empty where all tests of the file prove it together. */
  readonly words: string;
}

export interface Ran {
  /** Below test/. */
  readonly file: string;
  /** With the titles of the groups around it. */
  readonly title: string;
}

const pages = ['coverage.md', ...globSync('coverage/*.md', { cwd: DOCS })];
const lines = pages.flatMap(page => readFileSync(join(DOCS, page), 'utf8').split('\n'));

/** Every row of every table; one that names no test shows as undefined. */
export const promises: readonly (Promised | undefined)[] = lines
  .filter(line => line.startsWith('| ') && !line.startsWith('| promise'))
  .map(line => /^\|.*\| ([\w/.-]+\.test\.ts) · ?(.*?) ?\|$/.exec(line))
  .map(found => (found === null ? undefined : { file: found[1] ?? '', words: found[2] ?? '' }));

/** The promises whose test did not run to a good end. */
export function unproven(ran: readonly Ran[]): readonly Promised[] {
  const titles = Map.groupBy(ran, ({ file }) => file);
  return promises.filter(
    (promise): promise is Promised =>
      promise !== undefined && !(titles.get(promise.file) ?? []).some(({ title }) => title.includes(promise.words)),
  );
}
