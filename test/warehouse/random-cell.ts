/** Random lives of a stock cell: what may be asked of it, in any order. */
import fc from 'fast-check';
import { type State, Stock } from '../../src/domain/warehouse/stock.ts';
import { adjust, issue, receive, release, reserve } from '../../src/domain/warehouse/stock-keeping.ts';
import { type Decision, evolve, isRefusal } from '../../src/kernel/decider.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { quantity } from '../../src/kernel/quantity.ts';

export const cell = { warehouseId: 'W1', itemId: 'I1' };
export const order = (orderId: string) => ({ ...cell, orderId, line: 1 });
export const delivery = (orderId: string) => ({ ...order(orderId), deliveryId: `${orderId}~1`, issuedOn: '2026-03-03' });

export type Wish =
  | { readonly does: 'reserve'; readonly orderId: string; readonly quantity: number; readonly orderedOn: string }
  | { readonly does: 'receive'; readonly quantity: number }
  | { readonly does: 'adjust'; readonly quantity: number }
  | { readonly does: 'release'; readonly orderId: string }
  | { readonly does: 'issue'; readonly orderId: string };

export const ORDERS = ['A', 'B', 'C', 'D', 'E', 'F'] as const;
const orderId = fc.constantFrom(...ORDERS);
const thousandths = fc.integer({ min: 1, max: 20_000 });
export const wishes: fc.Arbitrary<Wish[]> = fc.array(
  fc.oneof(
    fc.record({
      does: fc.constant('reserve' as const),
      orderId,
      quantity: thousandths,
      orderedOn: fc.constantFrom('2026-03-01', '2026-03-02', '2026-03-03'),
    }),
    fc.record({ does: fc.constant('receive' as const), quantity: thousandths }),
    fc.record({ does: fc.constant('adjust' as const), quantity: fc.integer({ min: -20_000, max: 20_000 }).filter(change => change !== 0) }),
    fc.record({ does: fc.constantFrom('release' as const, 'issue' as const), orderId }),
  ),
  { maxLength: 60, size: 'max' },
);

export function decide(state: State, asked: Wish, index: number): Decision<DomainEvent> {
  if (asked.does === 'receive')
    return receive(state, { ...cell, receiptId: `R${index}`, line: 1, quantity: quantity(asked.quantity), receivedOn: '2026-03-01' });
  if (asked.does === 'adjust')
    return adjust(state, {
      ...cell,
      adjustmentId: `J${index}`,
      quantity: quantity(asked.quantity),
      reason: 'counted',
      adjustedOn: '2026-03-01',
    });
  if (asked.does === 'release') return release(state, order(asked.orderId));
  if (asked.does === 'issue') return issue(state, delivery(asked.orderId));
  return reserve(state, { ...order(asked.orderId), quantity: quantity(asked.quantity), orderedOn: asked.orderedOn });
}

export interface Append {
  readonly asked: Wish;
  /** The state before each fact, and after the last. */
  readonly states: readonly State[];
  readonly facts: readonly DomainEvent[];
}

export const next = (state: State, { type, data }: DomainEvent): State => evolve(Stock, state, type, data);

/** What a sequence of wishes makes of an empty cell; what is refused appends nothing. */
export function appendsOf(sequence: readonly Wish[]): Append[] {
  let state = Stock.initial();
  return sequence.map((asked, index) => {
    const decision = decide(state, asked, index);
    const facts = isRefusal(decision) ? [] : decision;
    const states = [state, ...facts.map(fact => (state = next(state, fact)))];
    return { asked, states, facts };
  });
}
