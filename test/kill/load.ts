/**
 * Clients at work on a house, as a process apart from house and killer. Argument: the plan as JSON. Prints `{"ready":true}`
 * once goods and customers are there; at a line on standard input it begins nothing new, brings every command to a known
 * outcome, prints `{"orders":N}` and ends. It ends with its input, too.
 */

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Plan } from './client.ts';
import { Ledger } from './ledger.ts';
import { randomFrom } from './random.ts';
import { openShop, Shopper } from './shop.ts';

const PACE_MS = 5;
/** Clients who write without a pause, so that hardly a moment is without a write under way. */
const CLERKS = 4;

const plan = JSON.parse(process.argv[2] ?? '{}') as Plan;
const ledger = await Ledger.open(plan.ledger);
const random = randomFrom(plan.seed);
const clientOf = (name: string): Client => new Client(plan, name, ledger, randomFrom(random.between(0, 2 ** 31)));

process.stdin.on('end', () => process.exit(1));
const shop = await openShop(clientOf('owner'), plan.mark, plan.clients);
console.log(JSON.stringify({ ready: true }));

let isOver = false;
const told = once(process.stdin, 'data').then(() => {
  isOver = true;
});
const shoppers = shop.accounts.map(
  (accountId, index) => new Shopper(clientOf(`client${index}`), shop, accountId, randomFrom(random.between(0, 2 ** 31)), () => isOver),
);
const clerks = Array.from({ length: CLERKS }, (_, index) => clientOf(`clerk${index}`));
await Promise.all([...shoppers.map(work), ...clerks.map(write)]);
await told;
await ledger.close();
console.log(JSON.stringify({ orders: shoppers.reduce((sum, { orders }) => sum + orders, 0) }));
process.exit();

async function work(shopper: Shopper): Promise<void> {
  while (!isOver) {
    await shopper.shop();
    await sleep(PACE_MS);
  }
}

async function write(clerk: Client): Promise<void> {
  for (let written = 1; !isOver; written++) {
    await clerk.command('POST /accounts', { name: `Number ${written} of a clerk`, currency: 'RON' });
    await sleep(PACE_MS);
  }
}
