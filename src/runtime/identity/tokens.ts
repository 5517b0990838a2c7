import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** What a token opens; its first letters say so, which lets leaked ones be recognised. */
export type TokenKind = 'session' | 'key' | 'device';

const PREFIX = { session: 'tls_', key: 'tlk_', device: 'tld_' } as const satisfies Record<TokenKind, string>;

/** A new secret of 256 random bits, in letters that need no escaping anywhere. */
export const newToken = (kind: TokenKind): string => PREFIX[kind] + randomBytes(SECRET_BYTES).toString('base64url');

export function kindOf(token: string): TokenKind | undefined {
  if (token.startsWith(PREFIX.session)) return 'session';
  return token.startsWith(PREFIX.key) ? 'key' : undefined;
}

/** What is stored instead of a token. The secret has 256 random bits, so a plain hash cannot be searched. */
export const hashOf = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();
