/**
 * `npm test`: type check, lint and all tests, with the node and the tools of this checkout. Ends with `N passed, N failed`.
 * With CI=true a skipped test is a failure. Arguments go to vitest, such as the files to run.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promises, unproven } from './support/promises.ts';
import type { Run, Summary } from './support/skip-reporter.ts';

const ROOT = join(import.meta.dirname, '..');
/** A step that hangs is ended, so that somebody hears of it. */
const STEP_MS_MAX = 60 * 60_000;

interface Finished {
  readonly ok: boolean;
  readonly output: string;
}

/** Arguments choose tests; then the promises of the others cannot be asked for. */
const chosen = process.argv.slice(2);

const env = { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH}` };

/** Runs a tool of the checkout to its end, shows what it says and keeps it. */
function run(tool: string, args: readonly string[], { quiet = false, more = {} } = {}): Promise<Finished> {
  return new Promise(resolve => {
    const child = spawn(tool, args, { cwd: ROOT, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'], timeout: STEP_MS_MAX });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!quiet) process.stdout.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', error => resolve({ ok: false, output: error.message }));
    child.once('close', code => resolve({ ok: code === 0, output }));
  });
}

const verdict = (name: string, ok: boolean, why: string): Summary => {
  console.log(`${ok ? 'passed' : 'FAILED'}: ${name} (${why})`);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
};

/** A check that saw no files has checked nothing, so it must be seen to have seen both folders. */
async function typeCheck(): Promise<Summary> {
  const { output } = await run('tsc', ['--listFilesOnly'], { quiet: true });
  const seen = (folder: string): number => output.split('\n').filter(file => file.startsWith(join(ROOT, folder))).length;
  const { ok } = await run('tsc', ['--noEmit']);
  return verdict('type check', ok && seen('src') > 0 && seen('test') > 0, `${seen('src')} files in src, ${seen('test')} in test`);
}

/** The browser app is type-checked and built from its sources as they stand, or its tests would try an older one. */
async function web(): Promise<Summary> {
  const { ok: isTyped } = await run('tsc', ['--noEmit', '-p', 'web']);
  const { ok } = await run('node', ['web/build.ts']);
  return verdict('browser app', isTyped && ok, 'web/dist');
}

async function lint(): Promise<Summary> {
  const { ok, output } = await run('biome', ['check', '.']);
  const seen = Number(/Checked (\d+) files/.exec(output)?.[1] ?? 0);
  return verdict('lint', ok && seen > 0, `${seen} files`);
}

async function tests(): Promise<readonly Summary[]> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-run-'));
  const file = join(folder, 'summary.json');
  try {
    const { ok } = await run('vitest', ['run', '--allowOnly=false', ...chosen], {
      more: { THROUGHLINE_TEST_SUMMARY: file },
    });
    const summary = JSON.parse(readFileSync(file, 'utf8')) as Run;
    // A run can fail without a failed test: no files found, a reporter or the clean-up that throws.
    const whole = ok || summary.failed > 0 ? summary : { ...summary, failed: 1 };
    return chosen.length > 0 ? [whole] : [whole, coverage(summary)];
  } catch {
    return [verdict('tests', false, 'the run came to no end')];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What docs/coverage.md and docs/coverage/ say is proven must have run. */
function coverage({ ran }: Run): Summary {
  const missing = unproven(ran);
  for (const { file, words } of missing) console.log(`NOT PROVEN by this run: ${file} · ${words}`);
  return verdict('coverage', missing.length === 0 && promises.length > 0, `${promises.length} promises, ${missing.length} without a run`);
}

async function main(): Promise<void> {
  const results = [await typeCheck(), await web(), await lint(), ...(await tests())];
  const sum = (part: keyof Summary): number => results.reduce((total, result) => total + result[part], 0);
  const skipsCount = process.env.CI === 'true';
  if (sum('skipped') > 0)
    console.log(`${sum('skipped')} skipped${skipsCount ? ', which counts as failed here' : ' (listed above with their reasons)'}`);
  const failed = sum('failed') + (skipsCount ? sum('skipped') : 0);
  console.log(`${sum('passed')} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
