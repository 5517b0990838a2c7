/** `npm run backup -- <file>`: backs up a house, whether it runs or not. */
import { resolve } from 'node:path';
import { backUp } from '../runtime/backup/backup.ts';
import { systemClock } from '../runtime/clock.ts';
import { readConfig } from '../runtime/config.ts';
import { openPool } from '../runtime/database.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';
import { runCommand, withDatabase } from './stopped.ts';

const CONNECTIONS_MAX = 1;

await runCommand(async () => {
  const [file, ...surplus] = process.argv.slice(2);
  if (file === undefined || surplus.length > 0) throw new StartRefused('Usage: npm run backup -- <file that is to be made>');
  const config = readConfig(process.env);
  const path = resolve(file);
  const { rows, position } = await withDatabase(config, undefined, url => backedUpTo(url, path));
  const log =
    position === null ? 'The events lie in a store of their own and are not in it' : `All events up to position ${position} are in it`;
  process.stdout.write(`${rows} rows were written to ${path}. ${log}.\nKeep apart from it: ${config.keysDir} and ${config.proofDir}\n`);
  return 0;
});

async function backedUpTo(url: string, path: string): ReturnType<typeof backUp> {
  const pool = openPool(url, { max: CONNECTIONS_MAX });
  try {
    return await backUp(pool, path, systemClock);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw new StartRefused(`${path} exists already; a backup is written over nothing.`);
    if (code !== undefined && /^E[A-Z]+$/.test(code)) throw new StartRefused(`${path} cannot be written: ${(error as Error).message}.`);
    throw error;
  } finally {
    await pool.end();
  }
}
