import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { demandFitness } from '../../src/eventstore/schema.ts';
import { type Node, startNode } from '../../src/eventstore/server.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { PostgresProxy } from './proxy.ts';
import { collected, connect, happening, happenings, taken } from './support.ts';

let database: TestDatabase;
let postgres: PostgresProxy;
let node: Node;
let client: EventStoreDBClient;
beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  database = await freshDatabase();
  postgres = await PostgresProxy.before(database.url);
  node = await startNode({ databaseUrl: postgres.url, port: 0 });
  client = connect(node.port);
});
afterEach(async () => {
  await client.dispose();
  await node.stop();
  await postgres.close();
  await database.drop();
});

const fresh = () => `stream-${randomUUID()}`;
/** Appends that carry credentials use Append, whose failures keep their gRPC status. */
const AS_APPEND = { credentials: { username: 'a', password: 'b' } };

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    return await work();
  } finally {
    expect(performance.now() - startedAt).toBeLessThan(ms);
  }
}

async function sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const connection = new pg.Client(database.url);
  await connection.connect();
  try {
    return (await connection.query(text, values)).rows;
  } finally {
    await connection.end();
  }
}

const writes = () => client.appendToStream(fresh(), happening(), AS_APPEND);
const healed = () => vi.waitFor(writes, { timeout: 20_000, interval: 50 });

