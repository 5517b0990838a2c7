import { randomUUID } from 'node:crypto';
import { excludeSystemEvents } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collected, happening, happenings, type TestNode, taken, testNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await testNode();
});
afterAll(() => node.close());

test('appends, reads the stream, reads $all, follows $all', async () => {
  const stream = `order-${randomUUID()}`;
  const events = happenings(5);
  const first = await node.client.appendToStream(stream, events, { expectedRevision: 'no_stream' });
  expect(first).toMatchObject({ success: true, nextExpectedRevision: 4n });
  const read = await collected(node.client.readStream(stream));
  expect(read.map(({ id, revision, data }) => ({ id, revision, data }))).toEqual(
    events.map(({ id, data }, index) => ({ id, revision: BigInt(index), data })),
  );
  expect((await collected(node.client.readAll())).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  const live = happening(6);
  const following = taken(node.client.subscribeToAll({ fromPosition: 'start', filter: excludeSystemEvents() }), 6);
  await node.client.appendToStream(stream, live, { expectedRevision: 4n });
  expect((await following).map(({ id }) => id)).toEqual([...events, live].map(({ id }) => id));
});
