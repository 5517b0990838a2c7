/** S5: a command on a record of 10,000 events against one of 10, warm and after the process forgot both. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Executor } from '../src/runtime/executor/port.ts';
import { atMost, type Figure, medianOf, publish, quantile } from './support/figures.ts';
import { startGround } from './support/ground.ts';
import { renameItem, writeItem } from './support/records.ts';

const LENGTHS = { long: 10_000, short: 10 };
const COMMANDS = 200;
const COLD_COMMANDS = 20;
/** Snapshots are written beside the commands. */
const SNAPSHOT_MS = 1_000;

let named = 0;

export async function longStreams(rounds: number): Promise<void> {
  const ground = await startGround();
  try {
    const { executor, log } = ground.foundation;
    const samples = new Map<string, number[]>();
    const note = (name: string, value: number): void => void samples.set(name, [...(samples.get(name) ?? []), value]);
    const ids = { long: randomUUID(), short: randomUUID() };
    for (const [name, id] of Object.entries(ids)) await writeItem(log, id, LENGTHS[name as keyof typeof LENGTHS]);
    // The first command reads all there is, and leaves a snapshot of what is long; a process that starts later finds it.
    for (const id of Object.values(ids)) await renameItem(executor, id, 'Warm');
    await sleep(SNAPSHOT_MS);
    const later = await ground.foundationOn(ground.databaseUrl);
    const timed = async (by: Executor, id: string): Promise<number> => {
      const at = performance.now();
      await renameItem(by, id, `Name ${++named}`);
      return performance.now() - at;
    };
    for (let round = 0; round < rounds; round++) {
      const durations: Record<string, number[]> = {};
      const keep = (name: string, value: number): void => void (durations[name] ??= []).push(value);
      for (let n = 0; n < COMMANDS; n++) for (const [name, id] of Object.entries(ids)) keep(`${name}, warm`, await timed(executor, id));
      for (let n = 0; n < COLD_COMMANDS; n++)
        for (const [name, id] of Object.entries(ids)) {
          later.executor.streams.forgetAll();
          keep(`${name}, cold`, await timed(later.executor, id));
        }
      for (const [name, values] of Object.entries(durations)) note(`${name}, p50`, quantile(values, 0.5));
    }
    await later.close();
    const figures: Figure[] = [...samples].map(([name, values]) => ({ name, unit: 'ms', samples: values }));
    const ratio = (how: string): number => medianOf(figures, `long, ${how}, p50`) / medianOf(figures, `short, ${how}, p50`);
    await publish({
      bench: 'long-streams',
      figures,
      ratios: [
        atMost('S5 10,000 events against 10, warm', ratio('warm'), 1.2),
        atMost('S5 10,000 events against 10, cold', ratio('cold'), 2),
      ],
    });
  } finally {
    await ground.stop();
  }
}
