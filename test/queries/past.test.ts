import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { caller, system } from '../../src/kernel/authority.ts';
import type { EventMetadata } from '../../src/kernel/metadata.ts';
import type { AnyProjection } from '../../src/kernel/projection.ts';
import { query } from '../../src/kernel/query.ts';
import { rowsOf } from '../../src/runtime/database.ts';
import { InvalidInput, ViewsLag } from '../../src/runtime/executor/port.ts';
import { startProjector } from '../../src/runtime/projector/projector.ts';
import type { AsOf } from '../../src/runtime/queries/port.ts';
import { createQueryRunner, type WatchedQueryRunner } from '../../src/runtime/queries/runner.ts';
import { append, closed, filled, happened, listPurses, opened, purses, registryOf, sources } from '../projector/purses.ts';
import { afterwards, type Ground, ground, passed, projecting } from '../projector/support.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';

const house = registryOf([purses, sources], [listPurses]);

/** The same view as it was before it kept its past: it is built anew beside what is shown. */
const withoutPast: AnyProjection = (({ versioned: _, ...rest }) => rest)(purses as AnyProjection);

interface Scene extends Ground {
  readonly log: MemoryLog;
  readonly runner: WatchedQueryRunner;
}

async function scene(): Promise<Scene> {
  const place = await ground();
  const log = memoryLog();
  const runner = createQueryRunner({ pool: place.pool, registry: house, secret: 'hush', patienceMs: 500, log, checkOutput: true });
  afterwards(() => runner.close());
  return { ...place, log, runner };
}

const everyone = system('test');

/** Amounts by purse, as of some past. */
async function amounts(runner: WatchedQueryRunner, asOf: AsOf, who = everyone): Promise<Record<string, number>> {
  const { items } = await runner.ask(listPurses, { limit: '100' } as never, { caller: who, asOf });
  return Object.fromEntries(items.map(({ id, amount }) => [id, amount]));
}

const at = (clock: string): string => `2026-03-02T${clock}.000Z`;

/** Opens a purse at an instant, whatever the instants of others are. */
const openedAt = (log: MemoryLog, purse: string, clock: string) =>
  log.append(`purse-${purse}`, [happened(opened(), { recordedAt: at(clock), occurredAt: at(clock) } as Partial<EventMetadata>)], -1);

describe('as of a position', () => {
  test('each state shows that a row had, though all came in one batch, and none of what is gone', async () => {
    const { pool, log, runner } = await scene();
    const end = await append(log, 'A', opened(), filled(1), filled(2), closed(), opened(), filled(7));
    await projecting({ log, pool, registry: house });
    await passed(pool, end, 2);
    const states = [];
    for (const { position } of log.events) states.push(await amounts(runner, { position }));
    expect(states).toEqual([{ A: 0 }, { A: 1 }, { A: 3 }, {}, { A: 0 }, { A: 7 }]);
    expect(await amounts(runner, { position: 0n })).toEqual({});
  });

  test('the same shows when every event was a batch of its own', async () => {
    const { pool, log, runner } = await scene();
    await projecting({ log, pool, registry: house });
    for (const fact of [opened(), filled(1), filled(2), closed(), opened(), filled(7)]) await passed(pool, await append(log, 'A', fact), 2);
    const states = [];
    for (const { position } of log.events) states.push(await amounts(runner, { position }));
    expect(states).toEqual([{ A: 0 }, { A: 1 }, { A: 3 }, {}, { A: 0 }, { A: 7 }]);
  });

  test('that the log has not reached is refused', async () => {
    const { pool, log, runner } = await scene();
    await projecting({ log, pool, registry: house });
    await append(log, 'A', opened());
    await expect(amounts(runner, { position: 11n })).rejects.toBeInstanceOf(InvalidInput);
  });
});

const askToday = query({
  type: 'AskToday',
  summary: 'What day it is.',
  permission: 'purses:read',
  reads: [purses],
  input: z.strictObject({}),
  output: z.string(),
  answer: async db => db.today,
});

describe('the day of a past', () => {
  test('is the one where the company is: of the instant, of the last event up to the position, or the day itself', async () => {
    const { pool, log } = await scene();
    const offered = registryOf([purses, sources], [askToday]);
    const timeZone = 'Europe/Bucharest';
    const runner = createQueryRunner({ pool, registry: offered, secret: 'hush', patienceMs: 500, log, timeZone });
    afterwards(() => runner.close());
    await projecting({ log, pool, registry: offered });
    await openedAt(log, 'A', '12:00:00');
    await openedAt(log, 'B', '23:30:00');
    await passed(pool, log.events.at(-1)?.position ?? 0n, 2);
    const dayOf = (asOf?: AsOf) => runner.ask(askToday, {}, { caller: everyone, ...(asOf === undefined ? {} : { asOf }) });
    expect(await dayOf({ recorded: at('13:00:00') })).toBe('2026-03-02');
    expect(await dayOf({ recorded: at('22:30:00') })).toBe('2026-03-03');
    const [first, second] = log.events.map(({ position }) => ({ position }));
    expect([await dayOf(first!), await dayOf(second!)]).toEqual(['2026-03-02', '2026-03-03']);
    expect(await dayOf({ happened: '2026-01-31' })).toBe('2026-01-31');
    const local = new Intl.DateTimeFormat('en-CA', { timeZone });
    expect([local.format(Date.now() - 60_000), local.format()]).toContain(await dayOf());
  });
});

