/** Erasing persons: their keys go, and with them, in one transaction, all that was written of them in the clear. */
import pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import { erasedAt, erasedWhole, type PersonalPart } from '../../kernel/personal.ts';
import type { AnyProjection } from '../../kernel/projection.ts';
import { type Queryable, rowsOf } from '../database.ts';

/** Channel on which all processes hear, at the commit, who is erased from now on. */
export const ERASED_CHANNEL = 'persons_erased';

/**
 * What is kept beside log and views and goes whole. Kept answers may repeat what was asked, and do not say of whom; all of them go,
 * since the log itself knows the commands it has seen.
 */
const LEFTOVERS = [
  'delete from ops.passwords where user_id = any($1)',
  'delete from ops.sessions where user_id = any($1)',
  'delete from ops.devices where user_id = any($1)',
  'delete from ops.api_keys where user_id = any($1)',
  'delete from ops.requests where cardinality($1::text[]) > 0',
];

export interface ErasureOptions {
  readonly registry: Pick<Registry, 'projections'>;
  /** Writes down outside the database who is erased, before the database forgets them. */
  readonly journal: (persons: readonly string[]) => Promise<void>;
}

/** Erases those of the persons who are not erased yet, and tells who they were. Nobody else may write views meanwhile. */
export async function erase(
  client: Queryable,
  given: readonly string[],
  { registry, journal }: ErasureOptions,
): Promise<readonly string[]> {
  if (given.length === 0) return [];
  await rowsOf(client, `select pg_advisory_xact_lock(hashtextextended('throughline/erasure', 0))`);
  const persons = await stillKnown(client, given);
  if (persons.length === 0) return [];
  await journal(persons);
  await rowsOf(
    client,
    `insert into ops.person_keys (person, master, erased_at) select person, 0, now() from unnest($1::text[]) as given (person)
     on conflict (person) do update set wrapped = null, erased_at = now()`,
    [persons],
  );
  await blankViews(client, persons, registry);
  for (const sql of LEFTOVERS) await rowsOf(client, sql, [persons]);
  await rowsOf(client, 'select pg_notify($1, person) from unnest($2::text[]) as given (person)', [ERASED_CHANNEL, persons]);
  return persons;
}

/** Takes what is said of persons in the clear out of all views, those under construction included. */
export async function blankViews(
  client: Queryable,
  persons: readonly string[],
  { projections }: Pick<Registry, 'projections'>,
): Promise<void> {
  if (persons.length === 0) return;
  for (const projection of projections.values()) await blank(client, projection, persons);
}

async function stillKnown(client: Queryable, persons: readonly string[]): Promise<readonly string[]> {
  const rows = await rowsOf<{ person: string }>(
    client,
    'select person from ops.person_keys where person = any($1) and erased_at is not null',
    [persons],
  );
  const erased = new Set(rows.map(({ person }) => person));
  return [...new Set(persons)].filter(person => !erased.has(person)).sort();
}

interface Found {
  readonly name: string;
  readonly columns: readonly string[];
}

/** The tables of all versions and generations of a projection, those of its past included, as the database knows them. */
const TABLES = `
  select c.relname as name, array_agg(a.attname::text) as columns
  from pg_catalog.pg_class c
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = to_regnamespace('read_data') and c.relkind = 'r' and c.relname ~ $1
  group by c.relname`;

async function blank(client: Queryable, projection: AnyProjection, persons: readonly string[]): Promise<void> {
  const { table, every } = projection;
  const personal = Object.entries(table.columns).flatMap(([name, { personOf }]) => (personOf === undefined ? [] : [{ name, personOf }]));
  if (personal.length === 0 && every === undefined) return;
  for (const { name, columns } of await rowsOf<Found>(client, TABLES, [`^${table.name}_v[0-9]+(_g[0-9]+)?(_past)?$`])) {
    const target = `read_data.${pg.escapeIdentifier(name)}`;
    if (every !== undefined && columns.includes('personal')) await blankEvents(client, target, persons);
    for (const column of personal)
      if (columns.includes(column.name) && columns.includes(column.personOf)) await blankColumn(client, target, column, persons);
  }
}

async function blankColumn(
  client: Queryable,
  target: string,
  { name, personOf }: { readonly name: string; readonly personOf: string },
  persons: readonly string[],
): Promise<void> {
  const [column, person] = [pg.escapeIdentifier(name), pg.escapeIdentifier(personOf)];
  const rows = await rowsOf<{ place: string; value: unknown }>(
    client,
    `select ctid::text as place, to_jsonb(${column}) as value from ${target} where ${person} = any($1) and ${column} is not null for update`,
    [persons],
  );
  await write(
    client,
    target,
    name,
    rows.map(({ place, value }) => ({ place, value: erasedWhole(value) })),
  );
}

interface EventRow {
  readonly place: string;
  readonly data: unknown;
  readonly personal: readonly PersonalPart[];
}

/** In a view of everything each row says itself where its texts of people are. */
async function blankEvents(client: Queryable, target: string, persons: readonly string[]): Promise<void> {
  const rows = await rowsOf<EventRow>(
    client,
    `select ctid::text as place, data, personal from ${target}
     where personal @> any (select jsonb_build_array(jsonb_build_object('person', person)) from unnest($1::text[]) as given (person)) for update`,
    [persons],
  );
  const gone = new Set(persons);
  await write(
    client,
    target,
    'data',
    rows.map(({ place, data, personal }) => {
      const leaves = personal.filter(({ person }) => gone.has(person)).flatMap(part => part.leaves);
      return { place, value: erasedAt(data, leaves) };
    }),
  );
}

/** Values by the place of their row, which stays where it is until this statement. */
async function write(
  client: Queryable,
  target: string,
  name: string,
  changes: readonly { readonly place: string; readonly value: unknown }[],
): Promise<void> {
  if (changes.length === 0) return;
  const column = pg.escapeIdentifier(name);
  await rowsOf(
    client,
    `update ${target} t set ${column} = (jsonb_populate_record(t, jsonb_build_object($2::text, given.value))).${column}
     from jsonb_to_recordset($1::jsonb) as given (place text, value jsonb) where t.ctid = given.place::tid`,
    [JSON.stringify(changes), name],
  );
}
