import { randomUUID } from 'node:crypto';
import { binaryEvent, EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { credentials } from '@grpc/grpc-js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collected, happening, happenings, type TestNode, testNode } from './support.ts';

let node: TestNode;
beforeAll(async () => {
  node = await testNode();
});
afterAll(() => node.close());

const fresh = () => `stream-${randomUUID()}`;
/** Per-call credentials make the client use Append; without them it uses BatchAppend, which the node advertises. */
const WAYS = [
  { way: 'Append', options: { credentials: { username: 'a', password: 'b' } } },
  { way: 'BatchAppend', options: {} },
];

test('advertises streams.batchappend', async () => {
  const client = new featuresGrpc.ServerFeaturesClient(`127.0.0.1:${node.port}`, credentials.createInsecure());
  const methods = await new Promise<string[]>((resolve, reject) =>
    client.getSupportedMethods(new shared.Empty(), (error, answer) =>
      error ? reject(error) : resolve(answer.getMethodsList().map(method => `${method.getServiceName()}.${method.getMethodName()}`)),
    ),
  );
  client.close();
  expect(methods).toContain('event_store.client.streams.streams.batchappend');
});

test('Gossip.Read answers esdb+discover and several hosts: the node leads', async () => {
  for (const url of [
    `esdb+discover://127.0.0.1:${node.port}?tls=false`,
    `esdb://127.0.0.1:${node.port},127.0.0.1:1?tls=false&nodePreference=leader`,
  ]) {
    const client = EventStoreDBClient.connectionString(url);
    await expect(client.appendToStream(fresh(), happening())).resolves.toMatchObject({ success: true });
    await client.dispose();
  }
});

describe.each(WAYS)('$way', ({ options }) => {
  test('answers the revision and the position of the last event', async () => {
    const stream = fresh();
    const first = await node.client.appendToStream(stream, happenings(3), { expectedRevision: 'no_stream', ...options });
    const second = await node.client.appendToStream(stream, happening(), { expectedRevision: 2n, ...options });
    expect(first.nextExpectedRevision).toBe(2n);
    expect(second.nextExpectedRevision).toBe(3n);
    expect(second.position!.commit).toBe(first.position!.commit + 1n);
    expect(second.position!.prepare).toBe(second.position!.commit);
  });

  test('refuses a wrong version and tells the revision the stream is at', async () => {
    const stream = fresh();
    const append = (expectedRevision: bigint | 'no_stream' | 'stream_exists') =>
      node.client.appendToStream(stream, happening(), { expectedRevision, ...options });
    await expect(append('stream_exists')).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: 'stream_exists',
      actualVersion: 'no_stream',
    });
    await expect(append(0n)).rejects.toMatchObject({ type: 'wrong-expected-version', expectedVersion: 0n, actualVersion: 'no_stream' });
    await append('no_stream');
    await append('stream_exists');
    await expect(append('no_stream')).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: 'no_stream',
      actualVersion: 1n,
    });
    await expect(append(0n)).rejects.toMatchObject({ type: 'wrong-expected-version', expectedVersion: 0n, actualVersion: 1n });
    await expect(append(7n)).rejects.toMatchObject({ type: 'wrong-expected-version', expectedVersion: 7n, actualVersion: 1n });
    expect(await collected(node.client.readStream(stream))).toHaveLength(2);
  });

  test('appends all events or none', async () => {
    const stream = fresh();
    await node.client.appendToStream(stream, happening(), options);
    await expect(node.client.appendToStream(stream, happenings(3), { expectedRevision: 'no_stream', ...options })).rejects.toThrow();
    expect(await collected(node.client.readStream(stream))).toHaveLength(1);
  });

  test('gives data and metadata back as they were, JSON and binary', async () => {
    const stream = fresh();
    const json = jsonEvent({ type: 'Json', data: { text: 'ț "quoted" \\ \u0000 🧵', n: 1.5 }, metadata: { by: 'Ștefan' } });
    const binary = binaryEvent({ type: 'Binary', data: Uint8Array.of(0, 255, 254, 10), metadata: Uint8Array.of(0, 200) });
    const nul = binaryEvent({ type: 'Nul', data: Buffer.from('a\u0000b') });
    const broken = jsonEvent({ type: 'Empty', data: {} });
    await node.client.appendToStream(stream, [json, binary, nul, broken], options);
    // A second node reads from the table what the first may have in memory.
    const events = await collected(node.client.readStream(stream));
    expect(events.map(({ type, isJson }) => [type, isJson])).toEqual([
      ['Json', true],
      ['Binary', false],
      ['Nul', false],
      ['Empty', true],
    ]);
    expect(events[0]).toMatchObject({ data: json.data, metadata: json.metadata, id: json.id });
    expect([...(events[1]!.data as Uint8Array)]).toEqual([0, 255, 254, 10]);
    expect([...(events[1]!.metadata as Uint8Array)]).toEqual([0, 200]);
    expect(Buffer.from(events[2]!.data as Uint8Array).toString()).toBe('a\u0000b');
    expect(events[3]!.metadata).toBeUndefined();
  });

  test('dates events: created is in .NET ticks', async () => {
    const stream = fresh();
    const before = Date.now();
    await node.client.appendToStream(stream, happening(), options);
    const [event] = await collected(node.client.readStream(stream));
    expect(event!.created.getTime()).toBeGreaterThanOrEqual(before);
    expect(event!.created.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test('refuses an append over one MiB (MaximumAppendSizeExceeded) and takes one just below', async () => {
    const stream = fresh();
    const sized = (bytes: number) => binaryEvent({ type: 'B', data: new Uint8Array(bytes) });
    await expect(node.client.appendToStream(stream, sized(1024 * 1024), options)).rejects.toMatchObject({
      type: 'maximum-append-size-exceeded',
      maxAppendSize: 1024 * 1024,
    });
    await expect(node.client.appendToStream(stream, [sized(600_000), sized(600_000)], options)).rejects.toMatchObject({
      type: 'maximum-append-size-exceeded',
    });
    await node.client.appendToStream(stream, sized(1024 * 1024 - 2), options);
    expect(await collected(node.client.readStream(stream))).toHaveLength(1);
  });

  test('refuses an append of more than 10,000 events', async () => {
    const many = Array.from({ length: 10_001 }, () => binaryEvent({ type: 'B', data: new Uint8Array() }));
    await expect(node.client.appendToStream(fresh(), many, options)).rejects.toThrow('An append may have 10000 events, no more.');
    const stream = fresh();
    await node.client.appendToStream(stream, many.slice(1), options);
    expect(await collected(node.client.readStream(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 }))).toMatchObject([
      { revision: 9_999n },
    ]);
  });

  test('refuses for good what can never be stored, and the connection lives on', async () => {
    const refused = [
      ['', happening()],
      ['s'.repeat(1_001), happening()],
      [fresh(), { ...happening(), type: '' }],
      [fresh(), { ...happening(), type: 'a\u0000b' }],
      [fresh(), happening(1, 'not-a-uuid')],
    ] as const;
    for (const [stream, event] of refused) {
      await expect(node.client.appendToStream(stream, event, options)).rejects.toThrow(/A stream name|A type|must be a UUID/);
    }
    await expect(node.client.appendToStream(fresh(), happening(), options)).resolves.toMatchObject({ success: true });
  });

  test('takes 64-bit revisions beyond what a stream can reach as wrong, not as an error', async () => {
    await expect(node.client.appendToStream(fresh(), happening(), { expectedRevision: 2n ** 64n - 1n, ...options })).rejects.toMatchObject({
      type: 'wrong-expected-version',
    });
  });
});

