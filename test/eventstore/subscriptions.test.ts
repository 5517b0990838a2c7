import { randomUUID } from 'node:crypto';
import {
  type AllStreamSubscription,
  eventTypeFilter,
  excludeSystemEvents,
  jsonEvent,
  type Position,
  type StreamSubscription,
  streamNameFilter,
} from '@eventstore/db-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { happening, happenings, type TestNode, taken, testNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await testNode();
});
afterAll(() => node.close());

const fresh = () => `stream-${randomUUID()}`;

/** What a subscription says, in order: confirmation, event numbers, checkpoints, caughtUp, fellBehind. */
function protocol(subscription: AllStreamSubscription | StreamSubscription, said: string[] = []): string[] {
  subscription.on('confirmation', () => said.push('confirmation'));
  subscription.on('caughtUp', () => said.push('caughtUp'));
  subscription.on('fellBehind', () => said.push('fellBehind'));
  subscription.on('data', ({ event }) => said.push(event!.type));
  subscription.on('error', error => said.push(String(error)));
  return said;
}

const shortly = { timeout: 15_000, interval: 10 };

describe('a subscription', () => {
  test('says Confirmation first and CaughtUp at the live switch, then goes on', async () => {
    const stream = fresh();
    await node.client.appendToStream(stream, happenings(2));
    const subscription = node.client.subscribeToStream(stream);
    const said = protocol(subscription);
    await vi.waitFor(() => expect(said).toEqual(['confirmation', 'Happened', 'Happened', 'caughtUp']), shortly);
    await node.client.appendToStream(stream, happening());
    await vi.waitFor(() => expect(said).toEqual(['confirmation', 'Happened', 'Happened', 'caughtUp', 'Happened']), shortly);
    await subscription.unsubscribe();
  });

  test('to a stream that does not exist yet waits for it', async () => {
    const stream = fresh();
    const following = taken(node.client.subscribeToStream(stream), 2);
    const events = happenings(2);
    for (const event of events) await node.client.appendToStream(stream, event);
    expect((await following).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  test('to a stream begins behind a revision, at the start, or at the end', async () => {
    const stream = fresh();
    const events = happenings(4);
    await node.client.appendToStream(stream, events);
    const behind = taken(node.client.subscribeToStream(stream, { fromRevision: 1n }), 3);
    const start = taken(node.client.subscribeToStream(stream, { fromRevision: 'start' }), 5);
    const fromEnd = node.client.subscribeToStream(stream, { fromRevision: 'end' });
    const said = protocol(fromEnd);
    const end = taken(fromEnd, 1);
    await vi.waitFor(() => expect(said).toContain('caughtUp'), shortly);
    const last = happening();
    await node.client.appendToStream(fresh(), happening());
    await node.client.appendToStream(stream, last);
    const ids = [...events, last].map(({ id }) => id);
    expect((await behind).map(({ id }) => id)).toEqual(ids.slice(2));
    expect((await start).map(({ id }) => id)).toEqual(ids);
    expect((await end).map(({ id }) => id)).toEqual(ids.slice(4));
  });

  test('to a stream longer than many pages gives each event once, in order, while the stream grows', async () => {
    const stream = fresh();
    await node.client.appendToStream(stream, happenings(1_200));
    const following = taken(node.client.subscribeToStream(stream), 2_000);
    for (let batch = 0; batch < 8; batch++) await node.client.appendToStream(stream, happenings(100));
    expect((await following).map(({ revision }) => Number(revision))).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
  });

  test('to $all from a position is exclusive', async () => {
    const { position } = await node.client.appendToStream(fresh(), happenings(3));
    const last = happening();
    await node.client.appendToStream(fresh(), last);
    const second = { commit: position!.commit - 1n, prepare: position!.commit - 1n };
    const events = await taken(node.client.subscribeToAll({ fromPosition: second }), 2);
    expect(events[0]!.position).toEqual(position);
    expect(events[1]!.id).toBe(last.id);
  });

  test('to $all from the end sees only what comes', async () => {
    const subscription = node.client.subscribeToAll({ fromPosition: 'end' });
    const said = protocol(subscription);
    const following = taken(subscription, 1);
    await vi.waitFor(() => expect(said).toEqual(['confirmation', 'caughtUp']), shortly);
    const event = happening();
    await node.client.appendToStream(fresh(), event);
    expect((await following)[0]!.id).toBe(event.id);
  });

  test('too slow for the memory of the newest events reads pages again and misses nothing', async () => {
    const { position: from } = await node.client.appendToStream(fresh(), happening());
    const subscription = node.client.subscribeToAll({ fromPosition: from! });
    let behind = 0;
    subscription.on('fellBehind', () => behind++);
    const events = subscription[Symbol.asyncIterator]();
    const event = jsonEvent({ type: 'Wide', data: { text: 'x'.repeat(900) } });
    const seen: bigint[] = [];
    const appended = 12_000;
    for (let count = 0; count < appended; count += 500) {
      await node.client.appendToStream(
        fresh(),
        Array.from({ length: 500 }, () => ({ ...event, id: randomUUID() })),
      );
      if (count === 0) seen.push((await events.next()).value.event.position.commit);
    }
    while (seen.length < appended) seen.push((await events.next()).value.event.position.commit);
    await subscription.unsubscribe();
    expect(seen).toEqual(Array.from({ length: appended }, (_, index) => from!.commit + BigInt(index + 1)));
    expect(behind).toBeGreaterThan(0);
  }, 120_000);
});

describe('a filtered subscription', () => {
  let start: Position;
  const [orders, leads] = [`order-${randomUUID()}`, `lead-${randomUUID()}`];
  beforeEach(async () => {
    const { position } = await node.client.appendToStream(fresh(), happening());
    start = position!;
  });
  const mixed = async () => {
    await node.client.appendToStream(orders, [jsonEvent({ type: 'OrderPlaced', data: {} }), jsonEvent({ type: '$metadata', data: {} })]);
    await node.client.appendToStream(leads, jsonEvent({ type: 'LeadCaptured', data: {} }));
    await node.client.appendToStream('$settings', jsonEvent({ type: 'Changed', data: {} }));
    await node.client.appendToStream(orders, jsonEvent({ type: 'OrderPaid', data: {} }));
  };
  const cases = [
    { name: 'by prefixes on the stream', filter: streamNameFilter({ prefixes: ['lead-', '$set'] }), types: ['LeadCaptured', 'Changed'] },
    { name: 'by prefixes on the type', filter: eventTypeFilter({ prefixes: ['Order'] }), types: ['OrderPlaced', 'OrderPaid'] },
    { name: 'without system events', filter: excludeSystemEvents(), types: ['OrderPlaced', 'LeadCaptured', 'Changed', 'OrderPaid'] },
    {
      name: 'without system streams',
      filter: streamNameFilter({ regex: '^[^$].*' }),
      types: ['OrderPlaced', '$metadata', 'LeadCaptured', 'OrderPaid'],
    },
  ];

  test.each(cases)('$name sees the same from pages and live', async ({ filter, types }) => {
    const live = taken(node.client.subscribeToAll({ fromPosition: start, filter }), types.length);
    await mixed();
    expect((await live).map(({ type }) => type)).toEqual(types);
    await node.restart();
    await node.client.appendToStream(fresh(), happening()).catch(() => {});
    const paged = taken(node.client.subscribeToAll({ fromPosition: start, filter }), types.length);
    expect((await paged).map(({ type }) => type)).toEqual(types);
  });

  /** Subscribes from `start` and notes checkpoints as distances from it. */
  function checkpointed(checkpointInterval: number, maxSearchWindow?: number) {
    const said: string[] = [];
    const subscription = node.client.subscribeToAll({
      fromPosition: start,
      filter: eventTypeFilter({
        prefixes: ['Nothing', 'Match'],
        checkpointInterval,
        ...(maxSearchWindow ? { maxSearchWindow } : {}),
        checkpointReached: async (_, position) => void said.push(`checkpoint ${position.commit - start.commit}`),
      }),
    });
    return { said: protocol(subscription, said), subscription };
  }

  test('gets a checkpoint every multiplier × max-search-window plus one at the live switch', async () => {
    await node.client.appendToStream(fresh(), happenings(25));
    const { said, subscription } = checkpointed(2, 5);
    await vi.waitFor(() => expect(said).toEqual(['confirmation', 'checkpoint 10', 'checkpoint 20', 'checkpoint 25', 'caughtUp']), shortly);
    await node.client.appendToStream(fresh(), happenings(7));
    await node.client.appendToStream(fresh(), [jsonEvent({ type: 'Match', data: {} }), ...happenings(8)]);
    await vi.waitFor(() => expect(said.slice(5)).toEqual(['checkpoint 30', 'Match', 'checkpoint 40']), shortly);
    await subscription.unsubscribe();
  });

  test('gets no second checkpoint where one is due at the live switch anyway, and none where it began', async () => {
    const began = checkpointed(2, 5);
    await vi.waitFor(() => expect(began.said).toContain('caughtUp'), shortly);
    await began.subscription.unsubscribe();
    expect(began.said).toEqual(['confirmation', 'caughtUp']);
    await node.client.appendToStream(fresh(), happenings(20));
    const { said, subscription } = checkpointed(2, 5);
    await vi.waitFor(() => expect(said).toContain('caughtUp'), shortly);
    await subscription.unsubscribe();
    expect(said).toEqual(['confirmation', 'checkpoint 10', 'checkpoint 20', 'caughtUp']);
  });

  test('gets one every 32 events when the window is only counted', async () => {
    await node.client.appendToStream(fresh(), happenings(100));
    const { said, subscription } = checkpointed(1);
    await vi.waitFor(
      () => expect(said).toEqual(['confirmation', 'checkpoint 32', 'checkpoint 64', 'checkpoint 96', 'checkpoint 100', 'caughtUp']),
      shortly,
    );
    await subscription.unsubscribe();
  });

  test('never gets a checkpoint repeated or regressed, and none before the events up to it', async () => {
    const said: { checkpoint?: bigint; event?: bigint }[] = [];
    const subscription = node.client.subscribeToAll({
      fromPosition: start,
      filter: eventTypeFilter({
        prefixes: ['Match'],
        checkpointInterval: 1,
        maxSearchWindow: 3,
        checkpointReached: async (_, position) => void said.push({ checkpoint: position.commit }),
      }),
    });
    subscription.on('data', ({ event }) => said.push({ event: event!.position!.commit }));
    for (let round = 0; round < 30; round++) {
      await node.client.appendToStream(fresh(), [
        ...happenings(round % 5),
        jsonEvent({ type: 'Match', data: {} }),
        ...happenings(round % 4),
      ]);
    }
    await vi.waitFor(() => expect(said.filter(({ event }) => event)).toHaveLength(30), shortly);
    await subscription.unsubscribe();
    const order = said.map(({ checkpoint, event }) => checkpoint ?? event!);
    expect(order).toEqual(order.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    const checkpoints = said.flatMap(({ checkpoint }) => checkpoint ?? []);
    expect(new Set(checkpoints).size).toBe(checkpoints.length);
    expect(checkpoints.length).toBeGreaterThan(20);
  });

  test('whose filter matches nothing in a long log still reaches its end', async () => {
    for (let batch = 0; batch < 20; batch++) await node.client.appendToStream(fresh(), happenings(500));
    const { said, subscription } = checkpointed(1_000, 1_000_000);
    await vi.waitFor(() => expect(said).toEqual(['confirmation', 'checkpoint 10000', 'caughtUp']), shortly);
    await subscription.unsubscribe();
  });
});
