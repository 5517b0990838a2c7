import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Kilobytes of the file that are kept in memory. */
const CACHE_KB = 65_536;

/**
 * Texts by key, for work over a whole log whose notes may be larger than memory: they lie in a temporary file that SQLite
 * removes by itself, however the process ends.
 */
export class Scratch {
  readonly #file = new DatabaseSync('');
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #all: StatementSync;

  constructor() {
    this.#file.exec(`
      pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -${CACHE_KB};
      create table notes (kind text not null, key text not null, value text not null, primary key (kind, key)) without rowid;
      begin`);
    this.#get = this.#file.prepare('select value from notes where kind = ? and key = ?');
    this.#set = this.#file.prepare('insert into notes values (?, ?, ?) on conflict do update set value = excluded.value');
    this.#all = this.#file.prepare('select key, value from notes where kind = ? order by key');
  }

  get(kind: string, key: string): string | undefined {
    return this.#get.get(kind, key)?.['value'] as string | undefined;
  }

  set(kind: string, key: string, value: string): void {
    this.#set.run(kind, key, value);
  }

  *all(kind: string): Iterable<readonly [key: string, value: string]> {
    for (const { key, value } of this.#all.iterate(kind)) yield [key as string, value as string];
  }

  close(): void {
    this.#file.close();
  }
}
