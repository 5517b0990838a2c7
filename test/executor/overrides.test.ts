/** How a command leans on an approval: the house's own commands, on a log in memory. */
import { beforeEach, describe, expect, test } from 'vitest';
import { approveOverride, requestOverride, settleOverride } from '../../src/commands/platform/approval.ts';
import { acceptSalesOrder, declineSalesOrder } from '../../src/commands/sales/sales-order.ts';
import { COMPANY_DEFAULTS } from '../../src/domain/platform/company-settings.ts';
import { SalesOrderPlaced } from '../../src/domain/sales/sales-order.ts';
import { system } from '../../src/kernel/authority.ts';
import type { CommandMessage } from '../../src/kernel/command.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import { registry } from '../../src/kernel/module.ts';
import { type Currency, money, zero } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { modules } from '../../src/modules/index.ts';
import { type EventLog, LogUnavailable } from '../../src/runtime/event-log/port.ts';
import { createExecutor } from '../../src/runtime/executor/executor.ts';
import type { Execution, Outcome } from '../../src/runtime/executor/port.ts';
import { uuidv5 } from '../../src/runtime/ids.ts';
import type { QueryRunner } from '../../src/runtime/queries/port.ts';
import { type MemoryLog, memoryLog } from '../support/memory-log.ts';

const house = registry(modules);
const RON = 'RON' as Currency;
const clock = { now: () => '2026-03-02T09:00:00.000Z' };

let log: MemoryLog;
let roles: readonly string[];
let executor: ReturnType<typeof createExecutor>;

/** The company lets nobody take off more than 10 %, but directors 20 %. */
const settings = { ...COMPANY_DEFAULTS, discountLimitPercent: '10', discountLimitPercentByRole: { 'commercial-director': '20' } };
const queries = {
  ask: async ({ type }: { readonly type: string }, input: { readonly commandId?: string }) => {
    if (type === 'ShowCompanySettings') return settings;
    if (type === 'FindPerson') return { person: { roles } };
    return log.events.some(({ stream, metadata }) => stream === 'salesOrder-O1' && metadata.commandId === input.commandId);
  },
} as unknown as QueryRunner;

const over = (used: EventLog) =>
  createExecutor({ log: used, registry: house, queries, clock, timeZone: 'Europe/Bucharest', patienceMs: 2_000 });

let key = 0;
const as = (id: string, more: Partial<Execution> = {}): Execution => ({
  caller: { ...system('test'), actor: { kind: 'staff', id } },
  commandId: uuidv5('test', String(key++)),
  ...more,
});

beforeEach(async () => {
  log = memoryLog();
  roles = ['sales-manager'];
  executor = over(log);
  const line = { line: 1, itemId: 'I1', sku: 'CHAI', description: 'Chai', uom: 'box', stocked: true, quantity: quantity(1_000) };
  const priced = { unitPrice: '1' as Decimal, discount: '15' as Decimal, taxPercent: '0' as Decimal, net: money(85, RON) };
  const placed = SalesOrderPlaced({
    accountId: 'A1',
    warehouseId: 'W1',
    ownerId: 'ana',
    channel: 'staff',
    orderedOn: '2026-03-02',
    paymentTermDays: 30,
    currency: RON,
    lines: [
      { ...line, ...priced, discount: '0' as Decimal, price: { level: 5, source: 'standard' } },
      { ...line, ...priced, line: 2, price: { level: 5, source: 'standard' } },
    ],
    totals: { net: zero(RON), taxes: [], gross: zero(RON) },
  });
  const now = clock.now();
  const metadata = {
    version: 1,
    recordedAt: now,
    occurredAt: now,
    actor: { kind: 'staff', id: 'ana' },
    commandId: 'c',
    commandHash: '',
    correlationId: 'order',
    causationId: 'c',
    basis: -1,
  } as const;
  await log.append('salesOrder-O1', [{ id: 'e', ...placed, metadata }], -1);
});

const accept = (approval?: string): CommandMessage =>
  acceptSalesOrder({ id: 'O1', ...(approval === undefined ? {} : { approvals: { discountOverLimit: approval } }) });

/** What the refusal says an approval is to be asked for with. */
function wantedBy(outcome: Outcome): Parameters<typeof requestOverride>[0] {
  if (outcome.kind !== 'refused' || outcome.refusal.refused !== 'OverrideRequired') throw new Error(`It was ${JSON.stringify(outcome)}`);
  return { ...(outcome.refusal.details as object), reason: 'They buy much', evidence: [{ description: 'Offer' }] } as never;
}

/** Asked for by Ana and approved by the director. */
async function approved(): Promise<string> {
  const outcome = await executor.execute(requestOverride(wantedBy(await executor.execute(accept(), as('ana')))), as('ana'));
  const id = outcome.kind === 'done' ? outcome.record.id : '';
  await executor.execute(approveOverride({ id }), as('dan'));
  return id;
}

const typesOf = (stream: string): readonly string[] => log.events.filter(event => event.stream === stream).map(({ type }) => type);

