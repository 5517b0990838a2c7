/** The processes of a house and what they cost, as Linux tells it below /proc. */
import { readdir, readFile } from 'node:fs/promises';

/** Of Linux on every machine it runs on. */
const MS_PER_TICK = 10;

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly line: string;
  /** Processor time so far, of all its threads. */
  readonly cpuMs: number;
}

/** All processes below one, itself included. */
export async function processesOf(root: number): Promise<readonly Process[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const all = (await Promise.all(pids.map(lookAt))).filter(found => found !== undefined);
  const children = Map.groupBy(all, ({ parent }) => parent);
  const below = (pid: number): Process[] => (children.get(pid) ?? []).flatMap(child => [child, ...below(child.pid)]);
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

async function lookAt(pid: number): Promise<Process | undefined> {
  try {
    const [stat, line] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')]);
    // The second field is a name that may hold anything; the fields after it do not.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0, , , , , , , , , , userTicks = 0, systemTicks = 0] = fields;
    return { pid, parent, line: line.replaceAll('\0', ' ').trim(), cpuMs: (userTicks + systemTicks) * MS_PER_TICK };
  } catch {
    return undefined;
  }
}

const ROLES: Readonly<Record<string, RegExp>> = {
  node: /eventstore\/main\.ts$/,
  worker: /--role worker$/,
  api: /--role api$/,
  postgres: /postgres/,
};

/** Processor time by role, in milliseconds; what has no role is the supervisor. */
export async function cpuByRole(root: number): Promise<ReadonlyMap<string, number>> {
  const spent = new Map<string, number>();
  for (const { line, cpuMs } of await processesOf(root)) {
    const role = Object.keys(ROLES).find(name => ROLES[name]?.test(line)) ?? 'supervisor';
    spent.set(role, (spent.get(role) ?? 0) + cpuMs);
  }
  return spent;
}
