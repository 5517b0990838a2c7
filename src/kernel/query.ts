import type { z } from 'zod';
import type { Caller } from './authority.ts';
import type { Permission, Route } from './command.ts';
import { type AnyProjection, keepsPast } from './projection.ts';

/**
 * The tables a query declared in `reads`, each under its own name and already narrowed to the rows this caller may see.
 * Nothing else is in reach.
 */
export interface ReadDatabase {
  /** Rows as objects by column name: bigint columns as numbers, dates and instants as ISO 8601 text, jsonb parsed. */
  rows<Row = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Makes an opaque page cursor of the sort values of the last row. */
  seal(values: readonly unknown[]): string;
  /** Opens a cursor made by `seal`. @throws BadCursor when it was edited or belongs to another list */
  unseal(cursor: string): readonly unknown[];
  /** A secret of the house for these parts, base64 of 32 bytes: the same whoever asks, and not to be told from another's. */
  secretFor(...parts: readonly string[]): string;
  /** IANA name of the company's time zone, by which an instant falls on a day. */
  readonly timeZone: string;
  /** ISO 8601 date in that zone: today, or the day of the past that is asked about. */
  readonly today: string;
  /** The same tables as they stood at the instant since which a query compares. */
  readonly earlier?: ReadDatabase;
}

/** A cursor that this list did not make, answered as 400. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

/** The record asked for does not exist for this caller, answered as 404. */
export class NoSuchRecord extends Error {
  override readonly name = 'NoSuchRecord';
  constructor(noun: string, id: string) {
    super(`There is no ${noun} ${id}.`);
  }
}

export interface Query<Input extends z.ZodType = z.ZodType, Answer = unknown> {
  readonly type: string;
  /** One sentence for the API reference. */
  readonly summary: string;
  /** Absent for queries that only commands ask. */
  readonly route?: Route;
  readonly permission: Permission;
  /** Path names and query-string parameters, in wire form (text) in, values out; a strict object. */
  readonly input: Input;
  /** Shape of the answer on the wire. */
  readonly output: z.ZodType<Answer>;
  readonly reads: readonly AnyProjection[];
  /** True where it answers at any business day: from the rows of its dated tables up to that day. */
  readonly ledger?: true;
  /** Member of the answer whose entries are the rows of its export; absent where it has none. */
  readonly exports?: keyof Answer & string;
  /** Present where it tells what changed since an earlier instant, which whoever asks must name. */
  readonly compares?: true;
  readonly answer: (db: ReadDatabase, input: z.output<Input>, caller: Caller) => Promise<Answer>;
}

/** A query as the runtime sees it. */
export interface AnyQuery {
  readonly type: string;
  readonly summary: string;
  readonly route?: Route;
  readonly permission: Permission;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  readonly reads: readonly AnyProjection[];
  readonly ledger?: true;
  readonly exports?: string;
  readonly compares?: true;
  readonly answer: (db: ReadDatabase, input: never, caller: Caller) => Promise<unknown>;
}

/** `recorded`: what the house knew at an instant. `happened`: what is known today to have happened by a day. */
export type ClockName = 'recorded' | 'happened';

/** The clocks by which a query can be asked about the past. */
export const clocksOf = ({ reads, ledger }: AnyQuery): readonly ClockName[] => [
  ...(reads.length > 0 && reads.every(keepsPast) ? (['recorded'] as const) : []),
  ...(ledger === true ? (['happened'] as const) : []),
];

export const query = <Input extends z.ZodType, Answer>(definition: Query<Input, Answer>): Query<Input, Answer> => definition;
