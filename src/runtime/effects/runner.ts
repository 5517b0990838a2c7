import { rest } from '../event-log/patience.ts';
import { Ownership } from '../ownership.ts';
import { persistently } from '../persistently.ts';
import { Bell } from '../sagas/bell.ts';
import { dispatch } from './dispatcher.ts';
import { Journal, type Unwritten } from './journal.ts';
import { install, react } from './reactions.ts';
import { tell } from './telling.ts';
import type { World } from './world.ts';

const HALTED_LOOK_MS = 1_000;

export interface EffectsRunner {
  /** Resolves once every reaction is known: what is written from then on they act on, whoever runs them. */
  readonly installed: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Sends effects, or waits for the one who does to go. Postgres or the event log may come and go: it goes on from where it was,
 * by itself. Uses one connection of the pool.
 */
export function startEffects(world: World): EffectsRunner {
  const stopped = new AbortController();
  const unwritten: Unwritten = new Map();
  const persistence = { interrupted: 'effects are interrupted', logger: world.logger, signal: stopped.signal };
  const installed = persistently(persistence, async () => {
    await install(world);
    return 'done';
  });
  const running = installed.then(() => persistently(persistence, () => claim(world, unwritten, stopped.signal)));
  return {
    installed,
    stop: () => {
      stopped.abort();
      return running;
    },
  };
}

async function claim(world: World, unwritten: Unwritten, signal: AbortSignal): Promise<'again'> {
  const owner = await Ownership.claim(world.pool, 'effects', signal);
  if (owner !== undefined) await serve(world, owner, unwritten, signal);
  return 'again';
}

/** Runs all loops for as long as the ownership lasts; one that ends or fails ends the others. @throws what the first of them threw */
async function serve(world: World, owner: Ownership, unwritten: Unwritten, signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const ending = AbortSignal.any([signal, failed.signal]);
  const bells = { due: new Bell(), told: new Bell() };
  const loops: Promise<void>[] = [];
  try {
    const journal = await Journal.open(world.journalDir, await world.log.identity(), owner, unwritten);
    loops.push(react(world, owner, bells.due, ending), send(world, owner, journal, bells, ending), tell(world, owner, bells.told, ending));
    await Promise.race(loops);
  } finally {
    failed.abort();
    await Promise.allSettled(loops);
    owner.release();
  }
}

/** Sends what is due, or waits until the operator says that it may be sent. */
async function send(
  world: World,
  owner: Ownership,
  journal: Awaited<ReturnType<typeof Journal.open>>,
  bells: { readonly due: Bell; readonly told: Bell },
  signal: AbortSignal,
): Promise<void> {
  if (journal instanceof Journal) {
    try {
      await owner.rows(`delete from ops.effect_halts where what = '*'`);
      return await dispatch(world, owner, journal, bells, signal);
    } finally {
      await journal.close();
    }
  }
  world.logger?.warn(journal.halted);
  await owner.rows(
    `insert into ops.effect_halts (what, because) values ('*', $1) on conflict (what) do update set because = excluded.because`,
    [journal.halted],
  );
  while (!signal.aborted && (await isHalted(owner))) await rest(HALTED_LOOK_MS, signal);
}

const isHalted = async (owner: Ownership): Promise<boolean> =>
  (await owner.rows(`select from ops.effect_halts where what = '*'`)).length > 0;
