import { Ownership } from '../ownership.ts';
import { persistently } from '../persistently.ts';
import { Bell } from './bell.ts';
import { consume, type Reading } from './consumer.ts';
import { dispatch } from './dispatcher.ts';
import { install } from './seats.ts';
import { watch } from './steward.ts';
import type { World } from './world.ts';

export interface SagaRunner {
  /** Resolves once every saga is known: what is written from then on they act on, whoever runs them. */
  readonly installed: Promise<void>;
  /** Resolves when nothing of it runs any more; commands under way are waited for. */
  stop(): Promise<void>;
}

/**
 * Runs the sagas of the house, or waits for the one who does to go. Postgres or the event log may come and go: it goes on
 * from where it was, by itself. Uses one connection of the pool.
 */
export function startSagas(world: World): SagaRunner {
  const stopped = new AbortController();
  const persistence = { interrupted: 'sagas are interrupted', logger: world.logger, signal: stopped.signal };
  const installed = persistently(persistence, async () => {
    await install(world);
    return 'done';
  });
  const running = installed.then(() => persistently(persistence, () => claim(world, stopped.signal)));
  return {
    installed,
    stop: () => {
      stopped.abort();
      return running;
    },
  };
}

async function claim(world: World, signal: AbortSignal): Promise<'again'> {
  const owner = await Ownership.claim(world.pool, 'sagas', signal);
  if (owner !== undefined) await serve(world, owner, signal);
  return 'again';
}

/** Runs all loops for as long as the ownership lasts; one that fails ends the others. @throws what the first of them threw */
async function serve(world: World, owner: Ownership, signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const ending = AbortSignal.any([signal, failed.signal]);
  const reading: Reading = { bell: new Bell(), reached: undefined, done: new Map() };
  const loops = [consume(world, owner, reading, ending), dispatch(world, owner, reading, ending), watch(world, owner, ending)];
  try {
    await Promise.all(loops);
  } finally {
    failed.abort();
    await Promise.allSettled(loops);
    owner.release();
  }
}
