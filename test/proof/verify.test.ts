/** Whatever is damaged in the log, the chain, the heads or the views is found, and the first bad place named. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool } from '../../src/runtime/database.ts';
import type { StoredEvent } from '../../src/runtime/event-log/port.ts';
import { lastBlock } from '../../src/runtime/proof/blocks.ts';
import { type Block, extended } from '../../src/runtime/proof/chain.ts';
import { ChainCheck } from '../../src/runtime/proof/chain-check.ts';
import { HeadWriter } from '../../src/runtime/proof/heads.ts';
import { verifyHouse } from '../../src/runtime/proof/house.ts';
import { type FoundEvent, tableLog } from '../../src/runtime/proof/table-log.ts';
import { everyFate } from '../kill/fates.ts';
import { query } from '../kill/house.ts';
import { startProgram } from '../setup/processes.ts';
import { startHouse, type TestHouse } from '../support/house.ts';

let house: TestHouse;
let folder: string;
let proofDir: string;
let pool: pg.Pool;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-proof-'));
  proofDir = join(folder, 'proof');
  house = await startHouse();
  await everyFate(house, join(folder, 'ledger'));
  pool = openPool(house.databaseUrl, { max: 3 });
  await chained();
  await signHead();
  await query(house.databaseUrl, 'create table public.kept_events as table eventstore.events');
  await query(house.databaseUrl, 'create table public.kept_blocks as table ops.proof_blocks');
});
afterAll(async () => {
  await pool?.end();
  await house?.stop();
  await rm(folder, { recursive: true, force: true });
});

const CHAINED_MS_MAX = 20_000;

async function chained(): Promise<void> {
  const giveUpAt = performance.now() + CHAINED_MS_MAX;
  const sql = 'select (select max(position) from ops.proof_blocks) = (select max(position) from eventstore.events) as done';
  for (;;) {
    const [row] = await query<{ done: boolean | null }>(house.databaseUrl, sql);
    if (row?.done) return;
    if (performance.now() > giveUpAt) throw new Error('the chain never came to the end of the log');
    await sleep(50);
  }
}

async function signHead(): Promise<void> {
  const last = await lastBlock(pool);
  if (last === undefined) throw new Error('nothing is chained');
  const { block, logId } = last;
  const heads = await HeadWriter.open(proofDir, house.keysDir);
  const at = '2026-11-22T12:00:00.000Z';
  await heads.add({ logId, position: `${block.position}`, events: block.events, hash: block.hash.toString('hex'), at });
}

/** Without keys, so that views, which only few tests are about, are not compared. */
const examine = () => verifyHouse({ url: house.databaseUrl, eventstoreUrl: undefined, keysDir: 'none', proofDir });

/** `npm run verify`, as a process of its own. */
async function verified(): Promise<{ readonly code: number | string; readonly said: string }> {
  const env = { THROUGHLINE_KEYS: house.keysDir, EVENTSTORE_URL: '' };
  const program = startProgram('src/cli/verify.ts', ['--database', house.databaseUrl, '--proof', proofDir], { env });
  return { code: await program.ended, said: program.said() };
}

/** What is found when the database is damaged; afterwards it is as before. */
async function damagedBy(...sql: readonly string[]): Promise<readonly string[]> {
  try {
    for (const statement of sql) await query(house.databaseUrl, statement);
    return (await examine()).checks.flatMap(({ name, findings }) => findings.map(sentence => `${name}: ${sentence}`));
  } finally {
    await query(house.databaseUrl, 'truncate eventstore.events, ops.proof_blocks');
    await query(house.databaseUrl, 'insert into eventstore.events table public.kept_events');
    await query(house.databaseUrl, 'insert into ops.proof_blocks table public.kept_blocks');
  }
}

async function positionOf(type: string): Promise<string> {
  const sql = 'select min(position)::text as position from eventstore.events where type = $1';
  const [row] = await query<{ position: string }>(house.databaseUrl, sql, [type]);
  return row?.position ?? '';
}

