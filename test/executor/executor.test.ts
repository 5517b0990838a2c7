import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { caller, system } from '../../src/kernel/authority.ts';
import { byId, command } from '../../src/kernel/command.ts';
import { decider, notFound, refuse } from '../../src/kernel/decider.ts';
import { event } from '../../src/kernel/event.ts';
import { module, registry } from '../../src/kernel/module.ts';
import { AppendRefused, type EventLog, LogUnavailable } from '../../src/runtime/event-log/port.ts';
import { createExecutor } from '../../src/runtime/executor/executor.ts';
import { CommandMismatch, Conflict, type Execution, InvalidInput, type Outcome } from '../../src/runtime/executor/port.ts';
import { uuidv5 } from '../../src/runtime/ids.ts';
import type { QueryRunner } from '../../src/runtime/queries/port.ts';
import { memoryLog } from '../support/memory-log.ts';

/** A purse that holds tokens; spending may first hold a token in another purse. */
const Filled = event('PurseFilled', { tokens: z.int(), owner: z.string() });
const Spent = event('TokenSpent', { on: z.string() });
const Returned = event('TokenReturned', { on: z.string() });
interface State {
  readonly tokens: number;
  readonly owner?: string;
  readonly spent: readonly string[];
}
const Purse = decider({
  category: 'purse',
  stateVersion: 1,
  events: [Filled, Spent, Returned],
  initial: (): State => ({ tokens: 0, spent: [] }),
  evolve: {
    PurseFilled: (state, { tokens, owner }): State => ({ ...state, tokens: state.tokens + tokens, owner }),
    TokenSpent: (state, { on }): State => ({ ...state, tokens: state.tokens - 1, spent: [...state.spent, on] }),
    TokenReturned: (state, { on }): State => ({ ...state, tokens: state.tokens + 1, spent: state.spent.filter(what => what !== on) }),
  },
});
const Till = decider({ ...Purse, category: 'till', shared: true });

const input = z.strictObject({ id: z.string(), on: z.string() });
const fill = command({
  type: 'FillPurse',
  summary: '',
  permission: 'purse:fill',
  input: z.strictObject({ tokens: z.int().max(10) }),
  decider: Purse,
  decide: (_, { tokens }, { actor }) => [Filled({ tokens, owner: actor.id })],
});
const fillTill = command({
  type: 'FillTill',
  summary: '',
  permission: 'purse:fill',
  input: z.strictObject({ id: z.string(), tokens: z.int() }),
  decider: Till,
  entityId: byId,
  decide: (_, { tokens }, { actor }) => [Filled({ tokens, owner: actor.id })],
});
const decideSpend = (state: State, { id, on }: { id: string; on: string }) => {
  if (state.owner === undefined) return notFound('purse', id);
  if (state.spent.includes(on)) return [];
  if (state.tokens === 0) return refuse('PurseEmpty', 'The purse is empty.');
  return [Spent({ on })];
};
const spendTill = command({
  type: 'SpendTill',
  summary: '',
  permission: 'purse:spend',
  input,
  decider: Till,
  entityId: byId,
  decide: decideSpend,
});
const returnTill = command({
  type: 'ReturnTill',
  summary: '',
  permission: 'purse:spend',
  input,
  decider: Till,
  entityId: byId,
  decide: (state, { on }) => (state.spent.includes(on) ? [Returned({ on })] : []),
});
const spend = command({
  type: 'SpendToken',
  summary: '',
  permission: 'purse:spend',
  input,
  decider: Purse,
  entityId: byId,
  relations: ({ owner }) => ({ owner }),
  decide: decideSpend,
});
/** Spends in two tills first: both or none. */
const spendBoth = command({
  type: 'SpendBoth',
  summary: '',
  permission: 'purse:spend',
  input,
  decider: Purse,
  entityId: byId,
  decide: decideSpend,
  holds: events =>
    events.flatMap(({ type, data }) =>
      type === 'TokenSpent'
        ? ['b', 'a'].map(id => ({ take: spendTill({ id, on: data.on }), release: returnTill({ id, on: data.on }) }))
        : [],
    ),
});
const open = command({
  type: 'OpenFromPurse',
  summary: '',
  permission: 'purse:fill',
  input: z.strictObject({ from: z.string(), further: z.string().optional() }),
  decider: Purse,
  parent: ({ from }) => ({ category: 'purse', id: from }),
  links: ({ further }) => (further === undefined ? [] : [{ category: 'purse', id: further }]),
  decide: (_, __, { actor }) => [Filled({ tokens: 1, owner: actor.id })],
  follows: () => [spendTill({ id: 'a', on: 'opening' })],
});
const house = registry([
  module({
    name: 'purses',
    commands: [fill, fillTill, spend, spendTill, returnTill, spendBoth, open],
    projections: [],
    queries: [],
    sagas: [],
  }),
]);

