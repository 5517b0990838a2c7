import { pauseAfter, rest } from '../event-log/patience.ts';
import { Ownership } from '../ownership.ts';
import { Bell } from '../sagas/bell.ts';
import { dispatch } from './dispatcher.ts';
import { Journal, type Unwritten } from './journal.ts';
import { install, react } from './reactions.ts';
import { tell } from './telling.ts';
import type { World } from './world.ts';

/** A run that lasted so long was no failed attempt to begin one. */
const STEADY_MS = 10_000;
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
  const installed = persistently(world, stopped.signal, async () => {
    await install(world);
    return 'done';
  });
  const running = installed.then(() => persistently(world, stopped.signal, () => claim(world, unwritten, stopped.signal)));
  return {
    installed,
    stop: () => {
      stopped.abort();
      return running;
    },
  };
}

/** Does the work again and again until it is done or the signal fires; after a failure with growing pauses. */
async function persistently(world: World, signal: AbortSignal, work: () => Promise<'done' | 'again'>): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      if ((await work()) === 'done') return;
      failures = 0;
    } catch (error) {
      failures = performance.now() - began > STEADY_MS ? 1 : failures + 1;
      world.logger?.warn({ err: error, failures }, 'effects are interrupted');
      await rest(pauseAfter(failures), signal);
    }
  }
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
