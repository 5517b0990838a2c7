import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { chown, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StartRefused } from '../supervisor/refused.ts';

/** Whom Postgres runs as. It refuses to run as root, and needs an account that has a name. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** What a program said last, at most; its first and last lines carry the reason. */
const OUTPUT_MAX = 16_384;

/** The account of somebody without rights. @throws StartRefused when the machine has none */
export async function unprivileged(): Promise<Account> {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map(line => line.split(':'));
  const nobody = users.find(([name]) => name === 'nobody') ?? users.find(([name]) => name === 'daemon');
  if (!nobody)
    throw new StartRefused(
      'Postgres cannot run as root, and there is no user "nobody" to run it as; start Throughline as an ordinary user.',
    );
  return { uid: Number(nobody[2]), gid: Number(nobody[3]) };
}

/** Whoever owns a file or folder; undefined when it is root or nothing is there. */
export async function ownerOf(path: string): Promise<Account | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined;
}

/** Gives a file, or a folder with all that is in it, to the account. */
export async function give(path: string, account: Account | undefined): Promise<void> {
  if (!account) return;
  const inside = (await stat(path)).isDirectory() ? await readdir(path, { recursive: true, withFileTypes: true }) : [];
  for (const entry of inside) if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), account.uid, account.gid);
  await chown(path, account.uid, account.gid);
}

/**
 * Starts a program as the account (or as this process's own user), in a session of its own, so that Ctrl-C in a terminal
 * reaches it only through us. It gets no variable of ours: PGDATA, TZ, LANG and their like must not steer it.
 */
export function spawnAs(account: Account | undefined, program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  return spawn(program, args, { cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'], ...account, ...options, env });
}

export interface Finished {
  readonly ok: boolean;
  /** The end of what it wrote to both outputs. */
  readonly output: string;
}

/** Runs a program to its end. A program that cannot be started has not succeeded; its output says why. */
export function runAs(account: Account | undefined, program: string, args: readonly string[], signal?: AbortSignal): Promise<Finished> {
  return new Promise(resolve => {
    const child = spawnAs(account, program, args, { signal, killSignal: 'SIGTERM' });
    let output = '';
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-OUTPUT_MAX);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('error', error => resolve({ ok: false, output: `${output}${error.message}` }));
    child.once('close', code => resolve({ ok: code === 0, output }));
  });
}
