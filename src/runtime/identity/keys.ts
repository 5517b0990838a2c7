import type { Clock } from '../clock.ts';
import { type Queryable, rowsOf } from '../database.ts';
import type { ApiKey, KeyWish } from './port.ts';
import { before, USE_NOTED_MS } from './times.ts';
import { hashOf, newToken } from './tokens.ts';

const SHOWN_MAX = 1_000;

interface Row {
  id: string;
  user_id: string;
  name: string;
  grants: string[];
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
}

const COLUMNS = 'id, user_id, name, grants, created_at, last_used_at, revoked_at';

/** API keys as rows of ops.api_keys, which holds hashes of their tokens. All of it throws DatabaseUnavailable. */
export class ApiKeys {
  readonly #database: Queryable;
  readonly #clock: Clock;

  constructor(database: Queryable, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** The key that a token opens, by the token's hash; undefined when there is none or it was revoked. */
  async find(hash: Buffer): Promise<ApiKey | undefined> {
    const [row] = await this.#rows<Row>(`select ${COLUMNS} from ops.api_keys where token_hash = $1 and revoked_at is null`, [hash]);
    return row && keyOf(row);
  }

  async used({ id, lastUsedAt }: ApiKey): Promise<void> {
    const now = this.#clock.now();
    if ((lastUsedAt ?? '') < before(now, USE_NOTED_MS))
      await this.#rows('update ops.api_keys set last_used_at = $2 where id = $1', [id, now]);
  }

  /** The token of a new key; undefined when the id was used before. */
  create(key: KeyWish): Promise<string | undefined> {
    return this.#store(key, 'do nothing');
  }

  /** A new token for the key of this id, made if need be. @throws when the key belongs to another user */
  async renew(key: KeyWish): Promise<string> {
    const renewal = 'do update set token_hash = excluded.token_hash, grants = excluded.grants, name = excluded.name, revoked_at = null';
    const token = await this.#store(key, `${renewal} where api_keys.user_id = excluded.user_id`);
    if (token === undefined) throw new Error(`The key ${key.id} belongs to another user`);
    return token;
  }

  async #store({ id, userId, name, grants }: KeyWish, onConflict: string): Promise<string | undefined> {
    const token = newToken('key');
    const made = await this.#rows(
      `insert into ops.api_keys (id, token_hash, user_id, name, grants, created_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (id) ${onConflict} returning id`,
      [id, hashOf(token), userId, name, grants, this.#clock.now()],
    );
    return made.length === 1 ? token : undefined;
  }

  /** Keys of one user, or of all; newest first. */
  async list(userId?: string): Promise<readonly ApiKey[]> {
    const rows = await this.#rows<Row>(
      `select ${COLUMNS} from ops.api_keys
       where $1::text is null or user_id = $1 order by created_at desc, id limit ${SHOWN_MAX}`,
      [userId ?? null],
    );
    return rows.map(keyOf);
  }

  /** False when there is no such key of this user (of any user when absent). */
  async revoke(id: string, userId?: string): Promise<boolean> {
    const revoked = await this.#rows(
      'update ops.api_keys set revoked_at = coalesce(revoked_at, $3) where id = $1 and ($2::text is null or user_id = $2) returning id',
      [id, userId ?? null, this.#clock.now()],
    );
    return revoked.length === 1;
  }

  #rows<Result extends object>(sql: string, parameters: readonly unknown[]): Promise<Result[]> {
    return rowsOf<Result>(this.#database, sql, parameters);
  }
}

const keyOf = (row: Row): ApiKey => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  grants: row.grants,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at,
});
