import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import type { AnyEventDefinition } from '../../src/kernel/event.ts';
import { registry } from '../../src/kernel/module.ts';
import { withTexts } from '../../src/kernel/personal.ts';
import type { AnyProjection, ViewMeta } from '../../src/kernel/projection.ts';
import { keysOf } from '../../src/kernel/projection.ts';
import { modules } from '../../src/modules/index.ts';
import { partsOf } from '../../src/runtime/personal/sealing.ts';

const house = registry(modules);
const RECORD = 'RECORD1';
const MARK = 'TextOfAPerson';

const goldens = Object.assign(
  {},
  ...modules
    .map(({ name }) => join(import.meta.dirname, '..', 'golden', `${name}.json`))
    .filter(file => existsSync(file))
    .map(file => JSON.parse(readFileSync(file, 'utf8')) as object),
) as Record<string, Record<string, unknown> | undefined>;

const meta = (type: string): ViewMeta => ({
  eventId: '6f0d6c1e-5a0b-4c7e-9d55-2f8e1b7a9c34',
  type,
  stream: `record-${RECORD}`,
  category: 'record',
  entityId: RECORD,
  revision: 0,
  position: '1',
  recordedAt: '2026-03-02T09:00:00.000Z',
  occurredAt: '2026-03-02T09:00:00.000Z',
  actor: { kind: 'staff', id: 'ana' },
  commandId: 'c',
  correlationId: 'c',
  causationId: 'c',
  links: [],
});

interface Marked {
  readonly data: unknown;
  /** Whose texts are in it. */
  readonly persons: readonly string[];
}

/** By these an event says whose it is; samples are older than some of them. */
const ORIGIN: Readonly<Record<string, unknown>> = { personId: 'PERSON1', leadId: 'LEAD1', individual: true };

/** The golden sample of an event's newest version with a mark in each text of a person. */
function marked(definition: AnyEventDefinition): Marked {
  const { type, version, schema } = definition;
  const origin = Object.entries(ORIGIN).filter(([name]) => Object.hasOwn((schema as z.ZodObject).shape, name));
  const data = definition.decode({ ...(goldens[type]?.[version] as object), ...Object.fromEntries(origin) }, version);
  const parts = partsOf(definition, data, RECORD);
  const leaves = parts.flatMap(part => part.leaves);
  const texts = leaves.map(() => MARK);
  return { data: withTexts(data, leaves, texts), persons: parts.map(({ person }) => person) };
}

const personal = [...house.events.values()].filter(definition => definition.personal !== undefined);

type Row = Readonly<Record<string, unknown>>;
type Reducer = (row: Row | undefined, data: unknown, key: string, meta: ViewMeta) => Row | null | undefined;

/** Columns that took a text of a person in without saying whose it is. */
function undeclared(projection: AnyProjection): readonly string[] {
  const { name, table, events, on } = projection;
  const found: string[] = [];
  let row: Row | undefined;
  const known = new Set<string>();
  // Twice, so that what changes a row comes after what makes it.
  for (const definition of [...events, ...events]) {
    const { data, persons } = marked(definition);
    for (const person of persons) known.add(person);
    for (const key of keysOf(projection, definition.type, data, meta(definition.type))) {
      const result = (on[definition.type] as Reducer)(row, data, key, meta(definition.type));
      for (const [column, value] of Object.entries(result ?? {})) {
        const { personOf } = table.columns[column] ?? {};
        const person = personOf === 'id' ? key : personOf && result?.[personOf];
        if (JSON.stringify(value)?.includes(MARK) && !known.has(String(person))) found.push(`${name}.${column} of ${definition.type}`);
      }
      row = result ?? row;
    }
  }
  return [...new Set(found)];
}

describe('what is known of people', () => {
  test('is named in the events of every noun that knows any', () => {
    expect(personal.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['LeadCaptured', 'ContactAdded', 'AccountCreated', 'UserRegistered']),
    );
    expect(personal.filter(definition => marked(definition).persons.length === 0).map(({ type }) => type)).toEqual([]);
  });

  test('stands in no column of a view that does not say whose it is', () => {
    const views = [...house.projections.values()].filter(({ every, keptBy }) => every === undefined && keptBy === undefined);
    const concerned = views.filter(({ events }) => events.some(event => event.personal !== undefined));
    expect(concerned.length).toBeGreaterThanOrEqual(5);
    expect(concerned.flatMap(undeclared)).toEqual([]);
  });

  test('gets into no state, explanation or effect of a process', () => {
    const kept: string[] = [];
    for (const saga of house.sagas.values())
      for (const definition of saga.events.filter(event => event.personal !== undefined)) {
        const step = saga.on[definition.type] as (...given: readonly unknown[]) => { state?: unknown; effects?: unknown };
        const { state, effects } = step(saga.initial(), marked(definition).data, RECORD, meta(definition.type));
        const waiting = state === undefined ? undefined : saga.waits[saga.waitsFor(state as never, RECORD)]?.(state as never, RECORD);
        if (JSON.stringify([state, effects, waiting]).includes(MARK)) kept.push(`${saga.name} at ${definition.type}`);
      }
    expect([...house.sagas.values()].some(({ events }) => events.some(event => event.personal !== undefined))).toBe(true);
    expect(kept).toEqual([]);
  });
});