const noQueries = {} as QueryRunner;
const clock = { now: () => '2026-03-02T09:00:00.000Z' };
const everyone = system('test');
let key = 0;
const by = (more: Partial<Execution> = {}): Execution => ({ caller: everyone, commandId: uuidv5('test', String(key++)), ...more });

let log: EventLog;
const fresh = (over: EventLog = log, patienceMs = 2_000) =>
  createExecutor({ log: over, registry: house, queries: noQueries, clock, timeZone: 'Europe/Bucharest', patienceMs });
const events = async (stream: string) => Array.fromAsync(log.readStream(stream));
const idOf = (outcome: Outcome): string => (outcome.kind === 'done' ? outcome.record.id : '');

beforeEach(() => {
  log = memoryLog();
});

describe('executing a command', () => {
  test('appends what was decided, with who, when, why and on what basis', async () => {
    const execution = by({ occurredAt: '1996-07-04T12:00:00.000Z' });
    const id = idOf(await fresh().execute(fill({ tokens: 2 }), execution));
    const [first] = await events(`purse-${id}`);
    expect(first).toMatchObject({ type: 'PurseFilled', revision: 0, data: { tokens: 2, owner: 'test' } });
    expect(first?.metadata).toMatchObject({
      version: 1,
      recordedAt: clock.now(),
      occurredAt: '1996-07-04T12:00:00.000Z',
      actor: { kind: 'system', id: 'test' },
      commandId: execution.commandId,
      correlationId: execution.commandId,
      causationId: execution.commandId,
      basis: -1,
    });
  });

  test('gives a known command its first answer again, without effect, also after a restart', async () => {
    const execution = by();
    const executor = fresh();
    const first = await executor.execute(fill({ tokens: 2 }), execution);
    const again = await executor.execute(fill({ tokens: 2 }), execution);
    const restarted = await fresh().execute(fill({ tokens: 2 }), execution);
    expect([again, restarted]).toEqual([first, first].map(answer => ({ ...answer, repeated: true })));
    expect(await events(`purse-${idOf(first)}`)).toHaveLength(1);
  });

  test('refuses a known command id with another body', async () => {
    const execution = by();
    const executor = fresh();
    await executor.execute(fill({ tokens: 2 }), execution);
    await expect(executor.execute(fill({ tokens: 3 }), execution)).rejects.toThrow(CommandMismatch);
  });

  test('names what does not fit the schema by pointer', async () => {
    const failure = await fresh()
      .execute({ command: 'FillPurse', input: { tokens: 11, 'a/b': 1 } }, by())
      .catch(error => error);
    expect(failure).toBeInstanceOf(InvalidInput);
    expect(failure.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(['/a~1b', '/tokens']);
  });

  test('lets nobody do what no role grants, and hides what is somebody else’s', async () => {
    const executor = fresh();
    const owner = caller({ kind: 'staff', id: 'ana' }, new Set(['purse:fill', 'purse:spend:own']));
    const other = caller({ kind: 'staff', id: 'dan' }, new Set(['purse:spend:own']));
    const id = idOf(await executor.execute(fill({ tokens: 2 }), by({ caller: owner })));
    expect(await executor.execute(fill({ tokens: 2 }), by({ caller: other }))).toEqual({ kind: 'forbidden' });
    expect(await executor.execute(spend({ id, on: 'x' }), by({ caller: other }))).toMatchObject({
      kind: 'refused',
      refusal: { refused: 'NotFound' },
    });
    expect(await executor.execute(spend({ id, on: 'x' }), by({ caller: owner }))).toMatchObject({ kind: 'done', revision: 1 });
  });

  test('tells the current revision to who saw another one', async () => {
    const executor = fresh();
    const id = idOf(await executor.execute(fill({ tokens: 2 }), by()));
    expect(await executor.execute(spend({ id, on: 'x' }), by({ ifMatch: 4 }))).toEqual({ kind: 'stale', revision: 0 });
    expect(await executor.execute(spend({ id, on: 'x' }), by({ ifMatch: 0 }))).toMatchObject({ kind: 'done', revision: 1 });
  });

  test('confirms a refusal by the log when another process has written meanwhile', async () => {
    const [here, there] = [fresh(), fresh()];
    await here.execute(fillTill({ id: 'a', tokens: 1 }), by());
    await here.execute(spendTill({ id: 'a', on: 'x' }), by());
    await there.execute(fillTill({ id: 'a', tokens: 1 }), by());
    expect(await here.execute(spendTill({ id: 'a', on: 'y' }), by())).toMatchObject({ kind: 'done', revision: 3 });
  });

  test('decides again when the stream moved under it, and one of many wins each token', async () => {
    const executors = [fresh(), fresh()];
    await executors[0]?.execute(fillTill({ id: 'a', tokens: 5 }), by());
    const wishes = Array.from({ length: 20 }, (_, index) => executors[index % 2]?.execute(spendTill({ id: 'a', on: `w${index}` }), by()));
    const kinds = (await Promise.all(wishes)).map(outcome => outcome?.kind);
    expect(kinds.filter(kind => kind === 'done')).toHaveLength(5);
    expect(await events('till-a')).toHaveLength(6);
  });

  test('answers Conflict when the stream never holds still', async () => {
    const restless: EventLog = { ...bound(log), append: async stream => Promise.reject(await wrongRevision(stream)) };
    await expect(fresh(restless, 50).execute(fill({ tokens: 1 }), by())).rejects.toThrow(Conflict);
  });

  test('passes on that the log cannot be reached', async () => {
    const down: EventLog = { ...bound(log), append: () => Promise.reject(new LogUnavailable('down')) };
    await expect(fresh(down).execute(fill({ tokens: 1 }), by())).rejects.toThrow(LogUnavailable);
    const full: EventLog = { ...bound(log), append: () => Promise.reject(new AppendRefused('too large')) };
    await expect(fresh(full).execute(fill({ tokens: 1 }), by())).rejects.toThrow(AppendRefused);
  });
});

describe('holds', () => {
  test('are all taken before the append, or all given back with the refusal of the one that failed', async () => {
    const executor = fresh();
    const id = idOf(await executor.execute(fill({ tokens: 5 }), by()));
    await executor.execute(fillTill({ id: 'a', tokens: 5 }), by());
    await executor.execute(fillTill({ id: 'b', tokens: 1 }), by());
    expect(await executor.execute(spendBoth({ id, on: 'x' }), by())).toMatchObject({ kind: 'done' });
    const refused = await executor.execute(spendBoth({ id, on: 'y' }), by());
    const [, , , returned] = await events('till-a');
    expect(refused).toMatchObject({ kind: 'refused', refusal: { refused: 'PurseEmpty' }, position: returned?.position });
    expect((await events('till-a')).map(({ type }) => type)).toEqual(['PurseFilled', 'TokenSpent', 'TokenSpent', 'TokenReturned']);
    expect((await events(`purse-${id}`)).map(({ type }) => type)).toEqual(['PurseFilled', 'TokenSpent']);
  });
});

describe('the thread', () => {
  test('runs from a parent to what it caused, and links further parents', async () => {
    const executor = fresh();
    const root = by();
    const from = idOf(await executor.execute(fill({ tokens: 1 }), root));
    const other = by();
    const further = idOf(await executor.execute(fill({ tokens: 1 }), other));
    await executor.execute(fillTill({ id: 'a', tokens: 1 }), by());
    const child = idOf(await executor.execute(open({ from, further }), by()));
    const [first] = await events(`purse-${child}`);
    expect(first?.metadata).toMatchObject({ correlationId: root.commandId, links: [other.commandId] });
    const inTill = (await events('till-a')).at(-1);
    expect(inTill).toMatchObject({
      type: 'TokenSpent',
      metadata: { correlationId: root.commandId, causationId: first?.metadata.commandId },
    });
  });

  test('stays the stream’s own, whoever commands later', async () => {
    const executor = fresh();
    const root = by();
    const id = idOf(await executor.execute(fill({ tokens: 1 }), root));
    await executor.execute(spend({ id, on: 'x' }), by({ cause: { correlationId: 'elsewhere', causationId: 'there' } }));
    expect((await events(`purse-${id}`)).at(-1)?.metadata).toMatchObject({ correlationId: root.commandId, causationId: 'there', basis: 0 });
  });
});

describe('the cache', () => {
  test('is bounded by bytes and forgets the longest unused first', async () => {
    const executor = createExecutor({ log, registry: house, queries: noQueries, clock, timeZone: 'UTC', cacheBytesMax: 3_000 });
    for (let index = 0; index < 50; index++) await executor.execute(fillTill({ id: `t${index}`, tokens: 1 }), by());
    expect(executor.streams.bytes).toBeLessThanOrEqual(3_000);
    const { misses } = executor.streams;
    await executor.execute(spendTill({ id: 't49', on: 'x' }), by());
    expect(executor.streams.misses).toBe(misses);
    await executor.execute(spendTill({ id: 't0', on: 'x' }), by());
    expect(executor.streams.misses).toBe(misses + 1);
  });
});

const bound = (inner: EventLog): EventLog => ({
  append: inner.append.bind(inner),
  readStream: inner.readStream.bind(inner),
  readAll: inner.readAll.bind(inner),
  follow: inner.follow.bind(inner),
  head: inner.head.bind(inner),
  identity: inner.identity.bind(inner),
  close: inner.close.bind(inner),
});

async function wrongRevision(stream: string): Promise<unknown> {
  return log.append(stream, [], 7).then(
    () => new Error('expected a wrong revision'),
    error => error,
  );
}
