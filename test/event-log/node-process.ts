import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const NODE = fileURLToPath(new URL('../../src/eventstore/main.ts', import.meta.url));

export interface NodeProcess {
  readonly port: number;
  readonly process: ChildProcess;
  signal(name: NodeJS.Signals): void;
  /** Kills the process as a crash would and waits for its end. */
  kill(): Promise<void>;
}

/** The embedded node as a process of its own. */
export async function nodeProcess(databaseUrl: string, port = 0): Promise<NodeProcess> {
  const child = spawn(process.execPath, [NODE], {
    env: { ...process.env, DATABASE_URL: databaseUrl, NODE_PORT: String(port) },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  for await (const line of createInterface(child.stdout)) {
    const { listening } = JSON.parse(line) as { listening: number };
    return {
      port: listening,
      process: child,
      signal: name => void child.kill(name),
      kill: async () => {
        const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error('the node ended before it listened');
}
