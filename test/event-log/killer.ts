/**
 * Keeps a node running and kills it, as a process apart from node and load. Arguments: database URL, number of kills.
 * Prints `{"listening":PORT}`, kills once a line comes on standard input, prints `{"kills":N}` when done, ends with its input.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeProcess } from './node-process.ts';

const [databaseUrl = '', kills = '0'] = process.argv.slice(2);
let node = await nodeProcess(databaseUrl);
console.log(JSON.stringify({ listening: node.port }));
process.stdin.on('end', () => void node.kill().then(() => process.exit()));
await once(process.stdin, 'data');
for (let kill = 0; kill < Number(kills); kill++) {
  await sleep(randomInt(400, 900));
  await node.kill();
  node = await nodeProcess(databaseUrl, node.port);
}
console.log(JSON.stringify({ kills: Number(kills) }));