describe('as of an instant', () => {
  test('what came into the log after a later clock counts from then on, whatever its own clock says', async () => {
    const { pool, log, runner } = await scene();
    await projecting({ log, pool, registry: house });
    for (const [purse, clock] of Object.entries({ A: '10:00:00', B: '10:05:00', C: '10:03:00', D: '10:10:00' })) {
      await openedAt(log, purse, clock);
      await passed(pool, await log.head(), 2);
    }
    const seen = async (clock: string) => Object.keys(await amounts(runner, { recorded: at(clock) })).join('');
    expect(await Promise.all(['09:59:59', '10:00:00', '10:02:00', '10:04:00', '10:05:00', '10:09:59', '10:10:00'].map(seen))).toEqual([
      '',
      'A',
      'A',
      'A',
      'ABC',
      'ABC',
      'ABCD',
    ]);
  });

  test('a state shows until the event that ended it was recorded', async () => {
    const { pool, log, runner } = await scene();
    await projecting({ log, pool, registry: house });
    await append(log, 'A', opened(), filled(1));
    const [
      ,
      {
        metadata: { recordedAt },
      } = { metadata: { recordedAt: '' } },
    ] = log.events;
    await passed(pool, await log.head(), 2);
    expect(await amounts(runner, { recorded: recordedAt })).toEqual({ A: 1 });
    expect(await amounts(runner, { recorded: new Date(Date.parse(recordedAt) - 1).toISOString() })).toEqual({ A: 0 });
  });

  test('an answer waits for a worker that is late, and says so rather than leave something out', async () => {
    const { pool, log, runner } = await scene();
    const projector = await startProjector({ log, pool, registry: house });
    await openedAt(log, 'A', '10:00:00');
    await passed(pool, await log.head(), 2);
    await projector.stop();
    await openedAt(log, 'B', '10:01:00');
    await expect(amounts(runner, { recorded: at('10:02:00') })).rejects.toBeInstanceOf(ViewsLag);
    await projecting({ log, pool, registry: house });
    await passed(pool, await log.head(), 2);
    expect(await amounts(runner, { recorded: at('10:02:00') })).toEqual({ A: 0, B: 0 });
  });

  test('what views had passed before instants were noted is noted when the worker starts', async () => {
    const { pool, log, runner } = await scene();
    const projector = await startProjector({ log, pool, registry: registryOf([withoutPast]), batchMax: 2 });
    for (const [purse, clock] of ['10:00:00', '10:01:00', '10:02:00'].entries()) await openedAt(log, String(purse), clock);
    await passed(pool, await log.head());
    await projector.stop();
    const noted = await rowsOf(pool, 'delete from ops.log_instants returning recorded_at, position');
    await projecting({ log, pool, registry: registryOf([purses]) });
    await expect.poll(() => rowsOf(pool, 'select recorded_at, position from ops.log_instants order by position')).toEqual(noted);
    expect(noted).toHaveLength(3);
    await expect.poll(() => amounts(runner, { recorded: at('10:01:30') }).catch(() => undefined)).toEqual({ 0: 0, 1: 0 });
  });
});

test('a past that was never kept is being built, which is no fault of who asks', async () => {
  const { pool, log, runner } = await scene();
  await projecting({ log, pool, registry: house });
  const end = await append(log, 'A', opened());
  await passed(pool, end, 2);
  await rowsOf(pool, 'drop view read_past.purses');
  await expect(amounts(runner, { position: end })).rejects.toBeInstanceOf(ViewsLag);
});

test('the past of a record belongs to who answers for it today', async () => {
  const { pool, log, runner } = await scene();
  await projecting({ log, pool, registry: house });
  await append(log, 'A', opened('ana'), filled(1));
  const before = await append(log, 'B', opened('ana'), filled(2));
  const after = await append(log, 'A', closed(), opened('bob'), filled(3));
  await passed(pool, after, 2);
  const own = (id: string) => caller({ kind: 'staff', id }, new Set(['purses:read:own']));
  expect(await amounts(runner, { position: before })).toEqual({ A: 1, B: 2 });
  expect(await amounts(runner, { position: before }, own('ana'))).toEqual({ B: 2 });
  expect(await amounts(runner, { position: before }, own('bob'))).toEqual({ A: 1 });
});
