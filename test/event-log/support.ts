import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connectEventLog, type EventLogOptions } from '../../src/runtime/event-log/eventstore.ts';
import type { EventLog, NewEvent, StoredEvent } from '../../src/runtime/event-log/port.ts';
import { freshDatabase } from '../support/postgres.ts';
import { type NodeProcess, nodeProcess } from './node-process.ts';

export interface Store {
  readonly databaseUrl: string;
  node: NodeProcess;
  /** Kills the node, if it still lives, and starts another at the same port. */
  restart(): Promise<void>;
  connect(options?: Partial<EventLogOptions>): EventLog;
  close(): Promise<void>;
}

/** A node process on a fresh database; what it connects is closed with it. */
export async function store(): Promise<Store> {
  const database = await freshDatabase();
  const logs: EventLog[] = [];
  const self: Store = {
    databaseUrl: database.url,
    node: await nodeProcess(database.url),
    restart: async () => {
      await self.node.kill();
      self.node = await nodeProcess(database.url, self.node.port);
    },
    connect: options => {
      const log = connectEventLog({ url: urlOf(self.node.port), ...options });
      logs.push(log);
      return log;
    },
    close: async () => {
      for (const log of logs) await log.close();
      await self.node.kill();
      await database.drop();
    },
  };
  return self;
}

export function urlOf(port: number): string {
  return `esdb://127.0.0.1:${port}?tls=false`;
}

export interface Proxy {
  readonly port: number;
  /** `mute` takes what the client says and keeps back what the server answers; `closed` cuts and refuses connections. */
  mode: 'open' | 'mute' | 'closed';
  /** Cuts the connections there are; new ones are accepted as the mode says. */
  cut(): void;
  /** Cuts what there is and leads to another port from now on. */
  switchTo(port: number): void;
  close(): Promise<void>;
}

/** A wire that can be cut, in front of a port of this machine. */
export async function proxyTo(destination: number): Promise<Proxy> {
  let target = destination;
  const sockets = new Set<Socket>();
  const server = createServer(near => {
    if (proxy.mode === 'closed') return near.destroy();
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', data => far.write(data));
    far.on('data', data => proxy.mode === 'open' && near.write(data));
  });
  const proxy = {
    port: 0,
    mode: 'open' as Proxy['mode'],
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    switchTo: (port: number) => {
      target = port;
      proxy.cut();
    },
    close: async () => {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  proxy.port = typeof address === 'object' && address ? address.port : 0;
  return proxy;
}

export function happened(number = 0, id: string = randomUUID()): NewEvent {
  const now = '2026-01-05T08:00:00.000Z';
  const metadata = {
    version: 1,
    recordedAt: now,
    occurredAt: now,
    actor: { kind: 'system', id: 'test' },
    commandId: id,
    commandHash: 'none',
    correlationId: id,
    causationId: id,
    basis: -1,
  } as const;
  return { id, type: 'SomethingHappened', data: { number }, metadata };
}

export function happenings(count: number, from = 0): NewEvent[] {
  return Array.from({ length: count }, (_, index) => happened(from + index));
}

export async function collected<T>(source: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of source) list.push(item);
  return list;
}

/** The whole log by pages. */
export async function everything(log: EventLog): Promise<StoredEvent[]> {
  const all: StoredEvent[] = [];
  for (;;) {
    const page = await log.readAll(all.at(-1)?.position, 1_000);
    all.push(...page);
    if (page.length < 1_000) return all;
  }
}

export interface Reader {
  readonly batches: (readonly StoredEvent[])[];
  readonly events: StoredEvent[];
  /** Resolves when so many events were seen. */
  seen(count: number): Promise<void>;
  /** Ends the reader; rejects with what made it fail. */
  end(): Promise<void>;
}

/** Follows the log in the background and remembers what it saw. */
export function reader(
  log: EventLog,
  after?: bigint,
  options: { batchMax?: number; each?: (batch: readonly StoredEvent[]) => Promise<void> } = {},
): Reader {
  const stop = new AbortController();
  const { each, ...rest } = options;
  const self = { batches: [] as (readonly StoredEvent[])[], events: [] as StoredEvent[] };
  let wake = (): void => undefined;
  const running = (async () => {
    for await (const batch of log.follow(after, { signal: stop.signal, ...rest })) {
      self.batches.push(batch);
      self.events.push(...batch);
      wake();
      await each?.(batch);
    }
  })();
  running.catch(() => wake());
  return {
    ...self,
    seen: async count => {
      while (self.events.length < count) {
        await Promise.race([
          running.then(() => Promise.reject(new Error('the reader ended'))),
          new Promise<void>(resolve => (wake = resolve)),
        ]);
      }
    },
    end: async () => {
      stop.abort();
      await running;
    },
  };
}
