/** S6: from the moment a command is given to its effect in a view, 100 a second, with all views and sagas on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CheckpointWatch } from '../src/runtime/queries/checkpoints.ts';
import { startEmmett } from './support/emmett.ts';
import { atMost, type Figure, medianOf, publish, quantile } from './support/figures.ts';
import { startGround } from './support/ground.ts';
import { captureLead } from './support/records.ts';

const EVERY_MS = 10;
const COMMANDS = 500;
const PATIENCE_MS = 10_000;
const VIEW = 'leads';

export async function lag(rounds: number): Promise<void> {
  const ground = await startGround();
  const worker = await ground.startWorker();
  const emmett = await startEmmett(await ground.freshDatabase());
  const { executor, pool } = ground.foundation;
  const watch = new CheckpointWatch(pool);
  try {
    const ours = async (): Promise<readonly number[]> => {
      const waits: Promise<number>[] = [];
      for (let n = 0; n < COMMANDS; n++) {
        waits.push(seen(performance.now()));
        await sleep(EVERY_MS);
      }
      return Promise.all(waits);
    };
    const seen = async (at: number): Promise<number> => {
      const { position } = await captureLead(executor);
      await watch.passed([VIEW], position, PATIENCE_MS);
      return performance.now() - at;
    };
    await ours();
    const samples = new Map<string, number[]>();
    const note = (name: string, value: number): void => void samples.set(name, [...(samples.get(name) ?? []), value]);
    for (let round = 0; round < rounds; round++)
      for (const [name, lags] of [['house', await ours()] as const, ['emmett', await emmett.lag(COMMANDS, EVERY_MS)] as const]) {
        note(`${name}, p50`, quantile(lags, 0.5));
        note(`${name}, p99`, quantile(lags, 0.99));
      }
    const figures: Figure[] = [...samples].map(([name, values]) => ({ name, unit: 'ms', samples: values }));
    const ratio = (how: string): number => medianOf(figures, `house, ${how}`) / medianOf(figures, `emmett, ${how}`);
    await publish({
      bench: 'lag',
      figures,
      ratios: [
        atMost('S6 p50 in ms', medianOf(figures, 'house, p50'), 25),
        atMost('S6 p50 against Emmett', ratio('p50'), 1 / 20),
        atMost('S6 p99 against Emmett', ratio('p99'), 1 / 20),
      ],
    });
  } finally {
    await watch.close();
    await emmett.stop();
    await worker.stop();
    await ground.stop();
  }
}
