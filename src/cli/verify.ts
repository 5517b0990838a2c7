/**
 * `npm run verify [-- --database <url>] [--proof <folder>]`: verifies a house from its log, beside a running one or on a copy.
 * Exits with 0 when everything is as it must be, 1 when not, 2 when it could not be verified.
 */
import { parseArgs } from 'node:util';
import { readConfig } from '../runtime/config.ts';
import { verifyHouse } from '../runtime/proof/house.ts';
import { linesOf } from '../runtime/proof/report.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';
import { runCommand, withDatabase } from './stopped.ts';

const USAGE = 'Usage: npm run verify [-- --database <url of a PostgreSQL database>] [--proof <folder of signed heads>]';

await runCommand(async () => {
  const { database, proof } = understood(process.argv.slice(2));
  const config = readConfig(process.env);
  const verdict = await withDatabase(config, database, url =>
    verifyHouse({ url, eventstoreUrl: config.eventstoreUrl, keysDir: config.keysDir, proofDir: proof ?? config.proofDir }),
  );
  process.stdout.write(`${linesOf(verdict).join('\n')}\n`);
  return verdict.isClean ? 0 : 1;
});

function understood(args: readonly string[]): { readonly database?: string | undefined; readonly proof?: string | undefined } {
  try {
    return parseArgs({ args: [...args], options: { database: { type: 'string' }, proof: { type: 'string' } } }).values;
  } catch {
    throw new StartRefused(USAGE);
  }
}
