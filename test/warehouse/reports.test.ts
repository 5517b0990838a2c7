/** Reports over stock against figures worked out from the movements alone, by plain loops. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellId } from '../../src/domain/warehouse/stock.ts';
import { system } from '../../src/kernel/authority.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { registry } from '../../src/kernel/module.ts';
import { amountText } from '../../src/kernel/money.ts';
import { quantityText } from '../../src/kernel/quantity.ts';
import { modules } from '../../src/modules/index.ts';
import { stockCard } from '../../src/projections/warehouse/stock-card.ts';
import { listStockOn, stockAgeing, stockRotation, stockValuation } from '../../src/projections/warehouse/stock-reports.ts';
import { createQueryRunner } from '../../src/runtime/queries/runner.ts';
import { happened } from '../projector/purses.ts';
import { afterwards, ground, passed, projecting } from '../projector/support.ts';
import { memoryLog } from '../support/memory-log.ts';
import { appendsOf, average, fifo, RON, wishes } from './random-cell.ts';

const CELLS = [
  { warehouseId: 'W1', itemId: 'I1', valuation: fifo },
  { warehouseId: 'W1', itemId: 'I2', valuation: average },
  { warehouseId: 'W2', itemId: 'I1', valuation: average },
];
/** Days of the random lives are put this far apart, so that goods grow old. */
const DAYS_APART = 40;
const dayOf = (day: string): string => {
  const at = new Date('2025-03-01T00:00:00Z');
  at.setUTCDate(at.getUTCDate() + DAYS_APART * (Number(day.slice(-2)) - 1));
  return at.toISOString().slice(0, 10);
};
const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 86_400_000;

interface Move {
  readonly warehouse: string;
  readonly item: string;
  readonly on: string;
  readonly type: string;
  readonly quantity: number;
  readonly value: number;
}

const DATES = ['receivedOn', 'adjustedOn', 'returnedOn', 'issuedOn', 'movedOn'];

/** The fullest of some random lives of a cell, in its own place and on days further apart. */
function livesOf({ warehouseId, itemId, valuation }: (typeof CELLS)[number], seed: number): readonly DomainEvent[] {
  const lives = fc.sample(wishes, { numRuns: 60, seed }).map(sequence => appendsOf(sequence, valuation).flatMap(append => append.facts));
  const [facts = []] = lives.toSorted((a, b) => movesOf(b).length - movesOf(a).length);
  return facts.map(({ type, data }) => {
    const dates = Object.entries(data as object).filter(([name]) => DATES.includes(name));
    return {
      type,
      data: { ...(data as object), warehouseId, itemId, ...Object.fromEntries(dates.map(([name, day]) => [name, dayOf(String(day))])) },
    };
  });
}

