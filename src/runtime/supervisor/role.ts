import type { RoleMessage } from './messages.ts';
import { asListenRefusal, StartRefused } from './refused.ts';

/** One role of the house at work in this process. */
export interface Role {
  /** Where it listens, if it does. */
  readonly url?: string;
  stop(): Promise<void>;
}

/** A role that hangs while stopping is ended; whoever started it has less patience than this. */
const STOP_MS_MAX = 9_000;

const tell = (message: RoleMessage): void => {
  // The channel may close at any moment: then nobody is there to be told.
  if (process.connected) process.send?.(message, () => undefined);
};

/** Tells the operator something: through the process that started this one, or on standard output when there is none. */
export function tellOperator(lines: string): void {
  if (process.connected) tell({ notice: lines });
  else process.stdout.write(`${lines}\n`);
}

/**
 * Runs a role until SIGTERM or SIGINT, then stops it and exits. A second signal, or the end of the process that started it,
 * ends it at once. What hinders the start is told as one sentence, and the exit code is 1.
 */
export async function playRole(name: string, start: () => Promise<Role>): Promise<void> {
  const starting = start();
  let asked = false;
  const stop = async (): Promise<void> => {
    if (asked) process.exit(1);
    asked = true;
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
    await (await starting).stop();
    process.exit(0);
  };
  const stopOrFail = (): void => void stop().catch(error => fail(name, error));
  process.on('SIGTERM', stopOrFail).on('SIGINT', stopOrFail);
  // The supervisor was killed. Its successor wants the port and the work at once, so there is no time for good order; and an
  // exit would first write out what is still to be logged, again and again, to a reader who is no more.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  try {
    const { url } = await starting;
    tell({ ready: true, ...(url !== undefined && { url }) });
    if (!process.connected)
      tellOperator(url === undefined ? `Throughline's ${name} is at work` : `Throughline's ${name} listens on ${url}`);
  } catch (error) {
    fail(name, error);
  }
}

/** An operator's fault is told as a sentence; anything else is ours, and somebody must see where. */
function fail(name: string, error: unknown): void {
  const reason = asListenRefusal(error);
  const refused = reason instanceof StartRefused ? reason.message : `The ${name} cannot start: ${(error as Error).message}`;
  if (!(reason instanceof StartRefused)) process.stderr.write(`${(error as Error).stack}\n`);
  else if (!process.connected) process.stderr.write(`${refused}\n`);
  if (!process.connected) process.exit(1);
  process.send?.({ refused } satisfies RoleMessage, () => process.exit(1));
}
