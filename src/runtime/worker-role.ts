import { systemClock } from './clock.ts';
import { type FoundationConfig, layFoundation } from './foundation.ts';
import { startProjector } from './projector/projector.ts';
import { startSagas } from './sagas/runner.ts';
import type { Role } from './supervisor/role.ts';

const POOL_MAX = 24;

/** Keeps the views and moves the sagas. */
export async function runWorker(config: FoundationConfig): Promise<Role> {
  const foundation = await layFoundation(config, POOL_MAX);
  const { log, pool, registry, executor, logger } = foundation;
  const projector = await startProjector({ log, pool, registry, logger });
  const sagas = startSagas({ log, pool, registry, executor, clock: systemClock, logger });
  await sagas.installed;
  return {
    stop: async () => {
      await Promise.all([projector.stop(), sagas.stop()]);
      await foundation.close();
    },
  };
}
