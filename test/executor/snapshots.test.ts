import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { system } from '../../src/kernel/authority.ts';
import { byId, command } from '../../src/kernel/command.ts';
import { decider } from '../../src/kernel/decider.ts';
import { event } from '../../src/kernel/event.ts';
import { module, registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { rowsOf } from '../../src/runtime/database.ts';
import type { EventLog } from '../../src/runtime/event-log/port.ts';
import { createExecutor } from '../../src/runtime/executor/executor.ts';
import { fingerprint, SNAPSHOT_EVERY, StoredSnapshots } from '../../src/runtime/executor/snapshots.ts';
import { uuidv5 } from '../../src/runtime/ids.ts';
import type { QueryRunner } from '../../src/runtime/queries/port.ts';
import { type Ground, ground } from '../projector/support.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';

const Counted = event('TicketCounted', { by: z.int() });
interface State {
  readonly count: number;
}
const counting = (step: (state: State, data: { readonly by: number }) => State, stateVersion = 1) =>
  decider({
    category: 'counter',
    stateVersion,
    events: [Counted],
    initial: (): State => ({ count: 0 }),
    evolve: { TicketCounted: step },
  });
const Counter = counting(({ count }, { by }) => ({ count: count + by }));

const count = (counter: typeof Counter) =>
  command({
    type: 'CountTicket',
    summary: '',
    permission: 'counter:count',
    input: z.strictObject({ id: z.string(), by: z.int() }),
    decider: counter,
    entityId: byId,
    decide: (_, { by }) => [Counted({ by })],
  });

let place: Ground;
let log: MemoryLog;
/** Events handed out by reads of single streams. */
let read = 0;
let key = 0;

beforeEach(async () => {
  place = await ground();
  log = memoryLog();
  read = 0;
});

const counted: EventLog = {
  append: (...given) => log.append(...given),
  async *readStream(stream, from) {
    for await (const stored of log.readStream(stream, from)) {
      read++;
      yield stored;
    }
  },
  readAll: (...given) => log.readAll(...given),
  head: () => log.head(),
  follow: (...given) => log.follow(...given),
  identity: () => log.identity(),
  close: () => log.close(),
};

/** A process that has just started. */
function started(counter = Counter) {
  const snapshots = new StoredSnapshots(place.pool);
  const message = count(counter);
  const executor = createExecutor({
    log: counted,
    registry: registry([module({ name: 'counters', commands: [message], projections: [], queries: [], sagas: [] })]),
    queries: {} as QueryRunner,
    clock: { now: () => '2026-03-02T09:00:00.000Z' },
    timeZone: 'Europe/Bucharest',
    snapshots,
  });
  const run = (by = 1, commandId = uuidv5('test', String(key++))) =>
    executor.execute(message({ id: 'a', by }), { caller: system('test'), commandId });
  return { run, snapshots, cached: async () => (await executor.streams.load(counter, 'counter-a')).folded };
}

/** A stream of so many events, counted by an earlier process. */
async function history(events: number): Promise<string> {
  const { run, snapshots } = started();
  let last = '';
  for (let index = 0; index < events; index++) {
    last = uuidv5('test', String(key++));
    await run(1, last);
  }
  await snapshots.written();
  read = 0;
  return last;
}

const stored = () => rowsOf<{ revision: number; content: string }>(place.pool, 'select revision, content from ops.snapshots');

describe('a long stream', () => {
  test('of 10,000 events costs a process that starts no more than its newest hundred', async () => {
    await history(10_000);
    const { run } = started();
    expect(await run()).toMatchObject({ kind: 'done', revision: 10_000 });
    expect(read).toBeLessThanOrEqual(SNAPSHOT_EVERY);
    await run();
    expect(read, 'the second command reads nothing').toBeLessThanOrEqual(SNAPSHOT_EVERY);
  }, 60_000);

  test('is folded from a snapshot into the very state its events make', async () => {
    await history(SNAPSHOT_EVERY + 30);
    const thawed = await started().cached();
    expect(read, 'it was read from the snapshot on').toBeLessThan(SNAPSHOT_EVERY);
    await place.pool.query('truncate ops.snapshots');
    const whole = await started().cached();
    expect({ ...thawed, keptAt: 0 }).toEqual({ ...whole, keptAt: 0 });
  });

  test('still knows a command that came before the snapshot', async () => {
    const last = await history(SNAPSHOT_EVERY);
    expect(await started().run(1, last)).toMatchObject({ kind: 'done', revision: SNAPSHOT_EVERY - 1, repeated: true });
  });

  test('that is short leaves no snapshot', async () => {
    await history(SNAPSHOT_EVERY - 1);
    expect(await stored()).toEqual([]);
  });
});

describe('a snapshot is passed over', () => {
  const folds = async (by = Counter): Promise<number> => {
    const { state } = await started(by).cached();
    return (state as State).count;
  };

  test('when a function of the decider changed', async () => {
    await history(SNAPSHOT_EVERY);
    expect(await folds(counting(({ count }, { by }) => ({ count: count + 2 * by })))).toBe(2 * SNAPSHOT_EVERY);
  });

  test('when the version of the state changed, and replaced by the new one', async () => {
    await history(SNAPSHOT_EVERY);
    const reshaped = counting(({ count }, { by }) => ({ count: count + by }), 2);
    const { snapshots, cached } = started(reshaped);
    await cached();
    expect(read).toBe(SNAPSHOT_EVERY);
    await snapshots.written();
    read = 0;
    await started(reshaped).cached();
    expect(read, 'the new snapshot serves').toBe(1);
  });

  test('when it was damaged', async () => {
    await history(SNAPSHOT_EVERY);
    await place.pool.query(`update ops.snapshots set content = replace(content, '"count":${SNAPSHOT_EVERY}', '"count":7')`);
    expect(await folds()).toBe(SNAPSHOT_EVERY);
  });

  test('when the log does not hold the event it ends with: it is of another log', async () => {
    await history(SNAPSHOT_EVERY);
    log = memoryLog();
    expect(await folds()).toBe(0);
    await place.pool.query(`update ops.snapshots set revision = ${SNAPSHOT_EVERY}`);
    const { run } = started();
    for (let index = 0; index < SNAPSHOT_EVERY; index++) await run(5);
    expect(await folds()).toBe(5 * SNAPSHOT_EVERY);
  });

  test('when the database cannot be asked', async () => {
    await history(SNAPSHOT_EVERY);
    await place.pool.query('alter table ops.snapshots rename to gone');
    expect(await folds()).toBe(SNAPSHOT_EVERY);
  });
});

describe('deciders of the house', () => {
  const deciders = [...registry(modules).deciders.values()];

  test('have fingerprints of their own', () => {
    expect(deciders.length).toBeGreaterThan(10);
    expect(new Set(deciders.map(fingerprint)).size).toBe(deciders.length);
  });
});
