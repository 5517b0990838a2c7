import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addItem, lapseItemHold } from '../../src/commands/catalogue/item.ts';
import { giveBackClaim, takeBackClaim } from '../../src/commands/platform/claim.ts';
import { ItemAdded } from '../../src/domain/catalogue/item.ts';
import { ClaimReleased, ClaimTaken, claimId } from '../../src/domain/platform/claim.ts';
import { startNode } from '../../src/eventstore/server.ts';
import { system } from '../../src/kernel/authority.ts';
import { HoldLapsed } from '../../src/kernel/hold.ts';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { openPool } from '../../src/runtime/database.ts';
import { connectEventLog } from '../../src/runtime/event-log/eventstore.ts';
import type { EventLog, StoredEvent } from '../../src/runtime/event-log/port.ts';
import { createExecutor } from '../../src/runtime/executor/executor.ts';
import type { Executor, Outcome } from '../../src/runtime/executor/port.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { type SagaRunner, startSagas } from '../../src/runtime/sagas/runner.ts';
import { claimHolds, claimKinds } from '../../src/sagas/platform/claim-holds.ts';
import { sourcesOf } from '../house/imports.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { until } from '../sagas-runtime/bench-house.ts';
import { freshDatabase } from '../support/postgres.ts';

const COMMAND = 'command-of-the-clerk';
const key = { kind: 'sku', key: 'A-1', holder: 'I1' };
const other = { kind: 'sku', key: 'A-0', holder: 'I1' };
const byHouse = { actor: { kind: 'system', id: 'house' }, causationId: COMMAND } as const;
const claimOf = (claim: typeof key) => ({ ...byHouse, stream: `claim-${claimId(claim)}` });
const stored = (claim: typeof key) => ({ ...claim, id: claimId(claim) });
const documented = { stream: 'item-I1', commandId: COMMAND };
const item = ItemAdded({ sku: 'A-1', name: 'Chai', uom: 'piece', stocked: true, taxPercent: '19' as never });

