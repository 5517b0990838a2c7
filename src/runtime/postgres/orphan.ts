import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Say } from '../supervisor/keeper.ts';
import { runAs } from './account.ts';

/** How long each way of asking is given, gentlest first. After the last, the kernel needs a moment. */
const WAYS: readonly (readonly [signal: NodeJS.Signals, patienceMs: number])[] = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];
const LOOK_MS = 50;

/**
 * Ends whatever an earlier start left at work in the cluster: a Postgres whose parent was killed, or the processes of one
 * that was itself killed. Only the holder of the home may call this. Processes are known by the folder they work in, never
 * by a number in a file: after a restart of the machine another program may have that number.
 * @throws Error when something in the folder does not end
 */
export async function endOrphans(cluster: string, say: Say): Promise<void> {
  const folder = await realpath(cluster);
  if ((await workersIn(folder)).length > 0) {
    say('A Postgres of an earlier start still runs here; it is stopped first.');
    await endAll(folder);
  }
  // Nobody is behind it, but Postgres would believe it if the number in it meanwhile belongs to another program.
  await rm(join(folder, 'postmaster.pid'), { force: true });
}

async function endAll(folder: string): Promise<void> {
  for (const [signal, patienceMs] of WAYS) {
    const workers = await workersIn(folder);
    const leader = await leaderOf(folder);
    // A postmaster ends its own processes in good order; without one they are asked themselves.
    for (const pid of leader !== undefined && workers.includes(leader) ? [leader] : workers) send(pid, signal);
    if (await isEmptyWithin(folder, patienceMs)) return;
  }
  throw new Error(`processes of an earlier Postgres in ${folder} do not end`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile; whether all have is looked at afterwards.
  }
}

async function isEmptyWithin(folder: string, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs;
  while (performance.now() < until) {
    if ((await workersIn(folder)).length === 0) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

async function leaderOf(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** Processes at work in the folder. */
async function workersIn(folder: string): Promise<readonly number[]> {
  return process.platform === 'linux' ? await workersByFolder(folder) : await workersByCommand(folder);
}

async function workersByFolder(folder: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const hits = await Promise.all(pids.map(pid => worksIn(pid, folder)));
  return pids.filter((_, index) => hits[index]);
}

/** An operator's shell may stand in the folder too; only a Postgres is ours to end. */
async function worksIn(pid: number, folder: string): Promise<boolean> {
  const at = async (name: string): Promise<string> => await readlink(`/proc/${pid}/${name}`).catch(() => '');
  return (await at('cwd')) === folder && basename((await at('exe')).replace(/ \(deleted\)$/, '')) === 'postgres';
}

/** Where there is no /proc: a postmaster shows its folder in its command line. */
async function workersByCommand(folder: string): Promise<readonly number[]> {
  const { output } = await runAs(undefined, 'ps', ['-axo', 'pid=,args=']);
  const lines = output.split('\n').filter(line => line.includes(`-D ${folder} `));
  return lines.map(line => Number.parseInt(line, 10)).filter(pid => pid !== process.pid);
}
