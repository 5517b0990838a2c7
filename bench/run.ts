/** `npm run bench -- <name> [rounds]`: one measurement, printed and written to bench/results/<name>.json. */
import { catchUp } from './catch-up.ts';
import { coldStart } from './cold-start.ts';
import { commands } from './commands.ts';
import { lag } from './lag.ts';
import { longStreams } from './long-streams.ts';
import { threads } from './threads.ts';

const ROUNDS_DEFAULT = 5;

const BENCHES: Readonly<Record<string, (rounds: number) => Promise<void>>> = {
  threads,
  commands,
  'long-streams': longStreams,
  lag,
  'catch-up': catchUp,
  'cold-start': coldStart,
};

const [name = '', rounds = String(ROUNDS_DEFAULT)] = process.argv.slice(2);
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (bench === undefined || !(Number(rounds) >= 1)) {
  console.error(`Usage: npm run bench -- <${Object.keys(BENCHES).join('|')}> [rounds]`);
  process.exit(2);
}
await bench(Number(rounds));
