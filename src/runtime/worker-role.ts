import express from 'express';
import { healthRouter } from '../api/health.ts';
import { type Listening, listen } from '../api/listen.ts';
import { rangesOf } from '../integrations/addresses.ts';
import { mailer } from '../integrations/mail.ts';
import { webhooks } from '../integrations/webhooks.ts';
import type { Adapters } from '../kernel/effect.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { usualPace } from './effects/pace.ts';
import { startEffects } from './effects/runner.ts';
import { type Foundation, type FoundationConfig, layFoundation } from './foundation.ts';
import { batchMeter } from './gauges.ts';
import { startProjector } from './projector/projector.ts';
import { OtherLog } from './projector/tables.ts';
import { HeadWriter } from './proof/heads.ts';
import { keepChain } from './proof/keeper.ts';
import { readinessOf } from './readiness.ts';
import { startSagas } from './sagas/runner.ts';
import { StartRefused } from './supervisor/refused.ts';
import type { Role } from './supervisor/role.ts';

const POOL_MAX = 24;

export type WorkerConfig = FoundationConfig &
  Pick<Config, 'effectsDir'> &
  Partial<Pick<Config, 'workerPort' | 'smtpUrl' | 'mailFrom' | 'webhooksAllow'>>;

/** Keeps the views, moves the sagas and sends effects; tells on a loopback port of its own how it fares. */
export async function runWorker(config: WorkerConfig): Promise<Role & { readonly url: string }> {
  const foundation = await layFoundation(config, 'worker', POOL_MAX);
  const { log, pool, personal, registry, executor, logger, metrics } = foundation;
  const onBatch = batchMeter(metrics.meter);
  const projector = await startProjector({ log, pool, registry, personal, logger, onBatch }).catch((error: unknown) => {
    throw error instanceof OtherLog ? new StartRefused(error.message) : error;
  });
  // Another log came behind the URL while we ran. Starting again tells the operator so.
  projector.ended.catch(error => {
    logger.error({ err: error }, 'the views can no longer be kept');
    process.exit(1);
  });
  const sagas = startSagas({ log, pool, registry, executor, texts: personal, clock: systemClock, logger });
  const effects = startEffects({
    ...foundation,
    clock: systemClock,
    adapters: adaptersOf(config),
    journalDir: config.effectsDir,
    pace: usualPace,
  });
  await Promise.all([sagas.installed, effects.installed]);
  const heads = await HeadWriter.open(config.proofDir, config.keysDir);
  const chain = keepChain({ log: foundation.rawLog, pool, heads, clock: systemClock, logger });
  const server = await watchable(foundation, config.workerPort ?? 0);
  const url = `http://127.0.0.1:${server.port}`;
  logger.debug({ url }, 'the worker tells here how it fares');
  return {
    url,
    stop: async () => {
      await server.close();
      await Promise.all([projector.stop(), sagas.stop(), effects.stop(), chain.stop()]);
      await foundation.close();
    },
  };
}

const adaptersOf = ({ smtpUrl, mailFrom, webhooksAllow = '' }: WorkerConfig): Adapters => ({
  mail:
    smtpUrl === undefined || mailFrom === undefined
      ? { missing: 'No mail server is set: letters wait for SMTP_URL and MAIL_FROM.' }
      : mailer({ url: smtpUrl, from: mailFrom }),
  webhook: webhooks({ allow: rangesOf(webhooksAllow) }),
});

/** Serves /livez, /readyz and /metrics of this process. */
const watchable = (foundation: Foundation, port: number): Promise<Listening> =>
  listen(
    express()
      .disable('x-powered-by')
      .use(healthRouter(readinessOf(foundation), foundation.metrics)),
    { port },
  );
