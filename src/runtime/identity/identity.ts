import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, caller, covers, system } from '../../kernel/authority.ts';
import type { Registry } from '../../kernel/module.ts';
import type { Clock } from '../clock.ts';
import { type Queryable, rowsOf } from '../database.ts';
import { ViewsLag } from '../executor/port.ts';
import type { QueryRunner } from '../queries/port.ts';
import { ApiKeys } from './keys.ts';
import { PasswordHasher } from './passwords.ts';
import { type ApiKey, type Identity, type KeyWish, type NewSession, PERSON_QUERY, Person, type SignedIn } from './port.ts';
import { before, USE_NOTED_MS } from './times.ts';
import { hashOf, kindOf, newToken } from './tokens.ts';

export interface IdentityOptions {
  readonly database: Queryable;
  readonly registry: Registry;
  readonly queries: QueryRunner;
  readonly clock: Clock;
}

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const SESSION_IDLE_MS = 12 * HOUR_MS;
const SESSION_MAX_MS = 30 * DAY_MS;
const DEVICE_KEPT_MS = 180 * DAY_MS;
/** How long a known token is believed without asking; another process's revocation takes effect after at most this. */
const BELIEVED_MS = 1_000;
const BELIEVED_MAX = 2_000;
/** What was granted or taken away is waited for longer than what is merely looked at. */
const SETTLED_PATIENCE_MS = 10_000;
const SETTLED_PAUSE_MS = 50;

export const createIdentity = (options: IdentityOptions): Identity => new StoredIdentity(options);

interface Believed {
  readonly until: number;
  readonly signedIn: SignedIn;
}

class StoredIdentity implements Identity {
  readonly #database: Queryable;
  readonly #queries: QueryRunner;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #keys: ApiKeys;
  readonly #hasher = new PasswordHasher();
  readonly #believed = new Map<string, Believed>();
  /** Grows with every revocation, so that a look-up begun before it is not believed after it. */
  #generation = 0;

  constructor({ database, registry, queries, clock }: IdentityOptions) {
    this.#database = database;
    this.#registry = registry;
    this.#queries = queries;
    this.#clock = clock;
    this.#keys = new ApiKeys(database, clock);
  }

  async callerOf(token: string): Promise<SignedIn | undefined> {
    const hash = hashOf(token);
    const name = hash.toString('base64');
    const known = this.#believed.get(name);
    if (known !== undefined && known.until > performance.now()) return known.signedIn;
    const generation = this.#generation;
    const signedIn = await this.#lookUp(token, hash);
    if (signedIn !== undefined && generation === this.#generation) this.#believe(name, signedIn);
    return signedIn;
  }

  #lookUp(token: string, hash: Buffer): Promise<SignedIn | undefined> {
    const kind = kindOf(token);
    if (kind === 'session') return this.#bySession(hash);
    return kind === 'key' ? this.#byKey(hash) : Promise.resolve(undefined);
  }

  #believe(name: string, signedIn: SignedIn): void {
    if (this.#believed.size >= BELIEVED_MAX) this.#believed.clear();
    this.#believed.set(name, { until: performance.now() + BELIEVED_MS, signedIn });
  }

