/**
 * The journal of sent effects: a file outside the database that says what was sent. A database restored from a backup does
 * not know what was sent since; the journal does. It also closes the gap between sending and noting it in the database.
 */
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { z } from 'zod';
import { rowsOf } from '../database.ts';
import type { Ownership } from '../ownership.ts';

const Header = z.object({ journal: z.uuid() });
const Entry = z.object({ id: z.string(), round: z.int() });
type Entry = z.output<typeof Entry>;

export const UNKNOWN_COPY =
  'This database sent effects before, but the journal of them is not in the data folder of this machine: it may be a restored copy. Nothing is sent until `npm run effects -- release`.';

/**
 * What was sent and could not be written, by id; it outlives the journal that could not. On a full disk the outbox would
 * otherwise begin again and again, and send the same each time.
 */
export type Unwritten = Map<string, number>;

export class Journal {
  readonly id: string;
  readonly #file: FileHandle;
  #bytes: number;
  /** Newest round in which each effect was sent that the database has not marked as done. */
  readonly #unmarked: ReadonlyMap<string, number>;
  readonly #unwritten: Unwritten;

  private constructor(id: string, file: FileHandle, bytes: number, unmarked: ReadonlyMap<string, number>, unwritten: Unwritten) {
    this.id = id;
    this.#file = file;
    this.#bytes = bytes;
    this.#unmarked = unmarked;
    this.#unwritten = unwritten;
  }

  /** Opens the journal of one log and tells the database what it says, or answers why nothing may be sent. */
  static async open(folder: string, logId: string, owner: Ownership, unwritten: Unwritten): Promise<Journal | { readonly halted: string }> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(join(folder, `sent-${logId}.jsonl`), 'a+', 0o600);
    let journal: Journal | undefined;
    try {
      journal = await Journal.#read(file, folder, owner, unwritten);
      return journal ?? { halted: UNKNOWN_COPY };
    } finally {
      if (journal === undefined) await file.close();
    }
  }

  /** Undefined where it is not the one the database knows. */
  static async #read(file: FileHandle, folder: string, owner: Ownership, unwritten: Unwritten): Promise<Journal | undefined> {
    const known = await owner.rows<{ id: string; bytes: number }>('select id::text as id, bytes from ops.effect_journals');
    const header = await headerOf(file);
    const marked = header && known.find(({ id }) => id === header.id)?.bytes;
    // The one journal the database knows must be here, and whole.
    if (known.length > 0 && (marked === undefined || marked > (await file.stat()).size)) return undefined;
    const { id, ends } = header ?? (await begin(file, folder));
    const { bytes, lines } = await tailOf(file, Math.max(marked ?? 0, ends));
    const unmarked = await owner.transaction(client => tell(client, { id, bytes }, entriesOf(lines)));
    return new Journal(id, file, bytes, unmarked, unwritten);
  }

  /** Whether the effect was sent already, in this round or a later one. */
  knows({ id, round }: Entry): boolean {
    return [this.#unmarked.get(id), this.#unwritten.get(id)].some(sent => sent !== undefined && sent >= round);
  }

  /** Writes that effects were sent, durably, before the database is told. */
  async sent(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    for (const { id, round } of entries) this.#unwritten.set(id, round);
    const lines = entries.map(({ id, round }) => `${JSON.stringify({ id, round })}\n`).join('');
    await this.#file.appendFile(lines);
    await this.#file.datasync();
    // A former owner that froze may have added lines of its own since.
    this.#bytes = (await this.#file.stat()).size;
    for (const { id } of entries) this.#unwritten.delete(id);
  }

  /** Tells the database how much of the journal it knows; in the transaction that marks what the journal says. */
  note(client: pg.PoolClient): Promise<unknown> {
    return client.query(NOTE, [this.id, this.#bytes]);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

const NOTE = `
  insert into ops.effect_journals (id, bytes) values ($1, $2) on conflict (id) do update set bytes = excluded.bytes`;

const NEWS = `
  insert into ops.effects_sent_before (id, round) select * from unnest($1::uuid[], $2::integer[])
  on conflict (id) do update set round = greatest(effects_sent_before.round, excluded.round)`;

/** What the database marked after all, as when a former owner had noted the same. */
const FORGET = `delete from ops.effects_sent_before b using ops.effects e where e.id = b.id and e.status = 'done' and e.round >= b.round`;

/** Keeps what is new to the database in it, so that the journal need not be read from there again. */
async function tell(
  client: pg.PoolClient,
  { id, bytes }: { readonly id: string; readonly bytes: number },
  news: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  await client.query(NEWS, [[...news.keys()], [...news.values()]]);
  await client.query(FORGET);
  await client.query(NOTE, [id, bytes]);
  const rows = await rowsOf<Entry>(client, 'select id::text as id, round from ops.effects_sent_before');
  return new Map(rows.map(entry => [entry.id, entry.round]));
}

interface Begun {
  readonly id: string;
  /** Where its first entry begins. */
  readonly ends: number;
}

async function begin(file: FileHandle, folder: string): Promise<Begun> {
  const id = randomUUID();
  const header = `${JSON.stringify({ journal: id })}\n`;
  await file.truncate(0);
  await file.appendFile(header);
  await file.datasync();
  // The folder's entry, too, must outlive a loss of power, or the database would miss its journal.
  const directory = await open(folder);
  await directory.sync().finally(() => directory.close());
  return { id, ends: Buffer.byteLength(header) };
}

const NEWLINE = 0x0a;
const HEADER_BYTES_MAX = 256;

/** Undefined where none was ever written whole. */
async function headerOf(file: FileHandle): Promise<Begun | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES_MAX), 0, HEADER_BYTES_MAX, 0);
  const ends = buffer.subarray(0, bytesRead).indexOf(NEWLINE) + 1;
  return ends === 0 ? undefined : { id: Header.parse(JSON.parse(buffer.toString('utf8', 0, ends))).journal, ends };
}

/** The lines from an offset on, and where they end. A line that a crash cut off was never acted upon, and goes. */
async function tailOf(file: FileHandle, from: number): Promise<{ readonly bytes: number; readonly lines: string }> {
  const length = (await file.stat()).size - from;
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, from);
  const whole = buffer.lastIndexOf(NEWLINE) + 1;
  if (whole < length) await file.truncate(from + whole);
  return { bytes: from + whole, lines: buffer.toString('utf8', 0, whole) };
}

function entriesOf(lines: string): ReadonlyMap<string, number> {
  const entries = new Map<string, number>();
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    const { id, round } = Entry.parse(JSON.parse(line));
    entries.set(id, Math.max(round, entries.get(id) ?? 0));
  }
  return entries;
}
