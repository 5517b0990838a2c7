import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Mapping } from './mapping.ts';

/** A row by column; a column without a value is missing. */
export type Row = Readonly<Record<string, string>>;

export interface Source {
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly find: (key: string) => Row | undefined;
  /** Rows that have these values in these columns; indexed on first use. */
  readonly having: (values: Readonly<Record<string, string>>) => readonly Row[];
  /** Rows that could not be read, by line number. */
  readonly broken: readonly { readonly line: number; readonly reason: string }[];
}

const SEPARATOR = '~';

export async function readSources(mapping: Mapping, folder: string): Promise<ReadonlyMap<string, Source>> {
  const entries = Object.entries(mapping.sources).map(async ([name, definition]) => {
    const text = await readFile(join(folder, definition.file), 'utf8');
    return [name, sourceOf(text, definition, new Set(mapping.absent))] as const;
  });
  return new Map(await Promise.all(entries));
}

export function sourceOf(text: string, { key, repair }: Mapping['sources'][string], absent: ReadonlySet<string>): Source {
  const [header = [], ...lines] = parse(text, {
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  }) as string[][];
  const broken: { line: number; reason: string }[] = [];
  const rows = lines.flatMap((fields, index) => {
    const whole = repair === 'comma-space' ? rejoined(fields, header.length) : fields;
    if (whole.length === header.length) return [rowOf(header, whole, absent)];
    broken.push({ line: index + 2, reason: `${whole.length} fields where the header has ${header.length}` });
    return [];
  });
  const keyOf = (row: Row) => key.map(column => row[column] ?? '').join(SEPARATOR);
  const byKey = new Map(rows.map(row => [keyOf(row), row]));
  return { rows, keyOf, find: wanted => byKey.get(wanted), having: finder(rows), broken };
}

/** Gives back to a field what an unquoted comma cut off it: a piece that begins with a space belongs to the one before. */
export function rejoined(fields: readonly string[], count: number): readonly string[] {
  if (fields.length <= count) return fields;
  const whole: string[] = [];
  for (const piece of fields) {
    if (piece.startsWith(' ') && whole.length > 0) whole.push(`${whole.pop()},${piece}`);
    else whole.push(piece);
  }
  return whole;
}

const rowOf = (header: readonly string[], fields: readonly string[], absent: ReadonlySet<string>): Row =>
  Object.fromEntries(header.flatMap((column, index) => (absent.has(fields[index] as string) ? [] : [[column, fields[index] as string]])));

function finder(rows: readonly Row[]): Source['having'] {
  const indexes = new Map<string, Map<string, Row[]>>();
  return values => {
    const columns = Object.keys(values).sort();
    const name = columns.join(SEPARATOR);
    const at = (row: Row) => columns.map(column => row[column] ?? '').join(SEPARATOR);
    let index = indexes.get(name);
    if (index === undefined) {
      index = Map.groupBy(rows, at);
      indexes.set(name, index);
    }
    return index.get(at(values)) ?? [];
  };
}
