/** `npm run effects [-- release|drop]`: what waits to go out, and the operator's word after a restore. */
import { effectsCommand } from './effects-command.ts';
import { runLocally } from './local.ts';

await runLocally(house => effectsCommand(process.argv.slice(2), house.pool));
