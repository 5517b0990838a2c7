import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT, startCommand } from './processes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-checks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the count of a test run', () => {
  test('misses no failure and shows every skip with its reason', async () => {
    const summary = join(folder, 'summary.json');
    const config = join(ROOT, 'test', 'setup', 'fixtures', 'run', 'vitest.config.ts');
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const run = startCommand(process.execPath, [vitest, 'run', '--config', config], { THROUGHLINE_TEST_SUMMARY: summary });
    expect(await run.ended).toBe(1);
    // One failed test, one file that cannot be loaded, one file whose hook fails.
    expect(JSON.parse(await readFile(summary, 'utf8'))).toMatchObject({ passed: 1, failed: 3 });
    expect(run.said()).toContain('SKIPPED mixed.sample.ts > was not tried: the moon is in the wrong quarter\n');
    expect(run.said()).toContain('SKIPPED mixed.sample.ts > was not tried and nobody says why: no reason given\n');
  });
});

describe('.ci/run', () => {
  /** Runs it beside an npm that says and does what the test wants. */
  async function withNpm(script: string): Promise<{ code: number | string; lines: readonly string[] }> {
    await mkdir(join(folder, '.ci'));
    await cp(join(ROOT, '.ci', 'run'), join(folder, '.ci', 'run'));
    await writeFile(join(folder, 'npm'), `#!/usr/bin/env bash\n${script}\n`);
    await chmod(join(folder, 'npm'), 0o755);
    const run = startCommand('bash', [join(folder, '.ci', 'run')], { PATH: `${folder}${delimiter}${process.env.PATH}` });
    return { code: await run.ended, lines: run.said().trimEnd().split('\n') };
  }

  test('ends with the count when all is well', async () => {
    const { code, lines } = await withNpm('[ "$1" = ci ] || echo "12 passed, 0 failed"');
    expect(code).toBe(0);
    expect(lines.at(-1)).toBe('12 passed, 0 failed');
  });

  test('ends with the count and fails when a test does, whatever npm says after it', async () => {
    const { code, lines } = await withNpm(
      '[ "$1" = ci ] && exit 0; echo "11 passed, 1 failed"; echo "npm error Lifecycle script failed" >&2; exit 1',
    );
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('11 passed, 1 failed');
  });

  test.each([
    ['the install fails', '[ "$1" = ci ] && exit 7; echo "12 passed, 0 failed"'],
    ['the tests end without a count', 'exit 0'],
  ])('fails when %s', async (_, script) => {
    const { code, lines } = await withNpm(script);
    expect(code).not.toBe(0);
    expect(lines.at(-1)).toBe('0 passed, 1 failed');
  });
});
