import type pg from 'pg';
import type { Logger } from 'pino';
import { createLogger } from '../api/logging.ts';
import { type Registry, registry } from '../kernel/module.ts';
import { modules } from '../modules/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { openPool, waitForDatabase } from './database.ts';
import { connectEventLog } from './event-log/eventstore.ts';
import type { EventLog } from './event-log/port.ts';
import { createExecutor, type WatchedExecutor } from './executor/executor.ts';
import { StoredSnapshots } from './executor/snapshots.ts';
import { gaugeProcess } from './gauges.ts';
import { type Metrics, startMetrics } from './metrics.ts';
import { migrate } from './migrations/migrate.ts';
import { PersonalData } from './personal/personal-data.ts';
import { createQueryRunner, type WatchedQueryRunner } from './queries/runner.ts';
import { sharedSecret } from './secrets.ts';
import { StartRefused } from './supervisor/refused.ts';
import { startTracing } from './tracing.ts';

/** What every role that works on the business stands on. */
export interface Foundation {
  readonly pool: pg.Pool;
  /** The log as the business reads it: personal texts are plain in it. */
  readonly log: EventLog;
  /** The log as it is stored: personal texts are sealed in it. */
  readonly rawLog: EventLog;
  readonly personal: PersonalData;
  readonly registry: Registry;
  readonly queries: WatchedQueryRunner;
  readonly executor: WatchedExecutor;
  readonly metrics: Metrics;
  readonly logger: Logger;
  close(): Promise<void>;
}

export type FoundationConfig = Pick<Config, 'databaseUrl' | 'eventstoreUrl' | 'keysDir' | 'proofDir' | 'timeZone' | 'logLevel'> &
  Partial<Pick<Config, 'traceEndpoint'>>;

const DATABASE_PATIENCE_MS = 20_000;
const QUERY_PATIENCE_MS = 2_000;

/** @throws StartRefused when the database or the event store named in the configuration cannot be reached */
export async function layFoundation(config: FoundationConfig, role: string, poolMax: number): Promise<Foundation> {
  const { databaseUrl, eventstoreUrl, timeZone, logLevel } = config;
  if (databaseUrl === undefined || eventstoreUrl === undefined)
    throw new StartRefused('A role of its own needs DATABASE_URL and EVENTSTORE_URL.');
  const tracing = startTracing(config.traceEndpoint, role);
  const metrics = startMetrics();
  const logger = createLogger({ level: logLevel });
  await waitForDatabase(databaseUrl, DATABASE_PATIENCE_MS).catch(unreachable('DATABASE_URL'));
  const pool = openPool(databaseUrl, {
    max: poolMax,
    plansOnce: true,
    onError: error => logger.warn({ err: error }, 'a database connection was lost'),
  });
  const rawLog = connectEventLog({ url: eventstoreUrl, logger });
  await rawLog.identity().catch(unreachable('EVENTSTORE_URL'));
  await migrate(pool);
  const house = registry(modules);
  const personal = await PersonalData.open({ pool, registry: house, keysDir: config.keysDir });
  const log = personal.sealed(rawLog);
  await personal.recordReturned(log);
  const secret = await sharedSecret(pool, 'cursors');
  const queries = createQueryRunner({ pool, registry: house, secret, patienceMs: QUERY_PATIENCE_MS, log, timeZone });
  const snapshots = new StoredSnapshots(pool);
  const executor = createExecutor({ log, registry: house, queries, clock: systemClock, timeZone, snapshots, blind: personal.blind });
  personal.onErased(() => executor.streams.forgetAll());
  gaugeProcess(metrics.meter, executor, pool);
  const close = async (): Promise<void> => {
    await queries.close();
    await personal.close();
    await log.close();
    await pool.end();
    await metrics.close();
    await tracing.close();
  };
  return { pool, log, rawLog, personal, registry: house, queries, executor, metrics, logger, close };
}

const unreachable = (name: string) => (error: unknown) => {
  throw new StartRefused(`What ${name} names cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
};
