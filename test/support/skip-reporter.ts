/** Says loudly what was skipped and why, and leaves the counts of a run for who started it. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import type { Ran } from './promises.ts';

/** What a run came to; `npm test` adds it up with the other checks. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A summary with every test that came to a good end. */
export interface Run extends Summary {
  readonly ran: readonly Ran[];
}

export default class SkipReporter implements Reporter {
  #chosenByName = false;

  onInit(vitest: Vitest): void {
    this.#chosenByName = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap(module => [...module.children.allTests()]);
    const inState = (state: string): readonly TestCase[] => tests.filter(test => test.result().state === state);
    // Who runs some tests by name (-t) knows that the others do not run.
    const skipped = inState('skipped').filter(test => !this.#chosenByName || noteOf(test) !== undefined);
    for (const test of skipped)
      process.stdout.write(`SKIPPED ${test.module.relativeModuleId} > ${test.fullName}: ${noteOf(test) ?? 'no reason given'}\n`);
    const summary: Run = {
      passed: inState('passed').length,
      failed: inState('failed').length + inState('pending').length + brokenModules(modules).length + unhandled.length,
      skipped: skipped.length,
      ran: inState('passed').map(test => ({ file: test.module.relativeModuleId.replace(/^test\//, ''), title: test.fullName })),
    };
    const file = process.env.THROUGHLINE_TEST_SUMMARY;
    if (file) writeFileSync(file, JSON.stringify(summary));
  }
}

/** A file that cannot be loaded, or whose hooks fail, fails without a failed test in it. */
const brokenModules = (modules: readonly TestModule[]): readonly TestModule[] =>
  modules.filter(module => !module.ok() && [...module.children.allTests()].every(test => test.result().state !== 'failed'));

function noteOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' ? result.note : undefined;
}
