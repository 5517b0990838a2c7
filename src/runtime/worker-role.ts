import { systemClock } from './clock.ts';
import { type FoundationConfig, layFoundation } from './foundation.ts';
import { startProjector } from './projector/projector.ts';
import { OtherLog } from './projector/tables.ts';
import { startSagas } from './sagas/runner.ts';
import { StartRefused } from './supervisor/refused.ts';
import type { Role } from './supervisor/role.ts';

const POOL_MAX = 24;

/** Keeps the views and moves the sagas. */
export async function runWorker(config: FoundationConfig): Promise<Role> {
  const foundation = await layFoundation(config, POOL_MAX);
  const { log, pool, personal, registry, executor, logger } = foundation;
  const projector = await startProjector({ log, pool, registry, erase: personal.erase, logger }).catch((error: unknown) => {
    throw error instanceof OtherLog ? new StartRefused(error.message) : error;
  });
  // Another log came behind the URL while we ran. Starting again tells the operator so.
  projector.ended.catch(error => {
    logger.error({ err: error }, 'the views can no longer be kept');
    process.exit(1);
  });
  const sagas = startSagas({ log, pool, registry, executor, clock: systemClock, logger });
  await sagas.installed;
  return {
    stop: async () => {
      await Promise.all([projector.stop(), sagas.stop()]);
      await foundation.close();
    },
  };
}