const set = (change: string, position: string): string => `update eventstore.events set ${change} where position = ${position}`;

describe('a house', () => {
  test('is found clean as it is, its views compared and its head agreeing', async () => {
    const { code, said } = await verified();
    expect(said).not.toContain('FAULT');
    expect(said).toMatch(/The head signed at 2026-11-22T12:00:00.000Z agrees up to position \d+\./);
    expect(said).toMatch(/\d\d views were made anew/);
    expect(said).not.toContain('under way');
    expect(code).toBe(0);
  });

  test('is found damaged where a view tells something else than the log', async () => {
    const [{ id } = { id: '' }] = await query<{ id: string }>(house.databaseUrl, 'select min(id) as id from read.accounts');
    await query(house.databaseUrl, `update read.accounts set name = 'Nobody' where id = $1`, [id]);
    const { code, said } = await verified();
    expect(said).toMatch(/FAULT Views equal a fresh fold of the log\n +accounts is not what the log makes of it: .*name/);
    expect(code).toBe(1);
  });

  test.each([
    ['data', `data = replace(data, '"quantity":', '"Quantity":')`],
    ['a digit of the data', `data = regexp_replace(data, '"quantity":(\\d)', '"quantity":9\\1')`],
    ['the data, so that they are no JSON any more', `data = 'x' || substr(data, 2)`],
    ['metadata', `metadata = replace(metadata, '"occurredAt":"2', '"occurredAt":"1')`],
    ['the type', `type = 'StockReceivee'`],
    ['the stream', `stream = stream || 'x'`],
    ['the revision', `revision = revision + 100`],
    ['the id', `id = gen_random_uuid()`],
    ['the mark that it is JSON', `is_json = false`],
    ['the mark of base64', `data_base64 = true`],
  ])('names the position of an event whose %s changed', async (_, change) => {
    const position = await positionOf('StockReceived');
    const [first] = (await damagedBy(set(change, position))).filter(finding => finding.startsWith('chain: '));
    expect(first).toMatch(new RegExp(`^chain: position ${position}: .* is not what was chained`));
  });

  test('names the position of an event that is missing', async () => {
    const position = await positionOf('StockReceived');
    const found = await damagedBy(`delete from eventstore.events where position = ${position}`);
    expect(found).toContain(`gaps: position ${position}: the event is missing`);
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`^chain: position ${BigInt(position) + 1n}: 1 event .* missing before it`)),
    );
  });

  test('names the position where two events changed places', async () => {
    const [one, other] = [await positionOf('ItemAdded'), await positionOf('SalesOrderPlaced')];
    const found = await damagedBy(set('position = -1', one), set(`position = ${one}`, other), set(`position = ${other}`, '-1'));
    for (const position of [one, other])
      expect(found).toContainEqual(expect.stringMatching(new RegExp(`^chain: position ${position}: .* is not what was chained`)));
  });

  test('names the position after which the end is missing', async () => {
    const position = await positionOf('PaymentRecorded');
    const found = await damagedBy(`delete from eventstore.events where position > ${position}`);
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`^chain: after position ${position}: \\d+ events are missing at the end`)),
    );
  });

  test('names the position after which the end is missing, also when the chain in the database was cut with it', async () => {
    const position = await positionOf('PaymentRecorded');
    const found = await damagedBy(`delete from eventstore.events where position > ${position}`, 'truncate ops.proof_blocks');
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`^chain: after position ${position}: the head signed at .* vouches for \\d+ events`)),
    );
  });

  test('finds a log that was rewritten together with its chain, by the head that was signed before', async () => {
    const position = await positionOf('StockReceived');
    await query(house.databaseUrl, set(`data = replace(data, '"line":1', '"line":2')`, position));
    const found = await damagedBy(...(await rechained()));
    expect(found).toContainEqual(
      expect.stringMatching(/^chain: position \d+: the head signed at .* vouches for other events than the log/),
    );
    expect(found.filter(finding => finding.includes('not what was chained'))).toEqual([]);
  });

  test('finds a chain whose hash was changed', async () => {
    const found = await damagedBy(`update ops.proof_blocks set hash = sha256('x') where number = 0`);
    expect(found).toContainEqual(expect.stringMatching(/^chain: position \d+: the hash kept with block 0/));
  });

  test('finds a head that was changed, and one that is signed with another key', async () => {
    const path = join(proofDir, 'heads.jsonl');
    const before = await readFile(path, 'utf8');
    await writeFile(path, before.replace('"events":', '"events":1'));
    expect((await examine()).checks.flatMap(({ findings }) => findings)).toEqual(['line 1 of heads.jsonl is not what was signed']);
    await writeFile(path, before.replace(/"key":"..../, '"key":"0000'));
    expect((await examine()).checks.flatMap(({ findings }) => findings)).toEqual([
      expect.stringMatching(/^line 1 of heads.jsonl is signed with/),
    ]);
    await writeFile(path, before);
    await appendFile(path, '{"half');
    expect((await examine()).checks.flatMap(({ findings }) => findings)).toEqual(['line 2 of heads.jsonl is no signed head']);
    await writeFile(path, before);
  });

  test('is told on the command line with the first bad place and a failing exit', async () => {
    const position = await positionOf('StockReceived');
    await query(house.databaseUrl, set(`metadata = replace(metadata, '"version":1', '"version":7')`, position));
    const { code, said } = await verified();
    expect(said).toContain(`FAULT Hash chain and signed heads\n      position ${position}: StockReceived`);
    expect(code).toBe(1);
    await damagedBy();
  });
});

