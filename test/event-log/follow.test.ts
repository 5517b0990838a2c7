import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type EventLog, LogExchanged, NO_STREAM, type StoredEvent } from '../../src/runtime/event-log/port.ts';
import { freshDatabase } from '../support/postgres.ts';
import { nodeProcess } from './node-process.ts';
import { everything, happened, happenings, proxyTo, reader, type Store, store, urlOf } from './support.ts';

let eventStore: Store;
let log: EventLog;
let streams = 0;

beforeAll(async () => {
  eventStore = await store();
  log = eventStore.connect();
});
afterAll(() => eventStore.close());
afterEach(() => vi.restoreAllMocks());

/** In appends of 100 events. */
async function append(count: number): Promise<void> {
  const sizes = Array.from({ length: Math.ceil(count / 100) }, (_, index) => Math.min(100, count - index * 100));
  await Promise.all(sizes.map(size => log.append(`thing-${streams++}`, happenings(size), NO_STREAM)));
}

const numbersOf = (events: readonly StoredEvent[]): string[] => events.map(event => `${event.position} ${event.id}`);

test('following from the beginning brings what is there and then what comes, each event once and in order', async () => {
  await append(250);
  const following = reader(log, undefined, { batchMax: 100 });
  await following.seen(250);
  await append(50);
  await following.seen(300);
  await following.end();
  expect(numbersOf(following.events)).toEqual(numbersOf(await everything(log)));
  expect(Math.max(...following.batches.map(batch => batch.length))).toBe(100);
});

test('following from a position brings only what comes after it', async () => {
  const all = await everything(log);
  const following = reader(log, all[99]?.position);
  await following.seen(all.length - 100);
  const head = await log.head();
  const atHead = reader(log, head);
  await log.append('latecomer', [happened()], NO_STREAM);
  await Promise.all([following.seen(all.length - 99), atHead.seen(1)]);
  await Promise.all([following.end(), atHead.end()]);
  expect(numbersOf(following.events)).toEqual(numbersOf(await everything(log)).slice(100));
  expect(atHead.events.map(event => event.stream)).toEqual(['latecomer']);
});

test('events appended together, and those that came while the consumer was busy, come as one batch', async () => {
  let busy: PromiseWithResolvers<void> | undefined;
  const following = reader(log, await log.head(), { each: () => busy?.promise ?? Promise.resolve() });
  await append(1);
  await following.seen(1);
  await append(40);
  await following.seen(41);
  busy = Promise.withResolvers();
  await append(1);
  await following.seen(42);
  for (let count = 0; count < 20; count++) await append(1);
  await sleep(300);
  const { resolve } = busy;
  busy = undefined;
  resolve();
  await following.seen(62);
  await following.end();
  const sizes = following.batches.map(batch => batch.length);
  expect(sizes.slice(-2)).toEqual([1, 20]);
  // The 40 of one append cross the wire in a few pieces, not one by one.
  expect(sizes.length).toBeLessThan(20);
});

test('a consumer slower than 5,000 events loses none, and the reader keeps no more than its buffer meanwhile', async () => {
  const subscriptions = vi.spyOn(EventStoreDBClient.prototype, 'subscribeToAll');
  const asleep = Promise.withResolvers<void>();
  const following = reader(log, await log.head(), { batchMax: 500, each: () => asleep.promise });
  await vi.waitFor(() => expect(subscriptions).toHaveBeenCalledTimes(1));
  await append(1);
  await following.seen(1);
  let received = 0;
  const subscription = subscriptions.mock.results[0]?.value as ReturnType<EventStoreDBClient['subscribeToAll']>;
  subscription.on('data', () => received++);
  await append(5_000);
  await vi.waitFor(() => expect(received).toBeGreaterThanOrEqual(2_000));
  asleep.resolve();
  await following.seen(5_001);
  await append(10);
  await following.seen(5_011);
  await following.end();
  expect(received).toBeLessThan(2_500);
  expect(subscriptions).toHaveBeenCalledTimes(2);
  expect(numbersOf(following.events)).toEqual(numbersOf(await everything(log)).slice(-5_011));
  expect(Math.max(...following.batches.map(batch => batch.length))).toBe(500);
}, 60_000);

