/** `npm run rebuild -- <view …|all>`, beside a running house: builds views anew while the old ones are shown. */
import { runLocally } from './local.ts';
import { rebuildCommand } from './rebuild-command.ts';

await runLocally(async house => {
  await rebuildCommand(process.argv.slice(2), house, line => void process.stdout.write(`${line}\n`));
  return [];
});
