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

export function createTable(build: Build): string {
  const columns = Object.entries(build.projection.table.columns).map(
    ([name, { sql, nullable }]) => `${quoted(name)} ${sql}${nullable ? '' : ' not null'}`,
  );
  return `create table ${tableOf(build)} (${['id text collate "C" primary key', ...columns].join(', ')})`;
}

/** Comments and indexes may change without a new version. */
export const describeTable = (build: Build): string =>
  [
    ...build.projection.table.indexes.map(index => createIndex(build, index)),
    `comment on table ${tableOf(build)} is ${pg.escapeLiteral(build.projection.table.comment)}`,
    ...columnComments(build.projection, tableOf(build)),
  ].join(';\n');

export const createView = (build: Build): string =>
  `create view ${viewOf(build.projection)} as select ${columnNames(build.projection).join(', ')} from ${tableOf(build)}`;

export const describeView = (projection: AnyProjection): string =>
  [
    `comment on view ${viewOf(projection)} is ${pg.escapeLiteral(projection.table.comment)}`,
    ...columnComments(projection, viewOf(projection)),
  ].join(';\n');

/** Writes the rows given as one JSON array, new and old alike. */
export function upsert(build: Build): string {
  const changes = columnNames(build.projection).slice(1);
  const action = changes.length === 0 ? 'nothing' : `update set ${changes.map(name => `${name} = excluded.${name}`).join(', ')}`;
  return `insert into ${tableOf(build)} select * from jsonb_populate_recordset(null::${tableOf(build)}, $1::jsonb)
          on conflict (id) do ${action}`;
}

function createIndex(build: Build, index: string): string {
  const method = index.startsWith('using ') ? index : `(${index})`;
  const mark = createHash('sha256').update(index).digest('hex').slice(0, 8);
  return `create index if not exists ${quoted(`${tableNameOf(build)}_${mark}`)} on ${tableOf(build)} ${method}`;
}

function columnComments({ table }: AnyProjection, on: string): readonly string[] {
  const comments = Object.entries(table.columns).map(([name, { comment }]) => [name, comment] as const);
  return [['id', table.key] as const, ...comments].map(
    ([name, comment]) => `comment on column ${on}.${quoted(name)} is ${pg.escapeLiteral(comment)}`,
  );
}

const columnNames = ({ table }: AnyProjection): readonly string[] => ['id', ...Object.keys(table.columns)].map(quoted);

function quoted(name: string): string {
  if (!NAME.test(name)) throw new Error(`${name} is no name for a table or column: small letters, digits and _, at most 63`);
  return pg.escapeIdentifier(name);
}
