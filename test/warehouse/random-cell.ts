/** Random lives of a stock cell: what may be asked of it, in any order. */
import fc from 'fast-check';
import { type State, Stock, type Valuation } from '../../src/domain/warehouse/stock.ts';
import {
  adjust,
  issue,
  issueRemembered,
  pick,
  receive,
  release,
  reserve,
  takeBack,
  unpick,
} from '../../src/domain/warehouse/stock-keeping.ts';
import { type Decision, evolve, isRefusal } from '../../src/kernel/decider.ts';
import { type Decimal, ofMillionths } from '../../src/kernel/decimal.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { Currency } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';

export const RON = Currency.parse('RON');
export const fifo: Valuation = { method: 'fifo', currency: RON };
export const average: Valuation = { method: 'average', currency: RON };
export const cell = { warehouseId: 'W1', itemId: 'I1' };
export const order = (orderId: string) => ({ ...cell, orderId, line: 1 });

export type Wish =
  | { readonly does: 'reserve'; readonly orderId: string; readonly quantity: number; readonly orderedOn: string }
  | { readonly does: 'receive'; readonly quantity: number; readonly unitCost: Decimal | undefined; readonly on: string }
  | { readonly does: 'adjust'; readonly quantity: number; readonly on: string }
  | { readonly does: 'release'; readonly orderId: string }
  | { readonly does: 'pick'; readonly orderId: string; readonly delivery: number; readonly quantity: number }
  | { readonly does: 'unpick'; readonly orderId: string; readonly delivery: number }
  | {
      readonly does: 'issue' | 'return';
      readonly orderId: string;
      readonly delivery: number;
      readonly quantity: number;
      readonly on: string;
    };

export const ORDERS = ['A', 'B', 'C', 'D', 'E', 'F'] as const;
const orderId = fc.constantFrom(...ORDERS);
const on = fc.integer({ min: 1, max: 9 }).map(day => `2026-03-0${day}`);
const unitCost = fc.option(fc.bigInt({ min: 0n, max: 99_999_999n }).map(ofMillionths), { nil: undefined });
const number = fc.integer({ min: 1, max: 2 });
const thousandths = fc.integer({ min: 1, max: 20_000 });
export const wishes: fc.Arbitrary<Wish[]> = fc.array(
  fc.oneof(
    fc.record({
      does: fc.constant('reserve' as const),
      orderId,
      quantity: thousandths,
      orderedOn: fc.constantFrom('2026-03-01', '2026-03-02', '2026-03-03'),
    }),
    fc.record({ does: fc.constant('receive' as const), quantity: thousandths, unitCost, on }),
    fc.record({
      does: fc.constant('adjust' as const),
      quantity: fc.integer({ min: -20_000, max: 20_000 }).filter(change => change !== 0),
      on,
    }),
    fc.record({ does: fc.constant('release' as const), orderId }),
    fc.record({ does: fc.constant('pick' as const), orderId, delivery: number, quantity: thousandths }),
    fc.record({ does: fc.constant('unpick' as const), orderId, delivery: number }),
    fc.record({ does: fc.constantFrom('issue' as const, 'return' as const), orderId, delivery: number, quantity: thousandths, on }),
  ),
  { maxLength: 60, size: 'max' },
);

export const delivery = (orderId: string, number = 1) => ({ ...order(orderId), deliveryId: `${orderId}~${number}` });

export function decide(state: State, asked: Wish, index: number, valuation = fifo): Decision<DomainEvent> {
  if (asked.does === 'receive') {
    const { on: receivedOn, unitCost } = asked;
    return receive(
      state,
      { ...cell, receiptId: `R${index}`, line: 1, quantity: quantity(asked.quantity), unitCost, receivedOn },
      valuation,
    );
  }
  if (asked.does === 'adjust') {
    const wish = { ...cell, adjustmentId: `J${index}`, quantity: quantity(asked.quantity), reason: 'counted', adjustedOn: asked.on };
    return adjust(state, wish, valuation);
  }
  if (asked.does === 'release') return release(state, order(asked.orderId));
  if (asked.does === 'reserve')
    return reserve(state, { ...order(asked.orderId), quantity: quantity(asked.quantity), orderedOn: asked.orderedOn });
  const picked = delivery(asked.orderId, asked.delivery);
  if (asked.does === 'pick') return pick(state, { ...picked, quantity: quantity(asked.quantity) });
  if (asked.does === 'unpick') return unpick(state, picked);
  if (asked.does === 'issue') return issue(state, { ...picked, quantity: quantity(asked.quantity), issuedOn: asked.on });
  const { deliveryId, line } = picked;
  const wish = { ...cell, returnId: `B${index}`, deliveryId, line, quantity: quantity(asked.quantity), returnedOn: asked.on };
  return takeBack(state, wish, { valuation, issue: issueRemembered(state, { deliveryId, line }) ?? null });
}

export interface Append {
  readonly asked: Wish;
  /** The state before each fact, and after the last. */
  readonly states: readonly State[];
  readonly facts: readonly DomainEvent[];
}

export const next = (state: State, { type, data }: DomainEvent): State => evolve(Stock, state, type, data);

/** What a sequence of wishes makes of an empty cell; what is refused appends nothing. */
export function appendsOf(sequence: readonly Wish[], valuation = fifo): Append[] {
  let state = Stock.initial();
  return sequence.map((asked, index) => {
    const decision = decide(state, asked, index, valuation);
    const facts = isRefusal(decision) ? [] : decision;
    const states = [state, ...facts.map(fact => (state = next(state, fact)))];
    return { asked, states, facts };
  });
}
