import { randomUUID } from 'node:crypto';
import { binaryEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collected, happening, happenings, type TestNode, testNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await testNode();
});
afterAll(() => node.close());

const fresh = () => `stream-${randomUUID()}`;

describe('a stream', () => {
  const stream = fresh();
  beforeAll(() => node.client.appendToStream(stream, happenings(10)));
  const revisions = async (options: Parameters<TestNode['client']['readStream']>[1]) =>
    (await collected(node.client.readStream(stream, options))).map(({ revision }) => Number(revision));

  test('is read forwards from start, from a revision, and not at all from end', async () => {
    expect(await revisions({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await revisions({ fromRevision: 7n })).toEqual([7, 8, 9]);
    expect(await revisions({ fromRevision: 10n })).toEqual([]);
    expect(await revisions({ fromRevision: 2n ** 64n - 1n })).toEqual([]);
    expect(await revisions({ fromRevision: 'end' })).toEqual([]);
  });

  test('is read backwards from end, from a revision, and its first event alone from start', async () => {
    expect(await revisions({ direction: 'backwards', fromRevision: 'end' })).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(await revisions({ direction: 'backwards', fromRevision: 2n })).toEqual([2, 1, 0]);
    expect(await revisions({ direction: 'backwards', fromRevision: 99n, maxCount: 1 })).toEqual([9]);
    expect(await revisions({ direction: 'backwards', fromRevision: 'start' })).toEqual([0]);
  });

  test('is read up to a count', async () => {
    expect(await revisions({ maxCount: 3 })).toEqual([0, 1, 2]);
    expect(await revisions({ fromRevision: 8n, maxCount: 3 })).toEqual([8, 9]);
    expect(await revisions({ direction: 'backwards', fromRevision: 'end', maxCount: 2 })).toEqual([9, 8]);
  });

  test('that is missing is a StreamNotFound message', async () => {
    for (const options of [{}, { fromRevision: 5n }, { direction: 'backwards', fromRevision: 'end' }] as const) {
      await expect(collected(node.client.readStream(fresh(), options))).rejects.toMatchObject({ type: 'stream-not-found' });
    }
  });

  test('longer than many pages is read whole, both ways, with and without a count', async () => {
    const long = fresh();
    for (let batch = 0; batch < 3; batch++) await node.client.appendToStream(long, happenings(500));
    const numbers = async (options: object) =>
      (await collected(node.client.readStream(long, options))).map(({ revision }) => Number(revision));
    const upwards = Array.from({ length: 1_500 }, (_, index) => index);
    expect(await numbers({})).toEqual(upwards);
    expect(await numbers({ maxCount: 1_100 })).toEqual(upwards.slice(0, 1_100));
    expect(await numbers({ direction: 'backwards', fromRevision: 'end' })).toEqual(upwards.toReversed());
    expect(await numbers({ direction: 'backwards', fromRevision: 1_400n, maxCount: 1_024 })).toEqual(
      upwards.slice(377, 1_401).toReversed(),
    );
  });

  test('of large events is read whole', async () => {
    const large = fresh();
    for (let index = 0; index < 6; index++)
      await node.client.appendToStream(large, binaryEvent({ type: 'Large', data: new Uint8Array(1_000_000).fill(index) }));
    const events = await collected(node.client.readStream(large));
    expect(events.map(({ data }) => (data as Uint8Array)[999_999])).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('$all', () => {
  test('forwards from a position is inclusive, backwards exclusive', async () => {
    const before = await node.client.appendToStream(fresh(), happening());
    const events = happenings(5);
    const { position } = await node.client.appendToStream(fresh(), events);
    const third = { commit: position!.commit - 2n, prepare: position!.commit - 2n };
    const read = async (options: object) => (await collected(node.client.readAll(options))).map(({ id }) => id);
    const ids = events.map(({ id }) => id);
    expect(await read({ fromPosition: third })).toEqual(ids.slice(2));
    expect(await read({ fromPosition: third, maxCount: 1 })).toEqual([ids[2]]);
    expect(await read({ fromPosition: third, direction: 'backwards', maxCount: 2 })).toEqual([ids[1], ids[0]]);
    expect(await read({ fromPosition: 'end', direction: 'backwards', maxCount: 2 })).toEqual([ids[4], ids[3]]);
    expect(await read({ fromPosition: 'end' })).toEqual([]);
    expect(await read({ fromPosition: 'start', direction: 'backwards' })).toEqual([]);
    expect((await read({ fromPosition: before.position })).slice(1)).toEqual(ids);
  });

  test('is gapless, and commit = prepare', async () => {
    const all = await collected(node.client.readAll());
    expect(all.length).toBeGreaterThan(0);
    for (const [index, { position }] of all.entries()) expect(position).toEqual({ commit: BigInt(index + 1), prepare: BigInt(index + 1) });
    const backwards = await collected(node.client.readAll({ direction: 'backwards', fromPosition: 'end' }));
    expect(backwards.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toReversed());
  });

  test('carries system events too', async () => {
    const event = { ...happening(), type: '$system' };
    await node.client.appendToStream(fresh(), event);
    expect((await collected(node.client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 1 })))[0]).toMatchObject({
      type: '$system',
    });
  });

  test('of an empty log is empty', async () => {
    const empty = await testNode();
    expect(await collected(empty.client.readAll())).toEqual([]);
    expect(await collected(empty.client.readAll({ direction: 'backwards', fromPosition: 'end' }))).toEqual([]);
    await empty.close();
  });
});
