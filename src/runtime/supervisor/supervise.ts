import { readConfig } from '../config.ts';
import { type Scripts, startHouse } from './compose.ts';
import { House } from './house.ts';
import { StartRefused, Stopped } from './refused.ts';

/**
 * Runs all of Throughline until SIGTERM or SIGINT, then stops it in order and exits with 0; a second signal takes its
 * patience. What hinders the start is one sentence and exit code 1.
 */
export async function supervise(env: NodeJS.ProcessEnv, scripts: Scripts): Promise<void> {
  // Whoever read our output may go away; that is no reason to stop.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  const print = (line: string, to: 'stdout' | 'stderr'): void => void process[to].write(`${line}\n`);
  const say = (sentence: string): void => print(sentence, 'stdout');
  const stopping = new AbortController();
  const house = new House(say);
  const starting = (async () => startHouse(house, { config: readConfig(env), env, scripts, say, print, signal: stopping.signal }))();
  const stop = async (): Promise<void> => {
    if (stopping.signal.aborted) return house.hurry();
    stopping.abort();
    say('Throughline stops; once more to hurry.');
    await starting.catch(() => undefined);
    await house.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  try {
    await starting;
  } catch (error) {
    if (error instanceof Stopped || stopping.signal.aborted) return;
    await house.stop();
    giveUp(error);
  }
}

/** Tells why it does not go on and exits with 1: an operator's matter as a sentence, a fault of ours with its place. */
export function giveUp(error: unknown): never {
  process.stderr.write(error instanceof StartRefused ? `${error.message}\n` : `Throughline cannot go on: ${(error as Error).stack}\n`);
  process.exit(1);
}
