import type { Attributes, BatchObservableResult, Meter, ObservableGauge } from '@opentelemetry/api';
import type pg from 'pg';
import { type Backlog, type BacklogSources, readBacklog } from './backlog.ts';
import type { WatchedExecutor } from './executor/executor.ts';
import type { BatchReport } from './projector/reign.ts';

/** One figure of the backlog, once for each set of labels. */
interface Figure {
  readonly name: string;
  readonly description: string;
  readonly read: (backlog: Backlog) => readonly (readonly [value: number | undefined, labels: Attributes])[];
}

const projectionLabels = ({ name, version, state }: Backlog['projections'][number]): Attributes => ({ projection: name, version, state });
const sagaLabels = ({ name, detached }: Backlog['sagas'][number]): Attributes => ({
  saga: name,
  state: detached === undefined ? 'live' : 'detached',
});

const FIGURES: readonly Figure[] = [
  {
    name: 'throughline_projection_lag_positions',
    description: 'How far each projection is behind the log, in positions of the log',
    read: ({ projections }) => projections.map(lag => [Number(lag.behind), projectionLabels(lag)]),
  },
  {
    name: 'throughline_projection_lag_seconds',
    description: 'Age of the oldest event a projection has not taken in yet',
    read: ({ projections }) => projections.map(lag => [lag.lagSeconds, projectionLabels(lag)]),
  },
  {
    name: 'throughline_saga_lag_positions',
    description: 'How far each saga is behind the log, in positions of the log',
    read: ({ sagas }) => sagas.map(lag => [Number(lag.behind), sagaLabels(lag)]),
  },
  {
    name: 'throughline_saga_lag_seconds',
    description: 'Age of the oldest event a saga has not taken in yet',
    read: ({ sagas }) => sagas.map(lag => [lag.lagSeconds, sagaLabels(lag)]),
  },
  {
    name: 'throughline_outbox_commands',
    description: 'Commands that sagas have still to send; held ones met a refusal or a fault',
    read: ({ queues }) => [
      [queues.commandsWaiting, { state: 'waiting' }],
      [queues.commandsHeld, { state: 'held' }],
    ],
  },
  {
    name: 'throughline_outbox_oldest_seconds',
    description: 'How long the command of a saga that waits longest has waited',
    read: ({ queues }) => [[queues.commandsOldestSeconds, {}]],
  },
  {
    name: 'throughline_effects',
    description: 'Mail, webhooks and other effects that have still to go out, and those that were given up',
    read: ({ queues }) => [
      [queues.effectsWaiting, { state: 'waiting' }],
      [queues.effectsGivenUp, { state: 'given-up' }],
    ],
  },
  {
    name: 'throughline_effects_oldest_seconds',
    description: 'How long the effect that waits longest has waited',
    read: ({ queues }) => [[queues.effectsOldestSeconds, {}]],
  },
  {
    name: 'throughline_processes_stopped',
    description: 'Processes that stand still until somebody looks',
    read: ({ queues }) => [[queues.processesStopped, {}]],
  },
];

/**
 * Measures what the house has still to do whenever the metrics are read, of log and database, so that it is told even while no
 * worker runs. What does not answer in time keeps its last figure.
 */
export function gaugeBacklog({ meter, ...sources }: BacklogSources & { readonly meter: Meter }): void {
  const gauges = FIGURES.map(({ name, description }) => meter.createObservableGauge(name, { description }));
  meter.addBatchObservableCallback(async observed => {
    const backlog = await readBacklog(sources);
    for (const [index, { read }] of FIGURES.entries()) observe(observed, gauges[index], read(backlog));
  }, gauges);
}

function observe(observed: BatchObservableResult, gauge: ObservableGauge | undefined, values: ReturnType<Figure['read']>): void {
  for (const [value, labels] of values) if (gauge !== undefined && value !== undefined) observed.observe(gauge, value, labels);
}

/** Measures this process itself: how it finds the states it decides by, what waits for its turn, its connections. */
export function gaugeProcess(meter: Meter, executor: WatchedExecutor, pool: pg.Pool): void {
  const loads = meter.createObservableCounter('throughline_stream_loads', {
    description: 'States of streams that commands needed, found in memory or read from the log',
  });
  loads.addCallback(observed => {
    observed.observe(executor.streams.hits, { found: 'cached' });
    observed.observe(executor.streams.misses, { found: 'read' });
  });
  meter
    .createObservableGauge('throughline_stream_cache_bytes', { description: 'About how much memory the states of streams take' })
    .addCallback(observed => observed.observe(executor.streams.bytes));
  meter
    .createObservableGauge('throughline_commands_waiting', { description: 'Commands under way or waiting for their stream' })
    .addCallback(observed => observed.observe(executor.waiting));
  meter
    .createObservableGauge('throughline_database_connections', { description: 'Connections of this process to Postgres' })
    .addCallback(observed => {
      observed.observe(pool.totalCount - pool.idleCount, { state: 'used' });
      observed.observe(pool.idleCount, { state: 'idle' });
      observed.observe(pool.waitingCount, { state: 'wanted' });
    });
}

const MS_PER_S = 1_000;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** Measures what the views take in; to be told of every batch. */
export function batchMeter(meter: Meter): (report: BatchReport) => void {
  const advice = { explicitBucketBoundaries: SECONDS };
  const durations = meter.createHistogram('throughline_projection_batch_seconds', { description: 'How long batches took', advice });
  const delays = meter.createHistogram('throughline_projection_delay_seconds', {
    description: 'Age of the newest event of a batch when views showed it, while they follow live',
    advice,
  });
  const events = meter.createCounter('throughline_projected_events', { description: 'Events that views took in' });
  return report => {
    const how = { live: String(report.live) };
    durations.record(report.durationMs / MS_PER_S, how);
    events.add(report.events, how);
    if (report.live) delays.record(Math.max(0, report.lagMs) / MS_PER_S);
  };
}
