import type { Column, Columns } from '../../kernel/table.ts';

/** A row without its key, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * A row exactly as it would come back from its table. So a reducer sees the same row whether it was written a moment ago in
 * this batch or years ago, and a rebuild in other batches equals the live table byte for byte.
 * @throws when a value is not of its column's kind, or missing
 */
export function asStored(columns: Columns, row: Row): Row {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, value(name, column, row[name])]));
}

type Normal = (value: unknown) => unknown;

/** Each gives the value as stored, or undefined for what is not of this kind. */
const KINDS: Readonly<Record<string, Normal>> = {
  'text collate "C"': text,
  boolean: value => (typeof value === 'boolean' ? value : undefined),
  bigint: value => (Number.isSafeInteger(value) ? (value as number) + 0 : undefined),
  numeric: value => (typeof value === 'string' && NUMERIC.test(value) ? value : undefined),
  date: value => (typeof value === 'string' && DATE.test(value) ? value : undefined),
  'timestamptz(3)': instant,
  'text[]': value => (Array.isArray(value) && value.every(entry => text(entry) !== undefined) ? value : undefined),
  jsonb: value => json(value),
};

const NUMERIC = /^(?!-0+(\.0+)?$)-?(0|[1-9]\d*)(\.\d+)?$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function value(name: string, { sql, nullable }: Column, given: unknown): unknown {
  if (given === null || given === undefined) {
    if (nullable) return null;
    throw new TypeError(`the column ${name} has no value`);
  }
  const normal = KINDS[sql]?.(given);
  if (normal === undefined) throw new TypeError(`the column ${name} is ${sql}, which ${JSON.stringify(given)?.slice(0, 100)} is not`);
  return normal;
}

/** Postgres's text holds any Unicode but NUL. */
function text(value: unknown): unknown {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0') ? value : undefined;
}

function instant(value: unknown): unknown {
  if (typeof value !== 'string' || !INSTANT.test(value)) return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** As jsonb keeps it: members ordered by the length of their names, then bytewise. */
function json(value: unknown): unknown {
  return ordered(JSON.parse(JSON.stringify(value)));
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => ({ name, bytes: Buffer.from(name), member }));
  members.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  return Object.fromEntries(members.map(({ name, member }) => [name, ordered(member)]));
}
