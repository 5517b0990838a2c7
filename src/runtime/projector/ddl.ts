/** The SQL that follows from a projection's table definition. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import type { AnyProjection } from '../../kernel/projection.ts';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Where the tables behind the views lie. */
export const READ_DATA = 'read_data';

/** One table of a projection: its version, built for the so-manieth time. */
export interface Build {
  readonly projection: AnyProjection;
  /** From 1; each building of a version is a table of its own. */
  readonly generation: number;
  /** Schema of the table; READ_DATA for all that is kept. */
  readonly schema: string;
}

/** Hash of what rows look like: when it changes, so must the version. */
export const shapeOf = ({ table }: AnyProjection): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(table.columns).map(([name, { sql, nullable }]) => [name, sql, nullable])))
    .digest('hex');

/** The view of a projection, the same for all versions. */
export const viewOf = ({ table }: AnyProjection): string => `read.${quoted(table.name)}`;

export const tableOf = (build: Build): string => `${quoted(build.schema)}.${quoted(tableNameOf(build))}`;

/** Without schema: `<table>_v<version>`, and `_g<generation>` after the first. */
export const tableNameOf = ({ projection: { table, version }, generation }: Build): string =>
  generation === 1 ? `${table.name}_v${version}` : `${table.name}_v${version}_g${generation}`;

/** A table of the past holds the rows of a versioned one that are so no longer: each as it was, from where to where. */
export const pastOf = (build: Build): string => `${quoted(build.schema)}.${quoted(pastNameOf(build))}`;

const pastNameOf = (build: Build): string => `${tableNameOf(build)}_past`;

/** The view of all that the rows of a versioned projection ever were. */
export const pastViewOf = ({ table }: AnyProjection): string => `read_past.${quoted(table.name)}`;

export const FROM = 'from_position';
export const TO = 'to_position';

export function createTable(build: Build): string {
  const { versioned, table } = build.projection;
  const columns = Object.entries(table.columns).map(([name, { sql, nullable }]) => `${quoted(name)} ${sql}${nullable ? '' : ' not null'}`);
  const live = `create table ${tableOf(build)} (${['id text collate "C" primary key', ...columns].join(', ')}`;
  if (!versioned) return `${live})`;
  const past = ['id text collate "C"', ...columns, `${FROM} bigint`, `${TO} bigint not null`, `primary key (id, ${FROM})`];
  return `${live}, ${FROM} bigint not null);\ncreate table ${pastOf(build)} (${past.join(', ')})`;
}

export const dropTable = (build: Build): string => `drop table if exists ${tableOf(build)}, ${pastOf(build)}`;

/** Comments and indexes may change without a new version. */
export const describeTable = (build: Build): string =>
  [
    ...build.projection.table.indexes.map(index => createIndex(tableOf(build), tableNameOf(build), index)),
    `comment on table ${tableOf(build)} is ${pg.escapeLiteral(build.projection.table.comment)}`,
    ...columnComments(build.projection, tableOf(build)),
    ...(build.projection.versioned ? describePast(build) : []),
  ].join(';\n');

/**
 * By the same indexes the past is read in the same way. They hold the beginning of each state too, so that what began later is
 * passed over without a look at its row. One more finds what ended since then, mostly the least of it.
 */
const describePast = (build: Build): readonly string[] => [
  ...[...build.projection.table.indexes.map(begun), TO].map(index => createIndex(pastOf(build), pastNameOf(build), index)),
  `comment on table ${pastOf(build)} is ${pg.escapeLiteral(`${build.projection.table.comment}, as they were before`)}`,
];

const begun = (index: string): string => (index.startsWith('using ') ? index : `${index}, ${FROM}`);

/** Also of what a versioned projection's rows ever were. */
export const createView = (build: Build): string =>
  [
    `create view ${viewOf(build.projection)} as select ${columnNames(build.projection).join(', ')} from ${tableOf(build)}`,
    ...(build.projection.versioned ? [`create view ${pastViewOf(build.projection)} as ${allVersions(build)}`] : []),
  ].join(';\n');

