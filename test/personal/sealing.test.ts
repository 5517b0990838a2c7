import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AnyEventDefinition, event } from '../../src/kernel/event.ts';
import type { EventMetadata } from '../../src/kernel/metadata.ts';
import { ERASED, ofRecord } from '../../src/kernel/personal.ts';
import { openPool } from '../../src/runtime/database.ts';
import type { EventLog, StoredEvent } from '../../src/runtime/event-log/port.ts';
import { migrate } from '../../src/runtime/migrations/migrate.ts';
import { PersonKeys } from '../../src/runtime/personal/keys.ts';
import { masterKeys } from '../../src/runtime/personal/master-key.ts';
import { SealBroken, sealing } from '../../src/runtime/personal/sealing.ts';
import { personalTexts, secretsOf } from '../../src/runtime/personal/texts.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';

const GuestArrived = event(
  'GuestArrived',
  {
    room: z.string(),
    name: z.string(),
    reach: z.strictObject({ email: z.string().optional(), phones: z.array(z.string()) }).optional(),
    companion: z.strictObject({ id: z.string(), name: z.string() }).optional(),
  },
  {
    personal: [ofRecord('name', 'reach'), { person: ({ companion }) => companion?.id, fields: ['companion.name'] }],
  },
);
const RoomCleaned = event('RoomCleaned', { room: z.string() });
const definitions = new Map<string, AnyEventDefinition>([
  [GuestArrived.type, GuestArrived],
  [RoomCleaned.type, RoomCleaned],
]);

const metadata: EventMetadata = {
  version: 1,
  recordedAt: '2026-03-02T09:00:00.000Z',
  occurredAt: '2026-03-02T09:00:00.000Z',
  actor: { kind: 'staff', id: 'ana' },
  commandId: 'c',
  commandHash: 'h',
  correlationId: 'c',
  causationId: 'c',
  basis: -1,
};

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let keys: PersonKeys;
let raw: MemoryLog;
let log: EventLog;
let count = 0;

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.url, { max: 4 });
  folder = await mkdtemp(join(tmpdir(), 'throughline-keys-'));
  await migrate(pool);
  keys = new PersonKeys(pool, await masterKeys(pool, folder));
  raw = memoryLog();
  log = sealing(raw, definitions, keys);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

const newGuest = (): string => `GUEST${count++}`;

async function arrives(guest: string, data: z.input<typeof GuestArrived.schema>): Promise<void> {
  await log.append(`guest-${guest}`, [{ id: crypto.randomUUID(), ...GuestArrived(data), metadata }], -1);
}

async function read(guest: string, over = log): Promise<StoredEvent> {
  for await (const stored of over.readStream(`guest-${guest}`)) return stored;
  throw new Error('nothing there');
}

async function erase(person: string): Promise<void> {
  await pool.query('update ops.person_keys set wrapped = null, erased_at = now() where person = $1', [person]);
  keys.forget(person);
}

const anybody = { room: '12', name: 'Maria Ionescu', reach: { email: 'maria@x.ro', phones: ['0721', '0722'] } };

describe('a sealed log', () => {
  test('gives back what was appended, whatever the texts', async () => {
    const text = fc.string({ unit: 'grapheme' });
    const data = fc.record(
      {
        room: fc.string(),
        name: text,
        reach: fc.record({ email: text, phones: fc.array(text) }, { requiredKeys: ['phones'] }),
        companion: fc.record({ id: fc.constantFrom('C1', 'C2'), name: text }),
      },
      { requiredKeys: ['room', 'name'] },
    );
    await fc.assert(
      fc.asyncProperty(data, async given => {
        const guest = newGuest();
        await arrives(guest, given);
        expect((await read(guest)).data).toEqual(JSON.parse(JSON.stringify(given)));
      }),
      { numRuns: 100 },
    );
  });

  test('stores no text of a person in the clear, and says whose texts stand where', async () => {
    const guest = newGuest();
    await arrives(guest, anybody);
    const stored = JSON.stringify(raw.events.at(-1)?.data);
    for (const marker of ['Maria', 'maria@x.ro', '0721', '0722']) expect(stored).not.toContain(marker);
    expect((await read(guest)).personal).toEqual([{ person: guest, leaves: ['name', 'reach.email', 'reach.phones.0', 'reach.phones.1'] }]);
  });

  test('leaves events that speak of nobody as they are', async () => {
    await log.append('room-12', [{ id: crypto.randomUUID(), ...RoomCleaned({ room: '12' }), metadata }], -1);
    expect(raw.events.at(-1)?.data).toEqual({ room: '12' });
  });

  test('reads the placeholder where a person was erased, and the others as before', async () => {
    const [guest, companion] = [newGuest(), newGuest()];
    await arrives(guest, { ...anybody, companion: { id: companion, name: 'Dan' } });
    await erase(companion);
    expect((await read(guest)).data).toEqual({ ...anybody, companion: { id: companion, name: ERASED } });
    await erase(guest);
    const reach = { email: ERASED, phones: [ERASED, ERASED] };
    expect((await read(guest)).data).toEqual({ room: '12', name: ERASED, reach, companion: { id: companion, name: ERASED } });
  });

  test('reads the placeholder in another process too, which never held the key', async () => {
    const guest = newGuest();
    await arrives(guest, anybody);
    await erase(guest);
    const elsewhere = sealing(raw, definitions, new PersonKeys(pool, await masterKeys(pool, folder)));
    expect((await read(guest, elsewhere)).data).toMatchObject({ name: ERASED });
  });

  test('takes nothing new of somebody erased', async () => {
    const guest = newGuest();
    await arrives(guest, anybody);
    await erase(guest);
    await log.append(`guest-${guest}`, [{ id: crypto.randomUUID(), ...GuestArrived({ room: '9', name: 'Zoltan' }), metadata }], 0);
    expect(JSON.stringify(raw.events.at(-1)?.data)).not.toContain('Zoltan');
    const seen: unknown[] = [];
    for await (const { data } of log.readStream(`guest-${guest}`)) seen.push(data);
    expect(seen.at(-1)).toEqual({ room: '9', name: ERASED });
  });

  test('makes one key for a person of whom two processes speak first at once', async () => {
    const guest = newGuest();
    const other = new PersonKeys(pool, await masterKeys(pool, folder));
    await Promise.all([keys.make([guest]), other.make([guest])]);
    expect(other.known(guest)).toEqual(keys.known(guest));
  });
});

