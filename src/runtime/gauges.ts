import type { Meter } from '@opentelemetry/api';
import type pg from 'pg';
import { rowsOf } from './database.ts';
import type { EventLog } from './event-log/port.ts';
import type { WatchedQueryRunner } from './queries/runner.ts';

export interface Gauged {
  readonly meter: Meter;
  readonly pool: pg.Pool;
  readonly log: EventLog;
  readonly queries: WatchedQueryRunner;
}

interface Depth {
  readonly waiting: number;
  readonly held: number;
}

/**
 * Measures what the worker has still to do, whenever the metrics are read: it is asked of log and database, so that it is told
 * even while no worker runs. What does not answer in time keeps its last figure.
 */
export function gaugeBacklog({ meter, pool, log, queries }: Gauged): void {
  const lag = { description: 'How far each projection is behind the log, in positions of the log' };
  meter.createObservableGauge('throughline_projection_lag_positions', lag).addCallback(async observed => {
    for (const { name, version, state, behind } of await queries.checkpointsLag(await log.head()))
      observed.observe(Number(behind), { projection: name, version, state });
  });
  const depth = { description: 'Commands that sagas have still to send; held ones met a refusal or a fault' };
  meter.createObservableGauge('throughline_outbox_commands', depth).addCallback(async observed => {
    const [row] = await rowsOf<Depth>(
      pool,
      'select count(*) filter (where not held) as waiting, count(*) filter (where held) as held from ops.saga_outbox',
    );
    observed.observe(row?.waiting ?? 0, { state: 'waiting' });
    observed.observe(row?.held ?? 0, { state: 'held' });
  });
}