  #forget(): void {
    this.#generation++;
    this.#believed.clear();
  }

  async #bySession(hash: Buffer): Promise<SignedIn | undefined> {
    const now = this.#clock.now();
    const [session] = await this.#rows<{ user_id: string; created_at: string; last_used_at: string }>(
      `select s.user_id, s.created_at, s.last_used_at from ops.sessions s
       join ops.passwords p on p.user_id = s.user_id and p.version = s.password_version
       where s.token_hash = $1 and s.expires_at > $2 and s.last_used_at > $3`,
      [hash, now, before(now, SESSION_IDLE_MS)],
    );
    if (session === undefined) return undefined;
    const person = await this.person({ id: session.user_id });
    if (!person?.enabled || session.created_at < (person.enabledSince ?? '')) return undefined;
    if (session.last_used_at < before(now, USE_NOTED_MS))
      await this.#rows('update ops.sessions set last_used_at = $2 where token_hash = $1', [hash, now]);
    return signedIn(person, person.grants, { kind: 'staff', id: person.id }, person.id, 'session');
  }

  async #byKey(hash: Buffer): Promise<SignedIn | undefined> {
    const key = await this.#keys.find(hash);
    const person = key && (await this.person({ id: key.userId }));
    if (key === undefined || !person?.enabled) return undefined;
    await this.#keys.used(key);
    return signedIn(person, inBoth(key.grants, person.grants), { kind: 'integration', id: person.id }, `key:${key.id}`, 'key');
  }

  async signIn(email: string, password: string): Promise<NewSession | undefined> {
    const person = await this.person({ email });
    const stored = person && (await this.#passwordOf(person.id));
    const right = await this.#hasher.matches(stored, password);
    if (!right || !person?.enabled) return undefined;
    const token = newToken('session');
    const now = this.#clock.now();
    const expiresAt = before(now, -SESSION_MAX_MS);
    // A password changed while this one was being checked opens nothing any more.
    const opened = await this.#rows(
      `insert into ops.sessions (token_hash, user_id, password_version, created_at, last_used_at, expires_at)
       select $1, user_id, version, $3, $3, $4 from ops.passwords where user_id = $2 and hash = $5 returning user_id`,
      [hashOf(token), person.id, now, expiresAt, stored],
    );
    return opened.length === 1 ? { token, person, expiresAt } : undefined;
  }

  async signOut(token: string): Promise<void> {
    await this.#rows('delete from ops.sessions where token_hash = $1', [hashOf(token)]);
    this.#forget();
  }

  async person(by: { readonly id: string } | { readonly email: string }, after?: bigint): Promise<Person | undefined> {
    const query = this.#registry.queries.get(PERSON_QUERY);
    if (query === undefined) throw new Error(`No module offers the query ${PERSON_QUERY}`);
    const asking = { caller: system('identity'), ...(after === undefined ? {} : { after }) };
    const { person } = (await this.#queries.askAny(query, by, asking)) as { person: unknown };
    return person === null ? undefined : Person.parse(person);
  }

  async #passwordOf(userId: string): Promise<string | undefined> {
    const [row] = await this.#rows<{ hash: string }>('select hash from ops.passwords where user_id = $1', [userId]);
    return row?.hash;
  }

  async hasPassword(userId: string): Promise<boolean> {
    return (await this.#passwordOf(userId)) !== undefined;
  }

  async passwordMatches(userId: string, password: string): Promise<boolean> {
    return this.#hasher.matches(await this.#passwordOf(userId), password);
  }

  async setPassword(userId: string, password: string): Promise<void> {
    const hash = await this.#hasher.hash(password);
    await this.#rows(
      `with changed as (
         insert into ops.passwords (user_id, hash, changed_at) values ($1, $2, $3)
         on conflict (user_id) do update
         set hash = excluded.hash, version = passwords.version + 1, changed_at = excluded.changed_at returning user_id)
       delete from ops.sessions where user_id in (select user_id from changed)`,
      [userId, hash, this.#clock.now()],
    );
    this.#forget();
  }

  createKey(key: KeyWish): Promise<string | undefined> {
    return this.#keys.create(key);
  }

  async renewKey(key: KeyWish): Promise<string> {
    const token = await this.#keys.renew(key);
    this.#forget();
    return token;
  }

  keys(userId?: string): Promise<readonly ApiKey[]> {
    return this.#keys.list(userId);
  }

  async revokeKey(id: string, userId?: string): Promise<boolean> {
    const revoked = await this.#keys.revoke(id, userId);
    this.#forget();
    return revoked;
  }

  async rememberDevice(userId: string): Promise<string> {
    const token = newToken('device');
    const parameters = [hashOf(token), userId, this.#clock.now()];
    await this.#rows('insert into ops.devices (token_hash, user_id, last_used_at) values ($1, $2, $3)', parameters);
    return token;
  }

  async isDeviceOf(token: string, userId: string): Promise<boolean> {
    const known = await this.#rows('update ops.devices set last_used_at = $3 where token_hash = $1 and user_id = $2 returning user_id', [
      hashOf(token),
      userId,
      this.#clock.now(),
    ]);
    return known.length === 1;
  }

  async settled(position: bigint): Promise<void> {
    const giveUpAt = performance.now() + SETTLED_PATIENCE_MS;
    for (;;) {
      const lag = await this.person({ id: '' }, position).then(() => undefined, onlyLag);
      if (lag === undefined) break;
      if (performance.now() > giveUpAt) throw lag;
      await sleep(SETTLED_PAUSE_MS);
    }
    this.#forget();
  }

  async sweep(): Promise<void> {
    const now = this.#clock.now();
    await this.#rows('delete from ops.sessions where expires_at <= $1 or last_used_at <= $2', [now, before(now, SESSION_IDLE_MS)]);
    await this.#rows('delete from ops.devices where last_used_at <= $1', [before(now, DEVICE_KEPT_MS)]);
  }

  #rows<Row extends object>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    return rowsOf<Row>(this.#database, sql, parameters);
  }
}

function onlyLag(error: unknown): ViewsLag {
  if (error instanceof ViewsLag) return error;
  throw error;
}

const signedIn = (
  person: Person,
  grants: readonly string[],
  actor: Caller['actor'],
  principalId: string,
  by: SignedIn['by'],
): SignedIn => ({ caller: caller(actor, new Set(grants)), principalId, person, grants, by });

/** What two sets of grants both allow, e.g. `crm:read` and `crm:read:own` make `crm:read:own`. */
function inBoth(some: readonly string[], others: readonly string[]): readonly string[] {
  const within = (grants: readonly string[], bounds: readonly string[]) => {
    const bound = { may: (permission: string) => bounds.includes('*') || bounds.includes(permission) };
    return grants.filter(grant => covers(bound, grant));
  };
  return [...new Set([...within(some, others), ...within(others, some)])];
}
