/** S7: how fast all views of the house take in a log they have not seen, beside one projection of Emmett. */
import { randomUUID } from 'node:crypto';
import { startProjector } from '../src/runtime/projector/projector.ts';
import { readCheckpoints } from '../src/runtime/queries/checkpoints.ts';
import { startEmmett } from './support/emmett.ts';
import { atLeast, type Figure, medianOf, publish } from './support/figures.ts';
import { type Ground, startGround } from './support/ground.ts';
import { writeLead } from './support/records.ts';

const EVENTS = 10_000;
const EVENTS_PER_LEAD = 10;
const WRITERS = 16;
const LOOK_MS = 5;
const MS_PER_S = 1_000;
const READ_PAGE = 1_000;

export async function catchUp(rounds: number): Promise<void> {
  const ground = await startGround();
  const emmett = await startEmmett(await ground.freshDatabase());
  try {
    await writeLog(ground);
    const samples = { house: [] as number[], emmett: [] as number[], read: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      samples.house.push(await ours(ground));
      samples.read.push(await bareRead(ground));
      samples.emmett.push(await emmett.catchUp(EVENTS));
    }
    const figures: Figure[] = [
      { name: 'house, all views', unit: 'events/s', samples: samples.house },
      { name: "the client's read of the log alone", unit: 'events/s', samples: samples.read },
      { name: 'emmett, one projection', unit: 'events/s', samples: samples.emmett },
    ];
    const ratio = (other: string): number => medianOf(figures, 'house, all views') / medianOf(figures, other);
    await publish({
      bench: 'catch-up',
      figures,
      ratios: [
        atLeast('S7 against Emmett', ratio('emmett, one projection'), 3),
        atLeast('S7 against the bare read', ratio("the client's read of the log alone"), 0.6),
      ],
    });
  } finally {
    await emmett.stop();
    await ground.stop();
  }
}

async function writeLog({ foundation: { log } }: Ground): Promise<void> {
  const ids = Array.from({ length: EVENTS / EVENTS_PER_LEAD }, () => randomUUID());
  const writer = async (): Promise<void> => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) await writeLead(log, id, EVENTS_PER_LEAD);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

/** From the start of the projector to the moment when the last view stands at the end of the log. */
async function ours(ground: Ground): Promise<number> {
  const { log, registry } = ground.foundation;
  const other = await ground.foundationOn(await ground.freshDatabase());
  try {
    const head = await log.head();
    const begun = performance.now();
    const projector = await startProjector({ log, pool: other.pool, registry, personal: other.personal });
    for (let behind = true; behind; ) {
      await new Promise(resolve => setTimeout(resolve, LOOK_MS));
      const checkpoints = await readCheckpoints(other.pool);
      const kept = [...registry.projections.values()].filter(({ keptBy }) => keptBy === undefined);
      behind = kept.some(({ name }) => (checkpoints.find(checkpoint => checkpoint.name === name)?.position ?? -1n) < (head ?? 0n));
    }
    const perSecond = EVENTS / ((performance.now() - begun) / MS_PER_S);
    await projector.stop();
    await demandAllRows(other.pool);
    return perSecond;
  } finally {
    await other.close();
  }
}

/** @throws when a lead is missing: speed that loses rows is none */
async function demandAllRows(pool: Ground['foundation']['pool']): Promise<void> {
  const { rows } = await pool.query<{ count: number }>('select count(*)::int as count from read.leads');
  if (rows[0]?.count !== EVENTS / EVENTS_PER_LEAD) throw new Error(`${rows[0]?.count} leads are shown of ${EVENTS / EVENTS_PER_LEAD}`);
}

async function bareRead({ foundation: { rawLog } }: Ground): Promise<number> {
  const begun = performance.now();
  let seen = 0;
  for (let last: bigint | undefined; ; ) {
    const page = await rawLog.readAll(last, READ_PAGE);
    seen += page.length;
    last = page.at(-1)?.position;
    if (page.length < READ_PAGE) return seen / ((performance.now() - begun) / MS_PER_S);
  }
}