describe('while Postgres is down', () => {
  test('appends and reads answer UNAVAILABLE quickly, and heal without a restart', async () => {
    const stream = fresh();
    await client.appendToStream(stream, happening());
    postgres.cut();
    await vi.waitFor(() => expect(writes()).rejects.toMatchObject({ code: 14 }));
    await within(3_000, () => expect(writes()).rejects.toMatchObject({ type: 'unavailable' }));
    await within(3_000, () => expect(collected(client.readStream(stream))).rejects.toMatchObject({ type: 'unavailable' }));
    await within(3_000, () => expect(collected(client.readAll())).rejects.toMatchObject({ type: 'unavailable' }));
    // BatchAppend has no word for it but a time-out: send the same ids again.
    await within(3_000, () => expect(client.appendToStream(stream, happening())).rejects.toMatchObject({ type: 'deadline-exceeded' }));
    postgres.heal();
    await healed();
    await client.appendToStream(stream, happening(), { expectedRevision: 0n });
    expect(await collected(client.readStream(stream))).toHaveLength(2);
  });

  test('a subscription waits and goes on where it was', async () => {
    const stream = fresh();
    const following = taken(client.subscribeToStream(stream), 4);
    const events = happenings(4);
    await client.appendToStream(stream, events.slice(0, 2));
    postgres.cut();
    await sleep(300);
    postgres.heal();
    for (const event of events.slice(2)) await vi.waitFor(() => client.appendToStream(stream, event), { timeout: 20_000, interval: 50 });
    expect((await following).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });
});

describe('a frozen Postgres', () => {
  test('costs BatchAppend no more than its deadline, which the node enforces', async () => {
    await client.appendToStream(fresh(), happening());
    postgres.freeze();
    await within(3_000, () =>
      expect(client.appendToStream(fresh(), happening(), { deadline: 700 })).rejects.toMatchObject({ type: 'deadline-exceeded' }),
    );
    postgres.heal();
    await healed();
  });

  test('is not given later what waited past its deadline', async () => {
    const [first, late] = [fresh(), fresh()];
    await client.appendToStream(fresh(), happening());
    postgres.freeze();
    const underWay = client.appendToStream(first, happening());
    await sleep(100);
    await expect(client.appendToStream(late, happening(), { deadline: 300 })).rejects.toMatchObject({ type: 'deadline-exceeded' });
    postgres.heal();
    await underWay;
    await writes();
    await expect(collected(client.readStream(late))).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  test('costs reads and appends without a deadline a bounded time, and the node heals though its old connection holds the lock', async () => {
    const stream = fresh();
    const events = happenings(2);
    await client.appendToStream(stream, events[0]!);
    await collected(client.readStream(stream));
    postgres.freeze();
    const [append, read] = await Promise.allSettled([
      within(12_000, () => client.appendToStream(stream, events[1]!, { ...AS_APPEND, expectedRevision: 0n, deadline: 60_000 })),
      within(12_000, () => collected(client.readStream(stream))),
    ]);
    expect([append, read]).toMatchObject([{ reason: { code: 14 } }, { reason: { code: 14 } }]);
    postgres.heal();
    await healed();
    await client.appendToStream(stream, events[1]!, { expectedRevision: 0n });
    expect((await collected(client.readStream(stream))).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  }, 90_000);
});

const killWriter = () =>
  sql(
    `select pg_terminate_backend(pid) as ended from pg_stat_activity
     where datname = current_database() and application_name like 'throughline-eventstore %' and application_name not like '% reader'`,
  );

test('the writer’s connection killed under load: nothing acknowledged is lost or doubled, and it heals', async () => {
  const kills = 8;
  const acknowledged: string[] = [];
  let unknown = 0;
  let stopped = false;
  const following: string[] = [];
  const subscription = client.subscribeToAll();
  subscription.on('data', ({ event }) => following.push(event!.id)).on('error', () => {});
  const write = async (stream: string) => {
    let revision = -1n;
    while (!stopped) {
      const events = happenings(3);
      for (let settled = false; !settled; ) {
        try {
          const expectedRevision = revision < 0n ? 'no_stream' : revision;
          revision = (await client.appendToStream(stream, events, { expectedRevision })).nextExpectedRevision;
          settled = true;
        } catch (error) {
          expect(error).toMatchObject({ type: 'deadline-exceeded' });
          unknown++;
          await sleep(20);
        }
      }
      acknowledged.push(...events.map(({ id }) => id));
    }
  };
  const writers = Array.from({ length: 16 }, () => write(fresh()));
  for (let kill = 0; kill < kills; kill++) {
    await sleep(250);
    // On a busy machine the writer may still be on its way back from the last kill.
    await vi.waitFor(async () => expect(await killWriter()).toEqual([{ ended: true }]), { timeout: 10_000 });
  }
  await sleep(250);
  stopped = true;
  await Promise.all(writers);
  expect(unknown).toBeGreaterThan(kills);
  const stored = (await sql('select id from eventstore.events order by position')).map(({ id }) => id as string);
  expect(stored.toSorted()).toEqual(acknowledged.toSorted());
  await vi.waitFor(() => expect(following).toEqual(stored), { timeout: 15_000 });
  await subscription.unsubscribe();
}, 90_000);

describe('a second node', () => {
  test('on the same database refuses to write: it does not start, and says why', async () => {
    await expect(startNode({ databaseUrl: database.url, port: 0 })).rejects.toThrow(
      'Another node is already writing to this database; only one may.',
    );
    await client.appendToStream(fresh(), happening());
  });

  test('starts when the first has stopped', async () => {
    const stream = fresh();
    await client.appendToStream(stream, happening());
    await node.stop();
    const second = await startNode({ databaseUrl: database.url, port: 0 });
    const other = connect(second.port);
    await expect(other.appendToStream(stream, happening(), { expectedRevision: 0n })).resolves.toMatchObject({ success: true });
    await other.dispose();
    await second.stop();
  });

  test('that took over while the first had lost its connection keeps the first from writing', async () => {
    await writes();
    postgres.cut();
    const second = await startNode({ databaseUrl: database.url, port: 0 });
    postgres.heal();
    await sleep(500);
    await expect(writes()).rejects.toMatchObject({ code: 14 });
    await second.stop();
    await healed();
  });
});

describe('durable settings', () => {
  test('synchronous_commit off is refused', async () => {
    const other = await freshDatabase();
    const connection = new pg.Client(other.url);
    await connection.connect();
    await connection.query(`alter database ${new URL(other.url).pathname.slice(1)} set synchronous_commit = off`);
    await connection.end();
    await expect(startNode({ databaseUrl: other.url, port: 0 })).rejects.toThrow(/synchronous_commit = off.*refuses to serve/);
    await other.drop();
  });

  const sound = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on', server_encoding: 'UTF8' };
  test.each([
    ['fsync', 'off'],
    ['full_page_writes', 'off'],
    ['synchronous_commit', 'off'],
    ['server_encoding', 'SQL_ASCII'],
  ])('%s = %s is refused', (setting, value) => {
    expect(() => demandFitness(new Map(Object.entries(sound)))).not.toThrow();
    expect(() => demandFitness(new Map(Object.entries({ ...sound, [setting]: value })))).toThrow(`${setting} = ${value}`);
  });
});
