/** Keys of persons: made when something is first said of somebody, gone when they are erased. */
import { randomBytes } from 'node:crypto';
import { type Queryable, rowsOf } from '../database.ts';
import { KEY_BYTES, openBytes, sealBytes } from './crypto.ts';
import type { MasterKeys } from './master-key.ts';

/** About 20 MB. */
const CACHED_MAX = 100_000;

/** The key of a person; null when they were erased. */
export type PersonKey = Buffer | null;

/** A person's key was sealed with a master key that the file does not hold. */
export class MasterKeyUnknown extends Error {
  override readonly name = 'MasterKeyUnknown';
}

interface Row {
  readonly person: string;
  readonly master: number;
  readonly wrapped: Buffer | null;
}

export class PersonKeys {
  readonly #database: Queryable;
  readonly #masters: MasterKeys;
  readonly #cached = new Map<string, PersonKey>();
  readonly #erased = new Set<string>();
  #wanted = new Set<string>();
  #making: Promise<void> | undefined;

  constructor(database: Queryable, masters: MasterKeys) {
    this.#database = database;
    this.#masters = masters;
  }

  /** Learns who was erased until now. */
  async refresh(): Promise<void> {
    const rows = await rowsOf<{ person: string }>(this.#database, 'select person from ops.person_keys where erased_at is not null');
    for (const { person } of rows) this.forget(person);
  }

  isErased(person: string): boolean {
    return this.#erased.has(person);
  }

  /** From now on this person is erased here; what is in memory of their key goes. */
  forget(person: string): void {
    this.#erased.add(person);
    this.#cached.delete(person);
  }

  /** The key, as far as it is known without asking; undefined where it is not. */
  known(person: string): PersonKey | undefined {
    return this.#erased.has(person) ? null : this.#cached.get(person);
  }

  /** Sees that `known` can tell of all persons who ever had a key. @throws DatabaseUnavailable, MasterKeyUnknown */
  async load(persons: Iterable<string>): Promise<void> {
    const missing = [...persons].filter(person => this.known(person) === undefined);
    if (missing.length === 0) return;
    const rows = await rowsOf<Row>(this.#database, 'select person, master, wrapped from ops.person_keys where person = any($1)', [missing]);
    for (const row of rows) this.#learn(row);
  }

  /** Sees that each person has a key or was erased. Those who ask at one time share one commit. @throws DatabaseUnavailable */
  async make(persons: Iterable<string>): Promise<void> {
    for (;;) {
      const missing = [...persons].filter(person => this.known(person) === undefined);
      if (missing.length === 0) return;
      for (const person of missing) this.#wanted.add(person);
      this.#making ??= this.#makeWanted().finally(() => {
        this.#making = undefined;
      });
      await this.#making;
    }
  }

  async #makeWanted(): Promise<void> {
    // In one order, so that two processes never wait for each other.
    const persons = [...this.#wanted].sort();
    this.#wanted = new Set();
    const { newest, keys } = this.#masters;
    const master = keys.get(newest) as Buffer;
    const wrapped = persons.map(person => sealBytes(master, randomBytes(KEY_BYTES), person));
    const made = await rowsOf<Row>(
      this.#database,
      `insert into ops.person_keys (person, master, wrapped) select person, $2, wrapped from unnest($1::text[], $3::bytea[]) as given (person, wrapped)
       on conflict (person) do nothing returning person, master, wrapped`,
      [persons, newest, wrapped],
    );
    for (const row of made) this.#learn(row);
    await this.load(persons);
  }

  #learn({ person, master, wrapped }: Row): void {
    if (wrapped === null) this.forget(person);
    if (wrapped === null || this.#erased.has(person)) return;
    const sealing = this.#masters.keys.get(master);
    if (sealing === undefined)
      throw new MasterKeyUnknown(`The key of ${person} is sealed with the master key ${master}, which is not here`);
    this.#cached.set(person, openBytes(sealing, wrapped, person));
    if (this.#cached.size > CACHED_MAX) this.#cached.delete(this.#cached.keys().next().value as string);
  }
}
