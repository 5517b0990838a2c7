import type { Readiness, ReadinessReport } from '../api/health.ts';
import { type BacklogSources, readBacklog } from './backlog.ts';

type Check = ReadinessReport['checks'][string];

/**
 * Ready while log and database answer and no view is detached. What lags, and a saga that stands still, is told but takes
 * nobody out of service: requests are answered as before.
 */
export const readinessOf = (sources: BacklogSources): Readiness => ({
  check: async () => {
    const log = await outcome(sources.log.head());
    const read = await outcome(readBacklog(sources));
    const { projections, sagas, queues, owners } = read.ok ? read.value : { projections: [], sagas: [], queues: {}, owners: [] };
    const views = whole(projections.filter(({ state }) => state === 'detached'));
    const database = log.ok ? told(read) : { ok: await isReachable(sources) };
    return {
      ready: log.ok && database.ok && views.ok,
      checks: { log: told(log), database, views, sagas: whole(sagas.filter(({ detached }) => detached !== undefined)) },
      projections: projections.map(({ name, state, position, lagSeconds }) => ({ name, state, ...place(position, lagSeconds) })),
      sagas: sagas.map(({ name, detached, position, lagSeconds }) => ({
        name,
        state: detached === undefined ? 'live' : 'detached',
        ...place(position, lagSeconds),
      })),
      queues,
      owners,
    };
  },
});

const place = (position: bigint | undefined, lagSeconds: number | undefined) => ({
  position: position?.toString() ?? null,
  lagSeconds: lagSeconds ?? null,
});

const whole = (detached: readonly { readonly name: string }[]): Check =>
  detached.length === 0 ? { ok: true } : { ok: false, detail: `Detached: ${detached.map(({ name }) => name).join(', ')}` };

type Outcome<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly detail: string };

const outcome = <Value>(work: Promise<Value>): Promise<Outcome<Value>> =>
  work.then(
    value => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, detail: error instanceof Error ? error.message : String(error) }),
  );

const told = (result: Outcome<unknown>): Check => (result.ok ? { ok: true } : { ok: false, detail: result.detail });

/** While the log is away the backlog cannot be read, which says nothing about the database. */
const isReachable = ({ pool }: BacklogSources): Promise<boolean> =>
  pool.query('select 1').then(
    () => true,
    () => false,
  );