test('all who follow share one subscription, and one that lags beyond its buffer comes back without a gap', async () => {
  const subscriptions = vi.spyOn(EventStoreDBClient.prototype, 'subscribeToAll');
  const after = await log.head();
  const asleep = Promise.withResolvers<void>();
  const slow = reader(log, after, { batchMax: 500, each: () => asleep.promise });
  await append(1);
  await slow.seen(1);
  const quick = [reader(log, after), reader(log, after, { batchMax: 7 })];
  await Promise.all(quick.map(({ seen }) => seen(1)));
  expect(subscriptions).toHaveBeenCalledTimes(1);
  for (let round = 0; round < 10; round++) {
    await append(300);
    await Promise.all(quick.map(({ seen }) => seen(1 + 300 * (round + 1))));
  }
  asleep.resolve();
  await slow.seen(3_001);
  await append(1);
  const all = [slow, ...quick];
  await Promise.all(all.map(({ seen }) => seen(3_002)));
  // On a busy machine none of them may keep up for a moment; then all go on with one more.
  expect(subscriptions.mock.calls.length).toBeLessThan(all.length);
  await Promise.all(all.map(({ end }) => end()));
  const expected = numbersOf(await everything(log)).slice(-3_002);
  for (const { events } of all) expect(numbersOf(events)).toEqual(expected);
}, 60_000);

test('following goes on across restarts of the store, without a gap and without an event twice', async () => {
  const after = await log.head();
  const following = reader(log, after);
  for (let round = 1; round <= 3; round++) {
    await append(120);
    await following.seen(round * 120 - 60);
    await eventStore.restart();
  }
  await append(1);
  await following.seen(361);
  await following.end();
  expect(numbersOf(following.events)).toEqual(numbersOf(await everything(log)).slice(-361));
});

test('following ends when its signal fires: before the start, while waiting and while catching up', async () => {
  const early = AbortSignal.abort();
  for await (const _ of log.follow(undefined, { signal: early })) expect.unreachable();
  const waiting = reader(log, await log.head());
  await append(1);
  await waiting.seen(1);
  await waiting.end();
  const stop = new AbortController();
  let batches = 0;
  for await (const _ of log.follow(undefined, { signal: stop.signal, batchMax: 10 })) {
    batches += 1;
    stop.abort();
  }
  expect(batches).toBe(1);
});

test('a subscription that died without a word is noticed and replaced', async () => {
  const subscribe = EventStoreDBClient.prototype.subscribeToAll;
  const deaf = vi.spyOn(EventStoreDBClient.prototype, 'subscribeToAll').mockImplementationOnce(function (
    this: EventStoreDBClient,
    ...args
  ) {
    const subscription = subscribe.apply(this, args);
    subscription.once('confirmation', () => subscription.pause());
    const on = subscription.on.bind(subscription);
    // It hears of its confirmation and of nothing ever after.
    return Object.assign(subscription, {
      on: (name: string, listener: () => void) => (name === 'data' ? subscription : on(name, listener)),
    });
  });
  const following = reader(log, await log.head());
  await vi.waitFor(() => expect(deaf).toHaveBeenCalledTimes(1));
  await append(1);
  await following.seen(1);
  await vi.waitFor(() => expect(deaf).toHaveBeenCalledTimes(2));
  await following.end();
}, 60_000);

test('another log behind the URL ends the following instead of leaving a gap in it', async () => {
  const wire = await proxyTo(eventStore.node.port);
  const shaky = eventStore.connect({ url: urlOf(wire.port) });
  const before = await shaky.identity();
  const following = reader(shaky, undefined);
  await following.seen(1);
  const other = await freshDatabase();
  const node = await nodeProcess(other.url);
  wire.switchTo(node.port);
  await expect(following.seen(1_000_000)).rejects.toBeInstanceOf(LogExchanged);
  expect(await shaky.identity()).not.toBe(before);
  await shaky.close();
  await wire.close();
  await node.kill();
  await other.drop();
});
