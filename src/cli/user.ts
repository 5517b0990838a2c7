/** `npm run user -- list | reset-password <e-mail> | key <e-mail> --grants …`, beside a running house. */
import { runLocally } from './local.ts';
import { userCommand } from './user-commands.ts';

await runLocally(house => userCommand(process.argv.slice(2), house));
