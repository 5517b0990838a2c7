import { createApp } from '../api/app.ts';
import { listen } from '../api/listen.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { ViewsLag } from './executor/port.ts';
import { type FoundationConfig, layFoundation } from './foundation.ts';
import { gaugeBacklog } from './gauges.ts';
import { bootstrapAdmin } from './identity/bootstrap.ts';
import { createIdentity } from './identity/identity.ts';
import { LiveFeed } from './live/feed.ts';
import { readinessOf } from './readiness.ts';
import { createRequestStore } from './requests.ts';
import { Rest } from './sagas/rest.ts';
import { StartRefused } from './supervisor/refused.ts';
import { type Role, tellOperator } from './supervisor/role.ts';

const POOL_MAX = 32;
const SWEEP_EVERY_MS = 10 * 60_000;

export type ApiConfig = FoundationConfig & Pick<Config, 'port' | 'adminPassword'>;

/** Answers over HTTP on loopback. */
export async function runApi(config: ApiConfig): Promise<Role & { readonly url: string }> {
  const foundation = await layFoundation(config, 'api', POOL_MAX);
  const { pool, log, registry, queries, executor, logger, metrics } = foundation;
  gaugeBacklog({ ...foundation, meter: metrics.meter });
  const identity = createIdentity({ database: pool, registry, queries, clock: systemClock });
  const requests = createRequestStore(pool);
  const feed = new LiveFeed({ log, registry, identity });
  foundation.personal.onErased(() => feed.forgetAll());
  const app = createApp({
    ...foundation,
    identity,
    requests,
    rest: new Rest({ pool, told: queries.told }),
    feed,
    readiness: readinessOf(foundation),
    clock: systemClock,
    timeZone: config.timeZone,
    logIdentity: () => log.identity(),
  });
  const server = await listen(app, { port: config.port });
  const notice = await bootstrapAdmin({ executor, identity, password: config.adminPassword }).catch(needsWorker);
  if (notice.length > 0) tellOperator(notice.join('\n'));
  const sweep = setInterval(() => {
    Promise.all([identity.sweep(), requests.sweep()]).catch(error => logger.warn({ err: error }, 'sweeping failed; it is tried again'));
  }, SWEEP_EVERY_MS);
  return {
    url: `http://127.0.0.1:${server.port}`,
    stop: async () => {
      clearInterval(sweep);
      feed.close();
      await server.close();
      await foundation.close();
    },
  };
}

/** Without a worker nobody shows what is written, not even that there is an administrator. */
function needsWorker(error: unknown): never {
  throw error instanceof ViewsLag ? new StartRefused('The API needs a worker beside it: nothing it writes is being shown.') : error;
}
