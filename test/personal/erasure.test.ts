/** RELIABILITY.md I16 and E39: planted markers of people, some of whom are erased, and every place that could remember them. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool } from '../../src/runtime/database.ts';
import { journalFile } from '../../src/runtime/personal/journal.ts';
import { startHouse, type TestHouse, type Voice } from '../support/house.ts';

const ERASED = '(erased)';

let house: TestHouse;
let pool: pg.Pool;

interface Planted {
  readonly person: string;
  readonly mark: string;
  readonly lead: object;
  readonly leadId: string;
  readonly contactId: string;
  readonly accountId: string;
  readonly dealId: string;
}

const PEOPLE = 4;
/** What is nobody's: found wherever the others must not be, so the search does look there. */
const PLAIN = 'PlainWordQ';
const planted: Planted[] = [];

beforeAll(async () => {
  house = await startHouse();
  pool = openPool(house.databaseUrl, { max: 4 });
  // Commands leave the outbox within milliseconds; what stood in it is written down beside.
  await pool.query(`
    create table ops.seen_outbox (input text);
    create function ops.see_outbox() returns trigger language plpgsql as $$
      begin insert into ops.seen_outbox values (new.input::text); return new; end $$;
    create trigger see_outbox after insert on ops.saga_outbox for each row execute function ops.see_outbox()`);
  for (let index = 0; index < PEOPLE; index++) planted.push(await plant(index));
}, 60_000);

afterAll(async () => {
  await pool?.end();
  await house?.stop();
});

/** Somebody who goes all the way from a lead to a contact, an account and a deal; every text of theirs bears the mark. */
async function plant(index: number): Promise<Planted> {
  const mark = `Marker${index}Q`;
  const lead = {
    name: `${mark} wants windows`,
    description: `${mark} called twice`,
    source: PLAIN,
    requestCategory: 'windows',
    contact: { name: `${mark} Pop`, email: `${mark}@x.example`.toLowerCase(), phone: `07-${mark}`, position: `${mark} of the board` },
  };
  const leadId = await house.make('/leads', lead, { key: `capture-${index}` });
  await house.post(`/leads/${leadId}/edit`, { description: `${mark} called three times` });
  await house.post(`/leads/${leadId}/convert`, { currency: 'RON' });
  const { dealId, accountId, contactId } = (await house.until(`/leads/${leadId}`, ({ stage }) => stage === 'Deal')) as Record<
    string,
    string
  >;
  await house.until(`/deals/${dealId}`, ({ id }) => id === dealId);
  await house.post(`/contacts/${contactId}/edit`, { phone: `08-${mark}` });
  await house.post(`/accounts/${accountId}/edit`, { taxId: `RO-${mark}`, address: { street: `Street of ${mark}`, city: `${mark}-town` } });
  await house.post(`/deals/${dealId}/edit`, { description: `${mark} wants blue` });
  return { person: leadId, mark, lead, leadId, contactId: contactId ?? '', accountId: accountId ?? '', dealId: dealId ?? '' };
}

