import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adjustStock, receiveStock, releaseStock, reserveStock, setStockLimits } from '../../src/commands/warehouse/stock.ts';
import { type State, Stock, type StockFact, StockLimitsSet } from '../../src/domain/warehouse/stock.ts';
import { watched } from '../../src/domain/warehouse/stock-limits.ts';
import { type Decision, isRefusal } from '../../src/kernel/decider.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { given, type Verdict } from '../kernel/scenario.ts';
import { cell, decide, fifo, next, order, wishes } from './random-cell.ts';

const units = (count: number) => quantity(count * 1000);
const facts = { warehouseExists: true, itemStocked: true };
const limits = (minimum: string | null, maximum: string | null) => ({ ...cell, minimum, maximum });
const receipt = (count: string, receiptId = 'R1') => ({ ...cell, receiptId, line: 1, quantity: count, receivedOn: '2026-03-01' });

/** What a cell did, told by the commands one after the other. */
class Life {
  readonly facts: DomainEvent[] = [];
  readonly told: string[][] = [];

  does(asking: (when: ReturnType<typeof given>['when']) => Verdict): this {
    const events = asking(given(...this.facts).when).events();
    this.facts.push(...events);
    this.told.push(events.map(({ type }) => type).filter(type => /Minimum|Maximum|Limit$/.test(type)));
    return this;
  }
}

describe('the limits of a stock', () => {
  test('are set, and taken away; said again they are no change', () => {
    const set = StockLimitsSet({ ...cell, minimum: null, maximum: units(20) });
    given().when(setStockLimits, limits(null, '20'), { facts }).thenEvents(set);
    given(set).when(setStockLimits, limits(null, '20'), { facts }).thenNothing();
    given(set)
      .when(setStockLimits, limits(null, null), { facts })
      .thenEvents(StockLimitsSet({ ...cell, minimum: null, maximum: null }));
  });

  test('name what is wrong with them', () =>
    given()
      .when(setStockLimits, limits('5', '4'), { facts: { warehouseExists: false, itemStocked: false } })
      .thenInvalid('/warehouseId', '/itemId', '/maximum'));

  test('are told once when less is free than the least, until it is refilled', () => {
    const life = new Life()
      .does(when => when(receiveStock, receipt('10'), { facts: fifo }))
      .does(when => when(setStockLimits, limits('5', null), { facts }))
      .does(when => when(reserveStock, { ...order('A'), quantity: '6', orderedOn: '2026-03-02' }))
      .does(when => when(reserveStock, { ...order('B'), quantity: '1', orderedOn: '2026-03-02' }))
      .does(when => when(receiveStock, receipt('1', 'R2'), { facts: fifo }))
      .does(when => when(releaseStock, order('A')))
      .does(when => when(reserveStock, { ...order('C'), quantity: '9', orderedOn: '2026-03-02' }));
    expect(life.told).toEqual([[], [], ['BelowMinimumDetected'], [], [], ['StockWithinLimit'], ['BelowMinimumDetected']]);
  });

  test('are told at once when they are set under what is there already', () => {
    const life = new Life()
      .does(when => when(receiveStock, receipt('10'), { facts: fifo }))
      .does(when => when(setStockLimits, limits('11', null), { facts }));
    expect(life.told).toEqual([[], ['BelowMinimumDetected']]);
  });

  test('are told once when more is there than the most', () => {
    const rules = {
      warehouseExists: true,
      itemStocked: true,
      valuation: fifo,
      selfApproval: true,
      secondApprovalFrom: null,
      closedThrough: null,
    };
    const life = new Life()
      .does(when => when(setStockLimits, limits(null, '20'), { facts }))
      .does(when => when(receiveStock, receipt('21'), { facts: fifo }))
      .does(when => when(receiveStock, receipt('1', 'R2'), { facts: fifo }))
      .does(when => when(adjustStock, { ...cell, quantity: '-2', reason: 'broken' }, { facts: rules }));
    expect(life.told).toEqual([[], ['AboveMaximumDetected'], [], ['StockWithinLimit']]);
  });

  test('are known to be passed exactly while they are, whatever happens to the cell', () =>
    fc.assert(
      fc.property(wishes, sequence => {
        const asked = watched(
          (state: State, _: typeof cell, index: number) => decide(state, sequence[index] as never, index) as Decision<StockFact>,
        );
        let state = [StockLimitsSet({ ...cell, minimum: quantity(4_000), maximum: quantity(15_000) })].reduce(next, Stock.initial());
        for (const index of sequence.keys()) {
          const decision = asked(state, cell, index);
          if (isRefusal(decision) || decision.length === 0) continue;
          state = decision.reduce(next, state);
          expect(state.passed).toEqual({ minimum: state.onHand - state.reserved < 4_000, maximum: state.onHand > 15_000 });
        }
      }),
    ));
});
