/** Fills the house that `npm start -- --demo` started with an invented company; started by it as a process of its own. */
import { readConfig } from '../runtime/config.ts';
import { layFoundation } from '../runtime/foundation.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';
import { fill } from './demo/fill.ts';

const POOL_MAX = 16;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const house = await layFoundation(readConfig(process.env), 'demo', POOL_MAX);
  try {
    await fill(house, process.argv[2] ?? '', say);
  } finally {
    await house.close();
  }
} catch (error) {
  process.stderr.write(`${error instanceof StartRefused ? error.message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
