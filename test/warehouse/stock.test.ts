import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  adjustStock,
  issueStock,
  pickStock,
  receiveStock,
  releaseStock,
  reserveStock,
  unpickStock,
} from '../../src/commands/warehouse/stock.ts';
import {
  BackorderWithdrawn,
  type State,
  Stock,
  StockAdjusted,
  StockBackordered,
  StockIssued,
  StockPicked,
  StockReceived,
  StockReleased,
  StockReserved,
  StockUnpicked,
  ValuationChosen,
} from '../../src/domain/warehouse/stock.ts';
import { issue, OPEN_MAX, pick, receive, reserve, WAITING_MAX } from '../../src/domain/warehouse/stock-keeping.ts';
import { type Decision, isRefusal } from '../../src/kernel/decider.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { type Quantity, quantity, total } from '../../src/kernel/quantity.ts';
import { given as givenFacts } from '../kernel/scenario.ts';
import { type Append, appendsOf, cell, decide, delivery, fifo, next, ORDERS, order, RON, wishes } from './random-cell.ts';

const units = (count: number): Quantity => quantity(count * 1000);
const promise = (orderId: string, count: number) => ({ ...order(orderId), reservationId: `${orderId}~1`, quantity: units(count) });

const cost = { minor: 0, currency: RON };
const received = (count: number, onHand: number, receiptId = 'R1') =>
  StockReceived({ ...cell, receiptId, line: 1, quantity: units(count), receivedOn: '2026-03-01', onHand: units(onHand), cost });
const reserved = (orderId: string, count: number) => StockReserved({ ...promise(orderId, count), waited: false });
const served = (orderId: string, count: number) => StockReserved({ ...promise(orderId, count), waited: true });
const backordered = (orderId: string, count: number, orderedOn = '2026-03-02') =>
  StockBackordered({ ...promise(orderId, count), orderedOn });
const issued = (orderId: string, count: number, onHand: number, number = 1) =>
  StockIssued({ ...promise(orderId, count), deliveryId: `${orderId}~${number}`, issuedOn: '2026-03-03', onHand: units(onHand), cost });
const picked = (orderId: string, count: number) => StockPicked({ ...promise(orderId, count), deliveryId: `${orderId}~1` });

const out = (orderId: string, quantity: string, number = 1) => ({ ...delivery(orderId, number), quantity, issuedOn: '2026-03-03' });

/** The cell values its goods already; what they cost is the matter of other tests. */
const given = (...history: readonly DomainEvent[]) => givenFacts(ValuationChosen({ ...cell, ...fifo }), ...history);

const receipt = (count: string, receiptId = 'R2') => ({ ...cell, receiptId, line: 1, quantity: count, receivedOn: '2026-03-01' });
const wish = (orderId: string, count: string, orderedOn = '2026-03-02') => ({ ...order(orderId), quantity: count, orderedOn });
const facts = fifo;
const found = {
  warehouseExists: true,
  itemStocked: true,
  valuation: fifo,
  selfApproval: true,
  secondApprovalFrom: null,
  closedThrough: null,
};
const adjustment = (count: string) => ({ ...cell, quantity: count, reason: 'counted' });

describe('a reservation', () => {
  test('takes what is free', () => given(received(5, 5)).when(reserveStock, wish('A', '3')).thenEvents(reserved('A', 3)));

  test('is never refused for shortage: what is short waits', () =>
    given(received(5, 5)).when(reserveStock, wish('A', '8')).thenEvents(reserved('A', 5), backordered('A', 3)));

  test('waits whole where nothing is in stock', () => given().when(reserveStock, wish('A', '8')).thenEvents(backordered('A', 8)));

  test('never takes what is reserved for another', () =>
    given(received(5, 5), reserved('A', 4)).when(reserveStock, wish('B', '2')).thenEvents(reserved('B', 1), backordered('B', 1)));

  test.each([
    ['it holds', [received(5, 5), reserved('A', 3)]],
    ['it waits', [backordered('A', 3)]],
    ['it is picked whole', [received(5, 5), reserved('A', 3), picked('A', 3)]],
    ['it was issued', [received(5, 5), reserved('A', 3), issued('A', 3, 2)]],
    ['it was released', [received(5, 5), reserved('A', 3), StockReleased(promise('A', 3))]],
    ['it no longer waits', [backordered('A', 3), BackorderWithdrawn(promise('A', 3))]],
  ])('is made once, also when %s', (_, history) =>
    given(...history)
      .when(reserveStock, wish('A', '3'))
      .thenNothing(),
  );

  test('is refused when the queue is as long as one receipt can serve', () => {
    const waiting = Array.from({ length: WAITING_MAX }, (_, index) => backordered(`O${index}`, 1));
    given(...waiting)
      .when(reserveStock, wish('A', '1'))
      .thenRefuses('TooManyReservations');
  });
});