describe('a key that was secured', () => {
  test('is nobody’s concern once the command has come to its end, or has given it back', () => {
    givenSaga(claimHolds).on(ClaimTaken(key), claimOf(key)).begins(COMMAND).on(item, documented).sendsNothing().begins();
    givenSaga(claimHolds).on(ClaimTaken(key), claimOf(key)).on(ClaimReleased(key), claimOf(key)).begins();
  });

  test('is given back when its command vanished, after the record’s stream was told', () => {
    const scenario = givenSaga(claimHolds).on(ClaimTaken(key), claimOf(key)).on(ClaimReleased(other), claimOf(other));
    scenario.wakes('vanished', 'PT10M').rings('vanished');
    scenario.sends([lapseItemHold({ id: 'I1', commandId: COMMAND })]);
    scenario.on(HoldLapsed({ commandId: COMMAND }), { stream: 'item-I1' });
    scenario.sends([giveBackClaim(stored(key)), takeBackClaim(stored(other))]);
  });

  test('of a command that came to its end at the last moment stays', () => {
    const scenario = givenSaga(claimHolds).on(ClaimTaken(key), claimOf(key)).rings('vanished').on(item, documented);
    scenario.on(HoldLapsed({ commandId: COMMAND }), { stream: 'item-I1' }).sendsNothing();
  });

  test('is watched whatever kind it is of', () => {
    const sources = sourcesOf('src/commands').map(({ text }) => text);
    const single = sources.flatMap(text => [...text.matchAll(/uniqueKey\('(\w+)'/g)].map(match => match[1]));
    const several = sources.flatMap(text => [...text.matchAll(/keysHeld\(\w+, \w+ => \(\{([^}]*)\}/g)].map(match => match[1] ?? ''));
    const kinds = [...single, ...several.flatMap(shape => [...shape.matchAll(/(\w+): \w/g)].map(match => match[1]))];
    expect(kinds.length).toBeGreaterThanOrEqual(claimKinds.length);
    expect(kinds.filter(kind => !claimKinds.includes(kind ?? ''))).toEqual([]);
  });
});

const LATER_MS = 11 * 60_000;

describe('in a house with a log of its own', () => {
  let url: string;
  let log: EventLog;
  let sagas: SagaRunner;
  let clerk: Executor;
  let close: () => Promise<void>;
  /** What the alarms go by; clerks go by the true time. */
  let ahead = 0;
  beforeAll(async () => {
    const database = await freshDatabase();
    const node = await startNode({ databaseUrl: database.url, port: 0 });
    url = `esdb://127.0.0.1:${node.port}?tls=false`;
    log = connectEventLog({ url });
    const pool = openPool(database.url, { max: 6 });
    await migrate(pool);
    clerk = executorOn(log);
    const clock = { now: () => new Date(Date.now() + ahead).toISOString() };
    sagas = startSagas({ log, pool, registry: registry(modules), executor: clerk, clock });
    await sagas.installed;
    close = async () => {
      await sagas.stop();
      await log.close();
      await pool.end();
      await node.stop();
      await database.drop();
    };
  }, 60_000);
  afterAll(() => close?.());

  const executorOn = (to: EventLog): Executor =>
    createExecutor({
      log: to,
      registry: registry(modules),
      queries: {} as never,
      clock: { now: () => new Date().toISOString() },
      timeZone: 'UTC',
    });
  const add = (by: Executor, sku: string, commandId: string = crypto.randomUUID()): Promise<Outcome> =>
    by.execute(addItem({ sku, name: 'Chai', uom: 'piece', taxPercent: '19' }), { caller: system('clerk'), commandId });
  const eventsOf = async (sku: string): Promise<readonly string[]> => {
    const events: StoredEvent[] = [];
    for await (const event of log.readStream(`claim-${claimId({ kind: 'sku', key: sku })}`)) events.push(event);
    return events.map(({ type }) => type);
  };
  async function lapsed(sku: string): Promise<void> {
    ahead = LATER_MS;
    await until(async () => (await eventsOf(sku)).includes('ClaimReleased'));
    ahead = 0;
  }

  test('a key of a clerk who was killed between securing it and writing is free again, and the clerk may come back', {
    timeout: 60_000,
  }, async () => {
    const commandId = crypto.randomUUID();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', 'dying-clerk.ts'), url, commandId, 'DEAD-1'], {
      stdio: 'inherit',
    });
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    expect(await add(clerk, 'DEAD-1')).toMatchObject({ kind: 'refused', refusal: { refused: 'Duplicate' } });
    await lapsed('DEAD-1');
    expect(await add(clerk, 'DEAD-1', commandId)).toMatchObject({ kind: 'done', revision: 1 });
    expect(await add(clerk, 'DEAD-1')).toMatchObject({ kind: 'refused', refusal: { refused: 'Duplicate' } });
  });

  test('a clerk who only slept decides again: two items never bear one key', { timeout: 60_000 }, async () => {
    let wake = (): void => {};
    const asleep = new Promise<void>(resolve => {
      wake = resolve;
    });
    const sleepy = executorOn({
      ...log,
      readStream: (...args) => log.readStream(...args),
      append: async (stream, events, revision) => {
        if (stream.startsWith('item-')) await asleep;
        return log.append(stream, events, revision);
      },
    });
    const slept = add(sleepy, 'SLEEP-1');
    await until(async () => (await eventsOf('SLEEP-1')).length === 1);
    await lapsed('SLEEP-1');
    expect(await add(clerk, 'SLEEP-1')).toMatchObject({ kind: 'done' });
    wake();
    expect(await slept).toMatchObject({ kind: 'refused', refusal: { refused: 'Duplicate' } });
  });

  test('keys of items that are there stay theirs', async () => {
    expect(await add(clerk, 'ALIVE-1')).toMatchObject({ kind: 'done' });
    ahead = LATER_MS;
    await new Promise(resolve => setTimeout(resolve, 2_500));
    ahead = 0;
    expect(await eventsOf('ALIVE-1')).toEqual(['ClaimTaken']);
  });
});
