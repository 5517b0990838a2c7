import { Writable } from 'node:stream';
import type { Express } from 'express';
import type pg from 'pg';
import request, { type Test } from 'supertest';
import { vi } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { createLogger } from '../../src/api/logging.ts';
import type { SignInLimits } from '../../src/api/sign-in-limits.ts';
import { system } from '../../src/kernel/authority.ts';
import { type Module, registry } from '../../src/kernel/module.ts';
import { platform } from '../../src/modules/platform.ts';
import { openPool } from '../../src/runtime/database.ts';
import { createExecutor } from '../../src/runtime/executor/executor.ts';
import type { Executor } from '../../src/runtime/executor/port.ts';
import { gaugeBacklog } from '../../src/runtime/gauges.ts';
import { createIdentity } from '../../src/runtime/identity/identity.ts';
import type { Identity } from '../../src/runtime/identity/port.ts';
import { LiveFeed } from '../../src/runtime/live/feed.ts';
import { startMetrics } from '../../src/runtime/metrics.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { startProjector } from '../../src/runtime/projector/projector.ts';
import type { QueryRunner } from '../../src/runtime/queries/port.ts';
import { createQueryRunner } from '../../src/runtime/queries/runner.ts';
import { createRequestStore, type RequestStore } from '../../src/runtime/requests.ts';
import { PostgresProxy } from '../eventstore/proxy.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';
import { freshDatabase } from '../support/postgres.ts';
import { notesModule } from './notes.ts';

export const PASSWORD = 'a long enough password';
export const TIME_ZONE = 'Pacific/Auckland';

export interface House {
  readonly app: Express;
  readonly log: MemoryLog;
  /** Stands before Postgres and can take it away. */
  readonly postgres: PostgresProxy;
  readonly pool: pg.Pool;
  readonly identity: Identity;
  readonly executor: Executor;
  readonly queries: QueryRunner;
  /** All that was logged, line by line. */
  readonly lines: string[];
  /** The clock; tests may move it. */
  readonly clock: { now(): string; ahead: number };
  /** Registers a user with roles and a password, and gives their id. */
  user(email: string, roles: readonly string[]): Promise<string>;
  /** A session's token of a user. */
  tokenOf(email: string): Promise<string>;
  close(): Promise<void>;
}

/** What tests may put in the place of the usual. */
export interface Changes {
  readonly modules?: readonly Module[];
  readonly limits?: SignInLimits;
  readonly origins?: readonly string[];
  executor?(usual: Executor): Executor;
  queries?(usual: QueryRunner): QueryRunner;
  requests?(usual: RequestStore): RequestStore;
}

export async function house(changes: Changes = {}): Promise<House> {
  // Before all that asks for a meter, as in the product.
  const metrics = startMetrics();
  const database = await freshDatabase();
  const postgres = await PostgresProxy.before(database.url);
  const pool = openPool(postgres.url, { max: 10 });
  await migrate(pool);
  const log = memoryLog();
  const everything = registry(changes.modules ?? [platform, notesModule]);
  const projector = await startProjector({ log, pool, registry: everything });
  const clock = { ahead: 0, now: () => new Date(Date.now() + clock.ahead).toISOString() };
  const runner = createQueryRunner({ pool, registry: everything, secret: 'for tests', patienceMs: 2_000, checkOutput: true });
  const queries = changes.queries?.(runner) ?? runner;
  const identity = createIdentity({ database: pool, registry: everything, queries, clock });
  await vi.waitFor(() => identity.person({ email: '' }), { timeout: 20_000, interval: 20 });
  const usual = createExecutor({ log, registry: everything, queries, clock, timeZone: TIME_ZONE, patienceMs: 2_000 });
  const executor = changes.executor?.(usual) ?? usual;
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  gaugeBacklog({ meter: metrics.meter, pool, log, queries: runner });
  const requests = createRequestStore(pool);
  const feed = new LiveFeed({ log, registry: everything, identity });
  const app = createApp({
    registry: everything,
    executor,
    queries,
    identity,
    requests: changes.requests?.(requests) ?? requests,
    rest: { reached: async () => undefined },
    feed,
    readiness: { check: async () => ({ ready: true, checks: { log: { ok: true } }, projections: [], sagas: [], queues: {}, owners: [] }) },
    metrics,
    logger: createLogger({ destination }),
    clock,
    timeZone: TIME_ZONE,
    logIdentity: () => log.identity(),
    cookies: { secure: false, origins: changes.origins ?? [] },
    ...(changes.limits === undefined ? {} : { signInLimits: changes.limits }),
  });
  const user = async (email: string, roles: readonly string[]): Promise<string> => {
    const input = { email, name: email, roles };
    const outcome = await usual.execute({ command: 'RegisterUser', input }, { caller: system('test'), commandId: crypto.randomUUID() });
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    await identity.settled(outcome.position ?? 0n);
    await identity.setPassword(outcome.record.id, PASSWORD);
    return outcome.record.id;
  };
  const tokenOf = async (email: string): Promise<string> => {
    const session = await identity.signIn(email, PASSWORD);
    if (session === undefined) throw new Error(`${email} cannot sign in`);
    return session.token;
  };
  const close = async (): Promise<void> => {
    feed.close();
    await projector.stop();
    await runner.close();
    await pool.end();
    await metrics.close();
    await postgres.close();
    await database.drop();
  };
  return { app, log, postgres, pool, identity, executor, queries, lines, clock, user, tokenOf, close };
}

/** The newest token each house answered with, so that what was written is seen by what is asked next. */
const newest = new WeakMap<Express, string>();

const remember = (app: Express, token: string | undefined): void => {
  if (token !== undefined) newest.set(app, token);
};

/** Asks as somebody signed in. */
export function as(app: Express, token: string) {
  const signed = (test: Test): Test => {
    const seen = newest.get(app);
    if (seen !== undefined) test.set('Consistency-Token', seen);
    test.on('response', ({ headers }) => remember(app, headers['consistency-token']));
    return test.set('Authorization', `Bearer ${token}`);
  };
  return {
    get: (path: string) => signed(request(app).get(`/api/v1${path}`)),
    post: (path: string, body?: object) => signed(request(app).post(`/api/v1${path}`)).send(body),
    put: (path: string, body?: object) => signed(request(app).put(`/api/v1${path}`)).send(body),
    delete: (path: string) => signed(request(app).delete(`/api/v1${path}`)),
  };
}