describe('a receipt', () => {
  test('is free stock while nobody waits', () =>
    given()
      .when(receiveStock, receipt('5'), { facts })
      .thenEvents(received(5, 5, 'R2')));

  test('serves the oldest order first, whoever asked first', () =>
    given(backordered('young', 2, '2026-03-05'), backordered('old', 2, '2026-03-01'))
      .when(receiveStock, receipt('3'), { facts })
      .thenEvents(received(3, 3, 'R2'), served('old', 2), served('young', 1)));

  test('serves orders of one day in the order in which they asked', () =>
    given(backordered('first', 2), backordered('second', 2))
      .when(receiveStock, receipt('3'), { facts })
      .thenEvents(received(3, 3, 'R2'), served('first', 2), served('second', 1)));

  test('goes on where the last one left off', () =>
    given(backordered('A', 5), received(2, 2), served('A', 2))
      .when(receiveStock, receipt('4'), { facts })
      .thenEvents(received(4, 6, 'R2'), served('A', 3)));

  test('comes in once', () => given(received(5, 5)).when(receiveStock, receipt('5', 'R1'), { facts }).thenNothing());

  test('beyond what can be counted is refused', () =>
    given(received(999_999_999_999, 999_999_999_999)).when(receiveStock, receipt('2'), { facts }).thenRefuses('StockLimitExceeded'));
});

describe('an adjustment', () => {
  const adjusted = (count: number, onHand: number) =>
    StockAdjusted({
      ...cell,
      adjustmentId: 'W1~I1.adjustment',
      quantity: units(count),
      reason: 'counted',
      adjustedOn: '2026-03-02',
      onHand: units(onHand),
      cost,
    });

  test('adds what was found and serves those who wait', () =>
    given(backordered('A', 2)).when(adjustStock, adjustment('3'), { facts: found }).thenEvents(adjusted(3, 3), served('A', 2)));

  test('takes off what is missing', () =>
    given(received(5, 5)).when(adjustStock, adjustment('-5'), { facts: found }).thenEvents(adjusted(-5, 0)));

  test('never takes what is reserved', () =>
    given(received(5, 5), reserved('A', 3)).when(adjustStock, adjustment('-3'), { facts: found }).thenRefuses('InsufficientStock'));

  test.each([
    ['SecondApprovalRequired', { secondApprovalFrom: 0 }],
    ['SelfApproval', { selfApproval: false }],
    ['PeriodClosed', { closedThrough: '2026-03-02' }],
  ])('in one step is refused as %s where a rule of the company says so', (code, rule) =>
    given(received(5, 5))
      .when(adjustStock, adjustment('-1'), { facts: { ...found, ...rule } })
      .thenRefuses(code),
  );

  test.each([
    { ...found, warehouseExists: false },
    { ...found, itemStocked: false },
  ])('is refused where there is no such stock: %o', facts =>
    given().when(adjustStock, adjustment('1'), { facts }).thenRefuses('Validation'),
  );
});

describe('a release', () => {
  test('gives back what is held and what waits', () =>
    given(received(5, 5), reserved('A', 5), backordered('A', 3))
      .when(releaseStock, order('A'))
      .thenEvents(StockReleased(promise('A', 5)), BackorderWithdrawn(promise('A', 3))));

  test('serves those who wait with what becomes free', () =>
    given(received(5, 5), reserved('A', 5), backordered('B', 3))
      .when(releaseStock, order('A'))
      .thenEvents(StockReleased(promise('A', 5)), served('B', 3)));

  test('is silent where nothing is held', () => given(received(5, 5)).when(releaseStock, order('A')).thenNothing());

  test('is silent after the goods have left', () =>
    given(received(5, 5), reserved('A', 5), issued('A', 5, 0))
      .when(releaseStock, order('A'))
      .thenNothing());
});

