/** Who may come in: what the API and the command line ask of it. Secrets live here and nowhere else. */
import { z } from 'zod';
import type { Caller } from '../../kernel/authority.ts';

/** What identity must know of a user. A module offers it by the query named PERSON_QUERY, with input `{ id }` or `{ email }`. */
export const Person = z.strictObject({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  /** What the roles grant, together. */
  grants: z.array(z.string()),
  enabled: z.boolean(),
  /** ISO 8601 instant; sessions begun before it are over. Null for who was never disabled. */
  enabledSince: z.string().nullable(),
});
export type Person = z.output<typeof Person>;

export const PERSON_QUERY = 'FindPerson';

export interface SignedIn {
  readonly caller: Caller;
  /** Whose requests these are, for idempotency: the user, or the key. */
  readonly principalId: string;
  readonly person: Person;
  /** What may be done now: what the roles grant, narrowed by the key. */
  readonly grants: readonly string[];
  readonly by: 'session' | 'key';
}

export interface NewSession {
  readonly token: string;
  readonly person: Person;
  /** ISO 8601 instant after which the session is over however much it is used. */
  readonly expiresAt: string;
}

export interface ApiKey {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly grants: readonly string[];
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

export interface KeyWish {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly grants: readonly string[];
}

export interface Identity {
  /** Undefined for a token that opens nothing (any more). @throws DatabaseUnavailable, ViewsLag */
  callerOf(token: string): Promise<SignedIn | undefined>;
  /** Undefined for a wrong pair of e-mail and password. @throws DatabaseUnavailable, ViewsLag, Overloaded */
  signIn(email: string, password: string): Promise<NewSession | undefined>;
  signOut(token: string): Promise<void>;
  person(by: { readonly id: string } | { readonly email: string }): Promise<Person | undefined>;
  passwordMatches(userId: string, password: string): Promise<boolean>;
  hasPassword(userId: string): Promise<boolean>;
  /** Sets a password and ends all sessions of the user. */
  setPassword(userId: string, password: string): Promise<void>;
  /** A key under a given id; undefined when the id was used before. The token is shown once and cannot be had again. */
  createKey(key: KeyWish): Promise<string | undefined>;
  /** A new token for the key of this id, made if need be; the old token opens nothing any more. */
  renewKey(key: KeyWish): Promise<string>;
  /** The keys of one user, or of all; newest first, at most 1,000. */
  keys(userId?: string): Promise<readonly ApiKey[]>;
  /** False when there is no such key of this user (of any user when absent). */
  revokeKey(id: string, userId?: string): Promise<boolean>;
  /** A token by which this browser is known as the user's own; see `isDeviceOf`. */
  rememberDevice(userId: string): Promise<string>;
  isDeviceOf(token: string, userId: string): Promise<boolean>;
  /** Waits until views show all rights up to a position, and forgets what it knew before. @throws ViewsLag */
  settled(position: bigint): Promise<void>;
  /** Removes what is over. */
  sweep(): Promise<void>;
}
