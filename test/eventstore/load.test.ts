import { randomInt, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { collected, happening, happenings, taken, testNode } from './support.ts';

test('16 writers on random streams: a tailing $all subscriber sees each of 20,000 events once, in order, without a gap', async () => {
  const node = await testNode();
  const total = 20_000;
  const following = taken(node.client.subscribeToAll(), total);
  const acknowledged: string[] = [];
  let claimed = 0;
  const write = async () => {
    while (claimed < total) {
      const events = happenings(Math.min(randomInt(1, 20), total - claimed));
      claimed += events.length;
      await node.client.appendToStream(`stream-${randomInt(200)}`, events);
      acknowledged.push(...events.map(({ id }) => id));
    }
  };
  await Promise.all(Array.from({ length: 16 }, write));
  const seen = await following;
  expect(seen.map(({ position }) => position!.commit)).toEqual(seen.map((_, index) => BigInt(index + 1)));
  expect(seen.map(({ id }) => id).toSorted()).toEqual(acknowledged.toSorted());
  const next = new Map<string, bigint>();
  for (const { streamId, revision } of seen) {
    expect(revision).toBe(next.get(streamId) ?? 0n);
    next.set(streamId, revision + 1n);
  }
  await node.close();
}, 180_000);

test('64 parallel writers at one revision: one wins', async () => {
  const node = await testNode();
  const stream = `stream-${randomUUID()}`;
  for (let expected = -1n; expected < 5n; expected++) {
    const expectedRevision = expected < 0n ? 'no_stream' : expected;
    const results = await Promise.allSettled(
      Array.from({ length: 64 }, () => node.client.appendToStream(stream, happening(), { expectedRevision })),
    );
    const losers = results.filter(result => result.status === 'rejected');
    expect(losers).toHaveLength(63);
    for (const { reason } of losers) expect(reason).toMatchObject({ type: 'wrong-expected-version', actualVersion: expected + 1n });
  }
  expect(await collected(node.client.readStream(stream))).toHaveLength(6);
  await node.close();
}, 60_000);
