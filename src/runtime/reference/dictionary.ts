import type { Registry } from '../../kernel/module.ts';
import type { AnyProjection } from '../../kernel/projection.ts';
import { code, GENERATED, page, tableOf } from './markdown.ts';

/** The schema `read` for analysts: each view and what its columns hold. */
export function analystDictionary(registry: Registry): string {
  const chapters = registry.modules.flatMap(({ name, projections }) =>
    projections.length === 0 ? [] : [`## ${name}`, ...projections.map(entryOf)],
  );
  return page(
    '# Data dictionary for analysts',
    GENERATED,
    [
      'Every view lies in the schema `read` of the database and may be read by the sign-ins that `npm run analyst` makes (see [observe.md](../observe.md)). The views of `read_past` hold every state a row ever had, with `from_position` and `to_position` (null: still so).',
      'Views are made of events and lag them by some hundredths of a second; `ops` and the event store are not for analysts. Amounts are integers in minor units with a currency beside them, quantities integers in thousandths; instants are in UTC. The same comments stand in the database (`\\d+ read.leads`).',
      'An analyst sees the rows of all owners. What belongs to an erased person shows a placeholder.',
    ],
    chapters,
  );
}

function entryOf(projection: AnyProjection): string {
  const { table } = projection;
  const key = ['`id`', 'text', table.key];
  const columns = Object.entries(table.columns).map(([name, { sql, nullable, comment, personOf }]) => [
    code(name),
    `${sql.replace(' collate "C"', '')}${nullable ? ', may be null' : ''}`,
    personOf === undefined ? comment : `${comment} (of a person)`,
  ]);
  return page(
    `### read.${table.name}`,
    `${table.comment}.${projection.versioned ? ` Its past is in ${code(`read_past.${table.name}`)}.` : ''}`,
    tableOf(['column', 'type', 'holds'], [key, ...columns]),
  ).trimEnd();
}
