/** Read tables: the definition is the DDL, and the types of rows follow from it. */

export interface Column<Value = unknown> {
  readonly sql: string;
  readonly nullable: boolean;
  /** For analysts, as a sentence without a full stop; units included. */
  readonly comment: string;
  /** Column of the same table, or `id`, that names the person this one tells of; blanked when the person is erased. */
  readonly personOf?: string;
  /** Never set: carries the value's type. */
  readonly value?: Value;
}

export type Columns = Readonly<Record<string, Column>>;

type ValueOf<C> = C extends Column<infer Value> ? Value : never;

/** A row without its key: the key is the column `id`, which every table has first. */
export type RowOf<C extends Columns> = { readonly [Name in keyof C]: ValueOf<C[Name]> };

export interface Table<C extends Columns = Columns> {
  /** snake_case, unique; analysts find it as read.<name>. */
  readonly name: string;
  readonly comment: string;
  /** What the column `id` holds. */
  readonly key: string;
  readonly columns: C;
  /** What to index: column lists, e.g. `owner_id, captured_at`, or with a method of Postgres's, e.g. `using gin (links)`. */
  readonly indexes: readonly string[];
}

export function table<C extends Columns>(
  name: string,
  comment: string,
  columns: C,
  options: { readonly key?: string; readonly indexes?: readonly string[] } = {},
): Table<C> {
  return { name, comment, key: options.key ?? 'Id of the record', columns, indexes: options.indexes ?? [] };
}

const column = <Value>(sql: string, comment: string): Column<Value> => ({ sql, nullable: false, comment });

export const text = (comment: string): Column<string> => column('text collate "C"', comment);
export const flag = (comment: string): Column<boolean> => column('boolean', comment);
/** A whole number within ±2⁵³. */
export const integer = (comment: string): Column<number> => column('bigint', comment);
/** Integer thousandths of the unit of measure. */
export const quantity = (comment: string): Column<number> => column('bigint', `${comment}, in thousandths of the unit`);
/** Integer minor units; a column beside it names the currency. */
export const minorUnits = (comment: string): Column<number> => column('bigint', `${comment}, in minor units of the currency`);
/** A decimal kept as exact text in rows, as numeric in the table. */
export const decimal = (comment: string): Column<string> => column('numeric', comment);
/** ISO 8601 date. */
export const day = (comment: string): Column<string> => column('date', comment);
/** ISO 8601 instant in UTC, milliseconds. */
export const instant = (comment: string): Column<string> => column('timestamptz(3)', comment);
export const texts = (comment: string): Column<readonly string[]> => column('text[]', comment);
/** Plain JSON of a stated type. */
export const json = <Value>(comment: string): Column<Value> => column('jsonb', comment);

/** Text or JSON about the person whom another column, or the key `id`, names; a null there means that it is about nobody. */
export const personal = <Value>(inner: Column<Value>, personOf: string): Column<Value> => ({ ...inner, personOf });

export const nullable = <Value>(inner: Column<Value>): Column<Value | null> => ({ ...inner, nullable: true }) as Column<Value | null>;
