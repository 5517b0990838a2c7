/** Figures of repeated measurements: what they come to, how they are printed and kept. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

const RESULTS = join(import.meta.dirname, '..', 'results');
const BYTES_PER_GIB = 2 ** 30;

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError when there is no sample */
export function spreadOf(samples: readonly number[]): Spread {
  return { min: quantile(samples, 0), median: quantile(samples, 0.5), max: quantile(samples, 1) };
}

/** The sample at a share of the sorted samples, e.g. 0.99. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (found === undefined) throw new RangeError('There is no sample');
  return found;
}

/** One line of a report: a figure measured in each round, in its own unit. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly samples: readonly number[];
}

/** What one figure comes to against another of the same run, and what it should. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly target: string;
  readonly met: boolean;
}

export interface Report {
  readonly bench: string;
  readonly figures: readonly Figure[];
  readonly ratios: readonly Ratio[];
  readonly notes?: readonly string[];
}

export const medianOf = (figures: readonly Figure[], name: string): number => {
  const found = figures.find(figure => figure.name === name);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return spreadOf(found.samples).median;
};

export const atLeast = (name: string, value: number, bound: number): Ratio => ({ name, value, target: `≥ ${bound}`, met: value >= bound });
export const atMost = (name: string, value: number, bound: number): Ratio => ({ name, value, target: `≤ ${bound}`, met: value <= bound });

/** Prints a report and writes it to bench/results/<bench>.json. */
export async function publish(report: Report): Promise<void> {
  const rows = report.figures.map(({ name, unit, samples }) => {
    const { min, median, max } = spreadOf(samples);
    return { figure: name, unit, min: short(min), median: short(median), max: short(max), rounds: samples.length };
  });
  console.table(rows);
  for (const { name, value, target, met } of report.ratios)
    console.log(`${met ? 'met    ' : 'missed '} ${name}: ${short(value)} (target ${target})`);
  for (const note of report.notes ?? []) console.log(note);
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${report.bench}.json`);
  await writeFile(file, `${JSON.stringify({ ...report, machine: machine(), commit: commit(), at: new Date().toISOString() }, null, 2)}\n`);
}

const short = (value: number): number => Number(value.toPrecision(4));

const machine = (): object => ({
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / BYTES_PER_GIB),
  node: process.version,
});

const commit = (): string => execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