describe('picking', () => {
  const history = [received(5, 5), reserved('A', 3), backordered('A', 2)];
  const pick = { ...delivery('A'), quantity: '2' };

  test('sets aside what is reserved for a line, while the rest of it waits', () =>
    given(...history)
      .when(pickStock, pick)
      .thenEvents(picked('A', 2)));

  test('happens once for each line of a delivery', () =>
    given(...history, picked('A', 2))
      .when(pickStock, pick)
      .thenNothing());

  test('says which line has too little', () =>
    expect(
      given(...history)
        .when(pickStock, { ...pick, quantity: '4' })
        .refusal(),
    ).toMatchObject({ refused: 'InsufficientStock', details: { line: 1, wanted: '4', available: '3' } }));

  test('takes nothing twice: what one delivery has is not there for the next', () =>
    given(...history, picked('A', 2))
      .when(pickStock, { ...delivery('A', 2), quantity: '2' })
      .thenRefuses('InsufficientStock'));

  test('is taken back, once', () => {
    const back = StockUnpicked({ ...promise('A', 2), deliveryId: 'A~1' });
    given(...history, picked('A', 2))
      .when(unpickStock, delivery('A'))
      .thenEvents(back);
    given(...history, picked('A', 2), back)
      .when(unpickStock, delivery('A'))
      .thenNothing();
  });

  test('keeps what is set aside from being released', () =>
    given(...history, picked('A', 2))
      .when(releaseStock, order('A'))
      .thenEvents(StockReleased(promise('A', 1)), BackorderWithdrawn(promise('A', 2))));
});

describe('an issue', () => {
  test('takes the reserved stock out', () =>
    given(received(5, 5), reserved('A', 3), picked('A', 3))
      .when(issueStock, out('A', '3'))
      .thenEvents(issued('A', 3, 2)));

  test('takes out what was reserved before there was picking', () =>
    given(received(5, 5), reserved('A', 3))
      .when(issueStock, out('A', '3'))
      .thenEvents(issued('A', 3, 2)));

  test('happens once for each delivery', () => {
    given(received(5, 5), reserved('A', 3), issued('A', 2, 3))
      .when(issueStock, out('A', '2'))
      .thenNothing();
    given(received(5, 5), reserved('A', 3), issued('A', 2, 3))
      .when(issueStock, out('A', '1', 2))
      .thenEvents(issued('A', 1, 2, 2));
  });

  test('takes out a part while the rest of the line waits, and the rest when it has come', () =>
    given(received(5, 5), reserved('A', 5), backordered('A', 1), picked('A', 5), issued('A', 5, 0), received(1, 1, 'R2'), served('A', 1))
      .when(issueStock, out('A', '1', 2))
      .thenEvents(issued('A', 1, 0, 2)));

  test('is refused beyond what is reserved, however much is free', () => {
    given(received(5, 5)).when(issueStock, out('A', '1')).thenRefuses('InsufficientStock');
    given(received(5, 5), reserved('A', 3)).when(issueStock, out('A', '4')).thenRefuses('InsufficientStock');
  });
});

const promises = (check: (appends: readonly Append[]) => void) =>
  fc.assert(
    fc.property(wishes, sequence => check(appendsOf(sequence))),
    { numRuns: 150 },
  );
const sumOf = (facts: readonly DomainEvent[], type: string): number =>
  facts.filter(fact => fact.type === type).reduce((sum, { data }) => sum + (data as { quantity: number }).quantity, 0);