/** An event as someone with the database could have changed it. */
function changed(guest: string, change: (box: { box: string; form: number; person: string }) => object): EventLog {
  const stored = raw.events.find(({ stream }) => stream === `guest-${guest}`) as StoredEvent;
  const data = stored.data as { $sealed: { box: string; form: number; person: string }[] };
  const forged = { ...stored, data: { ...data, $sealed: data.$sealed.map(box => ({ ...box, ...change(box) })) } };
  return sealing({ ...raw, readAll: async () => [forged] }, definitions, keys);
}

async function failure(over: EventLog): Promise<Error> {
  const [stored] = await over.readAll(undefined, 1);
  try {
    return new Error(`read as ${JSON.stringify(stored?.data)}`);
  } catch (error) {
    return error as Error;
  }
}

describe('what was sealed', () => {
  test('is not read when it was tampered with; the error names the event', async () => {
    const guest = newGuest();
    await arrives(guest, anybody);
    const flipped = (box: string): string => `${box.slice(0, 30)}${box[30] === 'A' ? 'B' : 'A'}${box.slice(31)}`;
    const error = await failure(changed(guest, ({ box }) => ({ box: flipped(box) })));
    expect(error).toBeInstanceOf(SealBroken);
    expect(error.message).toContain(`GuestArrived (guest-${guest}, revision 0`);
  });

  test('is not read from another event than it was sealed for', async () => {
    const [one, two] = [newGuest(), newGuest()];
    await arrives(one, anybody);
    await arrives(two, { ...anybody, name: 'Other' });
    const stranger = raw.events.find(({ stream }) => stream === `guest-${two}`)?.data as { $sealed: [{ box: string }] };
    expect(await failure(changed(one, () => ({ box: stranger.$sealed[0].box })))).toBeInstanceOf(SealBroken);
    await arrives(`${one}x`, anybody);
    expect(await failure(changed(`${one}x`, () => ({ person: two })))).toBeInstanceOf(SealBroken);
  });

  test('is not read in a form or with a key that is not known', async () => {
    const guest = newGuest();
    await arrives(guest, anybody);
    expect((await failure(changed(guest, () => ({ form: 2 })))).message).toContain('form of sealing is 2');
    expect((await failure(changed(guest, () => ({ person: 'NOBODY' })))).message).toContain('no such key');
  });

  test('is not read as erased because its box was emptied', async () => {
    const guest = newGuest();
    await arrives(guest, anybody);
    expect(await failure(changed(guest, () => ({ box: '' })))).toBeInstanceOf(SealBroken);
  });

  test('does not stop those who do not ask for it', async () => {
    const guest = newGuest();
    await arrives(guest, anybody);
    const [stored] = await changed(guest, () => ({ form: 2 })).readAll(undefined, 1);
    expect(stored?.stream).toBe(`guest-${guest}`);
  });
});

describe('a payload that is kept', () => {
  test('has the texts of people sealed wherever they were copied to, and opens until they are erased', async () => {
    const guest = newGuest();
    await arrives(guest, anybody);
    const texts = personalTexts(keys);
    const payload = { to: ['maria@x.ro'], about: { who: 'Maria Ionescu', room: '12' } };
    const kept = JSON.parse(JSON.stringify(texts.seal(payload, secretsOf(await read(guest)))));
    expect(JSON.stringify(kept)).not.toMatch(/[Mm]aria/);
    expect(await texts.open(kept)).toEqual(payload);
    await erase(guest);
    expect(await texts.open(kept)).toEqual({ to: [ERASED], about: { who: ERASED, room: '12' } });
  });
});

describe('an event definition', () => {
  test('calls nothing personal that it does not have, or that the placeholder would not fit', () => {
    expect(() => event('A', { name: z.string() }, { personal: [ofRecord('nam')] })).toThrow('A has no nam');
    expect(() => event('B', { born: z.iso.date() }, { personal: [ofRecord('born')] })).toThrow('B calls born personal');
    expect(() => event('C', { age: z.int().optional() }, { personal: [ofRecord('age')] })).toThrow('C calls age personal');
  });
});
