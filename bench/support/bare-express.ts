/** The limit of the HTTP side: an Express that parses JSON, checks it with zod and answers, in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { Client } from './client.ts';

const CLIENTS = 8;
const MEASURE_MS = 3_000;

export interface BareExpress {
  postsPerSecond(): Promise<number>;
  stop(): Promise<void>;
}

export async function startBareExpress(): Promise<BareExpress> {
  const child = fork(join(import.meta.dirname, 'bare-express-server.ts'));
  const [port] = (await once(child, 'message')) as [number];
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  return {
    postsPerSecond: async () => {
      const begun = performance.now();
      const clients = Array.from({ length: CLIENTS }, () => new Client(`http://127.0.0.1:${port}`, 'bare', agent));
      const work = async (client: Client): Promise<void> => {
        while (performance.now() - begun < MEASURE_MS) await client.make('/leads', { name: 'Ten pieces', source: 'web', tags: ['a', 'b'] });
      };
      await Promise.all(clients.map(work));
      return clients.reduce((sum, { calls }) => sum + calls, 0) / ((performance.now() - begun) / 1_000);
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}
