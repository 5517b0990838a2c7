import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { rebuildCommand } from '../../src/cli/rebuild-command.ts';
import { projection } from '../../src/kernel/projection.ts';
import { rowsOf } from '../../src/runtime/database.ts';
import type { EventLog } from '../../src/runtime/event-log/port.ts';
import { compareViews } from '../../src/runtime/projector/compare.ts';
import { progressOf, requestRebuild } from '../../src/runtime/projector/requests.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';
import { append, filled, happened, opened, purses, registryOf, sources } from './purses.ts';
import { afterwards, checkpoints, ground, killWriter, openAnother, passed, projecting } from './support.ts';

const house = registryOf([purses, sources]);
const PURSES = 400;
const PAGE = 40;

/** Filled purses, kept by a worker; each holds one cent. */
async function filledHouse() {
  const { url, pool } = await ground();
  const log = memoryLog();
  for (let index = 0; index < PURSES; index++) await append(log, `P${index}`, opened(), filled(1));
  const projector = await projecting({ log, pool: openAnother(url), registry: house });
  await passed(pool, await log.head(), 2);
  return { url, pool, log, projector };
}

/** The log as a builder reads it: only as many pages as it is given. */
function rationed(log: EventLog): { readonly log: EventLog; give(pages: number): void; readonly read: readonly (bigint | undefined)[] } {
  let left = 0;
  const read: (bigint | undefined)[] = [];
  const readAll: EventLog['readAll'] = async (after, limit) => {
    while (left <= 0) await sleep(2);
    left--;
    read.push(after);
    return log.readAll(after, limit);
  };
  return { log: { ...log, readAll }, give: pages => void (left += pages), read };
}

const stage = async (pool: pg.Pool) => (await progressOf(pool, ['purses']))[0];
const shownOf = (pool: pg.Pool) =>
  rowsOf(pool, `select count(*)::integer, amount from read.purses where id <> 'X' group by amount order by amount`);
const differences = async (pool: pg.Pool, log: MemoryLog, registry = house) =>
  (await compareViews({ pool, log, registry })).filter(({ equal }) => !equal);

