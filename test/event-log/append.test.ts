import { randomUUID } from 'node:crypto';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { AppendRefused, type EventLog, LogUnavailable, NO_STREAM, WrongRevision } from '../../src/runtime/event-log/port.ts';
import { collected, everything, happened, happenings, proxyTo, type Store, store, urlOf } from './support.ts';

let eventStore: Store;
let log: EventLog;

beforeAll(async () => {
  eventStore = await store();
  log = eventStore.connect();
});
afterAll(() => eventStore.close());
afterEach(() => vi.restoreAllMocks());

const fresh = (): string => `thing-${randomUUID()}`;

describe('an append', () => {
  test('answers the revision and position its last event has in the log', async () => {
    const stream = fresh();
    const first = await log.append(stream, happenings(3), NO_STREAM);
    const second = await log.append(stream, happenings(2), first.revision);
    const stored = await collected(log.readStream(stream));
    expect(stored.map(event => event.revision)).toEqual([0, 1, 2, 3, 4]);
    expect([first, second]).toEqual([2, 4].map(index => ({ revision: index, position: stored[index]?.position })));
  });

  test('keeps data and metadata as they were given', async () => {
    const stream = fresh();
    const event = { ...happened(), data: { name: 'Țuică „de prune" ☃', lines: [{ quantity: 1_000 }], none: null } };
    await log.append(stream, [event], NO_STREAM);
    const [stored] = await collected(log.readStream(stream));
    expect(stored).toEqual({ ...event, stream, revision: 0, position: expect.any(BigInt) });
  });

  test('repeated with the same ids is a success with the first answer, also when the stream has moved on', async () => {
    const stream = fresh();
    const [initial, events] = [happenings(2), happenings(3)];
    await log.append(stream, initial, NO_STREAM);
    const first = await log.append(stream, events, 1);
    expect(await log.append(stream, events, 1)).toEqual(first);
    await log.append(stream, happenings(4), 4);
    expect(await log.append(stream, events, 1)).toEqual(first);
    expect(await collected(log.readStream(stream))).toHaveLength(9);
  });

  test('of which half is new is refused whole', async () => {
    const stream = fresh();
    const [known, unknown] = [happened(), happened()];
    await log.append(stream, [known], NO_STREAM);
    await expect(log.append(stream, [known, unknown], NO_STREAM)).rejects.toEqual(new WrongRevision(stream, NO_STREAM, 0));
    expect(await collected(log.readStream(stream))).toHaveLength(1);
  });

  test.for([
    [NO_STREAM, 0],
    [3, 0],
    [0, undefined],
  ] as const)('at revision %i of a stream at %s tells the revision it really has', async ([expected, there]) => {
    const stream = fresh();
    if (there !== undefined) await log.append(stream, [happened()], NO_STREAM);
    const refusal = await log.append(stream, [happened()], expected).catch(error => error);
    expect(refusal).toBeInstanceOf(WrongRevision);
    expect(refusal).toMatchObject({ stream, expected, actual: there ?? NO_STREAM });
    expect(JSON.parse(JSON.stringify(refusal))).toMatchObject({ actual: there ?? NO_STREAM });
  });

  test('of which the answer got lost is sent again with the same ids and happens once', async () => {
    const wire = await proxyTo(eventStore.node.port);
    const attempts = vi.spyOn(EventStoreDBClient.prototype, 'appendToStream');
    const shaky = eventStore.connect({ url: urlOf(wire.port) });
    await shaky.append(fresh(), [happened()], NO_STREAM);
    attempts.mockClear();
    const stream = fresh();
    wire.mode = 'mute';
    const answer = shaky.append(stream, happenings(2), NO_STREAM);
    // The other connection sees that it was written, though nobody told the writer.
    await vi.waitFor(async () => expect(await collected(log.readStream(stream))).toHaveLength(2));
    wire.mode = 'open';
    wire.cut();
    const stored = await collected(log.readStream(stream));
    expect(await answer).toEqual({ revision: 1, position: stored[1]?.position });
    expect(attempts).toHaveBeenCalledTimes(2);
    expect(await collected(log.readStream(stream))).toEqual(stored);
    await shaky.close();
    await wire.close();
  });

  test('to which the store answers no position has it read back', async () => {
    const append = EventStoreDBClient.prototype.appendToStream;
    vi.spyOn(EventStoreDBClient.prototype, 'appendToStream').mockImplementation(async function (this: EventStoreDBClient, ...args) {
      const { position: _, ...rest } = await append.apply(this, args);
      return rest;
    });
    const stream = fresh();
    const answer = await log.append(stream, happenings(2), NO_STREAM);
    expect(answer).toEqual({ revision: 1, position: (await collected(log.readStream(stream)))[1]?.position });
  });

  test.for([
    ['nothing', []],
    ['an id that is no UUID', [happened(0, 'one')]],
    ['a type of the system', [{ ...happened(), type: '$metadata' }]],
    ['data that is no object', [{ ...happened(), data: 5 }]],
    ['data that is not JSON', [{ ...happened(), data: { amount: 1n } }]],
    ['more than a mebibyte', [{ ...happened(), data: { text: 'x'.repeat(1_048_576) } }]],
  ] as const)('of %s is refused before it can harm others', async ([, events]) => {
    const stream = fresh();
    const sent = vi.spyOn(EventStoreDBClient.prototype, 'appendToStream');
    const neighbour = log.append(fresh(), [happened()], NO_STREAM);
    await expect(log.append(stream, events, NO_STREAM)).rejects.toBeInstanceOf(AppendRefused);
    await expect(neighbour).resolves.toMatchObject({ revision: 0 });
    expect(sent.mock.calls.map(([name]) => name)).not.toContain(stream);
  });

  test('through a client that got stuck goes out through a new one', async () => {
    const patient = eventStore.connect();
    await patient.append(fresh(), [happened()], NO_STREAM);
    const append = EventStoreDBClient.prototype.appendToStream;
    const users = new Set<EventStoreDBClient>();
    vi.spyOn(EventStoreDBClient.prototype, 'appendToStream').mockImplementation(function (this: EventStoreDBClient, ...args) {
      users.add(this);
      return users.size === 1 ? new Promise(() => undefined) : append.apply(this, args);
    });
    await expect(patient.append(fresh(), [happened()], NO_STREAM)).resolves.toMatchObject({ revision: 0 });
    expect(users.size).toBe(2);
  });

  test('waits its turn when more than the room allows are under way, and none is lost', async () => {
    let under = 0;
    let most = 0;
    const append = EventStoreDBClient.prototype.appendToStream;
    vi.spyOn(EventStoreDBClient.prototype, 'appendToStream').mockImplementation(async function (this: EventStoreDBClient, ...args) {
      most = Math.max(most, ++under);
      return append.apply(this, args).finally(() => under--);
    });
    const streams = Array.from({ length: 600 }, fresh);
    await Promise.all(streams.map(stream => log.append(stream, [happened()], NO_STREAM)));
    expect(most).toBe(256);
    const stored = new Set((await everything(log)).map(event => event.stream));
    expect(streams.filter(stream => !stored.has(stream))).toEqual([]);
  });
});

