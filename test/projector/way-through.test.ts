import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { system } from '../../src/kernel/authority.ts';
import { rowsOf } from '../../src/runtime/database.ts';
import { createQueryRunner } from '../../src/runtime/queries/runner.ts';
import { store } from '../event-log/support.ts';
import { append, filled, listPurses, opened, purses, registryOf, sources } from './purses.ts';
import { afterwards, ground, killWriter, openAnother, passed, projecting } from './support.ts';

const WRITERS = 8;
const FILLINGS = 25;

test('from the embedded node to the answer of a query, each event counts once though node and Postgres connections are killed', async () => {
  const { url, pool } = await ground();
  const events = await store();
  afterwards(() => events.close());
  const registry = registryOf([purses, sources], [listPurses]);
  await projecting({ log: events.connect(), pool: openAnother(url), registry });
  const runner = createQueryRunner({ pool, registry, secret: 'hush', patienceMs: 10_000, checkOutput: true });
  afterwards(() => runner.close());

  const log = events.connect();
  const write = async (index: number): Promise<bigint> => {
    const purse = `P${index}`;
    let position = await append(log, purse, opened());
    for (let count = 0; count < FILLINGS; count++) {
      position = await append(log, purse, filled(1), filled(1));
      await sleep(10);
    }
    return position;
  };
  let over = false;
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index))).finally(() => {
    over = true;
  });
  let killed = 0;
  for (let round = 1; !over; round++) {
    await sleep(100);
    killed += await killWriter(pool);
    if (round === 3) await events.restart();
  }
  const last = (await writing).reduce((a, b) => (a > b ? a : b));
  expect(killed).toBeGreaterThan(2);

  const { items } = await runner.ask(listPurses, { limit: '100' } as never, { caller: system('test'), after: last });
  expect(items.map(({ amount }) => amount)).toEqual(Array.from({ length: WRITERS }, () => 2 * FILLINGS));
  await passed(pool, await log.head(), 2);
  expect(await rowsOf(pool, `select times from read.sources where id = 'everyone'`)).toEqual([{ times: 2 * FILLINGS * WRITERS }]);
}, 60_000);
