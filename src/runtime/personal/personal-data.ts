/** All that a process does for personal data: sealing the log, keeping keys, erasing, and hearing of what others erased. */
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import { systemClock } from '../clock.ts';
import { bePatient, connected, type Queryable, transaction } from '../database.ts';
import type { EventLog } from '../event-log/port.ts';
import { recordAgain } from './again.ts';
import { blankViews, ERASED_CHANNEL, erase } from './erasure.ts';
import { readJournal, writeJournal } from './journal.ts';
import { PersonKeys } from './keys.ts';
import { masterKeys } from './master-key.ts';
import { sealing } from './sealing.ts';
import { type PersonalTexts, personalTexts } from './texts.ts';

export interface PersonalDataOptions {
  readonly pool: pg.Pool;
  readonly registry: Pick<Registry, 'projections' | 'events'>;
  /** Folder of the master key and the journal of erasures. */
  readonly keysDir: string;
}

const LISTEN_RETRY_MS = 500;

export class PersonalData implements PersonalTexts {
  readonly #options: PersonalDataOptions;
  readonly #keys: PersonKeys;
  readonly #blind: Buffer;
  readonly #texts: PersonalTexts;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  #hearing: Promise<void> = Promise.resolve();
  /** Whom the database still knew at this start though they had been erased before. */
  #returned: readonly string[] = [];

  private constructor(options: PersonalDataOptions, keys: PersonKeys, blind: Buffer) {
    this.#options = options;
    this.#keys = keys;
    this.#blind = blind;
    this.#texts = personalTexts(keys);
  }

  /**
   * Opens the keys, and erases again whoever a restored database should no longer know.
   * @throws StartRefused for what is amiss with the master key or the journal; DatabaseUnavailable
   */
  static async open(options: PersonalDataOptions): Promise<PersonalData> {
    const { pool, keysDir } = options;
    const masters = await masterKeys(pool, keysDir);
    const personal = new PersonalData(options, new PersonKeys(pool, masters), masters.blind);
    const erased = [...(await readJournal(keysDir))];
    personal.#returned = await transaction(pool, async client => {
      await bePatient(client);
      return erase(client, erased, { registry: options.registry, journal: async () => undefined });
    });
    await personal.#keys.refresh();
    personal.#hearing = personal.#hearAlways();
    return personal;
  }

  /** Sees that the log says itself who is erased, should a restore have taken it back. @throws LogUnavailable */
  recordReturned(log: EventLog): Promise<void> {
    return recordAgain(log, this.#returned, systemClock.now());
  }

  /** The log as the business reads and writes it. */
  sealed(log: EventLog): EventLog {
    return sealing(log, this.#options.registry.events, this.#keys);
  }

  /** Hash of a text that cannot be guessed at without the master key, in hex; the same for the same text. */
  readonly blind = (text: string): string => createHmac('sha256', this.#blind).update(text).digest('hex');

  seal(value: unknown, secrets: ReadonlyMap<string, string>): unknown {
    return this.#texts.seal(value, secrets);
  }

  open(value: unknown): Promise<unknown> {
    return this.#texts.open(value);
  }

  /** Told whenever somebody was erased: what is in memory may tell of them. */
  onErased(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Erases persons in a transaction of the one who keeps the views. */
  readonly erase = async (client: Queryable, persons: readonly string[]): Promise<void> => {
    const journal = (gone: readonly string[]) => writeJournal(this.#options.keysDir, gone, systemClock.now());
    // What is read from here on, in this very batch too, no longer has them; only then the database forgets them.
    for (const person of persons) this.#forget(person);
    await erase(client, persons, { registry: this.#options.registry, journal });
  };

  /** Blanks again what somebody wrote of persons erased meanwhile, having read it before. */
  readonly blank = (client: Queryable, persons: readonly string[]): Promise<void> => blankViews(client, persons, this.#options.registry);

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#hearing;
  }

  #forget(person: string): void {
    if (this.#keys.isErased(person)) return;
    this.#keys.forget(person);
    for (const listener of this.#listeners) listener();
  }

  async #hearAlways(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#hear(signal).catch(() => undefined);
      await sleep(LISTEN_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #hear(signal: AbortSignal): Promise<void> {
    const client = await connected(this.#options.pool);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    try {
      if (signal.aborted) return;
      signal.addEventListener('abort', () => end(), { once: true });
      client.on('error', () => end());
      client.on('end', () => end());
      client.on('notification', ({ payload }) => this.#forget(payload ?? ''));
      await client.query(`listen ${ERASED_CHANNEL}`);
      // Who was erased before we listened.
      await this.#keys.refresh();
      await ended;
    } finally {
      client.release(true);
    }
  }
}