export const dropView = (projection: AnyProjection): string => `drop view if exists ${viewOf(projection)}, ${pastViewOf(projection)}`;

/** Every state the rows of a versioned table ever had; those that are so now end nowhere. */
export function allVersions(build: Build): string {
  const columns = [...columnNames(build.projection), FROM].join(', ');
  return `select ${columns}, null::bigint as ${TO} from ${tableOf(build)} union all select ${columns}, ${TO} from ${pastOf(build)}`;
}

/** All there is to compare of a projection, its past included: of the view that is shown, or of one table. */
export function comparable(projection: AnyProjection, build?: Build): string {
  if (projection.versioned) return build === undefined ? pastViewOf(projection) : `(${allVersions(build)})`;
  const columns = [...columnNames(projection), `0::bigint as ${FROM}`, `null::bigint as ${TO}`].join(', ');
  return `(select ${columns} from ${build === undefined ? viewOf(projection) : tableOf(build)})`;
}

export const describeView = (projection: AnyProjection): string =>
  [
    `comment on view ${viewOf(projection)} is ${pg.escapeLiteral(projection.table.comment)}`,
    ...columnComments(projection, viewOf(projection)),
    ...(projection.versioned ? describePastView(projection) : []),
  ].join(';\n');

const describePastView = (projection: AnyProjection): readonly string[] => [
  `comment on view ${pastViewOf(projection)} is ${pg.escapeLiteral(`${projection.table.comment}, with all they ever were`)}`,
  ...columnComments(projection, pastViewOf(projection)),
  `comment on column ${pastViewOf(projection)}.${FROM} is 'Position in the log of the event that made the row so'`,
  `comment on column ${pastViewOf(projection)}.${TO} is 'Position of the event that ended it; empty while it is so still'`,
];

/** Keeps the rows given as SQL for one JSON array: none of them was ever kept before. */
export const insertPast = (build: Build, rows: string): string =>
  `insert into ${pastOf(build)} select * from jsonb_populate_recordset(null::${pastOf(build)}, ${rows}::jsonb)`;

/** Writes the rows given as SQL for one JSON array, new and old alike. */
export function upsert(build: Build, rows: string): string {
  const changes = [...columnNames(build.projection).slice(1), ...(build.projection.versioned ? [FROM] : [])];
  const action = changes.length === 0 ? 'nothing' : `update set ${changes.map(name => `${name} = excluded.${name}`).join(', ')}`;
  return `insert into ${tableOf(build)} select * from jsonb_populate_recordset(null::${tableOf(build)}, ${rows}::jsonb)
          on conflict (id) do ${action}`;
}

function createIndex(table: string, name: string, index: string): string {
  const method = index.startsWith('using ') ? index : `(${index})`;
  const mark = createHash('sha256').update(index).digest('hex').slice(0, 8);
  return `create index if not exists ${quoted(`${name}_${mark}`)} on ${table} ${method}`;
}

function columnComments({ table }: AnyProjection, on: string): readonly string[] {
  const comments = Object.entries(table.columns).map(([name, { comment }]) => [name, comment] as const);
  return [['id', table.key] as const, ...comments].map(
    ([name, comment]) => `comment on column ${on}.${quoted(name)} is ${pg.escapeLiteral(comment)}`,
  );
}

/** Asked for by every question, and the same each time. */
const namesByTable = new WeakMap<AnyProjection['table'], readonly string[]>();

export function columnNames({ table }: AnyProjection): readonly string[] {
  const known = namesByTable.get(table);
  if (known !== undefined) return known;
  const names = ['id', ...Object.keys(table.columns)].map(quoted);
  namesByTable.set(table, names);
  return names;
}

function quoted(name: string): string {
  if (!NAME.test(name)) throw new Error(`${name} is no name for a table or column: small letters, digits and _, at most 63`);
  return pg.escapeIdentifier(name);
}
