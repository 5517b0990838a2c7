import { randomUUID } from 'node:crypto';
import {
  type AllStreamSubscription,
  EventStoreDBClient,
  jsonEvent,
  type ResolvedEvent,
  type StreamSubscription,
} from '@eventstore/db-client';
import { startNode } from '../../src/eventstore/server.ts';
import { freshDatabase } from '../support/postgres.ts';

export interface TestNode {
  readonly url: string;
  readonly port: number;
  readonly client: EventStoreDBClient;
  /** Stops the node and starts another on the same database and port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A node on a database of its own, with the unmodified client connected to it. */
export async function testNode(): Promise<TestNode> {
  const database = await freshDatabase();
  let node = await startNode({ databaseUrl: database.url, port: 0 });
  const { port } = node;
  const client = connect(port);
  return {
    url: database.url,
    port,
    client,
    restart: async () => {
      await node.stop();
      node = await startNode({ databaseUrl: database.url, port });
    },
    close: async () => {
      await client.dispose();
      await node.stop();
      await database.drop();
    },
  };
}

export function connect(port: number): EventStoreDBClient {
  return EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?tls=false`);
}

export function happening(number = 0, id: string = randomUUID()) {
  return jsonEvent({ id, type: 'Happened', data: { number } });
}

export function happenings(count: number) {
  return Array.from({ length: count }, (_, number) => happening(number));
}

export async function collected(events: AsyncIterable<ResolvedEvent>): Promise<NonNullable<ResolvedEvent['event']>[]> {
  const list = [];
  for await (const { event } of events) if (event) list.push(event);
  return list;
}

/** Takes events from a subscription until there are `count`, then unsubscribes. */
export async function taken(subscription: AllStreamSubscription | StreamSubscription, count: number) {
  const list: NonNullable<ResolvedEvent['event']>[] = [];
  for await (const { event } of subscription) {
    if (event) list.push(event);
    if (list.length === count) break;
  }
  return list;
}