describe('whatever is asked of a cell, and in which order,', () => {
  test('on hand ≥ reserved ≥ 0 at every revision, and reserved is what the reservations hold', () =>
    promises(appends => {
      for (const { onHand, reserved, held, picked } of appends.flatMap(({ states }) => states)) {
        expect(reserved).toBeGreaterThanOrEqual(0);
        expect(onHand).toBeGreaterThanOrEqual(reserved);
        expect(total([...Object.values(held), ...Object.values(picked)])).toBe(reserved);
      }
    }));

  test('received ± adjusted − issued is on hand, and every movement says what is on hand after it', () =>
    promises(appends => {
      const facts = appends.flatMap(append => append.facts);
      const last = appends.at(-1)?.states.at(-1) ?? Stock.initial();
      expect(last.onHand).toBe(
        sumOf(facts, 'StockReceived') + sumOf(facts, 'StockAdjusted') + sumOf(facts, 'StockReturned') - sumOf(facts, 'StockIssued'),
      );
      const moves = facts.map(({ data }) => (data as { onHand?: number }).onHand).filter(onHand => onHand !== undefined);
      expect(last.onHand).toBe(moves.at(-1) ?? 0);
    }));

  test('nobody waits while anything is free', () =>
    promises(appends => {
      for (const { states } of appends) {
        const { onHand, reserved, queue } = states.at(-1) as State;
        if (queue.length > 0) expect(onHand).toBe(reserved);
      }
    }));

  test('nobody is served past somebody who waits longer', () =>
    promises(appends => {
      for (const { states, facts } of appends) {
        for (const [index, { type, data }] of facts.entries()) {
          if (type === 'StockReserved')
            expect(states[index]?.queue[0]?.orderId).toBe(
              (data as { waited: boolean }).waited ? (data as { orderId: string }).orderId : undefined,
            );
        }
      }
    }));

  test('those who wait stand by the day of their order, and of one day by who asked first', () =>
    promises(appends => {
      const asked = appends.flatMap(({ facts }) =>
        facts.filter(({ type }) => type === 'StockBackordered').map(({ data }) => (data as { orderId: string }).orderId),
      );
      for (const { queue } of appends.flatMap(({ states }) => states)) {
        const byAge = queue.toSorted(
          (a, b) => a.orderedOn.localeCompare(b.orderedOn) || asked.lastIndexOf(a.orderId) - asked.lastIndexOf(b.orderId),
        );
        expect(queue).toEqual(byAge);
      }
    }));

  test('what an order line asked for is what it holds, waits for, got or gave up', () =>
    promises(appends => {
      const facts = appends.flatMap(append => append.facts);
      const last = appends.at(-1)?.states.at(-1) ?? Stock.initial();
      for (const name of ORDERS) {
        const wished = appends.find(({ asked, facts }) => asked.does === 'reserve' && asked.orderId === name && facts.length > 0)?.asked;
        const own = facts.filter(({ data }) => (data as { orderId?: string }).orderId === name);
        const gone = sumOf(own, 'StockIssued') + sumOf(own, 'StockReleased') + sumOf(own, 'BackorderWithdrawn');
        const waits = last.queue.find(entry => entry.orderId === name)?.quantity ?? 0;
        const aside = (last.picked[`${name}~1~1`] ?? 0) + (last.picked[`${name}~2~1`] ?? 0);
        expect((last.held[`${name}~1`] ?? 0) + aside + waits + gone).toBe(wished?.does === 'reserve' ? wished.quantity : 0);
      }
    }));

  test('asked again, all but an adjustment is silent', () =>
    promises(appends => {
      for (const [index, { asked, states, facts }] of appends.entries()) {
        if (asked.does !== 'adjust' && facts.length > 0) expect(decide(states.at(-1) as State, asked, index)).toEqual([]);
      }
    }));
});

const uuid = (prefix: string, index: number) => `${prefix}0000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

test('a cell lives for years within 64 kB and one append stays under 200 events', () => {
  const STATE_MAX_BYTES = 64 * 1024;
  const APPEND_MAX_EVENTS = 200;
  let state = Stock.initial();
  const done = (decision: Decision<DomainEvent>): readonly DomainEvent[] => {
    if (isRefusal(decision)) throw new Error(decision.because);
    state = decision.reduce(next, state);
    return decision;
  };
  const ordering = (prefix: string, index: number) => ({ ...cell, orderId: uuid(prefix, index), line: 100 });
  const goods = (prefix: string, index: number, quantity: Quantity) => ({
    ...cell,
    receiptId: uuid(prefix, index),
    line: 100,
    quantity,
    receivedOn: '2026-03-01',
  });
  for (let index = 0; index < 1_000; index++) {
    const unitCost = String(index + 1) as Decimal;
    done(receive(state, { ...goods('a', index, units(9_001)), unitCost }, fifo));
    done(reserve(state, { ...ordering('b', index), quantity: units(9_000), orderedOn: '2026-03-01' }));
    const deliveryId = `${uuid('b', index)}~1`;
    done(pick(state, { ...ordering('b', index), deliveryId, quantity: units(9_000) }));
    done(issue(state, { ...ordering('b', index), deliveryId, quantity: units(9_000), issuedOn: '2026-03-01' }));
  }
  const open = OPEN_MAX - WAITING_MAX;
  done(receive(state, goods('c', 1, units(999_999 * open - 1_000)), fifo));
  for (let index = 0; index < OPEN_MAX; index++)
    done(reserve(state, { ...ordering('d', index), quantity: units(999_999), orderedOn: '2026-03-01' }));
  expect(reserve(state, { ...ordering('e', 1), quantity: units(1), orderedOn: '2026-03-01' })).toMatchObject({
    refused: 'TooManyReservations',
  });
  expect(JSON.stringify(state).length).toBeLessThan(STATE_MAX_BYTES);
  expect(done(receive(state, goods('c', 2, units(999_999 * WAITING_MAX)), fifo)).length).toBeLessThan(APPEND_MAX_EVENTS);
  expect(state.queue).toEqual([]);
  expect(JSON.stringify(state).length).toBeLessThan(STATE_MAX_BYTES);
});
