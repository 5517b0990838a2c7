import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { caller, system } from '../../src/kernel/authority.ts';
import { BadCursor, query } from '../../src/kernel/query.ts';
import { openPool, rowsOf } from '../../src/runtime/database.ts';
import { InvalidInput, ViewsLag } from '../../src/runtime/executor/port.ts';
import { startProjector } from '../../src/runtime/projector/projector.ts';
import { DatabaseUnavailable } from '../../src/runtime/queries/port.ts';
import { createQueryRunner, type QueryRunnerOptions, type WatchedQueryRunner } from '../../src/runtime/queries/runner.ts';
import { PostgresProxy } from '../eventstore/proxy.ts';
import { append, filled, listPurses, opened, PurseOpened, purses, registryOf, sources } from '../projector/purses.ts';
import { afterwards, type Ground, ground, passed, projecting } from '../projector/support.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';

const house = registryOf([purses, sources], [listPurses]);
const everyone = { caller: system('test') };
const staff = (...grants: string[]) => ({ caller: caller({ kind: 'staff', id: 'ana' }, new Set(grants)) });

interface Scene extends Ground {
  readonly log: MemoryLog;
  readonly runner: WatchedQueryRunner;
}

function running(options: Partial<QueryRunnerOptions> & Pick<QueryRunnerOptions, 'pool'>): WatchedQueryRunner {
  const runner = createQueryRunner({ registry: house, secret: 'hush', patienceMs: 2_000, checkOutput: true, ...options });
  afterwards(() => runner.close());
  return runner;
}

/** Ana has the purses A (1) and C (3), Bob has B (2), and all views know. */
async function scene(): Promise<Scene> {
  const place = await ground();
  const log = memoryLog();
  await projecting({ log, pool: place.pool, registry: house });
  await append(log, 'A', opened('ana'), filled(1));
  await append(log, 'B', opened('bob'), filled(2));
  await append(log, 'C', opened('ana'), filled(3));
  await passed(place.pool, await log.head(), 2);
  return { ...place, log, runner: running({ pool: place.pool }) };
}

const amounts = query({
  type: 'Amounts',
  summary: 'Amounts, read twice.',
  permission: 'purses:read',
  input: z.strictObject({}),
  output: z.strictObject({ before: z.array(z.int()), after: z.array(z.int()) }),
  reads: [purses],
  answer: async db => {
    const read = async () => (await db.rows<{ amount: number }>('select amount from purses order by amount')).map(({ amount }) => amount);
    const before = await read();
    await betweenReads();
    return { before, after: await read() };
  },
});
let betweenReads: () => Promise<unknown> = async () => {};
afterEach(() => {
  betweenReads = async () => {};
});

const askSql = (sql: string, reads: readonly (typeof purses | typeof sources)[] = [purses], parameters: readonly unknown[] = []) =>
  query({
    type: 'Sql',
    summary: 'Whatever.',
    permission: 'purses:read',
    input: z.strictObject({}),
    output: z.unknown(),
    reads,
    answer: db => db.rows(sql, parameters),
  });

describe('a caller sees', () => {
  const idsFor = async (asking: Parameters<WatchedQueryRunner['ask']>[2]): Promise<string[]> => {
    const { runner } = await scene();
    return (await runner.ask(listPurses, { limit: '10' } as never, asking)).items.map(({ id }) => id);
  };

  test('everything as the house itself', async () => expect(await idsFor(everyone)).toEqual(['A', 'B', 'C']));
  test('everything with the right to read', async () => expect(await idsFor(staff('purses:read'))).toEqual(['A', 'B', 'C']));
  test('their own rows with the right to their own', async () => expect(await idsFor(staff('purses:read:own'))).toEqual(['A', 'C']));
  test('nothing without either', async () => expect(await idsFor(staff('other:read'))).toEqual([]));

  test('the rows they observe beside their own, and no others', async () => {
    const { log, runner, pool } = await scene();
    await append(log, 'D', PurseOpened({ owner: 'bob', rate: '1', labels: ['eve', 'ana'] }), filled(4));
    await append(log, 'E', PurseOpened({ owner: 'bob', rate: '1', labels: ['eve'] }), filled(5));
    await passed(pool, await log.head(), 2);
    const read = askSql('select id from purses order by id');
    expect(await runner.ask(read, {}, staff('purses:read:own'))).toEqual([{ id: 'A' }, { id: 'C' }, { id: 'D' }]);
    expect(await runner.ask(askSql('select sum(amount)::bigint as sum from purses'), {}, staff('purses:read:own'))).toEqual([{ sum: 8 }]);
  });

  test('nothing by a right to their own of a table that says not whose its rows are', async () => {
    const { runner } = await scene();
    expect(await runner.ask(askSql('select * from sources', [sources]), {}, staff('purses:read:own'))).toEqual([]);
    expect(await runner.ask(askSql('select * from sources', [sources]), {}, staff('purses:read'))).toHaveLength(2);
  });

  test('only their rows in statements with parameters and expressions of their own', async () => {
    const { runner } = await scene();
    const sql = 'with recursive big as (select * from purses where amount > $1) select id, $2::text as mark from big order by id';
    expect(await runner.ask(askSql(sql, [purses, sources], [1, 'x']), {}, staff('purses:read:own'))).toEqual([{ id: 'C', mark: 'x' }]);
  });
});

