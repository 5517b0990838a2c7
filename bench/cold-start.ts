/** S13: from `npm start` to ready, on a data folder that holds 100,000 events. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectEventLog } from '../src/runtime/event-log/eventstore.ts';
import { atMost, type Figure, medianOf, publish } from './support/figures.ts';
import { type BenchHouse, freshFolder, startHouse } from './support/house.ts';
import { writeLead } from './support/records.ts';

const EVENTS = 100_000;
const EVENTS_PER_LEAD = 50;
const WRITERS = 16;
const CAUGHT_UP_MS_MAX = 300_000;
const LOOK_MS = 500;

export async function coldStart(rounds: number): Promise<void> {
  const folder = await freshFolder();
  try {
    const first = await startHouse(folder);
    try {
      await fill(first);
    } finally {
      await first.stop();
    }
    const samples: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const house = await startHouse(folder);
      samples.push(house.startMs);
      await house.stop();
    }
    const figures: Figure[] = [{ name: 'start to ready', unit: 'ms', samples }];
    await publish({ bench: 'cold-start', figures, ratios: [atMost('S13 in ms', medianOf(figures, 'start to ready'), 5_000)] });
  } finally {
    await folder.remove();
  }
}

async function fill(house: BenchHouse): Promise<void> {
  const log = connectEventLog({ url: (await house.stores()).eventstoreUrl });
  let left = EVENTS / EVENTS_PER_LEAD;
  const writer = async (): Promise<void> => {
    while (left-- > 0) await writeLead(log, randomUUID(), EVENTS_PER_LEAD);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  await log.close();
  const giveUpAt = performance.now() + CAUGHT_UP_MS_MAX;
  while (!(await isCaughtUp(house))) {
    if (performance.now() > giveUpAt) throw new Error(`The views have not caught up within ${CAUGHT_UP_MS_MAX} ms`);
    await sleep(LOOK_MS);
  }
}

async function isCaughtUp({ url }: BenchHouse): Promise<boolean> {
  const answer = (await (await fetch(`${url}/readyz`)).json()) as {
    readonly projections: readonly { readonly lagSeconds: number | null }[];
  };
  return answer.projections.every(({ lagSeconds }) => lagSeconds === 0);
}
