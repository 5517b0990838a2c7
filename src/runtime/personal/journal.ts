/** Who was erased, kept outside the database: a database restored from an older copy is told by it whom it must not know. */
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flushFolder } from '../postgres/files.ts';
import { StartRefused } from '../supervisor/refused.ts';

export const journalFile = (folder: string): string => join(folder, 'erasures.jsonl');

const NEWLINE = 0x0a;

interface Entry {
  readonly person: string;
  /** ISO 8601 instant in UTC. */
  readonly erasedAt: string;
}

/** A line that a crash cut off was never promised to anybody. @throws StartRefused when a whole line is none of ours */
export async function readJournal(folder: string): Promise<ReadonlySet<string>> {
  const path = journalFile(folder);
  const content = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return '';
    throw new StartRefused(`The journal of erasures ${path} cannot be read: ${error.message}`);
  });
  const lines = content.split('\n').slice(0, -1);
  return new Set(lines.filter(line => line !== '').map(line => personIn(path, line)));
}

function personIn(path: string, line: string): string {
  try {
    const { person } = JSON.parse(line) as Entry;
    if (typeof person === 'string') return person;
  } catch {
    // Said below.
  }
  throw new StartRefused(`The journal of erasures ${path} has a line that is not of it: ${line.slice(0, 80)}`);
}

/** On disk when it answers. What a crash cut off is taken away first. */
export async function writeJournal(folder: string, persons: readonly string[], erasedAt: string): Promise<void> {
  const path = journalFile(folder);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a+', 0o600);
  try {
    const before = await file.readFile();
    await file.truncate(before.lastIndexOf(NEWLINE) + 1);
    await file.writeFile(persons.map(person => `${JSON.stringify({ person, erasedAt } satisfies Entry)}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  await flushFolder(dirname(path));
}
