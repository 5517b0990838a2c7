/** The processes below a supervisor that a test started, and which of them is which. Nothing else on the machine is looked at. */
import { readdir, readFile } from 'node:fs/promises';

export const VICTIMS = ['node', 'worker', 'api', 'postgres', 'backend'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Descendant {
  readonly pid: number;
  readonly parent: number;
  /** Its command line, or what it shows in place of one. */
  readonly line: string;
}

const SHOWN_AS: Readonly<Record<Victim, RegExp>> = {
  node: /eventstore\/main\.ts$/,
  worker: /main\.ts --role worker$/,
  api: /main\.ts --role api$/,
  postgres: /\/postgres -D /,
  // One that serves a client; those that write and check for all show no address.
  backend: /^postgres: \S+ \S+ 127\.0\.0\.1\(\d+\)/,
};

export async function find(supervisor: number, victim: Victim): Promise<readonly Descendant[]> {
  return (await descendantsOf(supervisor)).filter(({ line }) => SHOWN_AS[victim].test(line));
}

/** All processes below one, nearest first. */
export async function descendantsOf(root: number): Promise<readonly Descendant[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const all = (await Promise.all(pids.map(lookAt))).filter(found => found !== undefined);
  const children = Map.groupBy(all, ({ parent }) => parent);
  const below = (pid: number): Descendant[] => (children.get(pid) ?? []).flatMap(child => [child, ...below(child.pid)]);
  return below(root);
}

/** Undefined for a process that has ended, or is about to. */
async function lookAt(pid: number): Promise<Descendant | undefined> {
  try {
    const [stat, line] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')]);
    // The second field is a name that may hold anything; the fields after it do not.
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || line === '') return undefined;
    return { pid, parent: Number(parent), line: line.replaceAll('\0', ' ').trim() };
  } catch {
    return undefined;
  }
}

/** A variable that a process was started with. */
export async function variableOf(pid: number, name: string): Promise<string> {
  const entries = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  const found = entries.find(entry => entry.startsWith(`${name}=`));
  if (found === undefined) throw new Error(`The process ${pid} has no ${name}`);
  return found.slice(name.length + 1);
}
