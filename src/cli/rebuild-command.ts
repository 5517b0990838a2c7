import { setTimeout as sleep } from 'node:timers/promises';
import { readLeases } from '../runtime/ownership.ts';
import { type Progress, progressOf, requestRebuild } from '../runtime/projector/requests.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';
import type { LocalHouse } from './local.ts';

const USAGE = 'Usage: npm run rebuild -- <view …|all>';
const LOOK_EVERY_MS = 250;
const SAY_EVERY_MS = 1_000;
/** So long may nobody take a request up before it is said why. */
const UNHEARD_MS_MAX = 5_000;
const SILENT_MS_MAX = 5_000;

export type RebuildHouse = Pick<LocalHouse, 'pool' | 'registry'>;

/**
 * Has views built anew beside those that are shown and tells how far each is, until all are shown. To stop watching stops
 * nothing: the workers go on. @throws StartRefused with what is wrong
 */
export async function rebuildCommand(
  args: readonly string[],
  { pool, registry }: RebuildHouse,
  say: (line: string) => void,
): Promise<void> {
  const names = namesOf(args, registry);
  const before = await progressOf(pool, names);
  await requestRebuild(pool, names);
  const watch = new Watch(before, say);
  const begunAt = performance.now();
  for (;;) {
    const now = await progressOf(pool, names);
    if (watch.isDone(now)) return;
    if (performance.now() - begunAt > UNHEARD_MS_MAX && now.some(({ stage }) => stage === 'asked')) await sayIfNobodyWorks(pool, watch);
    await sleep(LOOK_EVERY_MS);
  }
}

function namesOf(args: readonly string[], { projections }: RebuildHouse['registry']): readonly string[] {
  const known = [...projections.values()].filter(({ keptBy }) => keptBy === undefined).map(({ name }) => name);
  if (args.length === 0) throw new StartRefused(`${USAGE}\nViews: ${known.join(', ')}`);
  if (args.length === 1 && args[0] === 'all') return known;
  const unknown = args.filter(name => !known.includes(name));
  if (unknown.length > 0)
    throw new StartRefused(`No view that can be built anew is named ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  return [...new Set(args)];
}

async function sayIfNobodyWorks(pool: LocalHouse['pool'], watch: Watch): Promise<void> {
  const keeper = (await readLeases(pool)).find(({ name }) => name === 'projector');
  if (keeper === undefined || keeper.silentMs > SILENT_MS_MAX)
    watch.sayOnce('No worker keeps the views; the request waits until one does.');
}

/** Tells what is new since it last told. */
class Watch {
  readonly #before: ReadonlyMap<string, Progress>;
  readonly #say: (line: string) => void;
  readonly #done = new Set<string>();
  readonly #said = new Map<string, string>();
  #saidAt = 0;

  constructor(before: readonly Progress[], say: (line: string) => void) {
    this.#before = new Map(before.map(progress => [progress.name, progress]));
    this.#say = say;
  }

  /** @throws StartRefused when one of them failed or was never begun */
  isDone(now: readonly Progress[]): boolean {
    for (const progress of now) this.#note(progress);
    if (performance.now() - this.#saidAt > SAY_EVERY_MS) this.#sayShares(now);
    return now.every(({ name }) => this.#done.has(name));
  }

  sayOnce(line: string): void {
    if (this.#said.get('') !== line) this.#say(line);
    this.#said.set('', line);
  }

  #note({ name, stage, shown, reason }: Progress): void {
    if (this.#done.has(name)) return;
    if (shown !== this.#before.get(name)?.shown) {
      this.#done.add(name);
      this.#say(`${name}: built anew and shown`);
    } else if (stage === 'failed') throw new StartRefused(`${name} cannot be built anew: ${reason}. What was shown stays.`);
    else if (stage === 'idle') throw new StartRefused(`${name} was not built anew; the log of the worker tells why.`);
  }

  #sayShares(now: readonly Progress[]): void {
    this.#saidAt = performance.now();
    for (const { name, stage, share } of now.filter(progress => progress.stage === 'building' && !this.#done.has(progress.name))) {
      const line = `${name}: ${stage}, ${Math.floor(share * 100)} % of the log read`;
      if (this.#said.get(name) !== line) this.#say(line);
      this.#said.set(name, line);
    }
  }
}
