import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { endOf, type Running, type Say } from './keeper.ts';
import { RoleMessage } from './messages.ts';
import { StartRefused, Stopped } from './refused.ts';

const READY_MS_MAX = 120_000;

export interface ChildSpec {
  /** As the operator reads it: `The api`, `The event store`. */
  readonly name: string;
  /** Arguments of node: the script and its own. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface ChildOptions {
  readonly signal: AbortSignal;
  /** Gets the notices a child sends for the operator. */
  readonly say: Say;
  /** Gets what the child prints, line by line. */
  readonly print: (line: string, to: 'stdout' | 'stderr') => void;
}

export interface Child extends Running {
  readonly pid: number;
  /** Where it listens, if it said so. */
  readonly url: string | undefined;
}

/**
 * Starts a script as a process of its own, on the node that runs this one. Ready is what says so: by a message, or, for a
 * program that knows nothing of us, by the line `{"listening":PORT}`.
 * @throws StartRefused when it says why it cannot start or ends before it is ready; Stopped when the signal fires
 */
export async function startChild(spec: ChildSpec, options: ChildOptions): Promise<Child> {
  // A session of its own: Ctrl-C in a terminal must reach only the supervisor, which stops all in order.
  const child = spawn(process.execPath, spec.args, { env: spec.env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true });
  const ended = endOf(child);
  const stop = (patienceMs: number, hurry: AbortSignal): Promise<void> => end(child, ended, patienceMs, hurry);
  try {
    const url = await readiness(spec, child, ended, options);
    return { pid: child.pid ?? 0, url, ended, stop };
  } catch (error) {
    await stop(0, options.signal);
    throw error;
  }
}

async function end(child: ChildProcess, ended: Promise<string>, patienceMs: number, hurry: AbortSignal): Promise<void> {
  child.kill('SIGTERM');
  const tooLate = sleep(patienceMs, true, { signal: hurry, ref: false }).catch(() => true);
  if (await Promise.race([ended.then(() => false), tooLate])) child.kill('SIGKILL');
  await ended;
}

async function readiness(spec: ChildSpec, child: ChildProcess, ended: Promise<string>, options: ChildOptions): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const refuse = (sentence: string): void => reject(new StartRefused(sentence));
  const late = setTimeout(() => refuse(`${spec.name} was not ready within ${READY_MS_MAX / 1_000} s.`), READY_MS_MAX);
  const abort = (): void => reject(new Stopped());
  options.signal.addEventListener('abort', abort);
  if (options.signal.aborted) abort();
  ended.then(how => refuse(`${spec.name} ended before it was ready (${how}).`));
  forward(child, options, () => resolve(undefined));
  child.on('message', message => {
    const said = RoleMessage.safeParse(message).data;
    if (said && 'notice' in said) options.say(said.notice);
    if (said && 'refused' in said) refuse(said.refused);
    if (said && 'ready' in said) resolve(said.url);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    options.signal.removeEventListener('abort', abort);
  }
}

const LISTENING = /^\{"listening":\d+\}$/;

/** Passes on what the child prints, except the line that only says that it listens. */
function forward(child: ChildProcess, { print }: ChildOptions, ready: () => void): void {
  if (child.stderr) createInterface({ input: child.stderr }).on('line', line => print(line, 'stderr'));
  if (!child.stdout) return;
  createInterface({ input: child.stdout }).on('line', line => {
    if (LISTENING.test(line)) ready();
    else print(line, 'stdout');
  });
}
