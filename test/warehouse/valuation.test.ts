/** What goods cost: textbook tables of first in, first out and of the moving average, and what holds whatever happens. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adjustStock, receiveStock, returnStock } from '../../src/commands/warehouse/stock.ts';
import { LAYERS_MAX, quantityIn, unitCostOf, valueIn } from '../../src/domain/warehouse/costing.ts';
import {
  CostCorrected,
  type State,
  Stock,
  StockAdjusted,
  StockReceived,
  type Valuation,
  ValuationChosen,
} from '../../src/domain/warehouse/stock.ts';
import { hold, issue, issueRemembered, receive, reserve, send, takeBack } from '../../src/domain/warehouse/stock-keeping.ts';
import { type Decision, isRefusal } from '../../src/kernel/decider.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { money } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { given } from '../kernel/scenario.ts';
import { appendsOf, average, cell, delivery, fifo, next, order, RON, wishes } from './random-cell.ts';

const units = (count: number) => quantity(count * 1000);
const lei = (amount: number) => money(Math.round(amount * 100), RON);

/** The life of a cell, told in short. */
class Life {
  state: State = Stock.initial();
  readonly facts: DomainEvent[] = [];
  #documents = 0;
  readonly #valuation: Valuation;

  constructor(valuation: Valuation) {
    this.#valuation = valuation;
  }

  done(decision: Decision<DomainEvent>): readonly DomainEvent[] {
    if (isRefusal(decision)) throw new Error(decision.because);
    this.state = decision.reduce(next, this.state);
    this.facts.push(...decision);
    return decision;
  }

