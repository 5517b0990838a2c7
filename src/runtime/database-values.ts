/** How Postgres's values become ours: exact, without time zones, safe to compare. */
import pg from 'pg';

const INT8 = 20;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const INT8_ARRAY = 1016;
const TEXT_ARRAY = 1009;
const TIMESTAMP_ARRAY = 1115;
const DATE_ARRAY = 1182;
const TIMESTAMPTZ_ARRAY = 1185;
const NUMERIC_ARRAY = 1231;

type Parser = (text: string) => unknown;
const usualParser = pg.types.getTypeParser as (oid: number, format?: string) => Parser;
const textArray = usualParser(TEXT_ARRAY) as (text: string) => (string | null)[];

const array =
  (element: Parser): Parser =>
  text =>
    textArray(text).map(entry => (entry === null ? null : element(entry)));
const asIs: Parser = text => text;

const PARSERS: ReadonlyMap<number, Parser> = new Map([
  [INT8, safeInteger],
  [DATE, asIs],
  [TIMESTAMP, asIs],
  [TIMESTAMPTZ, instant],
  [INT8_ARRAY, array(safeInteger)],
  [TIMESTAMP_ARRAY, array(asIs)],
  [DATE_ARRAY, array(asIs)],
  [TIMESTAMPTZ_ARRAY, array(instant)],
  [NUMERIC_ARRAY, array(asIs)],
]);

/** For our own pools only: the parsers of the pg library are global, and not ours to change. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format = 'text') =>
    (format === 'text' ? PARSERS.get(oid) : undefined) ?? usualParser(oid, format)) as typeof pg.types.getTypeParser,
};

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond ±2⁵³ and cannot be read as a number`);
  return value;
}

const INSTANT = /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/;
const MILLISECOND_DIGITS = 3;

function instant(text: string): string {
  const [, day, time, fraction = ''] = INSTANT.exec(text) ?? [];
  if (day === undefined) throw new RangeError(`${text} is no instant in UTC of our era`);
  return `${day}T${time}.${fraction.padEnd(MILLISECOND_DIGITS, '0').slice(0, MILLISECOND_DIGITS)}Z`;
}
