/** A house with nothing but sagas in it: a log in memory, a real Postgres, an executor that only remembers. */
import type pg from 'pg';
import type { CommandMessage } from '../../src/kernel/command.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { module, registry } from '../../src/kernel/module.ts';
import type { AnySaga } from '../../src/kernel/saga.ts';
import { openPool } from '../../src/runtime/database.ts';
import { NO_STREAM } from '../../src/runtime/event-log/port.ts';
import type { Execution, Executor, Outcome } from '../../src/runtime/executor/port.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { type SagaRunner, startSagas } from '../../src/runtime/sagas/runner.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';
import { freshDatabase } from '../support/postgres.ts';

export const DONE: Outcome = { kind: 'done', record: { category: 'parcel', id: 'p' }, revision: 0, position: 0n, repeated: false };
export const refusedAs = (refused: string, because: string): Outcome => ({
  kind: 'refused',
  refusal: { refused, because },
  position: undefined,
});

export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export interface Asked {
  readonly message: CommandMessage;
  readonly execution: Execution;
}

export type Answer = (message: CommandMessage, execution: Execution) => Outcome | Promise<Outcome>;

export interface BenchHouse {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly log: MemoryLog;
  /** All that the executor was asked, in order. */
  readonly asked: Asked[];
  /** What the clock says, ISO 8601. */
  now: string;
  answer: Answer;
  start(...sagas: readonly AnySaga[]): Promise<SagaRunner>;
  /** Puts a fact into the log, recorded now. */
  tell(stream: string, event: DomainEvent, occurredAt?: string): Promise<void>;
  rows(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Waits until all that is in the log has been taken and all that was to be sent has been settled or is held. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export type Row = Record<string, unknown>;

export async function benchHouse(): Promise<BenchHouse> {
  const database = await freshDatabase();
  const pool = openPool(database.url, { max: 6 });
  await migrate(pool);
  const log = memoryLog();
  const asked: Asked[] = [];
  const running = new Set<SagaRunner>();
  const house: BenchHouse = {
    url: database.url,
    pool,
    log,
    asked,
    now: '2026-03-02T09:00:00.000Z',
    answer: () => DONE,
    async start(...sagas: readonly AnySaga[]): Promise<SagaRunner> {
      const runner = startSagas({
        log,
        pool,
        registry: registry([module({ name: 'test', commands: [], projections: [], queries: [], sagas })]),
        clock: { now: () => house.now },
        executor: executorOf(house, asked),
      });
      running.add(runner);
      await runner.installed;
      return runner;
    },
    async tell(stream: string, { type, data }: DomainEvent, occurredAt = house.now): Promise<void> {
      let basis = NO_STREAM;
      for await (const { revision } of log.readStream(stream)) basis = revision;
      const id = crypto.randomUUID();
      const metadata = {
        version: 1,
        recordedAt: house.now,
        occurredAt,
        actor: { kind: 'staff', id: 'ana' } as const,
        commandId: id,
        commandHash: 'hash',
        correlationId: `thread-of-${stream}`,
        causationId: id,
        basis,
        traceparent: TRACEPARENT,
      };
      await log.append(stream, [{ id, type, data, metadata }], basis);
    },
    rows: async (sql, parameters = []) => (await pool.query<Row>(sql, parameters)).rows,
    async settled(): Promise<void> {
      await until(async () => {
        const head = await log.head();
        const [state] = await house.rows(
          `select coalesce((select position from ops.checkpoints where name = 'processes'), -1) < $1 as behind,
           exists (select from ops.saga_outbox o where not held and not exists (select from ops.saga_instances i
             where i.saga = o.saga and i.instance = o.instance and i.status = 'parked'))
           or exists (select from ops.saga_instances where not recorded) as waiting`,
          [String(head ?? -1n)],
        );
        return state?.behind === false && state.waiting === false && (await log.head()) === head;
      });
    },
    async close(): Promise<void> {
      for (const runner of running) await runner.stop();
      await pool.end();
      await database.drop();
    },
  };
  return house;
}

const executorOf = (house: { readonly answer: Answer }, asked: Asked[]): Executor => ({
  execute: async (message, execution) => {
    asked.push({ message, execution });
    return house.answer(message, execution);
  },
});

const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 20;

export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`It did not come true within ${PATIENCE_MS} ms`);
    await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
