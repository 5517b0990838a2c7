import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collected, happening, happenings, type TestNode, testNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await testNode();
});
afterAll(() => node.close());

const fresh = () => `stream-${randomUUID()}`;
const idsOf = async (stream: string) => (await collected(node.client.readStream(stream))).map(({ id }) => id);
const wrong = { type: 'wrong-expected-version' };

describe('for an explicit expected revision the exact slots are compared', () => {
  test('the same ids at the same revision are success again, with the first answer', async () => {
    const stream = fresh();
    const events = happenings(3);
    const first = await node.client.appendToStream(stream, events, { expectedRevision: 'no_stream' });
    const again = await node.client.appendToStream(stream, events, { expectedRevision: 'no_stream' });
    expect(again).toEqual(first);
    expect(await idsOf(stream)).toEqual(events.map(({ id }) => id));
  });

  test('the same ids at an old revision, behind newer events, are success again', async () => {
    const stream = fresh();
    await node.client.appendToStream(stream, happenings(2));
    const events = happenings(2);
    const first = await node.client.appendToStream(stream, events, { expectedRevision: 1n });
    await node.client.appendToStream(stream, happenings(4), { expectedRevision: 3n });
    expect(await node.client.appendToStream(stream, events, { expectedRevision: 1n })).toEqual(first);
    expect(await idsOf(stream)).toHaveLength(8);
  });

  test('another id there is a wrong expected version', async () => {
    const stream = fresh();
    await node.client.appendToStream(stream, happenings(3));
    await expect(node.client.appendToStream(stream, happening(), { expectedRevision: 0n })).rejects.toMatchObject({
      ...wrong,
      actualVersion: 2n,
    });
  });

  test('the same id at another revision is a wrong expected version', async () => {
    const stream = fresh();
    const events = happenings(3);
    await node.client.appendToStream(stream, events);
    await expect(node.client.appendToStream(stream, events[2]!, { expectedRevision: 0n })).rejects.toMatchObject(wrong);
  });

  test('a batch that is half new is a wrong expected version and writes nothing', async () => {
    const stream = fresh();
    const old = happenings(2);
    await node.client.appendToStream(stream, old, { expectedRevision: 'no_stream' });
    await expect(node.client.appendToStream(stream, [...old, happening()], { expectedRevision: 'no_stream' })).rejects.toMatchObject(wrong);
    expect(await idsOf(stream)).toHaveLength(2);
  });

  test('copies of one append that arrive together are written once and all succeed', async () => {
    const stream = fresh();
    const events = happenings(2);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => node.client.appendToStream(stream, events, { expectedRevision: 'no_stream' })),
    );
    expect(new Set(answers.map(({ position }) => position!.commit)).size).toBe(1);
    expect(await idsOf(stream)).toHaveLength(2);
  });

  test('a restarted node still knows', async () => {
    const stream = fresh();
    const events = happenings(2);
    const first = await node.client.appendToStream(stream, events, { expectedRevision: 'no_stream' });
    await node.restart();
    const { client } = node;
    // The client notices that its connection is gone with its first call.
    await client.appendToStream(fresh(), happening()).catch(() => {});
    expect(await client.appendToStream(stream, events, { expectedRevision: 'no_stream' })).toEqual(first);
    expect(await idsOf(stream)).toHaveLength(2);
  });
});

describe('for any revision a cache of recent ids is asked', () => {
  test.each(['any', 'stream_exists'] as const)('the same ids for %s are success again', async expectedRevision => {
    const stream = fresh();
    await node.client.appendToStream(stream, happening());
    const events = happenings(2);
    const first = await node.client.appendToStream(stream, events, { expectedRevision });
    await node.client.appendToStream(stream, happening());
    expect(await node.client.appendToStream(stream, events, { expectedRevision })).toEqual(first);
    expect(await idsOf(stream)).toHaveLength(4);
  });

  test('also after a restart', async () => {
    const stream = fresh();
    const events = happenings(2);
    const first = await node.client.appendToStream(stream, events);
    await node.restart();
    await node.client.appendToStream(fresh(), happening()).catch(() => {});
    expect(await node.client.appendToStream(stream, events)).toEqual(first);
    expect(await idsOf(stream)).toHaveLength(2);
  });

  test('a batch that begins with an old id and ends with a new one is a wrong expected version', async () => {
    const stream = fresh();
    const old = happening();
    await node.client.appendToStream(stream, old);
    await expect(node.client.appendToStream(stream, [old, happening()])).rejects.toMatchObject(wrong);
    expect(await idsOf(stream)).toHaveLength(1);
  });

  test('the same id in another stream is another event', async () => {
    const [one, other] = [fresh(), fresh()];
    const event = happening();
    await node.client.appendToStream(one, event);
    await node.client.appendToStream(other, event);
    expect([await idsOf(one), await idsOf(other)]).toEqual([[event.id], [event.id]]);
  });
});
