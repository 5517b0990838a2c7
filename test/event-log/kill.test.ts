import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EventStoreDBClient, WrongExpectedVersionError } from '@eventstore/db-client';
import { expect, test, vi } from 'vitest';
import { connectEventLog } from '../../src/runtime/event-log/eventstore.ts';
import { type EventLog, LogUnavailable, NO_STREAM, type StoredEvent } from '../../src/runtime/event-log/port.ts';
import { freshDatabase } from '../support/postgres.ts';
import { everything, happened, reader, urlOf } from './support.ts';

const KILLS = 10;
const WRITERS = 48;
const UNKNOWN_PER_KILL_MIN = 3;

test('10 kills of the node under load: what was acknowledged is in the log exactly once, and a follower sees it exactly once', async () => {
  const database = await freshDatabase();
  const killer = await startKiller(database.url);
  const unknown = countUnknownOutcomes();
  const log = connectEventLog({ url: urlOf(killer.port) });
  const following = reader(log);
  const acknowledged: Acknowledged[] = [];
  let over = false;
  const load = Promise.all(
    Array.from({ length: WRITERS }, () =>
      write(
        log,
        answer => acknowledged.push(answer),
        () => over,
      ),
    ),
  );
  const kills = await killer.kill();
  over = true;
  await load;
  const all = await everything(log);
  await following.seen(all.length);
  await following.end();

  expect(kills).toBe(KILLS);
  expect(unknown.count / KILLS).toBeGreaterThanOrEqual(UNKNOWN_PER_KILL_MIN);
  // Each writer stopped after an answer, so the log holds what was acknowledged and nothing else.
  expect(all.map(asAcknowledged).toSorted(byId)).toEqual(acknowledged.toSorted(byId));
  expect(following.events.map(asAcknowledged)).toEqual(all.map(asAcknowledged));
  console.info(`${acknowledged.length} events, ${unknown.count} unknown outcomes at the client in ${KILLS} kills`);

  unknown.stop();
  await log.close();
  await killer.end();
  await database.drop();
}, 90_000);

interface Acknowledged {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: bigint;
}

/** Appends one event after the other to a stream of its own; an unknown outcome is sent again with the same id. */
async function write(log: EventLog, acknowledge: (answer: Acknowledged) => void, isOver: () => boolean): Promise<void> {
  const stream = `load-${randomUUID()}`;
  for (let last = NO_STREAM; !isOver(); last++) {
    const event = happened(last + 1);
    const answer = await untilKnown(() => log.append(stream, [event], last));
    acknowledge({ id: event.id, stream, ...answer });
  }
}

async function untilKnown<T>(append: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await append();
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
    }
  }
}

/** Counts, below the wrapper, appends that went out and of which nobody knows what became. */
function countUnknownOutcomes(): { readonly count: number; stop(): void } {
  const append = EventStoreDBClient.prototype.appendToStream;
  let count = 0;
  const spy = vi.spyOn(EventStoreDBClient.prototype, 'appendToStream').mockImplementation(async function (
    this: EventStoreDBClient,
    ...args
  ) {
    return append.apply(this, args).catch((error: Error) => {
      const neverWentOut = /ECONNREFUSED|No connection established/.test(error.message);
      if (!neverWentOut && !(error instanceof WrongExpectedVersionError)) count += 1;
      throw error;
    });
  });
  return {
    get count() {
      return count;
    },
    stop: () => spy.mockRestore(),
  };
}

async function startKiller(databaseUrl: string) {
  const script = fileURLToPath(new URL('./killer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, databaseUrl, String(KILLS)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const told = async (): Promise<Record<string, number>> => JSON.parse((await lines.next()).value ?? '{}');
  const { listening: port = 0 } = await told();
  return {
    port,
    kill: async () => {
      child.stdin.write('kill\n');
      const { kills } = await told();
      return kills;
    },
    end: async () => {
      child.stdin.end();
      await new Promise(resolve => child.once('exit', resolve));
    },
  };
}

function asAcknowledged({ id, stream, revision, position }: StoredEvent): Acknowledged {
  return { id, stream, revision, position };
}

function byId(a: Acknowledged, b: Acknowledged): number {
  return a.id < b.id ? -1 : 1;
}