describe('a query reaches', () => {
  test.each([
    ['a table it did not declare', 'select * from sources', 'relation "sources" does not exist'],
    ['a table of the runtime', 'select * from checkpoints', 'relation "checkpoints" does not exist'],
    ['past its caller by naming the schema', 'select * from read.purses', 'names a schema'],
    ['past its caller through the past', 'select * from read_past.purses', 'names a schema'],
    ['past its caller by quoting the schema', 'select * from "read_data".purses_v1', 'names a schema'],
  ])('not %s', async (_, sql, because) => {
    const { runner } = await scene();
    await expect(runner.ask(askSql(sql), {}, everyone)).rejects.toThrow(because);
  });
});

describe('an answer of several statements', () => {
  test('shows one moment, the first time and ever after', async () => {
    const { pool, log, runner } = await scene();
    betweenReads = async () => passed(pool, await append(log, 'A', filled(10)), 2);
    expect(await runner.ask(amounts, {}, everyone)).toEqual({ before: [2, 3, 11], after: [2, 3, 11] });
    expect(await runner.ask(amounts, {}, everyone)).toEqual({ before: [2, 3, 21], after: [2, 3, 21] });
  });

  test('cannot write', async () => {
    const { runner } = await scene();
    const writing = query({
      ...amounts,
      answer: async db => ({ before: await db.rows('select 1'), after: await db.rows('delete from purses') }) as never,
    });
    await expect(runner.ask(writing, {}, everyone)).rejects.toThrow();
  });
});

describe('input', () => {
  const refusal = (runner: WatchedQueryRunner, input: object) =>
    runner.askAny(listPurses, input, everyone).catch((error: unknown) => (error instanceof InvalidInput ? error.errors : error));

  test('that does not fit is refused with pointers, unknown names too', async () => {
    const { runner } = await scene();
    expect(await refusal(runner, { limit: '0', 'no/such': 'x' })).toEqual([
      { pointer: '/limit', detail: 'A whole number from 1 to 200' },
      { pointer: '/no~1such', detail: expect.any(String) },
    ]);
  });

  test.each(['yesterday', '2026-13-45T00:00:00Z', '2026-01-01'])('%j is no instant', async changed => {
    const { runner } = await scene();
    expect(await refusal(runner, { 'filter[changed]': changed })).toEqual([{ pointer: '/filter[changed]', detail: expect.any(String) }]);
  });

  test.each(['2026-13-45', 'a\0b', '0000-01-01'])('%j that Postgres cannot read as an instant is the caller’s fault', async since => {
    const { runner } = await scene();
    expect(await refusal(runner, { 'filter[since]': since })).toEqual([{ pointer: '', detail: expect.any(String) }]);
  });
});

describe('a cursor', () => {
  test('leads through all pages, each row once', async () => {
    const { runner } = await scene();
    const seen: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page: { items: { id: string }[]; next: string | null } = await runner.ask(
        listPurses,
        { limit: '1', ...(cursor ? { cursor } : {}) } as never,
        everyone,
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor);
    expect(seen).toEqual(['A', 'B', 'C']);
  });

  test('that was edited, or made by another house, is refused', async () => {
    const { pool, runner } = await scene();
    const { next } = await runner.ask(listPurses, { limit: '1' } as never, everyone);
    const [payload = '', mark = ''] = (next ?? '').split('.');
    const edited = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('"A"', '"B"')).toString('base64url');
    const another = running({ pool, secret: 'other' });
    const ask = (by: WatchedQueryRunner, cursor: string) => by.ask(listPurses, { limit: '1', cursor } as never, everyone);
    expect(payload).not.toBe(edited);
    for (const cursor of [`${edited}.${mark}`, payload, `${payload}.`, `${payload}.${mark}x`, '', 'a.b', `${next}.x`])
      await expect(ask(runner, cursor)).rejects.toBeInstanceOf(BadCursor);
    await expect(ask(another, next ?? '')).rejects.toBeInstanceOf(BadCursor);
    expect((await ask(runner, next ?? '')).items.map(({ id }) => id)).toEqual(['B']);
  });
});

