import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Surroundings } from './compose.ts';
import type { House } from './house.ts';
import { endOf } from './keeper.ts';

const STOP_MS = 1_000;

/** Starts a program beside the house that ends by itself, or with the house; the house goes on however it ends. */
export function startBeside(house: House, args: readonly string[], { env, say, print }: Pick<Surroundings, 'env' | 'say' | 'print'>): void {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let running = true;
  const ended = endOf(child).then(how => {
    running = false;
    return how;
  });
  createInterface({ input: child.stdout }).on('line', line => print(line, 'stdout'));
  createInterface({ input: child.stderr }).on('line', line => print(line, 'stderr'));
  const stop = async (): Promise<void> => {
    if (running) child.kill('SIGKILL');
    await ended;
  };
  house.add({ name: 'The program beside the house', stopMs: STOP_MS, stop });
  ended.then(how => {
    if (how !== 'exit code 0' && !how.startsWith('signal')) say(`The house runs on; what was to fill it ended with ${how}.`);
  });
}
