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

export class Journal {
  readonly id: string;
  readonly #file: FileHandle;
  #bytes: number;
  /** Newest round in which each effect was sent that the database has not marked as done. */
  readonly #unmarked: ReadonlyMap<string, number>;

  private constructor(id: string, file: FileHandle, bytes: number, unmarked: ReadonlyMap<string, number>) {
    this.id = id;
    this.#file = file;
    this.#bytes = bytes;
    this.#unmarked = unmarked;
  }

  /** Opens the journal of one log and tells the database what it says, or answers why nothing may be sent. */
  static async open(folder: string, logId: string, owner: Ownership): Promise<Journal | { readonly halted: string }> {
    const known = await owner.rows<{ id: string; bytes: number }>('select id::text as id, bytes from ops.effect_journals');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(join(folder, `sent-${logId}.jsonl`), 'a+', 0o600);
    const found = await contentOf(file);
    const marked = found && (known.find(({ id }) => id === found.id)?.bytes ?? 0);
    if (found === undefined ? known.length > 0 : (marked ?? 0) > found.bytes) {
      await file.close();
      return { halted: UNKNOWN_COPY };
    }
    const { id, bytes } = found ?? (await begin(file));
    const news = found === undefined ? new Map<string, number>() : entriesOf(found.entries(marked ?? 0));
    return new Journal(id, file, bytes, await owner.transaction(client => tell(client, { id, bytes }, news)));
  }

  /** Whether the effect was sent already, in this round or a later one. */
  knows({ id, round }: Entry): boolean {
    const sent = this.#unmarked.get(id);
    return sent !== undefined && sent >= round;
  }

  /** Writes that effects were sent, durably, before the database is told. */
  async sent(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const lines = entries.map(({ id, round }) => `${JSON.stringify({ id, round })}\n`).join('');
    await this.#file.appendFile(lines);
    await this.#file.datasync();
    this.#bytes += Buffer.byteLength(lines);
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

/** Keeps what is new to the database in it, so that the journal need not be read from there again. */
async function tell(
  client: pg.PoolClient,
  { id, bytes }: { readonly id: string; readonly bytes: number },
  news: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  await client.query(NEWS, [[...news.keys()], [...news.values()]]);
  await client.query(NOTE, [id, bytes]);
  const rows = await rowsOf<Entry>(client, 'select id::text as id, round from ops.effects_sent_before');
  return new Map(rows.map(entry => [entry.id, entry.round]));
}

async function begin(file: FileHandle): Promise<{ readonly id: string; readonly bytes: number }> {
  const id = randomUUID();
  const header = `${JSON.stringify({ journal: id })}\n`;
  await file.appendFile(header);
  await file.datasync();
  return { id, bytes: Buffer.byteLength(header) };
}

const NEWLINE = 0x0a;

interface Content {
  readonly id: string;
  readonly bytes: number;
  /** The lines of entries from an offset on. */
  entries(from: number): string;
}

/** What the file holds in whole lines; undefined when it holds none. A line that a crash cut off was never acted upon and goes. */
async function contentOf(file: FileHandle): Promise<Content | undefined> {
  const whole = await file.readFile();
  const bytes = whole.lastIndexOf(NEWLINE) + 1;
  if (bytes < whole.length) await file.truncate(bytes);
  if (bytes === 0) return undefined;
  const headerEnds = whole.indexOf(NEWLINE) + 1;
  const { journal: id } = Header.parse(JSON.parse(whole.toString('utf8', 0, headerEnds)));
  return { id, bytes, entries: from => whole.toString('utf8', Math.max(from, headerEnds), bytes) };
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
