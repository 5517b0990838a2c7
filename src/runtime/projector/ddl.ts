/** The SQL that follows from a projection's table definition. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import type { AnyProjection } from '../../kernel/projection.ts';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Hash of what rows look like: when it changes, so must the version. */
export const shapeOf = ({ table }: AnyProjection): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(table.columns).map(([name, { sql, nullable }]) => [name, sql, nullable])))
    .digest('hex');

/** The view of a projection, the same for all versions. */
export const viewOf = ({ table }: AnyProjection): string => `read.${quoted(table.name)}`;

/** The table of one version of a projection. */
export const tableOf = ({ table, version }: AnyProjection): string => tableOfVersion(table.name, version);

export const tableOfVersion = (name: string, version: number): string => `read_data.${quoted(`${name}_v${version}`)}`;

export function createTable(projection: AnyProjection): string {
  const columns = Object.entries(projection.table.columns).map(
    ([name, { sql, nullable }]) => `${quoted(name)} ${sql}${nullable ? '' : ' not null'}`,
  );
  return `create table ${tableOf(projection)} (${['id text collate "C" primary key', ...columns].join(', ')})`;
}

/** Comments and indexes may change without a new version. */
export const describeTable = (projection: AnyProjection): string =>
  [
    ...projection.table.indexes.map(index => createIndex(projection, index)),
    `comment on table ${tableOf(projection)} is ${pg.escapeLiteral(projection.table.comment)}`,
    ...columnComments(projection, tableOf(projection)),
  ].join(';\n');

export const createView = (projection: AnyProjection): string =>
  `create view ${viewOf(projection)} as select ${columnNames(projection).join(', ')} from ${tableOf(projection)}`;

export const describeView = (projection: AnyProjection): string =>
  [
    `comment on view ${viewOf(projection)} is ${pg.escapeLiteral(projection.table.comment)}`,
    ...columnComments(projection, viewOf(projection)),
  ].join(';\n');

/** Writes the rows given as one JSON array, new and old alike. */
export function upsert(projection: AnyProjection): string {
  const changes = columnNames(projection).slice(1);
  const action = changes.length === 0 ? 'nothing' : `update set ${changes.map(name => `${name} = excluded.${name}`).join(', ')}`;
  return `insert into ${tableOf(projection)} select * from jsonb_populate_recordset(null::${tableOf(projection)}, $1::jsonb)
          on conflict (id) do ${action}`;
}

function createIndex({ table, version }: AnyProjection, index: string): string {
  const method = index.startsWith('using ') ? index : `(${index})`;
  const mark = createHash('sha256').update(index).digest('hex').slice(0, 8);
  return `create index if not exists ${quoted(`${table.name}_v${version}_${mark}`)} on ${tableOfVersion(table.name, version)} ${method}`;
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
