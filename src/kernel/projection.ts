import type { Permission } from './command.ts';
import type { AnyEventDefinition, DataOf, Handlers } from './event.ts';
import type { Actor } from './metadata.ts';
import type { PersonalPart } from './personal.ts';
import type { Columns, RowOf, Table } from './table.ts';

/** What a view may know of an event besides its data. */
export interface ViewMeta {
  readonly eventId: string;
  readonly type: string;
  readonly stream: string;
  readonly category: string;
  /** Id part of the stream: the entity the event is about. */
  readonly entityId: string;
  readonly revision: number;
  /** Decimal text of the position in the whole log. */
  readonly position: string;
  readonly recordedAt: string;
  readonly occurredAt: string;
  readonly actor: Actor;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly links: readonly string[];
}

/**
 * A view kept by events. `on` maps each event to the row it makes of the row before: a row to write, null to delete,
 * undefined to leave as it is. `version` grows when the table, the events or the logic change.
 */
export interface Projection<C extends Columns, D extends AnyEventDefinition> {
  /** kebab-case, unique. */
  readonly name: string;
  readonly version: number;
  readonly table: Table<C>;
  readonly events: readonly D[];
  /** Row keys an event touches; by default the one row of the event's entity. */
  readonly keys?: { readonly [Type in D['type']]?: (data: DataOf<Extract<D, { type: Type }>>, meta: ViewMeta) => readonly string[] };
  readonly on: Handlers<D, RowOf<C> | undefined, RowOf<C> | null | undefined, [key: string, meta: ViewMeta]>;
  /** A caller who holds only `permission:own` sees the rows whose `owner` column names them, and those whose `observers` (texts) do. */
  readonly ownRows?: { readonly permission: Permission; readonly owner: keyof C & string; readonly observers?: keyof C & string };
  /** Keeps every earlier state of its rows, so that queries over it can be asked as of any instant. */
  readonly versioned?: true;
  /** In a ledger: the column that holds the business day of each row; a row without one belongs to all days. */
  readonly dated?: keyof C & string;
}

/** A projection as the runtime sees it. */
export interface AnyProjection {
  readonly name: string;
  readonly version: number;
  readonly table: Table<Columns>;
  readonly events: readonly AnyEventDefinition[];
  readonly keys?: Readonly<Record<string, ((data: never, meta: ViewMeta) => readonly string[]) | undefined>>;
  readonly on: Readonly<Record<string, (row: never, data: never, key: string, meta: ViewMeta) => unknown>>;
  /** Present in a view that keeps every event of every kind, known here or not; `events` and `on` are empty then. */
  readonly every?: { readonly key: (meta: ViewMeta) => string; readonly row: (fact: StoredFact, meta: ViewMeta) => unknown };
  readonly ownRows?: { readonly permission: Permission; readonly owner: string; readonly observers?: string };
  readonly versioned?: true;
  readonly dated?: string;
  /** Present where the runner of sagas or of effects, not the projector, keeps the rows; `on` is empty then. */
  readonly keptBy?: 'sagas' | 'effects';
}

/** An event's data as they were stored, in the version they were stored in. */
export interface StoredFact {
  readonly data: unknown;
  readonly version: number;
  /** Where texts of people are in the data; absent where there are none. */
  readonly personal?: readonly PersonalPart[];
}

export const projection = <C extends Columns, D extends AnyEventDefinition>(definition: Projection<C, D>): Projection<C, D> => definition;

/** Positions have at most 20 digits; with zeros before them their text is in the order of the log. */
const POSITION_DIGITS = 20;

/** Key of a chronicle's row: the place of its event in the log. */
export const placeKey = (position: string): string => position.padStart(POSITION_DIGITS, '0');

/** A view with one row for each event of every kind, as it was stored, in the order of the log. */
export const chronicle = <C extends Columns>({
  row,
  ...definition
}: {
  readonly name: string;
  readonly version: number;
  readonly table: Table<C>;
  readonly row: (fact: StoredFact, meta: ViewMeta) => RowOf<C>;
}): AnyProjection => ({ ...definition, events: [], on: {}, every: { key: ({ position }) => placeKey(position), row } });

/** Whether every earlier state of a view can be told. A chronicle's rows never change, so it can by nature. */
export const keepsPast = ({ versioned, every }: AnyProjection): boolean => versioned === true || every !== undefined;

/** The keys of the rows an event touches. */
export const keysOf = (definition: AnyProjection, type: string, data: unknown, meta: ViewMeta): readonly string[] => {
  if (definition.every !== undefined) return [definition.every.key(meta)];
  const keys = definition.keys?.[type] as ((data: unknown, meta: ViewMeta) => readonly string[]) | undefined;
  return keys === undefined ? [meta.entityId] : keys(data, meta);
};
