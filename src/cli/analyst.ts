/** `npm run analyst -- <name>`: a read-only sign-in of the database for an analyst, beside a running house. */
import { readConfig } from '../runtime/config.ts';
import { analystCommand } from './analyst-command.ts';
import { databaseUrl, runLocally } from './local.ts';

await runLocally(async house => analystCommand(process.argv.slice(2), house, await databaseUrl(readConfig(process.env))));
