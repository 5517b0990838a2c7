import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { projection } from '../../src/kernel/projection.ts';
import { nullable, table, text } from '../../src/kernel/table.ts';
import { openPool, rowsOf } from '../../src/runtime/database.ts';
import { startProjector } from '../../src/runtime/projector/projector.ts';
import { PostgresProxy } from '../eventstore/proxy.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';
import { append, closed, filled, happened, opened, PurseFilled, purses, pursesOf, registryOf, sources } from './purses.ts';
import { afterwards, bytesOf, checkpoints, ground, killWriter, openAnother, passed, projecting } from './support.ts';

const house = registryOf([purses, sources]);

describe('a view', () => {
  test('shows what the facts say, in values as the house writes them', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    await projecting({ log, pool, registry: house });
    await append(log, 'A', opened('ana', '1.50'), filled(5), filled(3, 'cyd'), filled(2));
    await append(log, 'B', opened(), filled(1), closed());
    await passed(pool, await log.head());
    const [purse, ...others] = await rowsOf(pool, 'select * from read.purses');
    expect(others).toEqual([]);
    expect(purse).toEqual({
      id: 'A',
      owner_id: 'ana',
      amount: 10,
      rate: '1.50',
      opened_on: '2026-01-05',
      changed_at: log.events[3]?.metadata.occurredAt,
      empty: false,
      labels: ['new', 'ș'],
      sources: { bob: 2, cyd: 1, mark: expect.any(Number) },
      last_source: 'bob',
    });
    expect(await rowsOf(pool, 'select * from read.sources order by id')).toEqual([
      { id: 'bob', times: 3 },
      { id: 'cyd', times: 1 },
      { id: 'everyone', times: 4 },
    ]);
  });

  test('is documented, table and column, for analysts', async () => {
    const { pool } = await ground();
    await projecting({ log: memoryLog(), pool, registry: house });
    const commentsOn = `select attname as name, col_description(attrelid, attnum) as comment from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 order by attnum limit 2`;
    await expect
      .poll(() => rowsOf(pool, `select obj_description(to_regclass('read.purses')) as it`))
      .toEqual([{ it: "Purses, with the owner's name" }]);
    for (const relation of ['read.purses', 'read_data.purses_v1']) {
      expect(await rowsOf(pool, commentsOn, [relation])).toEqual([
        { name: 'id', comment: 'Id of the purse' },
        { name: 'owner_id', comment: 'Who it belongs to' },
      ]);
    }
    expect(
      await rowsOf(pool, `select indexdef from pg_indexes where tablename = 'purses_v1' and indexdef like '%(owner_id, amount)'`),
    ).toHaveLength(1);
  });

  test('built from zero in any batches equals the live one byte by byte', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    const live = await projecting({ log, pool, registry: house });
    const amount = fc.integer({ min: -9, max: 9 });
    const filling = fc.tuple(amount, fc.constantFrom('z', 'aa', 'b', '10', '9', '__proto')).map(([cents, from]) => filled(cents, from));
    const fact = fc.record({
      purse: fc.constantFrom('A', 'B', 'C'),
      fact: fc.oneof(
        { weight: 2, arbitrary: fc.constant(opened('ana', '0.10')) },
        { weight: 1, arbitrary: fc.constant(closed()) },
        { weight: 40, arbitrary: filling },
      ),
    });
    for (const { purse, fact: one } of fc.sample(fact, { numRuns: 200, seed: 7 })) await append(log, purse, one);
    await passed(pool, await log.head());
    await live.stop();
    const before = await Promise.all(['read.purses', 'read.sources'].map(view => bytesOf(pool, view)));
    expect(before[0]?.length).toBeGreaterThan(50);
    for (const batchMax of [1, 7, 1_000]) {
      const other = await ground();
      await projecting({ log, pool: other.pool, registry: house, batchMax });
      await passed(other.pool, await log.head());
      expect(await Promise.all(['read.purses', 'read.sources'].map(view => bytesOf(other.pool, view)))).toEqual(before);
    }
  });

  test('ignores events that other programs wrote into the log', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    await projecting({ log, pool, registry: house });
    await log.append('foreign-1', [{ id: 'x', type: 'PurseOpened', data: {}, metadata: JSON.parse('{}') }], -1);
    await append(log, 'A', opened());
    await log.append('other-1', [happened({ type: 'NobodyKnows', data: {} })], -1);
    await passed(pool, await log.head());
    expect(await rowsOf(pool, 'select id from read.purses')).toEqual([{ id: 'A' }]);
  });
});

