/** S1 and S2: commands on warm records, one at a time and 64 at once, beside bare appends by the same client and beside Emmett. */
import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { startEmmett } from './support/emmett.ts';
import { atLeast, atMost, type Figure, medianOf, publish, quantile } from './support/figures.ts';
import { startGround } from './support/ground.ts';
import { captureLead, inFlight, leadEvent, renameLead } from './support/records.ts';

const TOGETHER = 64;
const MEASURE_MS = 3_000;
/** Engines compile what they run often: until then each is as slow as the machine is busy. */
const WARM_MS = 12_000;

export async function commands(rounds: number): Promise<void> {
  const ground = await startGround();
  const emmett = await startEmmett(await ground.freshDatabase());
  const client = EventStoreDBClient.connectionString(ground.eventstoreUrl);
  try {
    const { executor } = ground.foundation;
    const ours = async () => {
      const { id } = await captureLead(executor);
      return (n: number) => renameLead(executor, id, `Ten pieces ${n}`);
    };
    const bare = async () => {
      const stream = `bare-${randomUUID()}`;
      return (n: number) => client.appendToStream(stream, eventOf(n), { expectedRevision: n === 0 ? 'no_stream' : BigInt(n - 1) });
    };
    const contenders = {
      house: (count: number, milliseconds = MEASURE_MS) => inFlight(count, milliseconds, ours),
      append: (count: number, milliseconds = MEASURE_MS) => inFlight(count, milliseconds, bare),
      emmett: (count: number, milliseconds = MEASURE_MS) => emmett.commands(count, milliseconds),
    };
    const samples = new Map<string, number[]>();
    const note = (name: string, value: number): void => void samples.set(name, [...(samples.get(name) ?? []), value]);
    for (const run of Object.values(contenders)) await run(TOGETHER, WARM_MS);
    for (let round = 0; round < rounds; round++)
      for (const [name, run] of Object.entries(contenders)) {
        const alone = await run(1);
        const together = await run(TOGETHER);
        note(`${name}, 1 at a time, p50`, quantile(alone.durations, 0.5));
        note(`${name}, ${TOGETHER} at once`, together.perSecond);
        note(`${name}, ${TOGETHER} at once, p99`, quantile(together.durations, 0.99));
      }
    const figures: Figure[] = [...samples].map(([name, values]) => ({
      name,
      unit: name.endsWith('at once') ? '1/s' : 'ms',
      samples: values,
    }));
    const ratio = (figure: string, other: string): number =>
      medianOf(figures, `house, ${figure}`) / medianOf(figures, `${other}, ${figure}`);
    const [alone, together] = ['1 at a time, p50', `${TOGETHER} at once`];
    await publish({
      bench: 'commands',
      figures,
      ratios: [
        atMost('S1 command p50 against Emmett', ratio(alone, 'emmett'), 0.8),
        atMost('S1 command p50 against a bare append', ratio(alone, 'append'), 1.3),
        atLeast('S2 commands against Emmett', ratio(together, 'emmett'), 1.5),
        atLeast('S2 commands against bare appends', ratio(together, 'append'), 0.8),
      ],
    });
  } finally {
    await client.dispose();
    await emmett.stop();
    await ground.stop();
  }
}

/** The same event as a command of the house appends, without what sealing adds. */
function eventOf(revision: number) {
  const { id, type, data, metadata } = leadEvent(revision);
  return jsonEvent({ id, type, data: data as Record<string, unknown>, metadata: { ...metadata } });
}
