/** Signing in and out, passwords and API keys: what handles secrets and is therefore neither command nor event. */
import { ulid } from 'ulid';
import { z } from 'zod';
import { covers, Grants } from '../kernel/authority.ts';
import type { Identity, NewSession, SignedIn } from '../runtime/identity/port.ts';
import { recordId, uuidv5 } from '../runtime/ids.ts';
import { type CookiePolicy, cookie, credentials, DEVICE_COOKIE, refuseForeign, SESSION_COOKIE } from './auth.ts';
import { BASE } from './commands.ts';
import type { Answer, Asked, Endpoint } from './endpoint.ts';
import { idempotencyKey } from './headers.ts';
import { noParameters, validated } from './input.ts';
import { forbidden, notFound, Problem } from './problem.ts';
import type { SignInGuard } from './sign-in-limits.ts';

export interface IdentitySurroundings {
  readonly identity: Identity;
  readonly guard: SignInGuard;
  readonly cookies: CookiePolicy;
}

const PASSWORD_MIN = 10;
const PASSWORD_MAX = 256;
const EMAIL_MAX = 254;
const DEVICE_KEPT_MS = 180 * 24 * 3_600_000;

const module = 'identity';
const Nothing = z.strictObject({});

const User = z
  .strictObject({ id: z.string(), email: z.string(), name: z.string(), roles: z.array(z.string()) })
  .meta({ id: 'SignedInUser' });
const userOf = ({ id, email, name, roles }: NewSession['person']) => ({ id, email, name, roles });

