/** Programs that a test starts and may kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = join(import.meta.dirname, '..', '..');
/** The user whom tests borrow to be ordinary; it is there on every Linux. */
export const NOBODY = 65_534;

export const isRoot = process.getuid?.() === 0;
export const ROOT_ONLY = 'needs root, to become another user or to mount a disk';

export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All it has printed so far on both outputs. */
  said(): string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** The first whole line that satisfies; rejects when the program ends before. */
  line(pattern: RegExp): Promise<string>;
  kill(signal?: NodeJS.Signals): void;
}

/** Starts a TypeScript file of this checkout on the node that runs the tests. */
export function startProgram(
  file: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; ordinary?: boolean } = {},
): Program {
  const command = [process.execPath, join(ROOT, file), ...args];
  const [program = '', ...rest] = options.ordinary ? asOrdinaryUser(command) : command;
  return startCommand(program, rest, options.env);
}

/** Starts any program. */
export function startCommand(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(program, args, { cwd: '/', env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const take = (chunk: Buffer): void => {
    said += chunk.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | string>(resolve => child.once('close', (code, signal) => resolve(signal ?? code ?? 'unknown')));
  const line = async (pattern: RegExp): Promise<string> => {
    let over = false;
    void ended.then(() => (over = true));
    for (;;) {
      const last = over;
      const found = said
        .split('\n')
        .slice(0, -1)
        .find(text => pattern.test(text));
      if (found !== undefined) return found;
      if (last) throw new Error(`${program} ${args.join(' ')} ended without a line like ${pattern}; it said:\n${said}`);
      await sleep(10);
    }
  };
  return { child, pid: child.pid ?? 0, said: () => said, ended, line, kill: (signal = 'SIGKILL') => void child.kill(signal) };
}

/**
 * The command as a user without rights. The checkout may lie where only root can enter: so the user sees it through a mount
 * that exists for this command alone.
 */
function asOrdinaryUser(command: readonly string[]): readonly string[] {
  const script = `mount --bind "$1" /mnt && shift && exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"`;
  const seen = command.map(part => part.replace(ROOT, '/mnt'));
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ROOT, ...seen];
}

/** Runs a program of the system to its end. @throws Error with its words when it fails */
export async function execute(program: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', chunk => (said += chunk));
  const code = await new Promise(resolve => child.once('close', resolve).once('error', resolve));
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${code} ${said}`);
  return said;
}

/** Whether the process runs; one that has ended and that nobody has asked about does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Settles when the condition holds. @throws Error when it does not within the time */
export async function until(condition: () => boolean | Promise<boolean>, what: string, patienceMs = 20_000): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${patienceMs} ms: ${what}`);
    await sleep(20);
  }
}

/** Processes whose command line holds the text. */
export async function processesWith(text: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const lines = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((pid, index) => pid !== process.pid && lines[index]?.replaceAll('\0', ' ').includes(text));
}