/** Like sources, but it cannot bear a certain name. */
const picky = (because: (from: string) => void) =>
  projection({
    name: 'picky',
    version: 1,
    table: table('picky', 'A view that may fail', { from: nullable(text('Who')) }, { indexes: ['"from"'] }),
    events: [PurseFilled],
    keys: { PurseFilled: ({ from }) => [from.slice(0, 10)] },
    on: {
      PurseFilled: (_, { from }) => {
        because(from);
        return { from };
      },
    },
  });

describe('a projection that fails', () => {
  test('is stopped with place and reason, and only it', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    const fragile = picky(from => {
      if (from === 'eve') throw new Error('not eve');
    });
    await append(log, 'A', opened(), filled(1, 'bob'));
    const good = await log.head();
    await projecting({ log, pool, registry: registryOf([purses, fragile]) });
    await passed(pool, good);
    await append(log, 'A', filled(2, 'eve'), filled(4, 'cyd'));
    await passed(pool, await log.head());
    expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: 7 }]);
    expect(await rowsOf(pool, 'select * from read.picky')).toEqual([{ id: 'bob', from: 'bob' }]);
    expect((await checkpoints(pool))[0]).toEqual({
      name: 'picky',
      version: 1,
      position: Number(good),
      state: 'detached',
      shown: true,
      reason: 'PurseFilled at position 30 (purse-A, revision 2): not eve',
    });
  });

  test('in Postgres alone is stopped as well, and only it', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    await projecting({ log, pool, registry: registryOf([purses, picky(() => {})]) });
    // Beyond what an index entry of Postgres can hold, even compressed.
    const long = Array.from({ length: 2_000 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000))).join('');
    await append(log, 'A', opened(), filled(1, long), filled(2, 'bob'));
    await passed(pool, await log.head());
    expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: 3 }]);
    expect((await checkpoints(pool))[0]).toMatchObject({ name: 'picky', state: 'detached', reason: expect.stringContaining('index row') });
  });

  test('is tried again from where it stood when the worker starts anew', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    let repaired = false;
    const fragile = picky(from => {
      if (from === 'eve' && !repaired) throw new Error('not eve');
    });
    const first = await projecting({ log, pool, registry: registryOf([purses, fragile]) });
    await append(log, 'A', opened(), filled(1, 'bob'), filled(2, 'eve'), filled(4, 'cyd'));
    await passed(pool, await log.head());
    await first.stop();
    repaired = true;
    await projecting({ log, pool, registry: registryOf([purses, fragile]) });
    await expect.poll(async () => (await checkpoints(pool))[0]).toMatchObject({ state: 'live', reason: null, position: 40 });
    expect(await rowsOf(pool, 'select id from read.picky order by id')).toEqual([{ id: 'bob' }, { id: 'cyd' }, { id: 'eve' }]);
  });

  test('because its table changed without a new version says so, and changes nothing', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    const first = await projecting({ log, pool, registry: registryOf([purses, picky(() => {})]) });
    await append(log, 'A', opened(), filled(1, 'bob'));
    await passed(pool, await log.head());
    await first.stop();
    const changed = { ...picky(() => {}), table: table('picky', 'Changed', { from: text('Who') }) };
    await projecting({ log, pool, registry: registryOf([purses, changed]) });
    await expect.poll(() => checkpoints(pool)).toMatchObject([{ state: 'detached' }, { state: 'live' }]);
    await append(log, 'A', filled(1, 'cyd'));
    await passed(pool, await log.head());
    expect((await checkpoints(pool))[0]).toMatchObject({
      state: 'detached',
      shown: true,
      reason: expect.stringContaining('make it version 2'),
    });
    expect(await rowsOf(pool, 'select * from read.picky')).toEqual([{ id: 'bob', from: 'bob' }]);
  });
});

