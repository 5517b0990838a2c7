import express from 'express';
import { healthRouter } from '../api/health.ts';
import { type Listening, listen } from '../api/listen.ts';
import { systemClock } from './clock.ts';
import { type Foundation, type FoundationConfig, layFoundation } from './foundation.ts';
import { batchMeter } from './gauges.ts';
import { HeadWriter } from './proof/heads.ts';
import { keepChain } from './proof/keeper.ts';
import { startProjector } from './projector/projector.ts';
import { OtherLog } from './projector/tables.ts';
import { readinessOf } from './readiness.ts';
import { startSagas } from './sagas/runner.ts';
import { StartRefused } from './supervisor/refused.ts';
import type { Role } from './supervisor/role.ts';

const POOL_MAX = 24;

export type WorkerConfig = FoundationConfig & { readonly workerPort?: number };

/** Keeps the views and moves the sagas; tells on a loopback port of its own how it fares. */
export async function runWorker(config: WorkerConfig): Promise<Role & { readonly url: string }> {
  const foundation = await layFoundation(config, POOL_MAX);
  const { log, pool, personal, registry, executor, logger, metrics } = foundation;
  const onBatch = batchMeter(metrics.meter);
  const projector = await startProjector({ log, pool, registry, erase: personal.erase, logger, onBatch }).catch((error: unknown) => {
    throw error instanceof OtherLog ? new StartRefused(error.message) : error;
  });
  // Another log came behind the URL while we ran. Starting again tells the operator so.
  projector.ended.catch(error => {
    logger.error({ err: error }, 'the views can no longer be kept');
    process.exit(1);
  });
  const sagas = startSagas({ log, pool, registry, executor, clock: systemClock, logger });
  await sagas.installed;
  const heads = await HeadWriter.open(config.proofDir, config.keysDir);
  const chain = keepChain({ log: foundation.rawLog, pool, heads, clock: systemClock, logger });
  const server = await watchable(foundation, config.workerPort ?? 0);
  const url = `http://127.0.0.1:${server.port}`;
  logger.info({ url }, 'the worker tells here how it fares');
  return {
    url,
    stop: async () => {
      await server.close();
      await Promise.all([projector.stop(), sagas.stop(), chain.stop()]);
      await foundation.close();
    },
  };
}

/** Serves /livez, /readyz and /metrics of this process. */
const watchable = (foundation: Foundation, port: number): Promise<Listening> =>
  listen(
    express()
      .disable('x-powered-by')
      .use(healthRouter(readinessOf(foundation), foundation.metrics)),
    { port },
  );
