/** `npm run import -- <mapping.json> <folder with the CSV files>`: makes the rows of CSV files commands, over HTTP. */
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import { z } from 'zod';
import { Client, ImportStopped } from './importing/client.ts';
import { Mapping } from './importing/mapping.ts';
import { type Rejected, runImport, type StepCount } from './importing/run.ts';
import { readSources } from './importing/sources.ts';
import { localKey } from './local-key.ts';

const USAGE = 'Usage: npm run import -- <mapping.json> <folder>   (THROUGHLINE_URL and THROUGHLINE_API_KEY name server and key)';
const EVERY_MS = 1_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function progress() {
  let begun = 0;
  let said = 0;
  const line = (count: StepCount): string => {
    const done = count.changed + count.unchanged + count.rejected;
    const rate = done / Math.max((performance.now() - begun) / 1_000, 0.001);
    return `${count.step}: ${done} of ${count.rows} rows, ${rate.toFixed(0)} rows/s, ${Math.ceil((count.rows - done) / Math.max(rate, 0.001))} s left`;
  };
  return {
    began: () => void (begun = said = performance.now()),
    moved: (count: StepCount) => {
      if (performance.now() - said < EVERY_MS) return;
      said = performance.now();
      say(line(count));
    },
    ended: (count: StepCount) =>
      say(`${count.step}: ${count.rows} rows, ${count.changed} changed, ${count.unchanged} unchanged, ${count.rejected} rejected`),
  };
}

const total = (counts: readonly StepCount[], of: 'changed' | 'unchanged' | 'rejected'): number =>
  counts.reduce((sum, count) => sum + count[of], 0);

async function readMapping(file: string): Promise<Mapping> {
  const parsed = Mapping.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new ImportStopped(`${file} is no mapping: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function main([file, folder]: readonly string[]): Promise<number> {
  if (file === undefined || folder === undefined) throw new ImportStopped(USAGE);
  const mapping = await readMapping(file);
  const sources = await readSources(mapping, folder);
  const rejected: Rejected[] = [...sources].flatMap(([name, { broken }]) =>
    broken.map(({ line, reason }) => ({ step: name, row: `line ${line}`, field: '', reason })),
  );
  const url = (process.env['THROUGHLINE_URL'] ?? `http://127.0.0.1:${process.env['PORT'] ?? '3000'}`).replace(/\/$/, '');
  const client = new Client(url, process.env['THROUGHLINE_API_KEY'] ?? (await localKey()));
  const counts = await runImport(mapping, sources, client, { ...progress(), rejected: row => void rejected.push(row) });
  if (rejected.length > 0) {
    const report = `rejected-${mapping.name}.csv`;
    await writeFile(report, stringify(rejected as object[], { header: true, columns: ['step', 'row', 'field', 'reason'] }));
    say(`What was rejected, and why, is in ${report}.`);
  }
  say(`${total(counts, 'changed')} changed, ${total(counts, 'unchanged')} unchanged, ${rejected.length} rejected`);
  return rejected.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof ImportStopped || (error instanceof Error && 'code' in error) || error instanceof SyntaxError;
  process.stderr.write(`${known ? (error as Error).message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 2;
}
