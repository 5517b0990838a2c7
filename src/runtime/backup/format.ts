/**
 * The form of a backup: gzipped lines of JSON. The first tells what it is; then each table has a line with its name, and a
 * line for each row as Postgres writes it; the last tells how many lines there are and the SHA-256 of all before it.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { flushFolder } from '../postgres/files.ts';
import { StartRefused } from '../supervisor/refused.ts';

export const FORMAT = 1;

export const Header = z.object({
  throughline: z.literal('backup'),
  format: z.int(),
  /** ISO 8601 instant in UTC. */
  at: z.string(),
  /** Identity of the event log; null where no event was written yet, or where the events lie in a store of their own. */
  logId: z.string().nullable(),
  /** Position of the newest event, as decimal text. */
  position: z.string().nullable(),
  migrations: z.array(z.string()),
});
export type Header = z.output<typeof Header>;

export type Line = { readonly table: string } | { readonly row: string };

const End = z.object({ lines: z.int(), sha256: z.string() });

/** Writes a backup whole; on disk when it answers. @throws when the file exists or cannot be written */
export async function writeBackup(path: string, header: Header, lines: AsyncIterable<Line>): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(Readable.from(textOf(header, lines)), createGzip(), file);
  await flushFolder(dirname(path));
}

async function* textOf(header: Header, lines: AsyncIterable<Line>): AsyncGenerator<string, void> {
  const hash = createHash('sha256');
  let count = 0;
  const line = (value: object): string => {
    const text = `${JSON.stringify(value)}\n`;
    hash.update(text);
    count += 1;
    return text;
  };
  yield line(header);
  for await (const value of lines) yield line(value);
  yield `${JSON.stringify({ lines: count, sha256: hash.digest('hex') })}\n`;
}

export interface BackupFile {
  readonly header: Header;
  /** Ends only when the file is whole and as it was written. @throws StartRefused */
  readonly lines: AsyncIterable<Line>;
}

/** @throws StartRefused when it is no backup, or of another form */
export async function readBackup(path: string): Promise<BackupFile> {
  const texts = textsIn(path)[Symbol.asyncIterator]();
  const { value: first = '' } = await texts.next();
  const header = Header.safeParse(parsed(first));
  if (!header.success) throw new StartRefused(`${path} is no backup of Throughline.`);
  if (header.data.format !== FORMAT)
    throw new StartRefused(`${path} is a backup of the form ${header.data.format}; this version reads the form ${FORMAT}.`);
  return { header: header.data, lines: checked(path, first, texts) };
}

async function* textsIn(path: string): AsyncGenerator<string, void> {
  const unzipped = createGunzip();
  const reading = pipeline(createReadStream(path), unzipped);
  // Whoever reads the lines hears of the failure.
  reading.catch(() => undefined);
  try {
    yield* createInterface({ input: unzipped, crlfDelay: Number.POSITIVE_INFINITY });
    await reading;
  } catch (error) {
    throw new StartRefused(`${path} cannot be read: ${(error as Error).message}.`);
  }
}

async function* checked(path: string, first: string, texts: AsyncIterator<string>): AsyncGenerator<Line, void> {
  const hash = createHash('sha256').update(`${first}\n`);
  let count = 1;
  for (let next = await texts.next(); !next.done; next = await texts.next()) {
    const value = parsed(next.value);
    const end = End.safeParse(value);
    if (end.success) {
      if (end.data.lines === count && end.data.sha256 === hash.digest('hex')) return;
      throw new StartRefused(`${path} was changed since it was written; nothing was restored.`);
    }
    hash.update(`${next.value}\n`);
    count += 1;
    yield value as Line;
  }
  throw new StartRefused(`${path} ends too early; nothing was restored.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