describe('after what was written', () => {
  test('an answer waits until the views it reads have it', async () => {
    const { log, runner } = await scene();
    for (let count = 1; count <= 30; count++) {
      const after = await append(log, 'A', filled(1));
      const { items } = await runner.ask(listPurses, { limit: '10', 'filter[owner]': 'ana', sort: 'richest' } as never, {
        ...everyone,
        after,
      });
      expect(items.reduce((sum, { amount }) => sum + amount, 0)).toBe(4 + count);
    }
  });

  test('it is told of it, and does not merely ask again and again', async () => {
    const { log, runner } = await scene();
    await sleep(100);
    const waits: number[] = [];
    for (let count = 0; count < 10; count++) {
      const begun = performance.now();
      await runner.ask(listPurses, { limit: '1' } as never, { ...everyone, after: await append(log, 'A', filled(1)) });
      waits.push(performance.now() - begun);
    }
    waits.sort((a, b) => a - b);
    expect(waits[5]).toBeLessThan(200);
  });

  test('it says so after its patience when they do not come that far', async () => {
    const { pool } = await scene();
    const runner = running({ pool, patienceMs: 300 });
    const begun = performance.now();
    await expect(runner.ask(listPurses, { limit: '1' } as never, { ...everyone, after: 10_000n })).rejects.toBeInstanceOf(ViewsLag);
    expect(performance.now() - begun).toBeGreaterThan(290);
    expect(performance.now() - begun).toBeLessThan(1_500);
  });

  test('it says so at once when a view is stopped, and other views still answer', async () => {
    const { pool, log, runner } = await scene();
    await rowsOf(pool, `update ops.checkpoints set state = 'detached', reason = 'test' where name = 'purses'`);
    const after = await append(log, 'A', filled(1));
    const begun = performance.now();
    await expect(runner.ask(listPurses, { limit: '1' } as never, { ...everyone, after })).rejects.toThrow('stopped: purses');
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(await runner.ask(askSql('select id from sources', [sources]), {}, { ...everyone, after })).toHaveLength(2);
  });

  test('it comes without notifications as well', async () => {
    const { url, pool, log } = await scene();
    const proxy = await PostgresProxy.before(url);
    afterwards(() => proxy.close());
    const deaf = openPool(proxy.url, { max: 4 });
    const runner = running({ pool: deaf });
    afterwards(async () => runner.close().then(() => deaf.end()));
    await runner.ask(listPurses, { limit: '1' } as never, everyone);
    await rowsOf(
      pool,
      `select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen checkpoints' and datname = current_database()`,
    );
    const after = await append(log, 'A', filled(1));
    expect(await runner.ask(listPurses, { limit: '1' } as never, { ...everyone, after })).toBeDefined();
  });
});

describe('while Postgres is away', () => {
  test('an answer says so, and comes again without a restart', async () => {
    const { url, log } = await scene();
    const proxy = await PostgresProxy.before(url);
    afterwards(() => proxy.close());
    const through = openPool(proxy.url, { max: 4 });
    const runner = running({ pool: through });
    afterwards(async () => runner.close().then(() => through.end()));
    await runner.ask(listPurses, { limit: '1' } as never, everyone);
    proxy.cut();
    await expect(runner.ask(listPurses, { limit: '1' } as never, everyone)).rejects.toBeInstanceOf(DatabaseUnavailable);
    await expect(runner.ask(amounts, {}, everyone)).rejects.toBeInstanceOf(DatabaseUnavailable);
    proxy.heal();
    const after = await append(log, 'A', filled(1));
    expect(await runner.ask(listPurses, { limit: '1' } as never, { ...everyone, after })).toBeDefined();
  });
});

describe('a view that is not there yet', () => {
  test('is being built, which is no fault of the query', async () => {
    const { pool } = await ground();
    const runner = running({ pool });
    await expect(runner.ask(listPurses, { limit: '1' } as never, everyone)).rejects.toBeInstanceOf(ViewsLag);
    await expect(runner.ask(amounts, {}, everyone)).rejects.toBeInstanceOf(ViewsLag);
  });

  test('does not hide a mistake in a query', async () => {
    const { runner } = await scene();
    await expect(runner.ask(askSql('select misspelt from purses'), {}, everyone)).rejects.toThrow('column "misspelt" does not exist');
  });
});

test('an answer of another shape than declared is a mistake that tests see', async () => {
  const { runner } = await scene();
  await expect(runner.ask(query({ ...amounts, answer: async () => ({ before: ['x'] }) as never }), {}, everyone)).rejects.toThrow(
    'another shape',
  );
});

test('tells how far each view is behind the log', async () => {
  const { pool, log } = await scene();
  const projector = await startProjector({ log, pool, registry: house });
  afterwards(() => projector.stop());
  const runner = running({ pool, registry: registryOf([purses]) });
  expect(await runner.checkpointsLag(100n)).toEqual([
    { name: 'purses', version: 1, position: 60n, state: 'live', shown: true, reason: undefined, behind: 40n },
  ]);
});