describe('a view that is built anew on request', () => {
  test('is shown at once and never half, while the one shown goes on being kept', async () => {
    const { url, pool, log, projector } = await filledHouse();
    await projector.stop();
    // What somebody did to the table by hand is what readers see until they see the table built anew, and never a mixture.
    await rowsOf(pool, 'update read_data.purses_v1 set amount = 7');
    const builder = rationed(log);
    await projecting({ log: builder.log, pool: openAnother(url), registry: house, batchMax: PAGE });
    await requestRebuild(pool, ['purses']);
    builder.give(5);
    await expect.poll(async () => (await stage(pool))?.share).toBe(0.25);
    expect(await stage(pool)).toMatchObject({ stage: 'building', shown: '1/1' });
    await append(log, 'X', opened(), filled(3));
    await expect.poll(() => rowsOf(pool, `select amount from read.purses where id = 'X'`)).toEqual([{ amount: 3 }]);

    const seen = new Set<string>();
    let over = false;
    const watching = (async () => {
      while (!over) seen.add(JSON.stringify(await shownOf(pool)));
    })();
    const writing = (async () => {
      while (!over) {
        await append(log, 'X', filled(1));
        await sleep(5);
      }
    })();
    builder.give(1_000);
    await expect.poll(async () => (await stage(pool))?.shown, { timeout: 10_000 }).toBe('1/2');
    await sleep(50);
    over = true;
    await Promise.all([watching, writing]);
    expect([...seen].sort()).toEqual(['[{"count":400,"amount":1}]', '[{"count":400,"amount":7}]']);
    await passed(pool, await log.head(), 2);
    expect(await differences(pool, log)).toEqual([]);
    expect(
      await rowsOf(pool, `select to_regclass('read_data.purses_v1') as old, to_regclass('read_data.purses_v1_g2')::text as new`),
    ).toEqual([{ old: null, new: 'read_data.purses_v1_g2' }]);
  });

  test('goes on where it was after its connection was killed, and equals the log by hash', async () => {
    const { url, pool, log, projector } = await filledHouse();
    await projector.stop();
    await rowsOf(pool, `delete from read_data.purses_v1 where id < 'P2'`);
    const first = rationed(log);
    const interrupted = await projecting({ log: first.log, pool: openAnother(url), registry: house, batchMax: PAGE });
    await requestRebuild(pool, ['purses', 'sources']);
    first.give(6);
    await expect.poll(async () => (await stage(pool))?.share).toBeGreaterThan(0.2);
    expect(await killWriter(pool)).toBeGreaterThan(1);
    await interrupted.stop();
    const before = (await stage(pool))?.share ?? 0;
    const second = rationed(log);
    await projecting({ log: second.log, pool: openAnother(url), registry: house, batchMax: PAGE });
    second.give(4);
    await expect.poll(async () => (await stage(pool))?.share).toBeGreaterThan(before);
    expect(second.read[0]).toBeGreaterThan(0n);
    await killWriter(pool);
    second.give(1_000);
    await expect.poll(async () => (await stage(pool))?.shown, { timeout: 15_000 }).toBe('1/2');
    await expect.poll(async () => (await progressOf(pool, ['sources']))[0]?.shown).toBe('1/2');
    expect(await differences(pool, log)).toEqual([]);
  });

  test('forgets persons who were erased while it was being built, though it had read of them before', async () => {
    const { url, pool, log, projector } = await filledHouse();
    await projector.stop();
    // Everything about one owner, in whatever tables there are by then.
    const forget = async (client: pg.PoolClient, persons: readonly string[]): Promise<void> => {
      const tables = await rowsOf<{ name: string }>(client, `select tablename as name from pg_tables where tablename like 'purses_v1%'`);
      for (const { name } of tables)
        await client.query(`update read_data.${name} set owner_id = 'erased' where owner_id = any($1)`, [persons]);
    };
    const builder = rationed(log);
    const personal = { erase: forget, blank: forget };
    await projecting({ log: builder.log, pool: openAnother(url), registry: house, batchMax: PAGE, personal });
    await requestRebuild(pool, ['purses']);
    // The page that is on its way when the erasure is shown holds the owner still.
    builder.give(1);
    await expect.poll(async () => (await stage(pool))?.share).toBeGreaterThan(0);
    await log.append('person-ana', [happened({ type: 'PersonErased', data: {} })], -1);
    await expect.poll(() => rowsOf(pool, 'select distinct owner_id from read.purses')).toEqual([{ owner_id: 'erased' }]);
    builder.give(1_000);
    await expect.poll(async () => (await stage(pool))?.shown, { timeout: 10_000 }).toBe('1/2');
    expect(await rowsOf(pool, 'select distinct owner_id from read.purses')).toEqual([{ owner_id: 'erased' }]);
  });

  test('keeps the rights to read it, and its comments', async () => {
    const { pool } = await filledHouse();
    const reader = `rebuild_reader_${process.pid}`;
    await rowsOf(pool, `create role ${reader}`);
    afterwards(() => rowsOf(pool, `drop owned by ${reader}; drop role ${reader}`));
    await rowsOf(pool, `grant select on read.purses to ${reader}`);
    await rebuildCommand(['purses'], { pool, registry: house }, () => undefined);
    const sql = `select has_table_privilege($1, 'read.purses', 'select') as may, obj_description('read.purses'::regclass) as comment,
      col_description('read.purses'::regclass, 2) as column, obj_description('read_data.purses_v1_g2'::regclass) as table`;
    expect(await rowsOf(pool, sql, [reader])).toEqual([
      { may: true, comment: "Purses, with the owner's name", column: 'Who it belongs to', table: "Purses, with the owner's name" },
    ]);
  });

  test('waits with the exchange for a long reading, which holds up nobody else', async () => {
    const { url, pool, log } = await filledHouse();
    const reader = await openAnother(url).connect();
    afterwards(async () => reader.release(true));
    await reader.query('begin; select count(*) from read.purses');
    await requestRebuild(pool, ['purses']);
    await expect.poll(async () => (await checkpoints(pool))[1]?.state, { timeout: 5_000 }).toBe('arriving');
    // The exchange is tried meanwhile, and every try holds up those who read and what is written for a moment only.
    for (let amount = 2; amount <= 4; amount++) {
      await sleep(500);
      await append(log, 'P1', filled(1));
      await expect.poll(() => rowsOf(pool, `select amount from read.purses where id = 'P1'`), { timeout: 4_000 }).toEqual([{ amount }]);
    }
    expect((await stage(pool))?.shown).toBe('1/1');
    await reader.query('commit');
    await expect.poll(async () => (await stage(pool))?.shown, { timeout: 5_000 }).toBe('1/2');
    expect(await differences(pool, log)).toEqual([]);
  });

  test('comes back though its table was dropped', async () => {
    const { pool, log } = await filledHouse();
    await rowsOf(pool, 'drop table read_data.purses_v1 cascade');
    await append(log, 'P1', filled(1));
    await expect.poll(async () => (await checkpoints(pool))[0]?.state).toBe('detached');
    await rebuildCommand(['purses'], { pool, registry: house }, () => undefined);
    expect(await rowsOf(pool, `select amount from read.purses where id = 'P1'`)).toEqual([{ amount: 2 }]);
    expect(await differences(pool, log)).toEqual([]);
  });
});

