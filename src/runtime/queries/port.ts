import type { z } from 'zod';
import type { Caller } from '../../kernel/authority.ts';
import type { AnyQuery, Query } from '../../kernel/query.ts';

/** Which past is asked for. */
export type AsOf =
  /** An ISO 8601 instant that is not in the future: all that was recorded until then. */
  | { readonly recorded: string }
  /** All events up to a position in the log. */
  | { readonly position: bigint }
  /** An ISO 8601 date: what is known today to have happened until its end. */
  | { readonly happened: string };

export interface Asking {
  readonly caller: Caller;
  /** Absent for the present; only for queries that have the clock it takes. */
  readonly asOf?: AsOf;
  /** The earlier past with which a query compares; for those that do, and only for them. */
  readonly since?: AsOf;
  /** Position the projections read must have passed; the runner waits, bounded. */
  readonly after?: bigint;
}

export interface QueryRunner {
  /** @throws InvalidInput, ViewsLag, BadCursor, NoSuchRecord, DatabaseUnavailable */
  ask<Input extends z.ZodType, Answer>(query: Query<Input, Answer>, input: z.input<Input>, asking: Asking): Promise<Answer>;
  /** The same for a query known only by its definition. */
  askAny(query: AnyQuery, input: unknown, asking: Asking): Promise<unknown>;
  close(): Promise<void>;
}

/** Postgres did not answer; it heals by itself. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}
