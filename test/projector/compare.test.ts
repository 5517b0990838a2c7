import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { rowsOf } from '../../src/runtime/database.ts';
import { compareViews } from '../../src/runtime/projector/compare.ts';
import { memoryLog } from '../support/memory-log.ts';
import { append, closed, filled, opened, purses, pursesOf, registryOf, sources } from './purses.ts';
import { ground, openAnother, passed, projecting } from './support.ts';

const house = registryOf([purses, sources]);
/** More than one page of a digest. */
const PURSES = 2_300;

async function kept() {
  const { url, pool } = await ground();
  const log = memoryLog();
  const projector = await projecting({ log, pool: openAnother(url), registry: house });
  for (let index = 0; index < PURSES; index++) await append(log, `P${index}`, opened(), filled(index, 'cyd'));
  await append(log, 'P7', closed());
  await passed(pool, await log.head(), 2);
  return { pool, log, projector, compare: () => compareViews({ pool, log, registry: house }) };
}

describe('views compared with a fresh fold of the log', () => {
  test('are equal, row by row, whether their worker runs or not', async () => {
    const { log, projector, compare } = await kept();
    await projector.stop();
    const results = await compare();
    expect(results).toMatchObject([
      { name: 'purses', equal: true, rows: PURSES - 1, at: String(await log.head()) },
      { name: 'sources', equal: true, rows: 2 },
    ]);
    for (const { live, fresh } of results) expect(live).toBe(fresh);
    // A log that went on without its worker: each view is compared where it stands.
    await append(log, 'P1', filled(5));
    expect((await compare()).map(({ equal }) => equal)).toEqual([true, true]);
  });

  test('tell the row and the columns, without values, when one was changed, lost or added by another hand', async () => {
    const { pool, projector, compare } = await kept();
    await projector.stop();
    const damaged = async (sql: string) => {
      await rowsOf(pool, sql);
      return (await compare()).find(({ name }) => name === 'purses');
    };
    expect(await damaged(`update read_data.purses_v1 set owner_id = 'eve', amount = 1 where id = 'P999'`)).toMatchObject({
      equal: false,
      firstDifference: 'the row P999 differs in amount, owner_id',
    });
    expect(await damaged(`delete from read_data.purses_v1 where id = 'P1234'`)).toMatchObject({
      firstDifference: 'the row P1234 is missing',
    });
    expect(
      await damaged(`insert into read_data.purses_v1 select 'P10x', owner_id, amount, rate, opened_on, changed_at, empty, labels, sources, last_source,
                     from_position from read_data.purses_v1 where id = 'P0'`),
    ).toMatchObject({ firstDifference: 'the row P10x should not be there' });
    expect(await damaged(`update read_data.purses_v1_past set amount = amount + 1 where id = 'P0' returning from_position`)).toMatchObject({
      firstDifference: expect.stringMatching(/^the row P0 as of position \d+ differs in amount$/),
    });
  });

  test('are compared as of one moment while they go on being kept', async () => {
    const { log, compare } = await kept();
    let over = false;
    const writing = (async () => {
      while (!over) {
        await append(log, 'P1', filled(1), filled(2));
        await sleep(2);
      }
    })();
    const results = [await compare(), await compare()].flat();
    over = true;
    await writing;
    expect(results.map(({ equal, firstDifference }) => [equal, firstDifference])).toEqual(results.map(() => [true, undefined]));
    expect(Number(results[2]?.at)).toBeGreaterThan(Number(results[0]?.at));
  });

  test('made by other code say so instead of differing by chance', async () => {
    const { pool, log } = await kept();
    const [view] = await compareViews({ pool, log, registry: registryOf([pursesOf(2)]) });
    expect(view).toMatchObject({ equal: false, firstDifference: expect.stringContaining('built as version 1 of other code') });
  });
});