  in(count: number, unitCost?: string, receivedOn = '2026-03-01'): readonly DomainEvent[] {
    const receiptId = `R${this.#documents++}`;
    const wish = { ...cell, receiptId, line: 1, quantity: units(count), unitCost: unitCost as Decimal | undefined, receivedOn };
    return this.done(receive(this.state, wish, this.#valuation));
  }

  out(count: number, issuedOn = '2026-03-02'): readonly DomainEvent[] {
    const orderId = `O${this.#documents++}`;
    this.done(reserve(this.state, { ...order(orderId), quantity: units(count), orderedOn: issuedOn }));
    return this.done(issue(this.state, { ...delivery(orderId), quantity: units(count), issuedOn }));
  }

  back(count: number, deliveryId: string, returnedOn = '2026-03-09'): readonly DomainEvent[] {
    const wish = { ...cell, returnId: `B${this.#documents++}`, deliveryId, line: 1, quantity: units(count), returnedOn };
    return this.done(takeBack(this.state, wish, { valuation: this.#valuation, issue: issueRemembered(this.state, wish) ?? null }));
  }
}

const costs = (facts: readonly DomainEvent[]) => facts.flatMap(({ data }) => (data as { cost?: unknown }).cost ?? []);

describe('first in, first out (textbook table)', () => {
  test('issues the oldest layers first, and what remains is worth the newest', () => {
    const life = new Life(fifo);
    life.in(100, '10');
    life.in(200, '11');
    expect(costs(life.out(150))).toEqual([lei(1_550)]);
    life.in(100, '12', '2026-03-03');
    expect(costs(life.out(200, '2026-03-04'))).toEqual([lei(2_250)]);
    expect(life.state.ledger.costing.layers).toEqual([{ quantity: units(50), value: 60_000 }]);
  });

  test('merges layers of one cost', () => {
    const life = new Life(fifo);
    life.in(3, '7.5');
    life.in(5, '7.5');
    expect(life.state.ledger.costing.layers).toEqual([{ quantity: units(8), value: 6_000 }]);
  });
});

describe('the moving average (textbook table)', () => {
  test('is (on hand × average + quantity × cost) / (on hand + quantity) after each receipt, and unmoved by issues', () => {
    const life = new Life(average);
    const averageNow = () => unitCostOf(money(valueIn(life.state.ledger.costing), RON), quantityIn(life.state.ledger.costing));
    life.in(100, '10');
    life.in(200, '11');
    expect(averageNow()).toBe('10.666667');
    expect(costs(life.out(150))).toEqual([lei(1_600)]);
    expect(averageNow()).toBe('10.666667');
    life.in(100, '12', '2026-03-03');
    expect(averageNow()).toBe('11.2');
    expect(costs(life.out(200, '2026-03-04'))).toEqual([lei(2_240)]);
    expect(life.state.ledger.costing.layers).toEqual([{ quantity: units(50), value: 56_000 }]);
  });
});

describe('the parts of a cost', () => {
  test('sum up to the whole, to the cent', () => {
    const life = new Life(fifo);
    life.in(3, '0.333333');
    expect([life.out(1), life.out(1), life.out(1)].flatMap(costs)).toEqual([lei(0.33), lei(0.34), lei(0.33)]);
  });
});

describe('goods without a stated cost (our own rule)', () => {
  test.each([
    [
      'what the newest goods there cost',
      [
        ['10', 4],
        ['12', 2],
      ],
      lei(36),
    ],
    ['nothing where no cost was ever known', [], lei(0)],
  ] as const)('come in at %s', (_, before, expected) => {
    const life = new Life(fifo);
    for (const [unitCost, count] of before) life.in(count, unitCost);
    expect(costs(life.in(3))).toEqual([expected]);
  });

  test('come in at what came in last, once that is gone', () => {
    const life = new Life(fifo);
    life.in(2, '12');
    life.out(2);
    expect(costs(life.in(3))).toEqual([lei(36)]);
  });

  test('leave the average where it is', () => {
    const life = new Life(average);
    life.in(4, '10');
    life.in(4, '11');
    life.in(2);
    expect(life.state.ledger.costing.layers).toEqual([{ quantity: units(10), value: 10_500 }]);
  });
});

describe('the method of a cell', () => {
  const receipt = { ...cell, receiptId: 'R1', line: 1, quantity: '2', unitCost: '12.5', receivedOn: '2026-03-01' };

  test('is said with its first goods', () =>
    given()
      .when(receiveStock, receipt, { facts: average })
      .thenEvents(
        ValuationChosen({ ...cell, ...average }),
        StockReceived({ ...receipt, quantity: units(2), onHand: units(2), cost: lei(25) }),
      ));

  test('is that of the item, or of the company where the item says nothing; once chosen, nobody is asked', async () => {
    const asked = (item: 'fifo' | 'average' | null) =>
      receiveStock.facts?.(
        Stock.initial(),
        { ...receipt, quantity: units(2), unitCost: '12.5' as Decimal },
        (async (query: { type: string }) => (query.type === 'ItemValuation' ? item : { stockValuation: 'fifo', currency: RON })) as never,
        {} as never,
      );
    expect(await asked(null)).toEqual(fifo);
    expect(await asked('average')).toEqual(average);
    const life = new Life(average);
    life.in(1, '10');
    expect(
      await receiveStock.facts?.(life.state, { ...receipt, quantity: units(2), unitCost: undefined }, undefined as never, {} as never),
    ).toEqual(average);
  });

  test('stays whatever is chosen later', () => {
    const life = new Life(average);
    life.in(4, '10');
    life.in(4, '11');
    expect(life.facts.filter(({ type }) => type === 'ValuationChosen')).toHaveLength(1);
  });
});

describe('an adjustment', () => {
  const history = [
    ValuationChosen({ ...cell, ...fifo }),
    StockReceived({ ...cell, receiptId: 'R1', line: 1, quantity: units(4), receivedOn: '2026-03-01', onHand: units(4), cost: lei(40) }),
    StockReceived({ ...cell, receiptId: 'R2', line: 1, quantity: units(4), receivedOn: '2026-03-02', onHand: units(8), cost: lei(48) }),
  ];
  const facts = {
    warehouseExists: true,
    itemStocked: true,
    valuation: fifo,
    selfApproval: true,
    secondApprovalFrom: null,
    closedThrough: null,
  };

  test.each([
    ['2', 10, lei(24)],
    ['-5', 3, lei(52)],
  ])('of %s bears its cost', (count, onHand, cost) =>
    given(...history)
      .when(adjustStock, { ...cell, quantity: count, reason: 'counted' }, { facts })
      .thenEvents(
        StockAdjusted({
          ...{ ...cell, adjustmentId: 'W1~I1.adjustment', quantity: units(Number(count)), reason: 'counted', adjustedOn: '2026-03-02' },
          onHand: units(onHand),
          cost,
        }),
      ),
  );
});

describe('goods that come back', () => {
  const facts = { valuation: fifo, issue: { quantity: units(4), value: 1_000, returned: units(1) } };
  const wish = { ...cell, returnId: 'B1', deliveryId: 'D1', line: 1, quantity: '3', returnedOn: '2026-03-09' };

  test('cost what they cost when they left, whatever such goods cost now', () => {
    const life = new Life(fifo);
    life.in(4, '10');
    life.out(3);
    life.in(4, '15');
    expect(costs(life.back(2, 'O1~1'))).toEqual([lei(20)]);
  });

  test('cost together what they cost together, in however many parts', () => {
    const life = new Life(fifo);
    life.in(3, '0.333333');
    life.out(3);
    expect([1, 1, 1].flatMap(part => costs(life.back(part, 'O1~1')))).toEqual([lei(0.33), lei(0.34), lei(0.33)]);
  });

  test('are costed by the ledger where they left long ago or elsewhere', () =>
    expect(given().when(returnStock, wish, { facts }).events().at(-1)?.data).toMatchObject({ cost: lei(7.5), onHand: units(3) }));

  test('are no more than left', () =>
    given()
      .when(returnStock, { ...wish, quantity: '3.001' }, { facts })
      .thenRefuses('ReturnExceedsDelivery'));

  test('left before', () =>
    given()
      .when(returnStock, wish, { facts: { ...facts, issue: null } })
      .thenRefuses('NothingIssued'));

  test('come back once', () => {
    const first = given().when(returnStock, wish, { facts }).events();
    given(...first)
      .when(returnStock, wish, { facts })
      .thenNothing();
  });

  test('serve those who wait', () => {
    const life = new Life(fifo);
    life.in(4, '10');
    life.out(4);
    life.state = [reserve(life.state, { ...order('A'), quantity: units(2), orderedOn: '2026-03-05' })]
      .flatMap(facts => facts as DomainEvent[])
      .reduce(next, life.state);
    expect(life.back(3, 'O1~1').at(-1)).toMatchObject({ type: 'StockReserved', data: { orderId: 'A', quantity: units(2), waited: true } });
  });
});

describe('a movement that is recorded late', () => {
  test('corrects the cost of every issue after it whose cost it changes', () => {
    const life = new Life(fifo);
    life.in(10, '5', '2026-03-01');
    life.in(10, '7', '2026-03-10');
    expect(costs(life.out(12, '2026-03-12'))).toEqual([lei(64)]);
    life.out(1, '2026-03-13');
    expect(life.in(5, '6', '2026-03-05').slice(1)).toEqual([
      CostCorrected({
        ...{ ...cell, document: 'delivery', documentId: 'O2~1', line: 1, movedOn: '2026-03-12', onHand: units(12) },
        before: lei(64),
        cost: lei(62),
      }),
      CostCorrected({
        ...{ ...cell, document: 'delivery', documentId: 'O3~1', line: 1, movedOn: '2026-03-13', onHand: units(12) },
        before: lei(7),
        cost: lei(6),
      }),
    ]);
  });

  test('corrects nothing that left before it', () => {
    const life = new Life(average);
    life.in(10, '5', '2026-03-01');
    life.out(5, '2026-03-02');
    life.out(1, '2026-03-09');
    expect(life.in(5, '6', '2026-03-05').slice(1)).toMatchObject([{ type: 'CostCorrected', data: { movedOn: '2026-03-09' } }]);
  });

  test('is refused as a loss where a later balance would become negative', () => {
    const life = new Life(fifo);
    life.in(10, '5', '2026-03-01');
    life.out(8, '2026-03-02');
    life.in(10, '5', '2026-03-09');
    const loss = { ...cell, quantity: '-3', reason: 'broken' };
    const verdict = given(...life.facts).when(adjustStock, loss, {
      now: '2026-03-03T09:00:00.000Z',
      facts: {
        warehouseExists: true,
        itemStocked: true,
        valuation: fifo,
        selfApproval: true,
        secondApprovalFrom: null,
        closedThrough: null,
      },
    });
    expect(verdict.refusal()).toMatchObject({ refused: 'InsufficientStock', details: { item: 'I1', wanted: '3', available: '2' } });
  });

  test('is dated, when the delivery is approved already, on the first day on which the goods can be spared', () => {
    const life = new Life(fifo);
    life.in(10, '5', '2026-03-01');
    life.out(8, '2026-03-04');
    life.in(10, '5', '2026-03-09');
    expect(life.out(3, '2026-03-02')[0]).toMatchObject({ type: 'StockIssued', data: { issuedOn: '2026-03-09' } });
    expect(life.out(2, '2026-03-02')[0]).toMatchObject({ type: 'StockIssued', data: { issuedOn: '2026-03-02' } });
  });
});

describe('goods that were sent to another warehouse', () => {
  const sent = () => {
    const life = new Life(fifo);
    life.in(10, '5', '2026-03-01');
    const wish = { ...cell, documentId: 'T1', line: 1, quantity: units(4) };
    life.done(hold(life.state, { ...wish, on: '2026-03-05' }));
    life.done(send(life.state, { ...wish, toWarehouseId: 'W2', sentOn: '2026-03-05' }));
    return life;
  };

  test('took their cost with them: what is recorded later corrects nothing of it (our own rule)', () => {
    const life = sent();
    life.out(2, '2026-03-06');
    expect(life.in(5, '4', '2026-03-02').map(({ type }) => type)).toEqual(['StockReceived']);
  });

  test('are gone: nothing can leave on a day before they did', () => {
    const life = sent();
    expect(life.out(2, '2026-03-02')[0]).toMatchObject({ data: { issuedOn: '2026-03-05' } });
  });
});

interface Entry {
  readonly id: string;
  readonly on: string;
  readonly quantity: number;
  value: number;
}

/** The ledger worked out anew, with nothing of the cell's own: by day, unit by unit thousandth by thousandth in whole layers. */
function bookkeeping(facts: readonly DomainEvent[], method: 'fifo' | 'average'): readonly Entry[] {
  const entries = facts.flatMap(({ type, data }): Entry[] => {
    const of = data as Record<string, never> & { quantity: number; cost?: { minor: number }; line?: number };
    const value = of.cost?.minor ?? 0;
    if (type === 'StockReceived') return [{ id: of['receiptId'] ?? '', on: of['receivedOn'] ?? '', quantity: of.quantity, value }];
    if (type === 'StockAdjusted') return [{ id: of['adjustmentId'] ?? '', on: of['adjustedOn'] ?? '', quantity: of.quantity, value }];
    if (type === 'StockReturned') return [{ id: of['returnId'] ?? '', on: of['returnedOn'] ?? '', quantity: of.quantity, value }];
    if (type === 'StockIssued') return [{ id: of['deliveryId'] ?? '', on: of['issuedOn'] ?? '', quantity: -of.quantity, value }];
    return [];
  });
  const byDay = entries.map((entry, index) => ({ entry, index })).sort((a, b) => a.entry.on.localeCompare(b.entry.on) || a.index - b.index);
  const layers: { quantity: number; value: number }[] = [];
  for (const { entry } of byDay) {
    const newest = layers.at(-1);
    const isAlike = newest !== undefined && BigInt(newest.value) * BigInt(entry.quantity) === BigInt(entry.value) * BigInt(newest.quantity);
    if (entry.quantity > 0 && newest !== undefined && (method === 'average' || isAlike)) {
      newest.quantity += entry.quantity;
      newest.value += entry.value;
    } else if (entry.quantity > 0) layers.push({ quantity: entry.quantity, value: entry.value });
    else entry.value = takenOf(layers, -entry.quantity);
  }
  return entries;
}

function takenOf(layers: { quantity: number; value: number }[], wanted: number): number {
  let cost = 0;
  for (let left = wanted; left > 0; ) {
    const layer = layers[0];
    if (layer === undefined) throw new Error('more left than there was');
    const part = Math.min(left, layer.quantity);
    const share = Number((2n * BigInt(layer.value) * BigInt(part) + BigInt(layer.quantity)) / (2n * BigInt(layer.quantity)));
    cost += share;
    left -= part;
    layer.quantity -= part;
    layer.value -= share;
    if (layer.quantity === 0) layers.shift();
  }
  return cost;
}

describe.each([fifo, average])('whatever moves in and out of a cell, on whatever day, valued by $method,', valuation => {
  const whatever = (check: (facts: readonly DomainEvent[], state: State) => void) =>
    fc.assert(
      fc.property(wishes, sequence => {
        const appends = appendsOf(sequence, valuation);
        const facts = appends.flatMap(append => append.facts);
        check(facts, appends.at(-1)?.states.at(-1) ?? Stock.initial());
      }),
      { numRuns: 150 },
    );

  /** What each movement cost, by its document, corrections included. */
  const costNow = (facts: readonly DomainEvent[]) => {
    const now = new Map<string, number>();
    for (const { type, data } of facts) {
      const of = data as Record<string, string | undefined> & { cost?: { minor: number }; before?: { minor: number } };
      const id = of['documentId'] ?? of['receiptId'] ?? of['adjustmentId'] ?? of['returnId'] ?? of['deliveryId'];
      if (id === undefined || of.cost === undefined) continue;
      if (type === 'CostCorrected') expect(now.get(id)).toBe(of.before?.minor);
      now.set(id, of.cost.minor);
    }
    return now;
  };

  test('what came in less what went out is what is there, to the cent', () =>
    whatever((facts, { ledger, onHand }) => {
      const now = costNow(facts);
      const entries = bookkeeping(facts, valuation.method);
      const sum = entries.reduce((value, { id, quantity }) => value + Math.sign(quantity) * (now.get(id) ?? 0), 0);
      expect(valueIn(ledger.costing)).toBe(sum);
      expect(quantityIn(ledger.costing)).toBe(onHand);
    }));

  test('every issue cost what a ledger kept by day says', () =>
    whatever(facts => {
      const now = costNow(facts);
      for (const { id, value } of bookkeeping(facts, valuation.method)) expect(now.get(id)).toBe(value);
    }));

  test('no balance on any day is negative', () =>
    whatever(facts => {
      const byDay = bookkeeping(facts, valuation.method).toSorted((a, b) => a.on.localeCompare(b.on));
      let balance = 0;
      for (const { quantity } of byDay) expect((balance += quantity)).toBeGreaterThanOrEqual(0);
    }));
});

test('a cell keeps at most so many layers; the two whose costs are nearest become one, and the value stays', () => {
  const life = new Life(fifo);
  for (let index = 0; index < LAYERS_MAX; index++) life.in(1, String(10 + 2 * index));
  life.in(1, '137');
  const { layers } = life.state.ledger.costing;
  expect(layers).toHaveLength(LAYERS_MAX);
  expect(layers.at(-1)).toEqual({ quantity: units(2), value: 27_300 });
  expect(valueIn(life.state.ledger.costing)).toBe(
    life.facts.flatMap(fact => costs([fact])).reduce<number>((sum, cost) => sum + (cost as { minor: number }).minor, 0),
  );
});
