/** The peer: Emmett in a process of its own, from bench/peers, which has its own dependencies. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PEERS = join(import.meta.dirname, '..', 'peers');

/** What work at once came to. */
export interface Pace {
  readonly perSecond: number;
  /** Of each piece of work, in milliseconds. */
  readonly durations: readonly number[];
}

export interface Emmett {
  commands(count: number, milliseconds: number): Promise<Pace>;
  /** Milliseconds from each append to its effect in a projection. */
  lag(count: number, everyMs: number): Promise<readonly number[]>;
  /** Events a second of one projection that reads them from the beginning. */
  catchUp(events: number): Promise<number>;
  stop(): Promise<void>;
}

/** @throws when the peers are not installed */
export async function startEmmett(databaseUrl: string): Promise<Emmett> {
  if (!existsSync(join(PEERS, 'node_modules'))) throw new Error('The peers are not installed: run `npm ci` in bench/peers first.');
  const child = fork(join(PEERS, 'emmett.js'), [databaseUrl]);
  await once(child, 'message');
  const ask = async (question: object): Promise<unknown> => {
    child.send(question);
    const [answer] = (await once(child, 'message')) as [{ readonly result?: unknown; readonly error?: string }];
    if (answer.error !== undefined) throw new Error(`Emmett: ${answer.error}`);
    return answer.result;
  };
  return {
    commands: (count, milliseconds) => ask({ what: 'commands', count, milliseconds }) as Promise<Pace>,
    lag: (count, everyMs) => ask({ what: 'lag', count, everyMs }) as Promise<readonly number[]>,
    catchUp: events => ask({ what: 'catchUp', events }) as Promise<number>,
    stop: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
