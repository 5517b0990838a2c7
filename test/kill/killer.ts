/**
 * Kills processes of a house, as a process apart from house and load. Arguments: pid of the supervisor, where the house listens,
 * seed, and as JSON how often each victim is to be killed. Prints a line for each kill and ends when all are done, or with its
 * input. Most victims die at work; some while others are on their way up again, or on their own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { find, type Victim } from './processes.ts';
import { randomFrom } from './random.ts';

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_500;
/** What died lately may be waiting for its next start. */
const APPEAR_MS_MAX = 40_000;
const LOOK_MS = 20;
/** How often the next kill does not wait for the house to be up again, in percent. */
const HASTY = 25;

const [supervisor = '', url = '', seed = '', wanted = '{}'] = process.argv.slice(2);
const random = randomFrom(Number(seed));
process.stdin.on('end', () => process.exit()).resume();

const round = Object.entries(JSON.parse(wanted) as Record<Victim, number>).flatMap(([victim, times]) =>
  Array<Victim>(times).fill(victim as Victim),
);
for (const victim of random.shuffled(round)) {
  if (!random.chance(HASTY)) await isUp();
  await sleep(random.between(PAUSE_MIN_MS, PAUSE_MAX_MS));
  const pid = await kill(victim);
  console.log(JSON.stringify({ at: Date.now(), victim, pid }));
}
process.exit();

/** Waits until the house is ready again, in bounds: whoever never gets up is found by the test. */
async function isUp(): Promise<void> {
  const giveUpAt = performance.now() + APPEAR_MS_MAX;
  while (performance.now() < giveUpAt) {
    const ready = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PAUSE_MAX_MS) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready && (await find(Number(supervisor), 'worker')).length > 0) return;
    await sleep(LOOK_MS);
  }
}

/** Kills one of the kind, as it is found: in the middle of its work, of its start or of its recovery. */
async function kill(victim: Victim): Promise<number> {
  const giveUpAt = performance.now() + APPEAR_MS_MAX;
  for (;;) {
    const found = await find(Number(supervisor), victim);
    if (found.length > 0) {
      const { pid } = random.pick(found);
      if (isKilled(pid)) return pid;
    }
    if (performance.now() > giveUpAt) throw new Error(`No ${victim} to kill for ${APPEAR_MS_MAX} ms`);
    await sleep(LOOK_MS);
  }
}

/** False when it had ended meanwhile. */
function isKilled(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
