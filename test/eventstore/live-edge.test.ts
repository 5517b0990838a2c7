import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RecordedEvent } from '../../src/eventstore/event.ts';
import { Reader } from '../../src/eventstore/reader.ts';
import { createTable, insertEvents } from '../../src/eventstore/schema.ts';
import { StreamCursor } from '../../src/eventstore/subscription.ts';
import { Tail } from '../../src/eventstore/tail.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let reader: Reader;
const stored = Array.from({ length: 8 }, (_, index) => recorded(index));
beforeAll(async () => {
  database = await freshDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  await createTable(client);
  await insertEvents(client, stored);
  await client.end();
  reader = new Reader(database.url, 'test');
});
afterAll(async () => {
  await reader.stop();
  await database.drop();
});

function recorded(index: number): RecordedEvent {
  const payload = Buffer.from('{}');
  return {
    id: randomUUID(),
    type: 'Happened',
    isJson: true,
    data: payload,
    metadata: payload,
    stream: 's',
    revision: BigInt(index),
    position: BigInt(index + 1),
    createdMs: 0,
  };
}

const revisions = (events: readonly RecordedEvent[] | undefined) => events?.map(({ revision }) => Number(revision));

test('what a page already showed is not repeated from memory', async () => {
  const tail = new Tail();
  tail.restart(5n);
  const cursor = new StreamCursor(reader, tail, 's', -1n);
  expect(revisions(await cursor.page())).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  tail.publish([...stored.slice(5), recorded(8)]);
  expect(revisions(cursor.take(tail.since(cursor.reached!)!))).toEqual([8]);
});

test('what is committed while a page is read is not missed', async () => {
  const tail = new Tail();
  tail.restart(8n);
  const cursor = new StreamCursor(reader, tail, 's', -1n);
  const page = cursor.page();
  tail.publish([recorded(8)]);
  expect(revisions(await page)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(revisions(cursor.take(tail.since(cursor.reached!) ?? []))).toEqual([8]);
});