describe('a command that breaks a rule', () => {
  test('is refused with all that an approval is asked for with', async () => {
    expect(await executor.execute(accept(), as('ana'))).toMatchObject({
      refusal: {
        refused: 'OverrideRequired',
        details: {
          rule: 'discountOverLimit',
          command: 'AcceptSalesOrder',
          record: { category: 'salesOrder', id: 'O1' },
          revision: 0,
          terms: 'A discount of 15 % where 10 % is the limit',
        },
      },
    });
  });

  test('goes on by an approval, which stands used in the thread of the record', async () => {
    const id = await approved();
    const execution = as('ana');
    expect(await executor.execute(accept(id), execution)).toMatchObject({ kind: 'done' });
    expect(typesOf(`approval-${id}`)).toEqual(['OverrideRequested', 'OverrideApproved', 'OverrideUsed']);
    expect(log.events.map(({ metadata }) => metadata.correlationId)).toEqual(log.events.map(() => 'order'));
    expect(log.events.find(({ type }) => type === 'OverrideUsed')).toMatchObject({
      data: { commandId: execution.commandId },
      metadata: { causationId: execution.commandId },
    });
  });

  test('does not touch an approval where the rule is kept', async () => {
    const id = await approved();
    roles = ['sales-manager', 'commercial-director'];
    expect(await executor.execute(accept(id), as('ana'))).toMatchObject({ kind: 'done' });
    expect(typesOf(`approval-${id}`)).toEqual(['OverrideRequested', 'OverrideApproved']);
  });

  test('is refused by the approval of somebody else, and leaves no event', async () => {
    const id = await approved();
    expect(await executor.execute(accept(id), as('eva'))).toMatchObject({ refusal: { refused: 'OverrideRequired' } });
    expect(typesOf('salesOrder-O1')).toEqual(['SalesOrderPlaced']);
  });

  test('that asks at once with another for the same approval wins, or the other does', async () => {
    const id = await approved();
    const outcomes = await Promise.all([executor, over(log)].map(one => one.execute(accept(id), as('ana'))));
    // The second finds the order accepted already, or the approval taken: never are there two acceptances.
    expect(typesOf('salesOrder-O1')).toEqual(['SalesOrderPlaced', 'SalesOrderAccepted']);
    expect(typesOf(`approval-${id}`).at(-1)).toBe('OverrideUsed');
    expect(outcomes.map(({ kind }) => kind)).toContain('done');
  });

  test('gives the approval back when it is refused after all', async () => {
    const id = await approved();
    // Somebody declines the order after the approval was secured and before the acceptance is written.
    let declined = false;
    const meddling: EventLog = {
      ...log,
      append: async (stream, events, expected) => {
        if (stream === 'salesOrder-O1' && !declined) {
          declined = true;
          await over(log).execute(declineSalesOrder({ id: 'O1', reason: 'Too dear' }), as('dan'));
        }
        return log.append(stream, events, expected);
      },
    };
    expect(await over(meddling).execute(accept(id), as('ana'))).toMatchObject({ refusal: { refused: 'InvalidTransition' } });
    expect(typesOf(`approval-${id}`).slice(2)).toEqual(['OverrideUsed', 'OverrideGivenBack']);
  });

  test('that dies in between may come back to its approval, and has lost nothing', async () => {
    const id = await approved();
    const execution = as('ana');
    const dying: EventLog = {
      ...log,
      append: (stream, events, expected) =>
        stream === 'salesOrder-O1' ? Promise.reject(new LogUnavailable('It is down')) : log.append(stream, events, expected),
    };
    await expect(over(dying).execute(accept(id), execution)).rejects.toThrow(LogUnavailable);
    expect(await over(log).execute(accept(id), as('ana'))).toMatchObject({ refusal: { refused: 'OverrideRequired' } });
    expect(await over(log).execute(accept(id), execution)).toMatchObject({ kind: 'done' });
    await over(log).execute(settleOverride({ id }), as('house'));
    expect(typesOf(`approval-${id}`).slice(2)).toEqual(['OverrideUsed']);
  });

  test('that died and never comes back gives its approval to the next', async () => {
    const id = await approved();
    const dying: EventLog = {
      ...log,
      append: (stream, events, expected) =>
        stream === 'salesOrder-O1' ? Promise.reject(new LogUnavailable('It is down')) : log.append(stream, events, expected),
    };
    const late = as('ana');
    await expect(over(dying).execute(accept(id), late)).rejects.toThrow(LogUnavailable);
    await over(log).execute(settleOverride({ id }), as('house'));
    expect(await over(log).execute(accept(id), as('ana'))).toMatchObject({ kind: 'done' });
    // Should it have slept only: the order is accepted already, once.
    await over(log).execute(accept(id), late);
    expect(typesOf('salesOrder-O1')).toEqual(['SalesOrderPlaced', 'SalesOrderAccepted']);
  });

  test('is refused once the record has changed since the approval was asked for', async () => {
    const id = await approved();
    const lapsed = log.events.find(({ stream }) => stream === 'salesOrder-O1');
    await log.append(
      'salesOrder-O1',
      [{ id: 'e2', type: 'HoldLapsed', data: { commandId: 'x' }, metadata: { ...lapsed?.metadata, basis: 0 } as never }],
      0,
    );
    expect(await executor.execute(accept(id), as('ana'))).toMatchObject({ refusal: { details: { revision: 1 } } });
    expect(typesOf('salesOrder-O1')).toEqual(['SalesOrderPlaced', 'HoldLapsed']);
    expect(typesOf(`approval-${id}`).at(-1)).toBe('OverrideGivenBack');
  });
});