/** Breaks the connection of a pool around one statement of the next batch. */
class Fuse {
  #left = -1;
  #moment: 'before' | 'after' = 'before';

  constructor(pool: pg.Pool, other: pg.Pool) {
    pool.on('connect', client => {
      let inBatch = false;
      const query = client.query.bind(client) as (...given: unknown[]) => Promise<unknown>;
      const breaking = async (...given: unknown[]): Promise<unknown> => {
        if (String(given[0]).startsWith('begin')) inBatch = this.#left >= 0;
        // Other connections of the pool look after leases and requests meanwhile.
        const blows = inBatch && this.#left-- === 0;
        const cut = () => rowsOf(other, 'select pg_terminate_backend($1)', [(client as unknown as { processID: number }).processID]);
        if (blows && this.#moment === 'before') await cut();
        const result = await query(...given);
        if (blows) await cut();
        if (blows) throw new Error('Connection terminated before the answer came');
        return result;
      };
      client.query = breaking as unknown as typeof client.query;
    });
  }

  set(statement: number, moment: 'before' | 'after'): void {
    this.#left = statement;
    this.#moment = moment;
  }

  get blown(): boolean {
    return this.#left < 0;
  }
}

const TOTAL = 3_000;

/** Fills one purse by one cent, TOTAL times, in small appends with pauses, as a day's work would come. */
async function fillSlowly(log: MemoryLog): Promise<void> {
  await append(log, 'A', opened());
  for (let count = 0; count < TOTAL; count += 20) {
    await append(log, 'A', ...Array.from({ length: 20 }, () => filled(1)));
    await sleep(10);
  }
}

describe('each event changes each view once', () => {
  test('though the connection is killed again and again in the middle of batches', async () => {
    const { url, pool } = await ground();
    const log = memoryLog();
    await projecting({ log, pool: openAnother(url), registry: house, batchMax: 50 });
    let over = false;
    const filling = fillSlowly(log).finally(() => {
      over = true;
    });
    let killed = 0;
    while (!over) {
      killed += await killWriter(pool);
      await sleep(20);
    }
    await filling;
    await passed(pool, await log.head());
    expect(killed).toBeGreaterThanOrEqual(5);
    expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: TOTAL }]);
    expect(await rowsOf(pool, `select times from read.sources where id = 'bob'`)).toEqual([{ times: TOTAL }]);
  });

  test('though the connection breaks before or after any statement of a batch', async () => {
    const { url, pool } = await ground();
    const own = openAnother(url);
    const fuse = new Fuse(own, pool);
    const log = memoryLog();
    let batches = 0;
    await projecting({ log, pool: own, registry: house, onBatch: () => batches++ });
    await append(log, 'A', opened());
    await passed(pool, await log.head());
    let statement = 0;
    do {
      for (const moment of ['before', 'after'] as const) {
        fuse.set(statement, moment);
        await append(log, 'A', filled(1));
        await passed(pool, await log.head());
      }
      statement++;
    } while (fuse.blown);
    // Begin, locks, all rows, all writes, instants, checkpoints with their news, commit.
    expect(statement).toBeGreaterThan(6);
    // However many views there are: exchanges are what small batches cost.
    expect(statement).toBeLessThan(12);
    expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: 2 * statement }]);
    expect(await rowsOf(pool, `select times from read.sources where id = 'bob'`)).toEqual([{ times: 2 * statement }]);
  });

  test('though Postgres is away for a while, and without a restart', async () => {
    const { url, pool } = await ground();
    const proxy = await PostgresProxy.before(url);
    const through = openPool(proxy.url, { max: 4 });
    afterwards(() => proxy.close());
    const log = memoryLog();
    const warnings: string[] = [];
    await projecting({ log, pool: through, registry: house, logger: { info: () => {}, warn: (_, message) => warnings.push(message) } });
    await append(log, 'A', opened(), filled(1));
    await passed(pool, await log.head());
    proxy.cut();
    await append(log, 'A', filled(2));
    await sleep(300);
    expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: 1 }]);
    proxy.heal();
    await passed(pool, await log.head());
    expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: 3 }]);
    expect(warnings).toEqual(['Keeping the views was interrupted; it is tried again']);
  });

  test('since a checkpoint only moves forward', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    const first = await projecting({ log, pool, registry: house });
    await append(log, 'A', opened(), filled(1), filled(2));
    await passed(pool, await log.head());
    await first.stop();
    // As if another worker had been further already: what it took in is not taken in again.
    await rowsOf(pool, `update ops.checkpoints set position = 50 where name = 'purses'`);
    await projecting({ log, pool, registry: house });
    await append(log, 'A', filled(4), filled(8), filled(16));
    await passed(pool, await log.head());
    expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: 3 + 16 }]);
    expect(await rowsOf(pool, `select times from read.sources where id = 'bob'`)).toEqual([{ times: 5 }]);
  });
});

