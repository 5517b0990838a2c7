import express, { type Router } from 'express';
import type { Metrics } from '../runtime/metrics.ts';
import { readable, send } from './router.ts';

/** Whether this process can do its work, and how far its views are behind. */
export interface ReadinessReport {
  readonly ready: boolean;
  /** By what is needed, e.g. `log`, `database`: reachable or why not. */
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>;
  readonly projections: readonly {
    readonly name: string;
    readonly state: string;
    /** Position reached, as decimal text; null before the first event. */
    readonly position: string | null;
    /** Age of the oldest event that is not shown yet; null when that is not known, 0 when all are. */
    readonly lagSeconds: number | null;
  }[];
  /** How far each saga and each reaction has read, and whether it stands still. */
  readonly sagas: ReadinessReport['projections'];
  /** What waits to go out, and for how long. */
  readonly queues: Readonly<Record<string, number>>;
  /** Who does what only one of all workers may do. */
  readonly owners: readonly { readonly name: string; readonly holder: string; readonly silentMs: number }[];
}

export interface Readiness {
  check(): Promise<ReadinessReport>;
}

const PATIENCE_MS = 3_000;
const RETRY_AFTER_S = '2';

/** For machines that watch over this process; they tell nothing about the business. */
export function healthRouter(readiness: Readiness, metrics: Metrics): Router {
  const router = express.Router();
  readable(router, '/livez', (_request, response) => send(response, { status: 200, body: { alive: true } }));
  readable(router, '/readyz', async (_request, response) => {
    const report = await inTime(readiness.check());
    send(response, report.ready ? { status: 200, body: report } : { status: 503, headers: { 'Retry-After': RETRY_AFTER_S }, body: report });
  });
  readable(router, '/metrics', async (_request, response) => {
    response.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.text());
  });
  return router;
}

/** A check that hangs is an answer too. */
function inTime(check: Promise<ReadinessReport>): Promise<ReadinessReport> {
  const unready = (detail: string): ReadinessReport => ({
    ready: false,
    checks: { readiness: { ok: false, detail } },
    projections: [],
    sagas: [],
    queues: {},
    owners: [],
  });
  const late = Promise.withResolvers<ReadinessReport>();
  const timer = setTimeout(() => late.resolve(unready('The checks did not come to an end in time')), PATIENCE_MS);
  const checked = check.catch(() => unready('The checks failed'));
  return Promise.race([checked, late.promise]).finally(() => clearTimeout(timer));
}
