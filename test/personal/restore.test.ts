import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { decider } from '../../src/kernel/decider.ts';
import { event } from '../../src/kernel/event.ts';
import { type Module, module, registry } from '../../src/kernel/module.ts';
import { ERASED, ofRecord, PERSON_ERASED } from '../../src/kernel/personal.ts';
import { projection } from '../../src/kernel/projection.ts';
import { json, nullable, personal, table, text } from '../../src/kernel/table.ts';
import { openPool } from '../../src/runtime/database.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { PersonalData } from '../../src/runtime/personal/personal-data.ts';
import { startProjector } from '../../src/runtime/projector/projector.ts';
import { memoryLog } from '../support/memory-log.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const GuestArrived = event(
  'GuestArrived',
  { room: z.string(), name: z.string(), home: z.strictObject({ city: z.string() }).optional() },
  { personal: [ofRecord('name', 'home')] },
);
const Guest = decider({
  category: 'guest',
  stateVersion: 1,
  events: [GuestArrived],
  initial: (): number => 0,
  evolve: { GuestArrived: n => n + 1 },
});
const guests = projection({
  name: 'guests',
  version: 1,
  versioned: true,
  table: table('guests', 'Guests', {
    room: text('Room'),
    name: personal(text('Name'), 'id'),
    home: personal(nullable(json<{ city: string }>('Where from')), 'id'),
  }),
  events: Guest.events,
  on: { GuestArrived: (_, { room, name, home }) => ({ room, name, home: home ?? null }) },
});
const hotel: Module = module({ name: 'hotel', commands: [], projections: [guests], queries: [], sagas: [] });
const house = registry([hotel]);

let database: TestDatabase;
let pool: pg.Pool;
let keysDir: string;

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.url, { max: 8 });
  keysDir = await mkdtemp(join(tmpdir(), 'throughline-keys-'));
  await migrate(pool);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
  await rm(keysDir, { recursive: true });
});

const metadata = {
  version: 1,
  recordedAt: '2026-03-02T09:00:00.000Z',
  occurredAt: '2026-03-02T09:00:00.000Z',
  actor: { kind: 'staff', id: 'ana' } as const,
  commandId: 'c',
  commandHash: 'h',
  correlationId: 'c',
  causationId: 'c',
  basis: -1,
};
const append = { id: '', metadata };
const open = () => PersonalData.open({ pool, registry: house, keysDir });
const content = async () => {
  const live = await pool.query('select id, room, name, home from read_data.guests_v1 order by id');
  const past = await pool.query('select id, room, name, home from read_data.guests_v1_past order by id, from_position');
  return { live: live.rows, past: past.rows };
};

describe('a database restored from a copy older than an erasure', () => {
  test('knows the person no more, in any view, before anything else happens; and its log says so again', async () => {
    const raw = memoryLog();
    const before = await open();
    const log = before.sealed(raw);
    const projector = await startProjector({ log, pool, registry: house, personal: before });
    const arrive = (guest: string, revision: number, data: z.input<typeof GuestArrived.schema>) =>
      log.append(`guest-${guest}`, [{ ...append, id: crypto.randomUUID(), ...GuestArrived(data) }], revision);
    await arrive('G1', -1, { room: '1', name: 'Maria', home: { city: 'Iași' } });
    await arrive('G1', 0, { room: '2', name: 'Maria Pop', home: { city: 'Iași' } });
    await arrive('G2', -1, { room: '3', name: 'Dan' });
    await expect.poll(async () => (await content()).live.length, { timeout: 10_000 }).toBe(2);
    const copy = await content();
    const { rows: keys } = await pool.query('select * from ops.person_keys');
    const erasure = { ...append, id: crypto.randomUUID(), type: PERSON_ERASED, data: { reason: 'asked' } };
    await log.append('person-G1', [erasure], -1);
    const gone = { name: ERASED, home: { city: ERASED } };
    const blanked = {
      live: [
        { id: 'G1', room: '2', ...gone },
        { id: 'G2', room: '3', name: 'Dan', home: null },
      ],
      past: [{ id: 'G1', room: '1', ...gone }],
    };
    await expect.poll(content, { timeout: 10_000 }).toEqual(blanked);
    await projector.stop();
    await before.close();

    for (const { id, name, home } of copy.live)
      await pool.query('update read_data.guests_v1 set name = $2, home = $3 where id = $1', [id, name, JSON.stringify(home)]);
    for (const { id, name, home } of copy.past)
      await pool.query('update read_data.guests_v1_past set name = $2, home = $3 where id = $1', [id, name, JSON.stringify(home)]);
    for (const { person, wrapped } of keys)
      await pool.query('update ops.person_keys set wrapped = $2, erased_at = null where person = $1', [person, wrapped]);
    expect((await content()).live[0]).toMatchObject({ name: 'Maria Pop' });

    const after = await open();
    expect(await content()).toEqual(blanked);
    const restored = memoryLog();
    await after.recordReturned(restored);
    await after.recordReturned(restored);
    expect(restored.events.map(({ stream, type }) => [stream, type])).toEqual([['person-G1', PERSON_ERASED]]);
    const [, moved] = await after.sealed(raw).readAll(undefined, 2);
    expect(moved?.data).toEqual({ room: '2', ...gone });
    await after.close();
  });

  test('lets whoever was not erased be as they were', async () => {
    const again = await open();
    const untouched = memoryLog();
    await again.recordReturned(untouched);
    expect(untouched.events).toEqual([]);
    expect((await content()).live[1]).toMatchObject({ name: 'Dan' });
    await again.close();
  });
});
