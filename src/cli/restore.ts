/** `npm run restore -- <file>`: restores a backup into a new data folder, or into an empty database named by DATABASE_URL. */
import { resolve } from 'node:path';
import { restore } from '../runtime/backup/restore.ts';
import { systemClock } from '../runtime/clock.ts';
import { readConfig } from '../runtime/config.ts';
import { startPostgres } from '../runtime/postgres/embedded.ts';
import { HeadWriter } from '../runtime/proof/heads.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';
import { runCommand } from './stopped.ts';

await runCommand(async () => {
  const [file, ...surplus] = process.argv.slice(2);
  if (file === undefined || surplus.length > 0) throw new StartRefused('Usage: npm run restore -- <file made by npm run backup>');
  const { databaseUrl, dataDir, keysDir, proofDir } = readConfig(process.env);
  const path = resolve(file);
  const heads = await HeadWriter.open(proofDir, keysDir);
  const into = (url: string) => restore({ url, path, heads, clock: systemClock });
  const postgres = databaseUrl === undefined ? await startPostgres({ dataDir }) : undefined;
  try {
    const { rows, header } = await into(databaseUrl ?? postgres?.url ?? '');
    const upTo = header.position === null ? '' : ` with all events up to position ${header.position}`;
    process.stdout.write(`${rows} rows of ${header.at} were restored${upTo}. Views are made from the events at the next start.\n`);
    return 0;
  } finally {
    await postgres?.stop();
  }
});
