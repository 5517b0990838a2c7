import { hkdfSync, randomBytes } from 'node:crypto';
import { type Queryable, rowsOf } from './database.ts';

const SECRET_BYTES = 32;
const SALT = 'throughline/derived';

/** A secret that all processes on this database share; the first to ask makes it. */
export async function sharedSecret(database: Queryable, name: string): Promise<string> {
  const fresh = randomBytes(SECRET_BYTES).toString('base64url');
  await database.query('insert into ops.secrets (name, value) values ($1, $2) on conflict (name) do nothing', [name, fresh]);
  const [row] = await rowsOf<{ value: string }>(database, 'select value from ops.secrets where name = $1', [name]);
  if (row === undefined) throw new Error(`The secret ${name} cannot be read back`);
  return row.value;
}

/** A secret for these parts that follows from another and does not give it away (HKDF, RFC 5869); base64 of 32 bytes. */
export const derivedSecret = (secret: string, parts: readonly string[]): string =>
  Buffer.from(hkdfSync('sha256', secret, SALT, JSON.stringify(parts), SECRET_BYTES)).toString('base64');
