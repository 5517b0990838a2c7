import { expect, test } from 'vitest';
import { registry } from '../../src/kernel/module.ts';
import { modules } from '../../src/modules/index.ts';
import { memoryLog } from '../support/memory-log.ts';
import { checkpoints, ground, projecting } from './support.ts';

test('every view of the house can be built, table, indexes and comments', async () => {
  const { pool } = await ground();
  const house = registry(modules);
  const kept = [...house.projections.values()].filter(({ keptBy }) => keptBy === undefined);
  await projecting({ log: memoryLog(), pool, registry: house });
  await expect.poll(() => checkpoints(pool), { timeout: 20_000 }).toHaveLength(kept.length);
  expect(kept.length).toBeGreaterThan(10);
  expect((await checkpoints(pool)).filter(({ state }) => state !== 'live')).toEqual([]);
});
