/** Lists as files: what stands in them, who gets them, and how they travel. */
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { harmless, sheetOf } from '../../src/api/csv.ts';
import { type Listening, listen } from '../../src/api/listen.ts';
import { field } from '../../src/kernel/field.ts';
import { listing } from '../../src/kernel/listing.ts';
import { as, type House, house } from './support.ts';

let home: House;
let listening: Listening;
let token: string;

const ROWS = 10_000;
const PAGE = 200;
const LONG = 'x'.repeat(4_000);
/** Pages that were asked for while the list is a made-up one of 10,000 long rows; at `failing` Postgres is gone. */
const flood = { on: false, asked: 0, failing: Number.POSITIVE_INFINITY };

const flooded = (input: unknown): object => {
  const { cursor = '0' } = input as { readonly cursor?: string };
  const from = Number(cursor);
  if (flood.asked++ === flood.failing) throw new Error('gone in the middle');
  const items = Array.from({ length: PAGE }, (_, index) => ({ id: String(from + index), text: LONG, takenAt: '2026-01-01T00:00:00.000Z' }));
  return { items, next: from + PAGE < ROWS ? String(from + PAGE) : null };
};

const TEXTS = ['plain', 'with, comma', 'the "best"', 'two\nlines', 'ședință', '=1+2', '+40 721 000 000', '-3', '@SUM(A1)'];

beforeAll(async () => {
  home = await house({
    queries: usual => ({
      ...usual,
      askAny: async (query, input, asking) =>
        flood.on && query.type === 'ListNotes' ? flooded(input) : usual.askAny(query, input, asking),
    }),
  });
  listening = await listen(home.app, { port: 0 });
  await home.user('admin@localhost', ['admin']);
  token = await home.tokenOf('admin@localhost');
  for (const text of TEXTS) await as(home.app, token).post('/notes', { text }).expect(201);
});
afterAll(async () => {
  await listening.close();
  await home.close();
});

describe('a list as CSV', () => {
  test('has a header, all its rows, and a name; a formula is text', async () => {
    const { text, headers } = await as(home.app, token).get('/notes?format=csv').expect(200);
    expect(headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(headers['content-disposition']).toBe('attachment; filename="notes.csv"');
    expect(text).toMatch(/^\uFEFFid,text,takenAt\r\n/);
    const shown = (parse(text, { bom: true, columns: true }) as { text: string }[]).map(row => row.text);
    const expected = TEXTS.map(text => (['=1+2', '+40 721 000 000', '@SUM(A1)'].includes(text) ? `'${text}` : text));
    expect(shown.toSorted()).toEqual(expected.toSorted());
  });

  test('is asked for by Accept as well, filtered and sorted like the list', async () => {
    const { text } = await as(home.app, token).get('/notes?filter[text]=plain&sort=newest').set('Accept', 'text/csv');
    expect((parse(text, { bom: true, columns: true }) as { text: string }[]).map(row => row.text)).toEqual(['plain']);
    await as(home.app, token).get('/notes').set('Accept', '*/*').expect('Content-Type', /json/);
  });

  test.each([
    ['/notes?format=xls', '/format'],
    ['/notes?format=csv&limit=5', '/limit'],
    ['/notes?format=csv&cursor=x', '/cursor'],
    ['/notes?format=csv&sort=size', '/sort'],
    ['/notes/some-note?format=csv', '/format'],
  ])('is refused as a problem, before any of it: %s', async (path, pointer) => {
    const { body } = await as(home.app, token).get(path).expect(400);
    expect(body).toMatchObject({ code: 'BadParameter', errors: [{ pointer }] });
  });

  test('is for those who may see the list', async () => {
    await home.user('nobody@localhost', []);
    await as(home.app, await home.tokenOf('nobody@localhost'))
      .get('/notes?format=csv')
      .expect(403);
    await as(home.app, 'no-token').get('/notes?format=csv').expect(401);
  });

  test('gives each value of money and each member of an object a column, and texts one together', () => {
    const list = listing({
      type: 'ListThings',
      summary: 'Things.',
      route: 'GET /shelves/:id/things',
      permission: 'things:read',
      reads: [],
      from: 'things t',
      key: 't.id',
      fields: {
        id: field.text('t.id'),
        worth: field.maybe(field.money('t.worth', 't.currency')),
        tags: field.texts('t.tags'),
        by: field.object({ kind: field.text('t.kind'), on: field.day('t.on') }),
      },
      sorts: { id: { sql: 't.id' } },
      usual: 'id',
    });
    const sheet = sheetOf(list);
    expect(sheet).toMatchObject({ name: 'things', rows: 'items', paged: true });
    expect(sheet?.columns.map(path => path.join('.'))).toEqual(['id', 'worth.amount', 'worth.currency', 'tags', 'by.kind', 'by.on']);
  });
});

describe('a text in a cell', () => {
  test.each(['=1', '+1+1', '-1-1', '@a', '\tx', '\rx', '\nx', ' =1', '＝1'])(
    'that a spreadsheet might run begins with an apostrophe: %j',
    text => expect(harmless(text)).toBe(`'${text}`),
  );

  test.each(['-3', '-0.125', '12.50', 'a=b', '', "'quoted"])('that is a number or harmless stays as it is: %j', text =>
    expect(harmless(text)).toBe(text),
  );

  test('never begins as a formula, whatever it is', () =>
    fc.assert(fc.property(fc.string(), text => !/^\s*[=+@\t\r\n]/.test(harmless(text)) && harmless(text).endsWith(text))));
});

/** Asks for the long list and leaves it unread until told. */
const asking = (): Promise<IncomingMessage> =>
  new Promise((resolve, reject) =>
    get(
      `http://127.0.0.1:${listening.port}/api/v1/notes?format=csv`,
      { headers: { Authorization: `Bearer ${token}` }, highWaterMark: 16_384 } as object,
      resolve,
    ).on('error', reject),
  );

describe('a long list as CSV', () => {
  test('of 10,000 rows is read page by page as its reader takes it, and held nowhere', async () => {
    Object.assign(flood, { on: true, asked: 0 });
    const response = await asking();
    let seen = -1;
    while (flood.asked !== seen) {
      seen = flood.asked;
      await sleep(150);
    }
    // What the sockets between them hold: far from all 40 MB.
    expect(seen).toBeLessThan(ROWS / PAGE / 2);
    let lines = 0;
    for await (const chunk of response) lines += String(chunk).split('\r\n').length - 1;
    expect([lines, flood.asked]).toEqual([ROWS + 1, ROWS / PAGE]);
  });

  test('that fails in the middle is cut off, so that nobody takes a part for the whole', async () => {
    Object.assign(flood, { on: true, asked: 0, failing: 3 });
    const reading = async (): Promise<void> => {
      for await (const _ of await asking());
    };
    await expect(reading()).rejects.toThrow(/aborted|terminated|ECONNRESET/);
  });
});
