/** `npm run bench -- <name> [rounds]`: one measurement, printed and written to bench/results/<name>.json. */
import { threads } from './threads.ts';

const ROUNDS_DEFAULT = 5;

const BENCHES: Readonly<Record<string, (rounds: number) => Promise<void>>> = { threads };

const [name = '', rounds = String(ROUNDS_DEFAULT)] = process.argv.slice(2);
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (bench === undefined || !(Number(rounds) >= 1)) {
  console.error(`Usage: npm run bench -- <${Object.keys(BENCHES).join('|')}> [rounds]`);
  process.exit(2);
}
await bench(Number(rounds));
