/** The chain is kept by one owner, goes on where another left off, and is signed outside the database. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { EventMetadata } from '../../src/kernel/metadata.ts';
import { openPool } from '../../src/runtime/database.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { blocksIn, lastBlock } from '../../src/runtime/proof/blocks.ts';
import { BLOCK_EVENTS, type Block, extended } from '../../src/runtime/proof/chain.ts';
import { binding, HeadWriter, readHeads } from '../../src/runtime/proof/heads.ts';
import { type ChainKeeper, keepChain } from '../../src/runtime/proof/keeper.ts';
import { StartRefused } from '../../src/runtime/supervisor/refused.ts';
import { until } from '../setup/processes.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const NEVER_MS = 600_000;
const clock = { now: () => '2026-11-22T12:00:00.000Z' };

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let log: MemoryLog;
let id: string;

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.url, { max: 6 });
  await migrate(pool);
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});
beforeEach(async () => {
  await pool.query('truncate ops.proof_blocks');
  folder = await mkdtemp(join(tmpdir(), 'throughline-keeper-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  log = newLog();
});

function newLog(): MemoryLog {
  id = randomUUID();
  return memoryLog({ identity: id });
}

async function grow(count: number): Promise<void> {
  const begin = log.events.length;
  for (let number = begin; number < begin + count; number++) {
    const metadata = { version: 1, basis: number - 1 } as EventMetadata;
    await log.append('count-1', [{ id: randomUUID(), type: 'Counted', data: { number }, metadata }], number - 1);
  }
}

async function keeper(signEveryMs = NEVER_MS): Promise<ChainKeeper> {
  const heads = await HeadWriter.open(join(folder, 'proof'), join(folder, 'keys'));
  const kept = keepChain({ log, pool, heads, clock, signEveryMs });
  onTestFinished(() => kept.stop());
  return kept;
}

const isChained = async (): Promise<boolean> => (await lastBlock(pool))?.block.events === log.events.length;
const headsNow = async () => (await readHeads(join(folder, 'proof'))).valid;

async function allBlocks(): Promise<readonly Block[]> {
  const blocks: Block[] = [];
  for await (const block of blocksIn(pool)) blocks.push(block);
  return blocks;
}

describe('the chain', () => {
  test('is the same in whatever batches it is made, and by however many keepers one after the other', async () => {
    const first = await keeper();
    for (const count of [1, 3, BLOCK_EVENTS, 7]) {
      await grow(count);
      await until(isChained, 'chained');
    }
    await first.stop();
    await grow(2 * BLOCK_EVENTS);
    await keeper();
    await until(isChained, 'chained by the second');
    expect(await allBlocks()).toEqual(extended(undefined, id, log.events));
  });

  test('has one keeper at a time, and another takes over when its connection is killed', async () => {
    await keeper();
    await keeper();
    await grow(5);
    await until(isChained, 'chained');
    const killed = await pool.query(`select pg_terminate_backend(backend_pid) from ops.leases where name = 'proof'`);
    expect(killed.rowCount).toBe(1);
    await grow(BLOCK_EVENTS);
    await until(isChained, 'chained after the kill');
    expect(await allBlocks()).toEqual(extended(undefined, id, log.events));
  });

  test('is not continued over another log', async () => {
    const first = await keeper();
    await grow(3);
    await until(isChained, 'chained');
    await first.stop();
    log = newLog();
    await grow(9);
    await keeper();
    await sleep(600);
    expect((await lastBlock(pool))?.block.events).toBe(3);
  });
});

describe('heads', () => {
  test('are signed on schedule while the log grows, and when the keeper stops', async () => {
    const kept = await keeper(50);
    await grow(2);
    await until(async () => (await headsNow()).at(-1)?.events === 2, 'signed');
    await sleep(200);
    expect(await headsNow()).toHaveLength(1);
    await kept.stop();
    const last = await keeper();
    await grow(1);
    await until(isChained, 'chained');
    await last.stop();
    const heads = await headsNow();
    const [block] = extended(undefined, id, log.events);
    expect(heads.at(-1)).toMatchObject({ events: 3, hash: block?.hash.toString('hex'), logId: id });
  });

  test('are signed with a key that only its owner may read, and with no other', async () => {
    await HeadWriter.open(join(folder, 'proof'), join(folder, 'keys'));
    const key = join(folder, 'keys', 'proof.pem');
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    await chmod(key, 0o640);
    await expect(HeadWriter.open(join(folder, 'proof'), join(folder, 'keys'))).rejects.toThrow(StartRefused);
  });

  test('that go further than a later restore are void, others bind', async () => {
    const writer = await HeadWriter.open(join(folder, 'proof'), join(folder, 'keys'));
    const claim = (events: number) => ({ logId: id, position: `${events}`, events, hash: 'ab', at: clock.now() });
    await writer.add(claim(10));
    await writer.add(claim(30));
    await writer.add({ ...claim(20), restored: true });
    await writer.add(claim(40));
    expect(binding(await headsNow()).map(({ events }) => events)).toEqual([10, 20, 40]);
  });
});
