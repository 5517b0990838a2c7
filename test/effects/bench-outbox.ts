/** A house with nothing but an outbox in it: a log in memory, a real Postgres, an executor that only remembers, a way out made up by the test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import type { CommandMessage } from '../../src/kernel/command.ts';
import { type Adapters, type Answer, type AnyReaction, effect, type Notice, reaction, webhook } from '../../src/kernel/effect.ts';
import { event } from '../../src/kernel/event.ts';
import { module, registry } from '../../src/kernel/module.ts';
import { effects, effectTries } from '../../src/projections/platform/effects.ts';
import { openPool } from '../../src/runtime/database.ts';
import type { Pace } from '../../src/runtime/effects/pace.ts';
import { type EffectsRunner, startEffects } from '../../src/runtime/effects/runner.ts';
import { NO_STREAM } from '../../src/runtime/event-log/port.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import type { QueryRunner } from '../../src/runtime/queries/port.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';
import { freshDatabase } from '../support/postgres.ts';

export const Called = event('Called', {});

/** One call for each fact in a stream `call-<whom>~<number>`. */
export const call = effect({
  type: 'Call',
  channel: webhook,
  payload: z.strictObject({ id: z.string() }),
  destination: ({ id }) => id.split('~')[0] as string,
  compose: async ({ id }): Promise<Notice> => ({ url: `https://${id}/`, body: id, secrets: [], personal: false }),
  outcome: ({ id }, outcome) => ({ command: 'AnswerCall', input: { id, outcome } }),
});

export const calls = (stateVersion = 1): AnyReaction =>
  reaction({
    name: 'calls',
    stateVersion,
    events: [Called],
    initial: (): { readonly heard: number } => ({ heard: 0 }),
    on: { Called: ({ heard }) => ({ heard: heard + 1 }) },
    effects: (_, { entityId }) => [call({ id: entityId })],
  });

export const quick: Pace = { pausesMs: [20, 20, 20], restFirstMs: 1, restMaxMs: 20, failingMs: 72 * 3_600_000 };

export type Row = Record<string, unknown>;
export type Way = (id: string, notice: Notice) => Answer | Promise<Answer>;

export interface Outbox {
  readonly url: string;
  readonly log: MemoryLog;
  readonly journalDir: string;
  /** All that went out, in order: the effect's id and what it said. */
  readonly sent: { readonly id: string; readonly said: string }[];
  /** Commands the outbox asked for. */
  readonly asked: CommandMessage[];
  way: Way;
  pace: Pace;
  start(options?: {
    readonly reactions?: readonly AnyReaction[];
    readonly adapters?: Partial<Adapters>;
    /** Another database or folder in place of its own. */
    readonly url?: string;
    readonly journalDir?: string;
  }): Promise<EffectsRunner>;
  /** Puts a fact into a stream of its own. */
  call(id: string, occurredAt?: string): Promise<void>;
  rows(sql: string, parameters?: unknown[]): Promise<Row[]>;
  poolOf(url?: string): pg.Pool;
  /** Makes a copy of the database, as a backup restored elsewhere would be. Nobody may be connected. */
  copied(): Promise<string>;
  close(): Promise<void>;
}

const NOW = '2026-03-02T09:00:00.000Z';
const noQueries: QueryRunner = {
  ask: () => Promise.reject(new Error('Nothing is asked here')),
  askAny: () => Promise.reject(new Error('Nothing is asked here')),
  close: async () => undefined,
};

export async function outbox(): Promise<Outbox> {
  const database = await freshDatabase();
  const pools = new Map<string, pg.Pool>();
  const poolOf = (url: string): pg.Pool => {
    const pool = pools.get(url) ?? openPool(url, { max: 6 });
    pools.set(url, pool);
    return pool;
  };
  await migrate(poolOf(database.url));
  const log = memoryLog();
  const journalDir = await mkdtemp(join(tmpdir(), 'throughline-effects-'));
  const running = new Set<EffectsRunner>();
  const copies: string[] = [];
  const box: Outbox = {
    url: database.url,
    log,
    journalDir,
    sent: [],
    asked: [],
    way: () => ({ kind: 'taken', answer: '204' }),
    pace: quick,
    async start({ reactions = [calls()], adapters, url = database.url, journalDir: folder = journalDir } = {}) {
      const house = module({
        name: 'test',
        commands: [],
        projections: [effects, effectTries],
        queries: [],
        sagas: [],
        effects: [call],
        reactions,
      });
      const runner = startEffects({
        log,
        pool: poolOf(url),
        registry: registry([house]),
        clock: { now: () => NOW },
        executor: {
          execute: async message => {
            box.asked.push(message);
            return { kind: 'done', record: { category: 'call', id: 'x' }, revision: 0, position: 0n, repeated: false };
          },
        },
        queries: noQueries,
        adapters: {
          mail: { missing: 'No mail server is set.' },
          webhook: async (id, notice) => {
            const answer = await box.way(id, notice);
            if (answer.kind === 'taken') box.sent.push({ id, said: notice.body });
            return answer;
          },
          ...adapters,
        },
        journalDir: folder,
        pace: box.pace,
      });
      running.add(runner);
      await runner.installed;
      return runner;
    },
    async call(id, occurredAt = NOW) {
      const eventId = crypto.randomUUID();
      const metadata = {
        version: 1,
        recordedAt: NOW,
        occurredAt,
        actor: { kind: 'staff', id: 'ana' } as const,
        commandId: eventId,
        commandHash: 'hash',
        correlationId: `thread-of-${id}`,
        causationId: eventId,
        basis: NO_STREAM,
      };
      await log.append(`call-${id}`, [{ id: eventId, type: 'Called', data: {}, metadata }], NO_STREAM);
    },
    poolOf: (url = database.url) => poolOf(url),
    rows: async (sql, parameters = []) => (await poolOf(database.url).query<Row>(sql, parameters)).rows,
    async copied() {
      for (const [url, pool] of pools) {
        pools.delete(url);
        await pool.end();
      }
      const name = `${new URL(database.url).pathname.slice(1)}_copy${copies.length}`;
      await asServer(database.url, `create database ${name} template ${new URL(database.url).pathname.slice(1)}`);
      copies.push(name);
      return Object.assign(new URL(database.url), { pathname: `/${name}` }).href;
    },
    async close() {
      await Promise.all([...running].map(runner => runner.stop()));
      await Promise.all([...pools.values()].map(pool => pool.end()));
      for (const name of copies) await asServer(database.url, `drop database ${name} with (force)`);
      await database.drop();
      await rm(journalDir, { recursive: true });
    },
  };
  return box;
}

async function asServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: Object.assign(new URL(url), { pathname: '/postgres' }).href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