describe('BatchAppend', () => {
  test('joins chunks up to is_final into one append', async () => {
    const stream = fresh();
    const events = happenings(50);
    await node.client.appendToStream(stream, events, { expectedRevision: 'no_stream', batchAppendSize: 300 });
    expect((await collected(node.client.readStream(stream))).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  test('answers each of many parallel appends by its correlation id', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const count = (index % 7) + 1;
        const { nextExpectedRevision } = await node.client.appendToStream(fresh(), happenings(count));
        return nextExpectedRevision === BigInt(count - 1);
      }),
    );
    expect(answers.every(Boolean)).toBe(true);
  });

  test('one bad append in a batch fails alone', async () => {
    const [good, bad, big] = [fresh(), fresh(), fresh()];
    const results = await Promise.allSettled([
      node.client.appendToStream(good, happening(), { expectedRevision: 'no_stream' }),
      node.client.appendToStream(bad, happening(), { expectedRevision: 5n }),
      node.client.appendToStream(big, binaryEvent({ type: 'B', data: new Uint8Array(2 * 1024 * 1024) })),
      node.client.appendToStream('', happening()),
      node.client.appendToStream(good, happening(), { expectedRevision: 0n }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled']);
  });

  test('one append that Postgres refuses fails alone', async () => {
    const database = new pg.Client(node.url);
    await database.connect();
    await database.query("alter table eventstore.events add constraint no_poison check (type <> 'Poison')");
    await database.end();
    const [first, second] = [fresh(), fresh()];
    const results = await Promise.allSettled([
      node.client.appendToStream(first, happening()),
      node.client.appendToStream(first, { ...happening(), type: 'Poison' }),
      node.client.appendToStream(second, happenings(2)),
      node.client.appendToStream(first, happening(), { expectedRevision: 0n }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    const all = await collected(node.client.readAll());
    expect(all.map(({ position }) => position!.commit)).toEqual(all.map((_, index) => BigInt(index + 1)));
  });
});

describe('what is not served says so', () => {
  test('delete, tombstone, stream metadata, links and foreign regular expressions', async () => {
    const stream = fresh();
    await node.client.appendToStream(stream, happening());
    await expect(node.client.deleteStream(stream)).rejects.toMatchObject({ code: 12 });
    await expect(node.client.tombstoneStream(stream)).rejects.toMatchObject({ code: 12 });
    await expect(node.client.setStreamMetadata(stream, { maxCount: 1 })).rejects.toThrow('does not serve stream metadata');
    await expect(collected(node.client.readStream(stream, { resolveLinkTos: true }))).rejects.toMatchObject({ code: 12 });
    const subscription = node.client.subscribeToAll({ filter: { filterOn: 'eventType', regex: '^Hap.*ed$', checkpointInterval: 1 } });
    await expect(collected(subscription)).rejects.toMatchObject({ code: 12 });
  });
});

test('UUIDs arrive as strings or as structured (two longs); both are served', async () => {
  const client = new streamsGrpc.StreamsClient(`127.0.0.1:${node.port}`, credentials.createInsecure());
  const id = 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6';
  const half = (digits: string) => BigInt.asIntN(64, BigInt(`0x${digits}`)).toString();
  const uuid = new shared.UUID().setStructured(
    new shared.UUID.Structured().setMostSignificantBits(half('f81d4fae7dec41d0')).setLeastSignificantBits(half('a76500a0c91e6bf6')),
  );
  const stream = fresh();
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
  await new Promise<AppendResp>((resolve, reject) => {
    const sink = client.append((error, answer) => (error ? reject(error) : resolve(answer)));
    sink.write(
      new streams.AppendReq().setOptions(new streams.AppendReq.Options().setStreamIdentifier(identifier).setAny(new shared.Empty())),
    );
    const message = new streams.AppendReq.ProposedMessage().setId(uuid);
    message.getMetadataMap().set('type', 'Happened').set('content-type', 'application/json');
    sink.write(new streams.AppendReq().setProposedMessage(message));
    sink.end();
  });
  expect((await collected(node.client.readStream(stream)))[0]!.id).toBe(id);
  const structured = new streams.ReadReq.Options.UUIDOption().setStructured(new shared.Empty());
  const options = new streams.ReadReq.Options()
    .setStream(new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(identifier).setStart(new shared.Empty()))
    .setUuidOption(structured)
    .setNoFilter(new shared.Empty())
    .setCount('10');
  const answers: ReadResp[] = [];
  for await (const answer of client.read(new streams.ReadReq().setOptions(options)) as AsyncIterable<ReadResp>) answers.push(answer);
  client.close();
  expect(answers[0]!.getEvent()!.getEvent()!.getId()!.toObject()).toEqual(uuid.toObject());
});