function movesOf(facts: readonly DomainEvent[]): readonly Move[] {
  return facts.flatMap(({ type, data }) => {
    const of = data as Readonly<Record<string, string>> & { quantity: number; cost?: { minor: number }; before?: { minor: number } };
    const on = DATES.map(name => of[name]).find(day => day !== undefined);
    if (on === undefined || of.cost === undefined) return [];
    const quantity = type === 'CostCorrected' ? 0 : type === 'StockIssued' ? -of.quantity : of.quantity;
    const value = type === 'CostCorrected' ? (of.before?.minor ?? 0) - of.cost.minor : Math.sign(quantity) * of.cost.minor;
    const isSale = type === 'CostCorrected' ? of['document'] === 'delivery' : type === 'StockIssued' || type === 'StockReturned';
    return [{ warehouse: of['warehouseId'] ?? '', item: of['itemId'] ?? '', on, type: isSale ? 'sale' : type, quantity, value }];
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const amount = (minor: number) => ({ amount: amountText({ minor, currency: RON }), currency: RON as string });

test('stock, value, ageing and rotation on any day are what the movements say', async () => {
  const { pool } = await ground();
  const log = memoryLog();
  const house = registry(modules);
  await projecting({ log, pool, registry: house });
  const facts = CELLS.map((cell, index) => ({ cell, facts: livesOf(cell, 7 + index) }));
  for (const { cell, facts: own } of facts)
    await log.append(
      `stock-${cellId(cell)}`,
      own.map(fact => happened(fact as never)),
      -1,
    );
  const kept = [...house.projections.values()].filter(({ keptBy }) => keptBy === undefined);
  await passed(pool, await log.head(), kept.length);
  const runner = createQueryRunner({ pool, registry: house, secret: 'hush', patienceMs: 2_000, log, checkOutput: true });
  afterwards(() => runner.close());
  const moves = movesOf(facts.flatMap(({ facts: own }) => own));
  expect(moves.length).toBeGreaterThan(30);
  const anyone = { caller: system('test') };

  for (const on of ['2025-03-01', '2025-03-31', '2025-05-30', '2025-06-15', '2025-08-28', '2026-02-28']) {
    const until = moves.filter(move => move.on <= on);
    const cells = Map.groupBy(until, ({ warehouse, item }) => `${warehouse}~${item}`);
    const there = [...cells].map(([id, own]) => ({
      id,
      quantity: sum(own.map(move => move.quantity)),
      value: sum(own.map(move => move.value)),
    }));

    const { items } = await runner.ask(listStockOn, {}, { ...anyone, asOf: { happened: on } });
    expect(items.map(({ warehouseId, itemId, quantity, value }) => [`${warehouseId}~${itemId}`, quantity, value]).sort()).toEqual(
      there
        .filter(({ quantity }) => quantity > 0)
        .map(({ id, quantity, value }) => [id, quantityText(quantity), amount(value)])
        .sort(),
    );

    const { rows, totals } = await runner.ask(stockValuation, { by: 'warehouse', on }, anyone);
    const byWarehouse = ['W1', 'W2'].map(key => ({
      key,
      value: sum(until.filter(({ warehouse }) => warehouse === key).map(move => move.value)),
    }));
    expect(rows.map(({ key, value }) => ({ key, value }))).toEqual(
      byWarehouse.filter(({ value }) => value !== 0).map(({ key, value }) => ({ key, value: amount(value) })),
    );
    expect(totals).toEqual(sum(until.map(move => move.value)) === 0 ? [] : [amount(sum(until.map(move => move.value)))]);

    const aged = await runner.ask(stockAgeing, { on }, anyone);
    for (const item of ['I1', 'I2']) {
      const row = aged.rows.find(({ itemId }) => itemId === item);
      const parts = { to30: [0, 0], to90: [0, 0], to180: [0, 0], over180: [0, 0] } as Record<string, [number, number]>;
      for (const { id, quantity, value } of there.filter(cell => cell.id.endsWith(item) && cell.quantity > 0)) {
        let left = quantity;
        for (const move of (cells.get(id) ?? [])
          .filter(move => move.quantity > 0)
          .toSorted((a, b) => a.on.localeCompare(b.on))
          .reverse()) {
          const days = daysBetween(move.on, on);
          const bucket = days <= 30 ? 'to30' : days <= 90 ? 'to90' : days <= 180 ? 'to180' : 'over180';
          const part = Math.min(left, move.quantity);
          const [before, after] = [quantity - left, quantity - left + part];
          const part2 = parts[bucket] as [number, number];
          part2[0] += part;
          part2[1] += Math.round((value * after) / quantity) - Math.round((value * before) / quantity);
          left -= part;
        }
      }
      for (const [bucket, [quantity, value]] of Object.entries(parts))
        expect(row?.[bucket as 'to30'] ?? { quantity: '0', value: amount(0) }).toEqual({
          quantity: quantityText(quantity),
          value: amount(value),
        });
    }
  }

  const [from, to] = ['2025-04-01', '2026-02-28'];
  const turned = await runner.ask(stockRotation, { from, to }, anyone);
  for (const item of ['I1', 'I2']) {
    const own = moves.filter(move => move.item === item && move.on <= to);
    const sold = -sum(own.filter(({ type, on }) => type === 'sale' && on >= from).map(move => move.value));
    const averageStock = (sum(own.filter(({ on }) => on < from).map(move => move.value)) + sum(own.map(move => move.value))) / 2;
    const row = turned.rows.find(({ itemId }) => itemId === item);
    expect(row).toMatchObject({ costOfSales: amount(sold), averageStock: amount(Math.round(averageStock)) });
    if (sold > 0) {
      expect(Number(row?.rotation)).toBeCloseTo(sold / averageStock, 2);
      const days = ((daysBetween(from, to) + 1) * averageStock) / sold;
      expect(Number(row?.days)).toBeCloseTo(days, 1);
      expect(row?.pace).toBe(days <= 30 ? 'fast' : days <= 90 ? 'normal' : 'slow');
    } else expect(row).toMatchObject({ days: null, pace: 'dead' });
  }
  expect(turned.rows.length).toBe(2);

  await expect(runner.ask(stockCard, { item: 'I9' }, anyone)).rejects.toThrow('There is no item I9');
});