/** As if somebody had corrected the view's code without thinking of its version. */
const corrected = () =>
  projection({
    ...purses,
    on: {
      ...purses.on,
      PurseFilled: (purse, { amount }) => purse && { ...purse, amount: purse.amount + 10 * amount },
    },
  });

describe('a view whose logic changed without a new version', () => {
  test('is built anew by itself, and shown as it was until then', async () => {
    const { url, pool, log, projector } = await filledHouse();
    await projector.stop();
    const registry = registryOf([corrected(), sources]);
    const builder = rationed(log);
    await projecting({ log: builder.log, pool: openAnother(url), registry, batchMax: PAGE });
    builder.give(3);
    await expect.poll(async () => (await stage(pool))?.share).toBeGreaterThan(0);
    expect(await shownOf(pool)).toEqual([{ count: PURSES, amount: 1 }]);
    expect((await checkpoints(pool)).map(({ name, state, shown }) => [name, state, shown])).toEqual([
      ['purses', 'frozen', true],
      ['purses', 'building', false],
      ['sources', 'live', true],
    ]);
    builder.give(1_000);
    await expect.poll(() => shownOf(pool), { timeout: 10_000 }).toEqual([{ count: PURSES, amount: 10 }]);
    expect(await differences(pool, log, registry)).toEqual([]);
  });

  test('is left alone when it did not change', async () => {
    const { url, pool, log, projector } = await filledHouse();
    await projector.stop();
    await projecting({ log, pool: openAnother(url), registry: house });
    await sleep(500);
    expect(await stage(pool)).toMatchObject({ stage: 'idle', shown: '1/1' });
  });
});

describe('npm run rebuild', () => {
  test('tells how far it is until the views are shown', async () => {
    const { url, pool, log, projector } = await filledHouse();
    await projector.stop();
    const builder = rationed(log);
    await projecting({ log: builder.log, pool: openAnother(url), registry: house, batchMax: PAGE });
    const said: string[] = [];
    const command = rebuildCommand(['all'], { pool, registry: house }, line => said.push(line));
    builder.give(5);
    await expect.poll(() => said, { timeout: 5_000 }).toContain('purses: building, 25 % of the log read');
    builder.give(1_000);
    await command;
    expect(said.slice(-2).sort()).toEqual(['purses: built anew and shown', 'sources: built anew and shown']);
  });

  test('names the views there are when asked for another', async () => {
    const { pool } = await ground();
    const asking = (...args: string[]) => rebuildCommand(args, { pool, registry: house }, () => undefined);
    await expect(asking('purse')).rejects.toThrow('No view that can be built anew is named purse. There are: purses, sources.');
    await expect(asking()).rejects.toThrow('Usage: npm run rebuild');
  });

  test('ends with the reason when the view cannot be built, and what was shown stays', async () => {
    const { url, pool, log, projector } = await filledHouse();
    await projector.stop();
    let broken = false;
    const fragile = projection({
      ...sources,
      on: {
        PurseFilled: row => {
          if (broken) throw new Error('out of order');
          return { times: (row?.times ?? 0) + 1 };
        },
      },
    });
    const registry = registryOf([purses, fragile]);
    await projecting({ log, pool: openAnother(url), registry });
    await expect.poll(async () => (await progressOf(pool, ['sources']))[0]?.shown, { timeout: 5_000 }).toBe('1/2');
    broken = true;
    await expect(rebuildCommand(['sources'], { pool, registry }, () => undefined)).rejects.toThrow(
      /^sources cannot be built anew: .*out of order/,
    );
    expect(await rowsOf(pool, `select times from read.sources where id = 'everyone'`)).toEqual([{ times: PURSES }]);
  });
});
