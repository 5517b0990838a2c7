import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { connectEventLog } from '../../src/runtime/event-log/eventstore.ts';
import { LogUnavailable, NO_STREAM } from '../../src/runtime/event-log/port.ts';
import { freshDatabase } from '../support/postgres.ts';
import { nodeProcess } from './node-process.ts';
import { collected, everything, happened, happenings, proxyTo, reader, type Store, store, urlOf } from './support.ts';

let eventStore: Store | undefined;
afterEach(async () => {
  await eventStore?.close();
  eventStore = undefined;
});

const DEADLINE_MS = 1_200;
/** What a loaded machine may add to a timer. */
const SLACK_MS = 400;

test('a frozen node costs callers no more than their deadline, and what they sent heals when it thaws', async () => {
  eventStore = await store();
  const log = eventStore.connect({ deadlineMs: DEADLINE_MS });
  await log.append('warm', [happened()], NO_STREAM);
  const following = reader(log);
  await following.seen(1);
  const wishes = Array.from({ length: 100 }, (_, index) => ({ stream: `frozen-${index}`, events: happenings(2) }));
  eventStore.node.signal('SIGSTOP');
  const since = performance.now();
  const calls = [
    ...wishes.map(({ stream, events }) => log.append(stream, events, NO_STREAM)),
    collected(log.readStream('warm')),
    log.readAll(undefined, 10),
    log.head(),
    log.identity(),
  ];
  const outcomes = await Promise.allSettled(calls);
  const took = performance.now() - since;
  expect(took).toBeGreaterThan(DEADLINE_MS / 2);
  expect(took).toBeLessThan(DEADLINE_MS + SLACK_MS);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(LogUnavailable) });
  // A second wave meets a connection already known to be silent.
  const again = performance.now();
  await expect(log.append('frozen-later', [happened()], NO_STREAM)).rejects.toBeInstanceOf(LogUnavailable);
  expect(performance.now() - again).toBeLessThan(DEADLINE_MS + SLACK_MS);
  eventStore.node.signal('SIGCONT');
  const answers = await Promise.all(wishes.map(({ stream, events }) => insisted(() => log.append(stream, events, NO_STREAM))));
  expect(answers.map(({ revision }) => revision)).toEqual(wishes.map(() => 1));
  const all = await everything(log);
  const ids = all.filter(event => event.stream.startsWith('frozen-') && event.stream !== 'frozen-later').map(event => event.id);
  expect(ids.toSorted()).toEqual(wishes.flatMap(({ events }) => events.map(event => event.id)).toSorted());
  await following.seen(all.length);
  await following.end();
  expect(following.events).toEqual(all);
}, 20_000);

test('while the node is away calls wait for it, and fail as LogUnavailable when it stays away', async () => {
  eventStore = await store();
  const patient = eventStore.connect();
  await patient.append('thing', [happened()], NO_STREAM);
  await eventStore.node.kill();
  const since = performance.now();
  const waiting = patient.append('thing', [happened()], 0);
  await expect(Promise.race([waiting, sleep(1_500, 'waiting')])).resolves.toBe('waiting');
  await eventStore.restart();
  expect(await waiting).toMatchObject({ revision: 1 });
  await eventStore.node.kill();
  const hasty = eventStore.connect({ deadlineMs: DEADLINE_MS });
  const from = performance.now();
  await expect(hasty.append('thing', [happened()], 1)).rejects.toThrow(/ECONNREFUSED/);
  expect(performance.now() - from).toBeLessThan(DEADLINE_MS + SLACK_MS);
  expect(since).toBeLessThan(from);
});

test('Postgres going away under the node heals without a restart of anything', async () => {
  const database = await freshDatabase();
  const address = new URL(database.url);
  const wire = await proxyTo(Number(address.port));
  address.port = String(wire.port);
  const node = await nodeProcess(address.href);
  const log = connectEventLog({ url: urlOf(node.port) });
  await log.append('thing', [happened()], NO_STREAM);
  const following = reader(log);
  await following.seen(1);
  for (let round = 0; round < 2; round++) {
    wire.mode = 'closed';
    wire.cut();
    const appends = Array.from({ length: 20 }, (_, index) => log.append(`round-${round}-${index}`, [happened()], NO_STREAM));
    await sleep(1_000);
    wire.mode = 'open';
    await Promise.all(appends);
  }
  await following.seen(41);
  await following.end();
  const all = await everything(log);
  expect(all).toHaveLength(41);
  expect(following.events).toEqual(all);
  await log.close();
  await node.kill();
  await wire.close();
  await database.drop();
}, 20_000);

async function insisted<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
    }
  }
}
