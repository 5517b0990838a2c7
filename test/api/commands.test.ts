import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { as, type House, house } from './support.ts';

let home: House;
let admin: ReturnType<typeof as>;
let token: string;

beforeAll(async () => {
  home = await house();
  await home.user('admin@localhost', ['admin']);
  token = await home.tokenOf('admin@localhost');
  admin = as(home.app, token);
});
afterAll(() => home.close());

const eventsOf = (id: string) => home.log.events.filter(({ stream }) => stream === `note-${id}`);

describe('a command', () => {
  test('that creates answers 201 with where to find the record, its revision and its position', async () => {
    const { body, headers } = await admin.post('/notes', { text: 'one' }).expect(201);
    expect(body).toEqual({ id: expect.stringMatching(/^[0-9A-Z]{26}$/), revision: 0, position: expect.stringMatching(/^\d+$/) });
    expect(headers).toMatchObject({ etag: '"0"', location: `/api/v1/notes/${body.id}`, 'consistency-token': expect.any(String) });
    await as(home.app, token).get(`/notes/${body.id}`).set('Consistency-Token', String(headers['consistency-token'])).expect(200);
  });

  test('on a record answers 200 with its new revision, and silently where it is already so', async () => {
    const { body } = await admin.post('/notes', { text: 'two' });
    expect((await admin.post(`/notes/${body.id}/change`, { text: 'deux' }).expect(200)).body).toMatchObject({ id: body.id, revision: 1 });
    expect((await admin.post(`/notes/${body.id}/change`, { text: 'deux' }).expect(200)).body).toMatchObject({ id: body.id, revision: 1 });
    expect(eventsOf(body.id)).toHaveLength(2);
  });

  test('takes over the trace it came with', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const { body } = await admin.post('/notes', { text: 'traced' }).set('traceparent', traceparent);
    expect(eventsOf(body.id)[0]?.metadata.traceparent).toBe(traceparent);
  });

  test('is refused by a rule with 409, the rule’s name and a sentence', async () => {
    const { body } = await admin.post('/notes', { text: 'sealed' });
    await admin.post(`/notes/${body.id}/seal`).expect(200);
    const refused = await admin.post(`/notes/${body.id}/change`, { text: 'x' }).expect(409);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(refused.body).toEqual({
      type: 'urn:throughline:problem:note-sealed',
      title: 'Note sealed',
      status: 409,
      code: 'NoteSealed',
      detail: 'A sealed note is not changed.',
      details: { permitted: [] },
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(eventsOf(body.id)).toHaveLength(2);
  });

  test('whose fault only the decision finds is 422 with its pointers', async () => {
    const refused = await admin.post('/notes', { text: 'unknown author' }).expect(422);
    expect(refused.body).toMatchObject({ code: 'Validation', errors: [{ pointer: '/text', detail: 'There is no such author.' }] });
  });

  test('on a record that does not exist is 404', () => admin.post('/notes/01ABC/change', { text: 'x' }).expect(404));
});

describe('If-Match', () => {
  test('lets through who saw the present revision and stops others with 412 and the present one', async () => {
    const { body } = await admin.post('/notes', { text: 'a' });
    await admin.post(`/notes/${body.id}/change`, { text: 'b' }).set('If-Match', '"0"').expect(200);
    const stale = await admin.post(`/notes/${body.id}/change`, { text: 'c' }).set('If-Match', '"0"').expect(412);
    expect(stale.body).toMatchObject({ code: 'StaleVersion', details: { revision: 1 } });
    expect(stale.headers['etag']).toBe('"1"');
    expect(eventsOf(body.id)).toHaveLength(2);
  });

  test.each(['1', '*', 'W/"1"', '"1", "2"', '"x"', '""'])('of the form %s is 400', async tag => {
    const { body } = await admin.post('/notes', { text: 'a' });
    await admin.post(`/notes/${body.id}/change`, { text: 'b' }).set('If-Match', tag).expect(400);
    expect(eventsOf(body.id)).toHaveLength(1);
  });
});

describe('Idempotency-Key', () => {
  test('gives a repeated request the same status and body, and one effect', async () => {
    const ask = () => admin.post('/notes', { text: 'once' }).set('Idempotency-Key', 'k-1');
    const [first, second] = [await ask(), await ask()];
    expect(second.status).toBe(201);
    expect(second.text).toBe(first.text);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(second.headers).toMatchObject({
      'idempotency-replayed': 'true',
      etag: '"0"',
      location: first.headers['location'],
      'consistency-token': first.headers['consistency-token'],
    });
    expect(eventsOf(first.body.id)).toHaveLength(1);
  });

  test('gives 50 copies at once one effect and one answer', async () => {
    const before = home.log.events.length;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => admin.post('/notes', { text: 'fifty' }).set('Idempotency-Key', 'k-50')),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(home.log.events.length).toBe(before + 1);
  });

  test('gives 50 copies at once of what is refused one answer', async () => {
    const { body } = await admin.post('/notes', { text: 'kept' });
    await admin.post(`/notes/${body.id}/seal`);
    const change = () => admin.post(`/notes/${body.id}/change`, { text: 'x' }).set('Idempotency-Key', 'k-50-refused');
    const answers = await Promise.all(Array.from({ length: 50 }, change));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(409);
  });

  test('keeps refusals too', async () => {
    const { body } = await admin.post('/notes', { text: 'kept' });
    const change = () => admin.post(`/notes/${body.id}/change`, { text: 'x' }).set('Idempotency-Key', 'k-refused');
    await admin.post(`/notes/${body.id}/seal`);
    const [first, second] = [await change(), await change()];
    expect([first.status, second.status]).toEqual([409, 409]);
    expect(second.text).toBe(first.text);
    expect(second.headers['content-type']).toBe('application/problem+json');
  });

  test('does not keep that a record is not there: it may be when it is asked for again', async () => {
    const later = (await admin.post('/notes', { text: 'x' }).set('Idempotency-Key', 'k-later')).body.id;
    const ask = (id: string) => admin.post(`/notes/${id}/change`, { text: 'y' }).set('Idempotency-Key', 'k-absent');
    await ask('01ABSENT').expect(404);
    await ask(later).expect(200);
  });

  test('does not keep that a request was stale', async () => {
    const { body } = await admin.post('/notes', { text: 'again' });
    const change = (tag: string) =>
      admin.post(`/notes/${body.id}/change`, { text: 'new' }).set('Idempotency-Key', 'k-stale').set('If-Match', tag);
    await change('"7"').expect(412);
    await change('"0"').expect(200);
  });

  test('with another body is 422 and has no effect', async () => {
    await admin.post('/notes', { text: 'first' }).set('Idempotency-Key', 'k-2').expect(201);
    const before = home.log.events.length;
    const other = await admin.post('/notes', { text: 'second' }).set('Idempotency-Key', 'k-2').expect(422);
    expect(other.body.code).toBe('IdempotencyMismatch');
    expect(home.log.events.length).toBe(before);
  });

  test('with another body at the same time is 422 for one of the two', async () => {
    const ask = (text: string) => admin.post('/notes', { text }).set('Idempotency-Key', 'k-race');
    const answers = await Promise.all([ask('a'), ask('b')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
  });

  test('is the same request again also when it occurred today', async () => {
    const day = Temporal.Now.plainDateISO('Pacific/Auckland').toString();
    const ask = () => admin.post('/notes', { text: 'today' }).set('Idempotency-Key', 'k-today').set('Occurred-At', day);
    const [first, second] = [await ask(), await ask()];
    expect([second.status, second.text]).toEqual([201, first.text]);
  });

  test('is one’s own: another user’s or another route’s is another key', async () => {
    await home.user('other@firm.ro', ['admin']);
    const other = as(home.app, await home.tokenOf('other@firm.ro'));
    const mine = await admin.post('/notes', { text: 'mine' }).set('Idempotency-Key', 'shared');
    const theirs = await other.post('/notes', { text: 'theirs' }).set('Idempotency-Key', 'shared').expect(201);
    expect(theirs.body.id).not.toBe(mine.body.id);
    await admin.post(`/notes/${mine.body.id}/seal`).set('Idempotency-Key', 'shared').expect(200);
  });

  test.each([
    ['nothing', ''],
    ['201 characters', 'x'.repeat(201)],
    ['a letter outside ASCII', 'ș'],
    ['a tab', 'tab\tbed'],
  ])('with %s is 400', async (_, key) => {
    const { status } = await admin.post('/notes', { text: 'x' }).set('Idempotency-Key', Buffer.from(key).toString('latin1'));
    expect(status).toBe(400);
  });

  test('is recognised by the log itself when the answer was lost before it was kept', async () => {
    const first = await admin.post('/notes', { text: 'lost' }).set('Idempotency-Key', 'k-lost');
    await home.pool.query(`delete from ops.requests where key = 'k-lost'`);
    const before = home.log.events.length;
    const second = await admin.post('/notes', { text: 'lost' }).set('Idempotency-Key', 'k-lost');
    expect([second.status, second.text]).toEqual([201, first.text]);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(home.log.events.length).toBe(before);
    await home.pool.query(`delete from ops.requests where key = 'k-lost'`);
    const mismatched = await admin.post('/notes', { text: 'other' }).set('Idempotency-Key', 'k-lost');
    expect([mismatched.status, mismatched.body.code]).toEqual([422, 'IdempotencyMismatch']);
  });

  test('works as well as it can while answers cannot be kept', async () => {
    const broken = await house({ requests: () => ({ find: fails, keep: fails, sweep: fails }) });
    try {
      await broken.user('admin@localhost', ['admin']);
      const ask = as(broken.app, await broken.tokenOf('admin@localhost'));
      const post = () => ask.post('/notes', { text: 'x' }).set('Idempotency-Key', 'k');
      const [first, second] = [await post(), await post()];
      expect([first.status, second.text]).toEqual([201, first.text]);
    } finally {
      await broken.close();
    }
  });
});

const fails = () => Promise.reject(new Error('connection terminated'));

describe('Occurred-At', () => {
  const occurred = async (value: string) => {
    const { body } = await admin.post('/notes', { text: 'then' }).set('Occurred-At', value).expect(201);
    return eventsOf(body.id)[0]?.metadata.occurredAt as string;
  };

  test('of a day is noon of that day in the company’s zone, so that it stays in its month', async () => {
    expect(await occurred('1996-08-01')).toBe('1996-08-01T00:00:00.000Z');
    expect(await occurred('1998-01-01')).toBe('1997-12-31T23:00:00.000Z');
  });

  test('of an instant is that instant', async () => expect(await occurred('1996-07-04T10:30:00+03:00')).toBe('1996-07-04T07:30:00.000Z'));

  test('of today is now', async () => {
    const today = Temporal.Now.plainDateISO('Pacific/Auckland').toString();
    expect(Math.abs(Date.parse(await occurred(today)) - Date.now())).toBeLessThan(5_000);
  });

  test.each(['2999-01-01', '2999-01-01T00:00:00Z', '1996-02-30', 'yesterday', '1996-07-04T10:30:00', '1996-7-4', ''])(
    'of %j is 400',
    async value => {
      await admin.post('/notes', { text: 'x' }).set('Occurred-At', value).expect(400);
    },
  );

  test('needs the right to back-date', async () => {
    await admin.post('/roles', { role: 'scribe', name: 'Scribe', grants: ['notes:edit'] }).expect(200);
    await home.user('scribe@firm.ro', []);
    const { body } = await admin.get('/users?filter[email]=scribe@firm.ro');
    await admin.post(`/users/${body.items[0].id}/roles`, { roles: ['scribe'] }).expect(200);
    const scribe = as(home.app, await home.tokenOf('scribe@firm.ro'));
    await scribe.post('/notes', { text: 'now' }).expect(201);
    await scribe.post('/notes', { text: 'then' }).set('Occurred-At', '1996-07-04').expect(403);
  });
});

describe('Consistency-Token', () => {
  test('of a position not yet reached by the views is 503 with Retry-After', async () => {
    const token = Buffer.from('memory.999999999').toString('base64url');
    const { body, headers } = await admin.get('/notes').set('Consistency-Token', token).expect(503);
    expect([body.code, headers['retry-after']]).toEqual(['ViewsLag', '1']);
  });

  test.each(['rubbish', '', Buffer.from('another-log.12').toString('base64url'), Buffer.from('memory.-1').toString('base64url')])(
    'of %j is 400',
    async bad => {
      await admin.get('/notes').set('Consistency-Token', bad).expect(400);
      await admin.post('/notes', { text: 'x' }).set('Consistency-Token', bad).expect(400);
    },
  );
});
