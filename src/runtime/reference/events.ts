import type { AnyEventDefinition } from '../../kernel/event.ts';
import type { Registry } from '../../kernel/module.ts';
import { code, GENERATED, page, tableOf } from './markdown.ts';
import { fieldsOf } from './shape.ts';

/** The catalogue of events: what each says, in which stream it stands, and who listens. */
export function eventCatalogue(registry: Registry): string {
  const seen = new Set<string>();
  const fresh = ({ type }: AnyEventDefinition): boolean => !seen.has(type) && seen.add(type) !== undefined;
  const chapters = registry.modules.flatMap(({ name, commands, projections, sagas, reactions = [] }) => {
    const deciders = [...new Set(commands.map(({ decider }) => decider))];
    const streams = deciders.map(({ category, events }) => ({ title: `Streams \`${category}-…\``, events: events.filter(fresh) }));
    const others = [...projections, ...sagas, ...reactions].flatMap(({ events }) => events).filter(fresh);
    const groups = [...streams, { title: 'Written by the house itself', events: others }].filter(({ events }) => events.length > 0);
    return groups.length === 0
      ? []
      : [`## ${name}`, ...groups.flatMap(group => [`### ${group.title}`, ...group.events.map(entry => entryOf(entry, registry))])];
  });
  return page(
    '# Events',
    GENERATED,
    `${seen.size} kinds of events. Each carries metadata besides its data: who, when recorded, when it occurred, by which command, in which thread; see [the architecture](../architecture.md). Money is integer minor units with its currency, quantities are integer thousandths.`,
    chapters,
  );
}

function entryOf({ type, version, schema, personal = [] }: AnyEventDefinition, registry: Registry): string {
  const fields = fieldsOf(schema, 'output');
  const ofPersons = personal.flatMap(part => part.fields);
  const rows = fields.map(({ name, required, shape }) => [code(name), required ? shape : `${shape}, or absent`]);
  return page(
    `#### ${type}`,
    version === 1 ? undefined : `Version ${version}; older ones are read as this one.`,
    fields.length === 0 ? 'It says all by having happened.' : tableOf(['field', 'shape'], rows),
    ofPersons.length === 0 ? undefined : `Of a person, sealed with their key: ${[...new Set(ofPersons)].map(code).join(', ')}.`,
    heardBy(type, registry),
  ).trimEnd();
}

function heardBy(type: string, { projections, sagas, reactions }: Registry): string | undefined {
  const parts = [
    ['Shown in', [...projections.values()]],
    ['moves', [...sagas.values()]],
    ['answered by', [...reactions.values()]],
  ] as const;
  const said = parts.flatMap(([verb, listeners]) => {
    const names = listeners.filter(({ events }) => events.some(event => event.type === type)).map(({ name }) => code(name));
    return names.length === 0 ? [] : [`${verb} ${names.join(', ')}`];
  });
  return said.length === 0 ? undefined : `${said.join('; ').replace(/^./, letter => letter.toUpperCase())}.`;
}