describe('reading', () => {
  test('a stream that does not exist answers nothing', async () => {
    expect(await collected(log.readStream(fresh()))).toEqual([]);
  });

  test('a stream of many pages answers each event once, from any revision', async () => {
    const stream = fresh();
    for (let from = 0; from < 1_200; from += 200) await log.append(stream, happenings(200, from), from - 1);
    const numbers = async (from?: number): Promise<unknown[]> => (await collected(log.readStream(stream, from))).map(({ data }) => data);
    const all = Array.from({ length: 1_200 }, (_, number) => ({ number }));
    expect(await numbers()).toEqual(all);
    expect(await numbers(699)).toEqual(all.slice(699));
    expect(await numbers(1_200)).toEqual([]);
  });

  test('the log page by page answers every event once, in order', async () => {
    const all = await everything(log);
    const small = await log.readAll(all[4]?.position, 3);
    expect(small).toEqual(all.slice(5, 8));
    expect(all.every((event, index) => index === 0 || event.position > (all[index - 1]?.position ?? 0n))).toBe(true);
    expect(await log.head()).toBe(all.at(-1)?.position);
    expect(await log.readAll(all.at(-1)?.position, 10)).toEqual([]);
  });
});

describe('the identity', () => {
  test('is agreed on by concurrent founders, stays, and shows to no reader', async () => {
    const other = await store();
    const founder = other.connect();
    expect(await founder.head()).toBeUndefined();
    const names = await Promise.all(Array.from({ length: 8 }, () => founder.identity()));
    expect(new Set(names).size).toBe(1);
    expect(names[0]).toMatch(/^[0-9a-f-]{36}$/);
    await other.restart();
    expect(await founder.identity()).toBe(names[0]);
    expect(await founder.head()).toBeUndefined();
    expect(await founder.readAll(undefined, 10)).toEqual([]);
    const { position } = await founder.append(fresh(), [happened()], NO_STREAM);
    expect((await founder.readAll(undefined, 10)).map(event => event.position)).toEqual([position]);
    expect(await log.identity()).not.toBe(names[0]);
    await other.close();
  });
});

test('a closed log answers every call with LogUnavailable at once', async () => {
  const closed = eventStore.connect();
  await closed.append(fresh(), [happened()], NO_STREAM);
  await closed.close();
  const since = performance.now();
  await expect(closed.append(fresh(), [happened()], NO_STREAM)).rejects.toBeInstanceOf(LogUnavailable);
  await expect(closed.head()).rejects.toBeInstanceOf(LogUnavailable);
  expect(performance.now() - since).toBeLessThan(200);
});