/** Statements that make the kept chain fit the log as it is now, as somebody would who rules the whole database. */
async function rechained(): Promise<readonly string[]> {
  const { logId } = (await lastBlock(pool)) ?? { logId: '' };
  const blocks = extended(undefined, logId, await wholeLog());
  return blocks.map(
    ({ number, hash, digests }) =>
      `update ops.proof_blocks set hash = '\\x${hash.toString('hex')}', digests = '\\x${digests.toString('hex')}' where number = ${number}`,
  );
}

const wholeLog = (): Promise<readonly FoundEvent[]> => tableLog(pool).page(undefined, 100_000);

test('any single byte that changes in any event is found at its position', async () => {
  const { logId } = (await lastBlock(pool)) ?? { logId: '' };
  const events = await wholeLog();
  const blocks = extended(undefined, logId, events);
  const FLIPS = 300;
  let found = 0;
  for (let flip = 0; flip < FLIPS; flip++) {
    const index = Math.floor(Math.random() * events.length);
    const damaged = flipped(events[index] as FoundEvent);
    const [first] = await findingsOf(logId, blocks, events.with(index, damaged));
    if (first?.startsWith(`position ${damaged.position}: `)) found += 1;
  }
  expect(found).toBe(FLIPS);
});

function flipped(event: FoundEvent): FoundEvent {
  const part = Math.random() < 0.5 ? 'data' : 'metadata';
  const bytes = Buffer.from(JSON.stringify(event[part]));
  const place = Math.floor(Math.random() * bytes.length);
  bytes.writeUInt8((bytes[place] ?? 0) ^ (1 << Math.floor(Math.random() * 7)), place);
  try {
    return { ...event, [part]: JSON.parse(bytes.toString()) };
  } catch (error) {
    return { ...event, damage: (error as Error).message };
  }
}

async function findingsOf(logId: string, blocks: readonly Block[], events: readonly StoredEvent[]): Promise<readonly string[]> {
  const kept = async function* () {
    yield* blocks;
  };
  const check = new ChainCheck(logId, kept(), []);
  const found: string[] = [];
  for (const event of events) for await (const sentence of check.take(event)) found.push(sentence);
  for await (const sentence of check.end()) found.push(sentence);
  return found;
}
