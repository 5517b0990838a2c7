import { expect, test } from 'vitest';
import { z } from 'zod';
import { caller, system } from '../../src/kernel/authority.ts';
import { registry } from '../../src/kernel/module.ts';
import { type AnyQuery, clocksOf, NoSuchRecord } from '../../src/kernel/query.ts';
import { modules } from '../../src/modules/index.ts';
import { InvalidInput } from '../../src/runtime/executor/port.ts';
import type { Asking } from '../../src/runtime/queries/port.ts';
import { createQueryRunner } from '../../src/runtime/queries/runner.ts';
import { afterwards, checkpoints, ground, projecting } from '../projector/support.ts';
import { memoryLog } from '../support/memory-log.ts';

const house = registry(modules);

interface Shape {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

/** Inputs with only what must be there and with all that may be, and each choice there is once. */
function inputsOf(query: AnyQuery): readonly object[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query.input, { io: 'input', unrepresentable: 'any' }) as Shape;
  const optional = Object.keys(properties).filter(name => name !== 'cursor' && name !== 'limit');
  return [required, optional].flatMap(names => {
    const choices = names.map(name => [name, samples(properties[name] ?? {})] as const);
    const first = Object.fromEntries(choices.map(([name, [value]]) => [name, value]));
    return [first, ...choices.flatMap(([name, [, ...others]]) => others.map(value => ({ ...first, [name]: value })))];
  });
}

const EARLIER = { recorded: '2026-01-04T00:00:00Z' };

/** The present, and the past by each clock the query has. */
const pastsOf = (query: AnyQuery): readonly Partial<Asking>[] =>
  [
    {},
    ...clocksOf(query).map(clock => ({ asOf: clock === 'recorded' ? { recorded: '2026-01-05T00:00:00Z' } : { happened: '2026-01-05' } })),
  ].map(past => (query.compares === true ? { ...past, since: EARLIER } : past));

const WORDS = ['01J0000000000000000000000A', 'RON', '1.5', '2026-01'];

function samples({ type, enum: choices, format, pattern, maxLength = 200, items = {}, properties = {} }: Shape): readonly unknown[] {
  if (choices !== undefined) return choices;
  if (type === 'array') return [samples(items).slice(0, 1)];
  if (type === 'integer') return [1];
  if (type === 'object') return [Object.fromEntries(Object.entries(properties).map(([name, shape]) => [name, samples(shape)[0]]))];
  if (type === 'integer') return [1];
  if (format === 'date-time') return ['2026-01-05T00:00:00Z'];
  if (format === 'date') return ['2026-01-05'];
  return [WORDS.find(word => word.length <= maxLength && (pattern === undefined || new RegExp(pattern).test(word)))];
}

test('every query of the house is understood by Postgres, with every choice and filter, now and as of the past, for those who see all and those who see their own', async () => {
  const { pool } = await ground();
  const log = memoryLog();
  await projecting({ log, pool, registry: house });
  const kept = [...house.projections.values()].filter(({ keptBy }) => keptBy === undefined);
  await expect.poll(() => checkpoints(pool), { timeout: 20_000 }).toHaveLength(kept.length);
  const runner = createQueryRunner({ pool, registry: house, secret: 'hush', patienceMs: 1_000, log, checkOutput: true });
  afterwards(() => runner.close());

  const failures: string[] = [];
  const unread = new Set(house.queries.keys());
  for (const query of house.queries.values()) {
    const grants = query.reads.flatMap(({ ownRows }) => (ownRows === undefined ? [] : [`${ownRows.permission}:own`]));
    const own = caller({ kind: 'staff', id: 'ana' }, new Set([`${query.permission}:own`, ...grants]));
    for (const input of inputsOf(query))
      for (const caller of [system('test'), own])
        for (const asOf of pastsOf(query))
          try {
            await runner.askAny(query, input, { caller, ...asOf });
            unread.delete(query.type);
          } catch (error) {
            if (error instanceof NoSuchRecord) unread.delete(query.type);
            else if (!(error instanceof InvalidInput))
              failures.push(`${query.type} ${JSON.stringify(input)} ${JSON.stringify(asOf)}: ${error}`);
          }
  }
  expect(failures).toEqual([]);
  expect([...unread]).toEqual([]);
});