describe('two projectors on one database', () => {
  test('take turns: the second waits until the first is gone', async () => {
    const { url, pool } = await ground();
    const log = memoryLog();
    const batches = [0, 0];
    const start = (index: 0 | 1) =>
      projecting({ log, pool: openAnother(url), registry: house, onBatch: () => (batches[index] = (batches[index] ?? 0) + 1) });
    const first = await start(0);
    await append(log, 'A', opened(), filled(1));
    await passed(pool, await log.head());
    await start(1);
    await append(log, 'A', filled(2));
    await passed(pool, await log.head());
    expect(batches[1]).toBe(0);
    await first.stop();
    const before = batches[0];
    await append(log, 'A', filled(4));
    await passed(pool, await log.head());
    expect(batches).toEqual([before, expect.toSatisfy((count: number) => count > 0)]);
    expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: 7 }]);
  });
});

describe('another log', () => {
  test('is refused with one sentence rather than mixed in', async () => {
    const { pool } = await ground();
    const first = await projecting({ log: memoryLog({ identity: 'first' }), pool, registry: house });
    await expect.poll(() => checkpoints(pool)).toHaveLength(2);
    await first.stop();
    await expect(startProjector({ log: memoryLog({ identity: 'second' }), pool, registry: house })).rejects.toThrow(
      /^The views in this database were built from the event log first, but .* second: .*\.$/,
    );
  });
});

test('a log that lost what the views have seen is not gone on with', async () => {
  const { pool } = await ground();
  const whole = memoryLog();
  const first = await projecting({ log: whole, pool, registry: house });
  await append(whole, 'A', opened(), filled(1), filled(2));
  await passed(pool, await whole.head(), 2);
  await first.stop();
  const restored = memoryLog();
  await append(restored, 'A', opened());
  const warnings: object[] = [];
  await projecting({ log: restored, pool, registry: house, logger: { info: () => {}, warn: details => warnings.push(details) } });
  await expect.poll(() => warnings).toEqual([{ because: 'The event log ends at 10, before position 30 that the views have already seen' }]);
  expect(await rowsOf(pool, 'select amount from read.purses')).toEqual([{ amount: 3 }]);
});

