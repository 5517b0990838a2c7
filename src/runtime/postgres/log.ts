import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs';

const FILE_BYTES_MAX = 5_000_000;
const REMEMBERED_LINES = 40;

/** What Postgres says: the last lines in memory, the last 5 to 10 MB in `postgres.log` and `postgres.log.1`. */
export class PostgresLog {
  readonly #path: string;
  #file: WriteStream | undefined;
  #bytes = 0;
  #last: readonly string[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** The lines since the last `forget`, oldest first. */
  get last(): readonly string[] {
    return this.#last;
  }

  forget(): void {
    this.#last = [];
  }

  add(line: string): void {
    this.#last = [...this.#last, line].slice(-REMEMBERED_LINES);
    this.#file ??= this.#open();
    this.#bytes += Buffer.byteLength(line) + 1;
    this.#file.write(`${line}\n`);
    if (this.#bytes > FILE_BYTES_MAX) this.#turn();
  }

  close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    return new Promise(resolve => (file ? file.end(() => resolve()) : resolve()));
  }

  #open(): WriteStream {
    this.#bytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    const file = createWriteStream(this.#path, { flags: 'a', mode: 0o600 });
    // A log that cannot be written (a full disk) must not end what it tells about.
    file.on('error', () => {
      this.#file = undefined;
    });
    return file;
  }

  #turn(): void {
    this.#file?.end();
    this.#file = undefined;
    try {
      renameSync(this.#path, `${this.#path}.1`);
    } catch {
      // The old file stays and is tried again after the next line.
    }
  }
}
