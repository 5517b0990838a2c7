import { expect, test } from 'vitest';
import { system } from '../../src/kernel/authority.ts';
import type { EventMetadata } from '../../src/kernel/metadata.ts';
import { eventHistory, listEvents, showRecordHistory, showThread } from '../../src/projections/platform/event-history.ts';
import { createQueryRunner } from '../../src/runtime/queries/runner.ts';
import { memoryLog } from '../support/memory-log.ts';
import { filled, happened, opened, purses, registryOf } from './purses.ts';
import { afterwards, ground, passed, projecting } from './support.ts';

const auditor = { caller: system('auditor') };

/** A lead becomes a deal; a payment of another thread settles it; a kind of event nobody knows any more stands between. */
async function history() {
  const { pool } = await ground();
  const log = memoryLog();
  const put = (stream: string, fact: { type: string; data: unknown }, about: Partial<EventMetadata>, expected = -1) =>
    log.append(stream, [happened(fact, about)], expected);
  await put('lead-1', opened('ana'), { correlationId: 'T1', causationId: 'C1' });
  await put('deal-1~2', filled(5), { correlationId: 'T1', causationId: log.events[0]?.id ?? '' });
  await put(
    'lead-1',
    { type: 'LongGone', data: { old: [1] } },
    { correlationId: 'T2', version: 9, actor: { kind: 'contact', id: 'eve' } },
    0,
  );
  await put('payment-1', filled(7), { correlationId: 'T3', links: ['T1', 'T9'] });
  await put('lead-2', opened('bob'), { correlationId: 'T4' });
  const registry = registryOf([purses, eventHistory], [listEvents, showRecordHistory, showThread]);
  await projecting({ log, pool, registry });
  await passed(pool, await log.head(), 2);
  const runner = createQueryRunner({ pool, registry, secret: 'hush', patienceMs: 2_000, checkOutput: true });
  afterwards(() => runner.close());
  return { log, runner };
}

test('every event is kept as it was stored, newest first', async () => {
  const { log, runner } = await history();
  const { items } = await runner.ask(listEvents, { limit: '50' } as never, auditor);
  expect(items.map(({ position }) => position)).toEqual(['50', '40', '30', '20', '10']);
  expect(items[2]).toEqual({
    position: '30',
    id: log.events[2]?.id,
    category: 'lead',
    recordId: '1',
    revision: 1,
    type: 'LongGone',
    version: 9,
    recordedAt: log.events[2]?.metadata.recordedAt,
    occurredAt: log.events[2]?.metadata.occurredAt,
    actor: { kind: 'contact', id: 'eve' },
    commandId: log.events[2]?.metadata.commandId,
    correlationId: 'T2',
    causationId: log.events[2]?.metadata.causationId,
    links: [],
    data: { old: [1] },
  });
});

test('events are found by kind, record, actor, thread and time', async () => {
  const { log, runner } = await history();
  const found = async (filter: Record<string, string>) =>
    (await runner.ask(listEvents, { limit: '50', sort: 'position', ...filter } as never, auditor)).items.map(({ position }) => position);
  expect(await found({ 'filter[type]': 'PurseFilled' })).toEqual(['20', '40']);
  expect(await found({ 'filter[category]': 'lead' })).toEqual(['10', '30', '50']);
  expect(await found({ 'filter[actor]': 'eve' })).toEqual(['30']);
  expect(await found({ 'filter[correlation]': 'T1' })).toEqual(['10', '20']);
  const [from = '', to = ''] = [log.events[1]?.metadata.recordedAt, log.events[3]?.metadata.recordedAt];
  expect(await found({ 'filter[from]': from, 'filter[to]': to })).toEqual(['20', '30']);
});

test('a record tells what happened to it, from the beginning and page by page', async () => {
  const { runner } = await history();
  const first = await runner.ask(showRecordHistory, { type: 'lead', id: '1', limit: '1' } as never, auditor);
  const rest = await runner.ask(showRecordHistory, { type: 'lead', id: '1', limit: '1', cursor: first.next } as never, auditor);
  expect([first, rest].map(({ items }) => items.map(({ type }) => type))).toEqual([['PurseOpened'], ['LongGone']]);
  expect(rest.next).toBeNull();
  expect((await runner.ask(showRecordHistory, { type: 'deal', id: '1~2' } as never, auditor)).items).toHaveLength(1);
});

test('a thread shows its events and those of others that touch it, each with its cause', async () => {
  const { log, runner } = await history();
  const { items } = await runner.ask(showThread, { correlationId: 'T1' } as never, auditor);
  expect(items.map(({ position, causationId }) => [position, causationId])).toEqual([
    ['10', 'C1'],
    ['20', log.events[0]?.id],
    ['40', log.events[3]?.metadata.causationId],
  ]);
});
