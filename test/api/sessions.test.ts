import request from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { as, type House, house, PASSWORD } from './support.ts';

const HOUR_MS = 3_600_000;
const ADMIN = 'admin@localhost';

let home: House;
let adminId: string;

beforeAll(async () => {
  home = await house();
  adminId = await home.user(ADMIN, ['admin']);
});
afterAll(() => home.close());

const signIn = (email: string, password = PASSWORD) => request(home.app).post('/api/v1/sessions').send({ email, password });
const adminNow = async () => as(home.app, await home.tokenOf(ADMIN));

describe('signing in', () => {
  test('answers a token, who it is and until when, and sets a cookie no script can read', async () => {
    const { body, headers } = await signIn('ADMIN@localhost').expect(201);
    expect(body).toEqual({
      token: expect.stringMatching(/^tls_[\w-]{43}$/),
      user: { id: adminId, email: ADMIN, name: ADMIN, roles: ['admin'] },
      expiresAt: expect.any(String),
    });
    const [session] = headers['set-cookie'] as unknown as string[];
    expect(session).toMatch(/^throughline_session=tls_[\w-]+; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/);
    expect((await as(home.app, body.token).get('/me').expect(200)).body).toEqual({ user: body.user, grants: ['*'], by: 'session' });
  });

  test('answers alike for a wrong password and an unknown account', async () => {
    const [wrong, unknown] = [await signIn(ADMIN, 'wrong').expect(401), await signIn('nobody@firm.ro').expect(401)];
    const { traceId: _, ...said } = wrong.body;
    expect(unknown.body).toMatchObject(said);
    expect(wrong.headers['set-cookie']).toBeUndefined();
  });

  test('with fields missing or too many is 422', async () => {
    const refused = await request(home.app).post('/api/v1/sessions').send({ email: ADMIN, passwort: 'x' }).expect(422);
    expect(refused.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(['/password', '/passwort']);
  });

  test('stores neither password nor token', async () => {
    const { body } = await signIn(ADMIN);
    const { rows } = await home.pool.query(
      `select to_jsonb(s)::text t from ops.sessions s union all select to_jsonb(p)::text from ops.passwords p
       union all select to_jsonb(d)::text from ops.devices d`,
    );
    const stored = rows.map(({ t }) => t).join('\n') + JSON.stringify(home.log.events.map(({ data }) => data));
    expect(stored).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
    expect(stored).not.toContain(PASSWORD);
    expect(stored).not.toContain(body.token.slice(4));
    expect(stored).not.toContain(Buffer.from(body.token).toString('hex'));
  });
});

describe('who is not signed in', () => {
  test.each([
    ['nothing', undefined],
    ['no token', 'Bearer'],
    ['an unknown session', 'Bearer tls_unknown'],
    ['an unknown key', 'Bearer tlk_unknown'],
    ['another scheme', 'Basic YWRtaW46YWRtaW4='],
    ['an endless token', `Bearer ${'x'.repeat(5_000)}`],
  ])('gets 401 and is told how, having sent %s', async (_, header) => {
    const ask = request(home.app).get('/api/v1/notes');
    const refused = await (header === undefined ? ask : ask.set('Authorization', header)).expect(401);
    expect(refused.headers['www-authenticate']).toContain('Bearer');
    expect(refused.body.code).toBe('NotSignedIn');
  });

  test('gets 401 also for what is badly formed, before anything is read', () =>
    request(home.app).post('/api/v1/notes').set('Content-Type', 'application/json').send('{').expect(401));

  test('cannot hand in a token as a parameter', async () => {
    const token = await home.tokenOf(ADMIN);
    await request(home.app).get(`/api/v1/notes?access_token=${token}`).expect(401);
  });
});

describe('a session', () => {
  test('ends by signing out, here and at once', async () => {
    const token = await home.tokenOf(ADMIN);
    await as(home.app, token).get('/me').expect(200);
    const { headers } = await as(home.app, token).delete('/sessions/current').expect(204);
    expect(headers['set-cookie']?.[0]).toMatch(/^throughline_session=; .*1970/);
    await as(home.app, token).get('/me').expect(401);
  });

  test.each([
    ['idle for 12 hours', [12.1]],
    ['30 days old however much it is used', Array.from({ length: 72 }, () => 10)],
  ])('ends when it is %s', async (_, steps) => {
    const token = await home.tokenOf(ADMIN);
    try {
      for (const [index, hours] of steps.entries()) {
        home.clock.ahead += hours * HOUR_MS;
        await home.identity.settled(0n);
        await as(home.app, token)
          .get('/me')
          .expect(index === steps.length - 1 ? 401 : 200);
      }
    } finally {
      home.clock.ahead = 0;
    }
  });

  test('obeys a change of roles from the next request on', async () => {
    const id = await home.user('mover@firm.ro', ['admin']);
    const mover = as(home.app, await home.tokenOf('mover@firm.ro'));
    await mover.get('/notes').expect(200);
    await (await adminNow()).post(`/users/${id}/roles`, { roles: ['auditor'] }).expect(200);
    await mover.get('/notes').expect(403);
    await mover.post('/notes', { text: 'x' }).expect(403);
  });

  test('obeys a change of what its role grants from the next request on', async () => {
    const admin = await adminNow();
    await admin.post('/roles', { role: 'reader', name: 'Reader', grants: ['notes:read'] }).expect(200);
    await home.user('reader@firm.ro', ['reader']);
    const reader = as(home.app, await home.tokenOf('reader@firm.ro'));
    await reader.get('/notes').expect(200);
    await admin.post('/roles/reader/redefine', { role: 'reader' }).expect(400);
    await admin.post('/roles/reader/redefine', { name: 'Reader', grants: [] }).expect(200);
    await reader.get('/notes').expect(403);
  });

  test('ends when its user is disabled, and stays over when the user is enabled again', async () => {
    const id = await home.user('leaver@firm.ro', ['admin']);
    const token = await home.tokenOf('leaver@firm.ro');
    await as(home.app, token).get('/me').expect(200);
    await (await adminNow()).post(`/users/${id}/disable`, { reason: 'left' }).expect(200);
    await as(home.app, token).get('/me').expect(401);
    await signIn('leaver@firm.ro').expect(401);
    await (await adminNow()).post(`/users/${id}/enable`).expect(200);
    await as(home.app, token).get('/me').expect(401);
    await signIn('leaver@firm.ro').expect(201);
  });

  test('ends when the password is changed, and the old password opens nothing', async () => {
    const id = await home.user('changer@firm.ro', ['admin']);
    const changer = as(home.app, await home.tokenOf('changer@firm.ro'));
    const password = 'another long password';
    expect((await changer.post(`/users/${id}/password`, { password }).expect(409)).body.code).toBe('WrongPassword');
    await changer.post(`/users/${id}/password`, { password, current: 'wrong' }).expect(409);
    await changer.post(`/users/${id}/password`, { password: 'short', current: PASSWORD }).expect(422);
    await changer.post(`/users/${id}/password`, { password, current: PASSWORD }).expect(204);
    await changer.get('/me').expect(401);
    await signIn('changer@firm.ro').expect(401);
    await signIn('changer@firm.ro', password).expect(201);
  });

  test('that slipped in while the password was changed opens nothing', async () => {
    const id = await home.user('slipper@firm.ro', ['admin']);
    const token = await home.tokenOf('slipper@firm.ro');
    await home.pool.query('update ops.passwords set version = version + 1 where user_id = $1', [id]);
    await as(home.app, token).get('/me').expect(401);
  });

  test('opened with a password that was being changed meanwhile opens nothing', async () => {
    const id = await home.user('racer@firm.ro', ['admin']);
    const sessions = await Promise.all([
      ...Array.from({ length: 4 }, () => home.identity.signIn('racer@firm.ro', PASSWORD)),
      home.identity.setPassword(id, 'changed in between'),
    ]);
    for (const session of sessions) if (session) expect(await home.identity.callerOf(session.token)).toBeUndefined();
  });
});

describe('a cookie', () => {
  const cookieOf = async () => `throughline_session=${await home.tokenOf(ADMIN)}`;
  const post = async (headers: Record<string, string>) =>
    (
      await request(home.app)
        .post('/api/v1/notes')
        .set('Host', 'crm.example:3000')
        .set({ Cookie: await cookieOf(), ...headers })
        .send({ text: 'x' })
    ).status;

  test('signs in for reading', async () => {
    await request(home.app)
      .get('/api/v1/me')
      .set('Cookie', `other=1; ${await cookieOf()}; more=2`)
      .expect(200);
  });

  test.each([
    [403, 'a foreign origin', { Origin: 'https://evil.example' }],
    [403, 'a page without an origin', { Origin: 'null' }],
    [403, 'a sibling', { Origin: 'http://www.crm.example:3000' }],
    [403, 'another port', { Origin: 'http://crm.example:4000' }],
    [403, 'no origin', {}],
    [201, 'our own origin', { Origin: 'http://crm.example:3000' }],
    [201, 'our own script', { 'X-Requested-With': 'throughline' }],
    [403, 'a foreign origin that knows the header', { Origin: 'https://evil.example', 'X-Requested-With': 'throughline' }],
  ])('answers %i to a change from %s', async (status, _, headers) => expect(await post(headers as Record<string, string>)).toBe(status));

  test('answers 415 to a form, whatever its origin', async () => {
    const form = request(home.app)
      .post('/api/v1/notes')
      .set('Cookie', await cookieOf())
      .set('X-Requested-With', 'x')
      .type('form');
    await form.send({ text: 'x' }).expect(415);
  });

  test('is not looked at where a header says who asks', async () => {
    await request(home.app)
      .get('/api/v1/me')
      .set('Cookie', await cookieOf())
      .set('Authorization', 'Bearer wrong')
      .expect(401);
  });

  test('of a house with stated origins is for these alone', async () => {
    const stated = await house({ origins: ['https://crm.example'] });
    try {
      await stated.user(ADMIN, ['admin']);
      const cookie = `throughline_session=${await stated.tokenOf(ADMIN)}`;
      const ask = (origin: string) =>
        request(stated.app).post('/api/v1/notes').set({ Host: 'inside:3000', Cookie: cookie, Origin: origin }).send({ text: 'x' });
      await ask('https://crm.example').expect(201);
      await ask('http://inside:3000').expect(403);
    } finally {
      await stated.close();
    }
  });
});

describe('API keys', () => {
  test('are shown once, kept as hashes and may do what they were given out of their owner’s rights', async () => {
    const admin = await adminNow();
    const made = await admin.post('/api-keys', { name: 'importer', grants: ['notes:read'] }).expect(201);
    expect(made.body).toMatchObject({
      token: expect.stringMatching(/^tlk_[\w-]{43}$/),
      name: 'importer',
      grants: ['notes:read'],
      userId: adminId,
    });
    const key = as(home.app, made.body.token);
    expect((await key.get('/me').expect(200)).body).toMatchObject({ by: 'key', grants: ['notes:read'] });
    await key.get('/notes').expect(200);
    await key.post('/notes', { text: 'x' }).expect(403);
    const listed = await admin.get('/api-keys').expect(200);
    expect(JSON.stringify(listed.body)).not.toContain(made.body.token);
    expect(listed.body.items.find(({ id }: { id: string }) => id === made.body.id).lastUsedAt).not.toBeNull();
    await admin.delete(`/api-keys/${made.body.id}`).expect(204);
    await key.get('/notes').expect(401);
    await admin.delete('/api-keys/unknown').expect(404);
  });

  test('write their owner into events, as an integration', async () => {
    const made = await (await adminNow()).post('/api-keys', { name: 'writer', grants: ['*'] });
    const { body } = await as(home.app, made.body.token).post('/notes', { text: 'by key' }).expect(201);
    expect(home.log.events.find(({ stream }) => stream === `note-${body.id}`)?.metadata.actor).toEqual({
      kind: 'integration',
      id: adminId,
    });
  });

  test('lose what their owner loses, and everything when the owner is disabled', async () => {
    const admin = await adminNow();
    const id = await home.user('owner@firm.ro', ['admin']);
    const made = await as(home.app, await home.tokenOf('owner@firm.ro')).post('/api-keys', {
      name: 'k',
      grants: ['notes:read', 'notes:edit'],
    });
    const key = as(home.app, made.body.token);
    await key.get('/notes').expect(200);
    await admin.post(`/users/${id}/roles`, { roles: ['auditor'] });
    await key.get('/notes').expect(403);
    await admin.post(`/users/${id}/roles`, { roles: ['admin'] });
    await key.get('/notes').expect(200);
    await admin.post(`/users/${id}/disable`, { reason: 'left' });
    await key.get('/notes').expect(401);
  });

  test('cannot be given more than one has, made by other keys, nor managed by strangers', async () => {
    const admin = await adminNow();
    await admin.post('/roles', { role: 'key-maker', name: 'Key maker', grants: ['platform:keys', 'notes:read:own'] });
    await home.user('maker@firm.ro', ['key-maker']);
    const maker = as(home.app, await home.tokenOf('maker@firm.ro'));
    expect((await maker.post('/api-keys', { name: 'k', grants: ['notes:read'] }).expect(409)).body.code).toBe('BeyondOwnRights');
    await maker.post('/api-keys', { name: 'k', grants: ['*'] }).expect(409);
    await admin.post('/api-keys', { name: 'k', grants: ['everything'] }).expect(422);
    const made = await maker.post('/api-keys', { name: 'k', grants: ['platform:keys', 'notes:read:own'] }).expect(201);
    await as(home.app, made.body.token).post('/api-keys', { name: 'k', grants: [] }).expect(403);
    await home.user('plain@firm.ro', ['analyst']);
    const plain = as(home.app, await home.tokenOf('plain@firm.ro'));
    await plain.post('/api-keys', { name: 'k', grants: [] }).expect(403);
    expect((await plain.get('/api-keys').expect(200)).body.items).toEqual([]);
    await plain.delete(`/api-keys/${made.body.id}`).expect(404);
    await as(home.app, made.body.token).get('/me').expect(200);
  });

  test('asked for twice with one Idempotency-Key are one', async () => {
    const admin = await adminNow();
    const ask = () => admin.post('/api-keys', { name: 'once', grants: [] }).set('Idempotency-Key', 'key-once');
    const first = await ask().expect(201);
    expect((await ask().expect(409)).body).toMatchObject({ code: 'Duplicate', details: { existingId: first.body.id } });
  });
});

describe('users and roles', () => {
  test('have e-mail addresses no one else has, however they are spelt', async () => {
    const admin = await adminNow();
    const first = await admin.post('/users', { email: 'Ana@Firm.ro', name: 'Ana', roles: [] }).expect(201);
    const refused = await admin.post('/users', { email: 'ana@firm.RO', name: 'Another', roles: [] }).expect(409);
    expect(refused.body).toMatchObject({ code: 'Duplicate', details: { existingId: first.body.id } });
    expect((await admin.get(`/users/${first.body.id}`).expect(200)).body).toMatchObject({ email: 'ana@firm.ro', enabled: true });
  });

  test('100 at once with one address make one user', async () => {
    const admin = await adminNow();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => admin.post('/users', { email: 'same@firm.ro', name: 'Same', roles: [] })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(99);
  });

  test('bear only roles that exist', async () => {
    const admin = await adminNow();
    const refused = await admin.post('/users', { email: 'x@firm.ro', name: 'X', roles: ['admin', 'nothing'] }).expect(422);
    expect(refused.body.errors).toEqual([{ pointer: '/roles/1', detail: 'There is no role nothing.' }]);
  });

  test('are managed by nobody who could do less', async () => {
    const admin = await adminNow();
    await admin.post('/roles', { role: 'personnel', name: 'Personnel', grants: ['platform:users', 'platform:roles'] });
    const id = await home.user('hr@firm.ro', ['personnel']);
    const hr = as(home.app, await home.tokenOf('hr@firm.ro'));
    for (const [path, body] of [
      ['/users', { email: 'y@firm.ro', name: 'Y', roles: ['admin'] }],
      [`/users/${adminId}/disable`, { reason: 'coup' }],
      [`/users/${adminId}/roles`, { roles: [] }],
      ['/roles', { role: 'wide', name: 'Wide', grants: ['*'] }],
    ] as const)
      expect((await hr.post(path, body).expect(409)).body.code).toBe('BeyondOwnRights');
    await hr.post(`/users/${adminId}/password`, { password: 'taken over by hr' }).expect(403);
    expect((await hr.post(`/users/${id}/roles`, { roles: [] }).expect(409)).body.code).toBe('OwnStanding');
    expect((await hr.post('/roles/admin/redefine', { name: 'A', grants: [] }).expect(409)).body.code).toBe('BuiltInRole');
    await hr.post('/users', { email: 'z@firm.ro', name: 'Z', roles: ['personnel'] }).expect(201);
  });

  test('lists the built-in roles and those defined here', async () => {
    const { body } = await (await adminNow()).get('/roles').expect(200);
    const ids = body.items.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(expect.arrayContaining(['admin', 'sales-manager', 'warehouse', 'finance', 'auditor', 'personnel']));
  });
});