/** Every row of every table of the database that has the text in it, in any case. */
async function findings(mark: string): Promise<readonly string[]> {
  const { rows: tables } = await pool.query<{ schema: string; name: string }>(
    `select schemaname as schema, tablename as name from pg_catalog.pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { schema, name } of tables) {
    const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
    // Bytes are searched as text and as what base64 and hex of them would be read as.
    const { rows } = await pool.query<{ row: string }>(
      `select left(t::text, 200) as row from ${table} t where strpos(lower(t::text), lower($1)) > 0 or strpos(lower(t::text), encode(convert_to($1, 'UTF8'), 'hex')) > 0`,
      [mark],
    );
    found.push(...rows.map(({ row }) => `${schema}.${name}: ${row}`));
  }
  return found;
}

async function everyAnswer(voice: Voice, { leadId, contactId, accountId, dealId }: Planted): Promise<string> {
  const paths = [
    `/leads/${leadId}`,
    '/leads',
    '/boards/leads',
    `/contacts/${contactId}`,
    '/contacts',
    `/accounts/${accountId}`,
    '/accounts',
    `/accounts/${accountId}/360`,
    `/deals/${dealId}`,
    '/deals',
    '/boards/deals',
    '/events?limit=200',
    `/records/lead/${leadId}/history`,
    `/records/contact/${contactId}/history`,
    '/processes',
    ...['/leads', '/contacts', '/accounts', '/deals', '/events', `/records/lead/${leadId}/history`].map(list => `${list}?format=csv`),
  ];
  const answers = await Promise.all(paths.map(async path => ({ path, ...(await voice.get(path)) })));
  expect(answers.filter(({ status }) => status >= 500 || status === 404).map(({ path, status }) => `${path}: ${status}`)).toEqual([]);
  return answers.map(({ text }) => text).join('\n');
}

const planting = (index: number): Planted => planted[index] as Planted;

describe('before anybody is erased', () => {
  test('the log has nothing of a person in the clear, the views and the answers have', async () => {
    const found = await findings(planting(0).mark);
    expect(found.filter(where => where.startsWith('read_data.')).length).toBeGreaterThan(4);
    expect(found.filter(where => !where.startsWith('read_data.'))).toEqual([]);
    expect((await findings(PLAIN)).filter(where => where.startsWith('eventstore.'))).toHaveLength(PEOPLE);
    const { rows } = await pool.query<{ input: string }>('select input from ops.seen_outbox');
    expect(rows.filter(({ input }) => input.includes('$sealed')).length).toBeGreaterThanOrEqual(3 * PEOPLE);
    const answers = await everyAnswer(house, planting(0));
    for (const text of [' wants windows', ' Pop', ' wants blue', '-town']) expect(answers).toContain(`${planting(0).mark}${text}`);
  });
});

describe('a person who was erased', () => {
  let before: string;

  beforeAll(async () => {
    before = new Date().toISOString();
    for (const { person } of [planting(0), planting(1)]) {
      const { status } = await house.post(`/persons/${person}/erase`, { reason: 'asked for it' });
      expect(status).toBe(200);
    }
    await house.get('/erasures');
    await house.get('/leads');
  }, 30_000);

  test('is in no table of the database any more, and the others are as they were', async () => {
    for (const index of [0, 1]) expect(await findings(planting(index).mark)).toEqual([]);
    expect((await findings(planting(2).mark)).length).toBeGreaterThan(4);
  });

  test('is in no answer any more; the placeholder stands in their place, and numbers, stages and links stay', async () => {
    const person = planting(0);
    const answers = await everyAnswer(house, person);
    expect(answers.toLowerCase()).not.toContain(person.mark.toLowerCase());
    const { body: lead } = await house.get(`/leads/${person.leadId}`);
    expect(lead).toMatchObject({
      name: ERASED,
      contactName: ERASED,
      contactEmail: ERASED,
      stage: 'Deal',
      dealId: person.dealId,
      company: null,
    });
    const { body: account } = await house.get(`/accounts/${person.accountId}`);
    expect(account).toMatchObject({ name: ERASED, taxId: ERASED, address: { street: ERASED, city: ERASED }, currency: 'RON' });
    expect((await house.get(`/contacts/${person.contactId}`)).body).toMatchObject({ name: ERASED, phone: ERASED, personId: person.person });
  });

  test('is not to be seen as of a time before either', async () => {
    const { leadId, contactId, accountId, dealId } = planting(0);
    for (const path of [`/leads/${leadId}`, `/contacts/${contactId}`, `/accounts/${accountId}`, `/deals/${dealId}`]) {
      const { status, body } = await house.get(`${path}?asOf=${before}`);
      expect([path, status, body['name']]).toEqual([path, 200, ERASED]);
    }
    expect((await house.get(`/leads/${planting(2).leadId}?asOf=${before}`)).body['contactName']).toContain(planting(2).mark);
  });

  test('is known again by a request that is repeated, which has no second effect', async () => {
    const again = await house.post('/leads', planting(0).lead, { key: 'capture-0' });
    expect([again.status, again.body['id']]).toEqual([201, planting(0).leadId]);
    const other = await house.post('/leads', { ...planting(0).lead, name: 'Another' }, { key: 'capture-1' });
    expect(other.status).toBe(422);
    expect(await findings(planting(0).mark)).toEqual([]);
  });

  test('is in the list of erasures, with who decided it and why', async () => {
    const { body } = await house.get('/erasures');
    expect(body['items']).toMatchObject([
      { personId: planting(1).person, reason: 'asked for it' },
      { personId: planting(0).person, reason: 'asked for it' },
    ]);
  });

  test('is erased once: asked again, nothing happens, and nobody unknown is erased', async () => {
    expect((await house.post(`/persons/${planting(0).person}/erase`, { reason: 'again' })).status).toBe(200);
    expect((await house.get('/erasures')).body['items']).toHaveLength(2);
    expect((await house.post('/persons/01ARZ3NDEKTSV4RRFFQ69G5FAV/erase', { reason: 'who?' })).status).toBe(404);
  });

  test('takes no new personal data: what is written of them later is not kept', async () => {
    const { leadId, contactId } = planting(1);
    const edited = await house.post(`/contacts/${contactId}/edit`, { email: 'again-marker1q@x.example', primary: false });
    expect(edited.status).toBe(200);
    expect((await house.get(`/contacts/${contactId}`)).body).toMatchObject({ email: ERASED, primary: false });
    expect((await house.get(`/leads/${leadId}`)).body).toMatchObject({ contactEmail: ERASED });
    expect(await findings('marker1q')).toEqual([]);
  });

  test('leaves views that are what a fresh fold of the log makes', async () => {
    const script = join(import.meta.dirname, 'compared.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, house.databaseUrl, house.eventstoreUrl, house.keysDir]);
    const compared = JSON.parse(stdout) as readonly { readonly name: string; readonly equal: boolean; readonly rows: number }[];
    expect(compared.filter(({ equal }) => !equal)).toEqual([]);
    expect(compared.find(({ name }) => name === 'contacts')?.rows).toBe(PEOPLE);
  }, 20_000);

  test('is written down outside the database, by id only', async () => {
    const journal = await readFile(journalFile(house.keysDir), 'utf8');
    const persons = journal
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).person);
    expect(persons).toEqual([planting(0).person, planting(1).person]);
  });
});

describe('a user', () => {
  test('is erased only once they cannot sign in any more, with all they signed in by', async () => {
    const id = await house.make('/users', { email: 'markeruser@firm.example', name: 'Markeruser', roles: ['finance'] });
    await house.post(`/users/${id}/password`, { password: 'a-password-for-tests' });
    const early = await house.post(`/persons/${id}/erase`, { reason: 'left' });
    expect([early.status, early.body['code']]).toEqual([409, 'StillSignsIn']);
    await house.post(`/users/${id}/disable`, { reason: 'left' });
    expect((await house.post(`/persons/${id}/erase`, { reason: 'left' })).status).toBe(200);
    expect((await house.get(`/users/${id}`)).body).toMatchObject({ email: ERASED, name: ERASED });
    expect(await findings('markeruser')).toEqual([]);
    const { rows } = await pool.query('select from ops.passwords where user_id = $1', [id]);
    expect(rows).toEqual([]);
  });

  test('is known again by e-mail address without the address being kept', async () => {
    await house.make('/users', { email: 'taken@firm.example', name: 'First', roles: [] });
    const second = await house.post('/users', { email: 'taken@firm.example', name: 'Second', roles: [] });
    expect([second.status, second.body['code']]).toEqual([409, 'Duplicate']);
    const kept = (await findings('taken@firm')).filter(where => !where.startsWith('read_data.'));
    expect(kept).toEqual([]);
  });
});