const NewPassword = z.string().min(PASSWORD_MIN, `At least ${PASSWORD_MIN} characters`).max(PASSWORD_MAX);
const Credentials = z.strictObject({ email: z.string().min(1).max(EMAIL_MAX), password: z.string().min(1).max(PASSWORD_MAX) });
const PasswordChange = z.strictObject({
  id: z.string().max(120),
  password: NewPassword,
  current: z.string().max(PASSWORD_MAX).optional().meta({ description: 'The present password; needed to change one’s own' }),
});
const KeyWish = z.strictObject({ name: z.string().trim().min(1).max(100), grants: Grants });
const Key = z
  .strictObject({
    id: z.string(),
    userId: z.string(),
    name: z.string(),
    grants: z.array(z.string()),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' });
const ById = z.strictObject({ id: z.string().max(120) });

const done: Answer = { status: 204 };

export function identityEndpoints(around: IdentitySurroundings): readonly Endpoint[] {
  const { identity, cookies } = around;
  return [
    {
      type: 'SignIn',
      summary: 'Signs in with e-mail and password; the token is for the Authorization header, browsers get it as a cookie too.',
      module,
      kind: 'other',
      method: 'POST',
      path: '/sessions',
      access: 'public',
      status: 201,
      input: Credentials,
      output: z.strictObject({ token: z.string(), user: User, expiresAt: z.iso.datetime() }),
      handle: asked => signIn(asked, around),
    },
    {
      type: 'SignOut',
      summary: 'Ends the session this request came with.',
      module,
      kind: 'other',
      method: 'DELETE',
      path: '/sessions/current',
      access: 'signed-in',
      status: 204,
      input: Nothing,
      output: Nothing,
      handle: async ({ request, response }, who) => {
        const given = credentials(request);
        if (given === undefined || who.by !== 'session') throw notFound('This request came with a key, not with a session.');
        await identity.signOut(given.token);
        response.clearCookie(SESSION_COOKIE, { path: '/', httpOnly: true, sameSite: 'strict', secure: cookies.secure });
        return done;
      },
    },
    {
      type: 'ShowMe',
      summary: 'Who is signed in, and what they may do.',
      module,
      kind: 'query',
      method: 'GET',
      path: '/me',
      access: 'signed-in',
      status: 200,
      input: Nothing,
      output: z.strictObject({ user: User, grants: z.array(z.string()), by: z.enum(['session', 'key']) }),
      handle: async ({ input }, who) => {
        noParameters(input);
        return { status: 200, body: { user: userOf(who.person), grants: who.grants, by: who.by } };
      },
    },
    {
      type: 'SetPassword',
      summary: 'Sets a password and ends all sessions of the user: one’s own with the present one, another’s with platform:users.',
      module,
      kind: 'other',
      method: 'POST',
      path: '/users/:id/password',
      access: 'signed-in',
      status: 204,
      input: PasswordChange,
      output: Nothing,
      handle: ({ input }, who) => setPassword(validated(PasswordChange, input), who, identity),
    },
    {
      type: 'CreateApiKey',
      summary: 'Makes a key for a program, with grants out of one’s own; the key itself is shown this once.',
      module,
      kind: 'other',
      method: 'POST',
      path: '/api-keys',
      access: 'platform:keys',
      status: 201,
      input: KeyWish,
      output: Key.extend({ token: z.string() }).meta({ id: 'NewApiKey' }),
      handle: (asked, who) => createKey(asked, who, identity),
    },
    {
      type: 'ListApiKeys',
      summary: 'Keys with when they were last used: all of them with platform:keys, otherwise one’s own.',
      module,
      kind: 'query',
      method: 'GET',
      path: '/api-keys',
      access: 'signed-in',
      status: 200,
      input: Nothing,
      output: z.strictObject({ items: z.array(Key) }),
      handle: async ({ input }, who) => {
        noParameters(input);
        return { status: 200, body: { items: await identity.keys(whoseKeys(who)) } };
      },
    },
    {
      type: 'RevokeApiKey',
      summary: 'Makes a key useless from the next request on: any with platform:keys, otherwise one’s own.',
      module,
      kind: 'other',
      method: 'DELETE',
      path: '/api-keys/:id',
      access: 'signed-in',
      status: 204,
      input: ById,
      output: Nothing,
      handle: async ({ input }, who) => {
        const { id } = validated(ById, input);
        if (!(await identity.revokeKey(id, whoseKeys(who)))) throw notFound(`There is no key ${id}.`);
        return done;
      },
    },
  ];
}

const whoseKeys = (who: SignedIn): string | undefined => (who.caller.may('platform:keys') ? undefined : who.person.id);

async function signIn({ request, response, input }: Asked, { identity, guard, cookies }: IdentitySurroundings): Promise<Answer> {
  const { email, password } = validated(Credentials, input);
  if (request.get('Origin') !== undefined) refuseForeign(request, cookies);
  const device = await knownDevice(cookie(request, DEVICE_COOKIE), email, identity);
  await guard(request, response, { email, device });
  const session = await identity.signIn(email, password);
  if (session === undefined) throw new Problem(401, 'WrongCredentials', 'The e-mail address or the password is wrong.', {});
  const cookieOf = { httpOnly: true, sameSite: 'strict', secure: cookies.secure, path: '/' } as const;
  response.cookie(SESSION_COOKIE, session.token, { ...cookieOf, expires: new Date(session.expiresAt) });
  if (device === undefined) {
    const token = await identity.rememberDevice(session.person.id);
    response.cookie(DEVICE_COOKIE, token, { ...cookieOf, path: `${BASE}/sessions`, maxAge: DEVICE_KEPT_MS });
  }
  return { status: 201, body: { token: session.token, user: userOf(session.person), expiresAt: session.expiresAt } };
}

async function knownDevice(token: string | undefined, email: string, identity: Identity): Promise<string | undefined> {
  const person = token === undefined ? undefined : await identity.person({ email });
  if (token === undefined || person === undefined) return undefined;
  return (await identity.isDeviceOf(token, person.id)) ? token : undefined;
}

async function setPassword(wish: z.output<typeof PasswordChange>, who: SignedIn, identity: Identity): Promise<Answer> {
  if (who.by === 'key') throw forbidden('A key cannot change passwords; sign in.');
  if (wish.id === who.person.id) await proveOneself(wish.current, who, identity);
  else await mayManage(wish.id, who, identity);
  await identity.setPassword(wish.id, wish.password);
  return done;
}

async function proveOneself(current: string | undefined, who: SignedIn, identity: Identity): Promise<void> {
  if (current === undefined || !(await identity.passwordMatches(who.person.id, current)))
    throw new Problem(409, 'WrongPassword', 'The present password is not the one given.');
}

/** Who sets a password can sign in with it, so nobody sets one for somebody who may do more. */
async function mayManage(id: string, who: SignedIn, identity: Identity): Promise<void> {
  if (!who.caller.may('platform:users')) throw forbidden();
  const person = await identity.person({ id });
  if (person === undefined) throw notFound(`There is no user ${id}.`);
  if (!person.grants.every(grant => covers(who.caller, grant))) throw forbidden('This user has rights that you do not have.');
}

/** The id follows from the Idempotency-Key: a repeated request makes no second key, and cannot show the first again. */
async function createKey({ request, input }: Asked, who: SignedIn, identity: Identity): Promise<Answer> {
  const { name, grants } = validated(KeyWish, input);
  if (who.by === 'key') throw forbidden('A key cannot make keys; sign in.');
  const missing = grants.filter(grant => !covers(who.caller, grant));
  if (missing.length > 0) throw new Problem(409, 'BeyondOwnRights', `You do not have these rights yourself: ${missing.join(', ')}.`);
  const id = recordId(uuidv5('api-key', who.principalId, idempotencyKey(request) ?? ulid()));
  const token = await identity.createKey({ id, userId: who.person.id, name, grants });
  if (token === undefined)
    throw new Problem(409, 'Duplicate', 'This request has made its key before; a key is shown once only.', { details: { existingId: id } });
  const key = (await identity.keys(who.person.id)).find(one => one.id === id);
  return { status: 201, headers: { Location: `${BASE}/api-keys/${id}` }, body: { ...key, token } };
}