describe('a new version of a view', () => {
  test('is built beside the old one and shown at once, never half, while others go on', async () => {
    const { url, pool } = await ground();
    const log = memoryLog();
    const first = await projecting({ log, pool, registry: registryOf([pursesOf(1), sources]) });
    const count = 400;
    for (let index = 0; index < count; index++) await append(log, `P${index}`, opened(), filled(1));
    await passed(pool, await log.head());
    await rowsOf(pool, `create role swap_reader_${process.pid}`);
    await rowsOf(pool, `grant select on read.purses to swap_reader_${process.pid}`);
    await first.stop();

    const seen = new Set<string>();
    let watching = true;
    const watch = async (): Promise<void> => {
      while (watching) {
        const [row] = await rowsOf<{ seen: string }>(
          pool,
          `select count(*) || ' purses of ' || sum(amount) as seen from read.purses where amount < 5`,
        );
        seen.add(row?.seen ?? 'none');
      }
    };
    const watchers = [watch(), watch()];
    await projecting({ log, pool: openAnother(url), registry: registryOf([pursesOf(2), sources]), batchMax: 20 });
    // Others are kept up to date in the meantime.
    await append(log, 'X', opened(), filled(9, 'cyd'));
    await expect.poll(() => rowsOf(pool, `select times from read.sources where id = 'cyd'`)).toEqual([{ times: 1 }]);
    await expect
      .poll(() => checkpoints(pool), { timeout: 20_000 })
      .toMatchObject([{ name: 'purses', version: 2, shown: true, state: 'live' }, { name: 'sources' }]);
    await sleep(50);
    watching = false;
    await Promise.all(watchers);
    expect([...seen].sort()).toEqual([`${count} purses of ${count * 2}`, `${count} purses of ${count}`].sort());
    expect(await rowsOf(pool, `select to_regclass('read_data.purses_v1') as it`)).toEqual([{ it: null }]);
    expect(await rowsOf(pool, `select has_table_privilege('swap_reader_${process.pid}', 'read.purses', 'select') as it`)).toEqual([
      { it: true },
    ]);
    expect(await rowsOf(pool, `select amount from read.purses where id = 'X'`)).toEqual([{ amount: 18 }]);
    await rowsOf(pool, `drop owned by swap_reader_${process.pid}; drop role swap_reader_${process.pid}`);
  });

  test('is not shown half built when there is no other view either', async () => {
    const { url, pool } = await ground();
    const log = memoryLog();
    const first = await projecting({ log, pool, registry: registryOf([pursesOf(1)]) });
    for (let index = 0; index < 100; index++) await append(log, `P${index}`, opened(), filled(1));
    await passed(pool, await log.head());
    await first.stop();
    await projecting({ log, pool: openAnother(url), registry: registryOf([pursesOf(2)]), batchMax: 5 });
    const seen = new Set<string>();
    while ((await checkpoints(pool))[0]?.version !== 2) {
      const [row] = await rowsOf<{ seen: string }>(pool, `select count(*) || ' of ' || sum(amount) as seen from read.purses`);
      seen.add(row?.seen ?? '');
    }
    expect([...seen].filter(one => one !== '100 of 100' && one !== '100 of 200')).toEqual([]);
    expect(await rowsOf(pool, 'select sum(amount)::bigint as sum from read.purses')).toEqual([{ sum: 200 }]);
  });

  test('that fails is stopped, and the old one stays', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    const first = await projecting({ log, pool, registry: registryOf([purses, picky(() => {})]) });
    await append(log, 'A', opened(), filled(1, 'bob'));
    await passed(pool, await log.head());
    await first.stop();
    const broken = {
      ...picky(() => {
        throw new Error('broken');
      }),
      version: 2,
    };
    await projecting({ log, pool, registry: registryOf([purses, broken]) });
    await expect
      .poll(() => checkpoints(pool))
      .toMatchObject([
        { name: 'picky', version: 1, shown: true },
        { name: 'picky', version: 2, shown: false, state: 'detached' },
        { name: 'purses' },
      ]);
    expect(await rowsOf(pool, 'select * from read.picky')).toEqual([{ id: 'bob', from: 'bob' }]);
  });
});

describe('a new projection', () => {
  test('is shown when it has seen the log, not half built, and then lives with the others', async () => {
    const { pool } = await ground();
    const log = memoryLog();
    const first = await projecting({ log, pool, registry: registryOf([purses]) });
    for (let index = 0; index < 50; index++) await append(log, `P${index}`, opened(), filled(1));
    await passed(pool, await log.head());
    await first.stop();
    await projecting({ log, pool, registry: house, batchMax: 10 });
    const seen = new Set<number | undefined>();
    const isThere = async (): Promise<boolean> =>
      (await rowsOf<{ it: string | null }>(pool, `select to_regclass('read.sources')::text as it`))[0]?.it !== null;
    await expect.poll(isThere).toBe(true);
    for (let count = 0; count < 5; count++) seen.add((await rowsOf<{ times: number }>(pool, 'select times from read.sources'))[0]?.times);
    expect([...seen]).toEqual([50]);
    await append(log, 'P0', filled(1));
    await passed(pool, await log.head());
    expect(await rowsOf(pool, `select times from read.sources where id = 'everyone'`)).toEqual([{ times: 51 }]);
  });
});
