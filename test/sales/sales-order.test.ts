import { describe, expect, test } from 'vitest';
import { releaseCredit, reserveCredit } from '../../src/commands/sales/credit.ts';
import { deliveryCommitment } from '../../src/commands/sales/holds.ts';
import {
  acceptSalesOrder,
  cancelSalesOrder,
  commitDelivery,
  confirmModification,
  declineSalesOrder,
  expireSalesOrder,
  modifySalesOrder,
  rejectModification,
  remindOfModification,
  sendSalesOrder,
  withdrawDelivery,
} from '../../src/commands/sales/sales-order.ts';
import type { ClientStanding } from '../../src/domain/sales/acceptance.ts';
import type { AcceptanceFacts } from '../../src/domain/sales/discount-limit.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  followUpId,
  ModificationConfirmed,
  ModificationRejected,
  ModificationReminded,
  orderOf,
  SalesOrder,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderModified,
  SalesOrderPlaced,
  SalesOrderSent,
} from '../../src/domain/sales/sales-order.ts';
import { evolve } from '../../src/kernel/decider.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { type Currency, money, zero } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { type Circumstances, given as givenFacts } from '../kernel/scenario.ts';

const RON = 'RON' as Currency;
const line = {
  line: 1,
  itemId: 'I1',
  sku: 'CHAI',
  description: 'Chai',
  uom: 'box',
  stocked: true,
  quantity: quantity(1_000),
  unitPrice: '1' as Decimal,
  discount: '0' as Decimal,
  taxPercent: '0' as Decimal,
  net: money(100, RON),
  price: { level: 5, source: 'standard' },
} as const;
const order = {
  accountId: 'A1',
  warehouseId: 'W1',
  ownerId: 'ana',
  placedBy: 'ion',
  channel: 'staff',
  orderedOn: '2026-03-02',
  expiresOn: '2026-03-16',
  paymentTermDays: 30,
  currency: RON,
  totals: { net: zero(RON), taxes: [], gross: zero(RON) },
};
const placed = SalesOrderPlaced({ ...order, lines: [line] });
const ofServices = SalesOrderPlaced({ ...order, lines: [{ ...line, stocked: false }] });
const accepted = SalesOrderAccepted({ credit: { amount: zero(RON) } });
const declined = SalesOrderDeclined({ reason: 'too dear' });
const cancelled = SalesOrderCancelled({ reason: 'too late' });
const sent = SalesOrderSent({});
const expired = SalesOrderExpired({});
const whole = [{ line: 1, quantity: quantity(1_000) }];
const committed = DeliveryCommitted({ deliveryId: 'O1~1', lines: whole });
const withdrawn = DeliveryWithdrawn({ deliveryId: 'O1~1', lines: whole });

/** Nothing about the client stands against an order. */
const client: ClientStanding = { name: 'Acme', blocked: false, currency: RON, limit: null, exposure: 0, raised: 0, overdueDays: null };
const acceptance: AcceptanceFacts = { discountLimit: '100' as Decimal, client, overdueStopDays: null };
const given = (...history: readonly DomainEvent[]) => {
  const { when } = givenFacts(...history);
  return {
    when: ((command, input, circumstances: Circumstances = {}) =>
      when(command, input, { facts: acceptance, ...circumstances })) as ReturnType<typeof givenFacts>['when'],
  };
};

const id = { id: 'O1' };
const delivery = { ...id, deliveryId: 'O1~1', lines: [{ line: 1, quantity: '1' }] };
const UNDER_WAY = ['CancelSalesOrder', 'CloseSalesOrderShort', 'ChangeShipPolicy', 'InvoiceSalesOrder'];
const AFTER_ITS_LAST_DAY = '2026-03-17T09:00:00.000Z';

const limit = (percent: string) => ({ facts: { ...acceptance, discountLimit: percent as Decimal } });

describe('a sales order', () => {
  test('is accepted', () => given(placed).when(acceptSalesOrder, id).thenEvents(accepted));
  test('is accepted up to the discount its clerk may give, and beyond it by an approval', () => {
    const generous = SalesOrderPlaced({ ...order, lines: [line, { ...line, line: 2, discount: '12.5' as Decimal }] });
    given(generous).when(acceptSalesOrder, id, limit('12.5')).thenEvents(accepted);
    expect(given(generous).when(acceptSalesOrder, id, limit('9')).refusal()).toMatchObject({
      refused: 'OverrideRequired',
      details: { rule: 'discountOverLimit', revision: 0, terms: 'A discount of 12.5 % where 9 % is the limit' },
    });
    given(generous)
      .when(acceptSalesOrder, { ...id, approvals: { discountOverLimit: 'P1' } }, limit('9'))
      .thenEvents(accepted);
    const toConfirm = SalesOrderModified({
      ownerId: 'ana',
      reason: 'Cheaper',
      lines: [{ ...line, discount: '50' as Decimal }],
      removed: [],
      before: [],
      totals: order.totals,
      expiresOn: '2026-03-16',
    });
    given(placed, toConfirm).when(confirmModification, id, limit('9')).thenRefuses('OverrideRequired');
  });
  test('is accepted down to the minimum margin of its items, discount taken off, and below it by an approval', () => {
    const sold = (unitPrice: string, discount: string) =>
      SalesOrderPlaced({
        ...order,
        lines: [{ ...line, unitPrice, discount, price: { ...line.price, leastPrice: '9' as Decimal } }],
      });
    for (const enough of [sold('9', '0'), sold('10', '10'), sold('12', '25')])
      given(enough).when(acceptSalesOrder, id, limit('100')).thenEvents(accepted);
    expect(given(sold('10', '10.0001')).when(acceptSalesOrder, id, limit('100')).refusal()).toMatchObject({
      refused: 'OverrideRequired',
      details: {
        rule: 'belowMinimumMargin',
        terms: 'Prices in RON below the minimum margin: line 1, CHAI at 10 less 10.0001 % where 9 is the least',
      },
    });
    given(sold('8.999999', '0'))
      .when(acceptSalesOrder, { ...id, approvals: { belowMinimumMargin: 'P1' } }, limit('100'))
      .thenEvents(accepted);
  });
  test('says of many lines below their margin the first, in words an approval can hold', () => {
    const lines = Array.from({ length: 100 }, (_, index) => ({
      ...line,
      line: index + 1,
      sku: 'S'.repeat(40),
      unitPrice: '100000000000.123456' as Decimal,
      price: { ...line.price, leastPrice: '200000000000.123456' as Decimal },
    }));
    const terms = given(SalesOrderPlaced({ ...order, lines }))
      .when(acceptSalesOrder, id, limit('100'))
      .refusal()?.details?.['terms'];
    expect(terms).toMatch(/; 97 more lines$/);
    expect(String(terms).length).toBeLessThanOrEqual(500);
  });
  test('is accepted once', () => given(placed, accepted).when(acceptSalesOrder, id).thenNothing());
  test('is declined with a reason', () =>
    given(placed)
      .when(declineSalesOrder, { ...id, reason: 'too dear' })
      .thenEvents(declined));
  test('is declined once', () =>
    given(placed, declined)
      .when(declineSalesOrder, { ...id, reason: 'again' })
      .thenNothing());
  test('is sent, once, and accepted then', () => {
    given(placed).when(sendSalesOrder, id).thenEvents(sent);
    given(placed, sent).when(sendSalesOrder, id).thenNothing();
    given(placed, sent).when(acceptSalesOrder, id).thenEvents(accepted);
  });

  test('is accepted on its last day, and not after it, whether or not that was recorded yet', () => {
    given(placed).when(acceptSalesOrder, id, { now: '2026-03-16T09:00:00.000Z' }).thenEvents(accepted);
    given(placed).when(acceptSalesOrder, id, { now: AFTER_ITS_LAST_DAY }).thenRefuses('InvalidTransition');
    given(placed, expired).when(acceptSalesOrder, id).thenRefuses('InvalidTransition');
  });

  test('expires when its last day has passed, unless it was decided', () => {
    given(placed, sent).when(expireSalesOrder, id, { now: AFTER_ITS_LAST_DAY }).thenEvents(expired);
    given(placed, sent).when(expireSalesOrder, id).thenNothing();
    given(placed, accepted).when(expireSalesOrder, id, { now: AFTER_ITS_LAST_DAY }).thenNothing();
    given(placed, expired).when(expireSalesOrder, id, { now: AFTER_ITS_LAST_DAY }).thenNothing();
  });

  test('is accepted by whoever placed it only with the right to', () => {
    const grants = ['sales:accept'];
    given(placed).when(acceptSalesOrder, id, { actorId: 'ion', grants }).thenRefuses('SelfApproval');
    given(placed).when(acceptSalesOrder, id, { actorId: 'ana', grants }).thenEvents(accepted);
    given(placed)
      .when(acceptSalesOrder, id, { actorId: 'ion', grants: [...grants, 'sales:self-accept'] })
      .thenEvents(accepted);
  });

  test.each([
    ['a draft', [placed]],
    ['sent', [placed, sent]],
  ])('is cancelled while it is %s', (_, history) =>
    given(...history)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenEvents(cancelled),
  );
  test('is cancelled once it was accepted', () =>
    given(placed, accepted)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenEvents(cancelled));
  test('is cancelled once', () =>
    given(placed, accepted, cancelled)
      .when(cancelSalesOrder, { ...id, reason: 'again' })
      .thenNothing());

  test('of services alone cannot be cancelled once it is accepted, since it is invoiced then', () =>
    given(ofServices, accepted)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenRefuses('DocumentLocked'));
  test('cannot be cancelled once a delivery is approved', () =>
    given(placed, accepted, committed)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenRefuses('DocumentLocked'));
  test('can be cancelled after the delivery was not approved after all', () =>
    given(placed, accepted, committed, withdrawn)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenEvents(cancelled));

  test.each([
    ['accepted after it was declined', [placed, declined], acceptSalesOrder, []],
    ['accepted after it was cancelled', [placed, accepted, cancelled], acceptSalesOrder, []],
    ['declined after it was accepted', [placed, accepted], declineSalesOrder, UNDER_WAY],
    ['declined after it expired', [placed, expired], declineSalesOrder, []],
    ['cancelled after it was declined', [placed, declined], cancelSalesOrder, []],
    ['sent after it was accepted', [placed, accepted], sendSalesOrder, UNDER_WAY],
  ] as const)('cannot be %s', (_, history, command, permitted) =>
    expect(
      given(...history)
        .when(
          command as typeof declineSalesOrder,
          command === acceptSalesOrder || command === sendSalesOrder ? (id as never) : { ...id, reason: 'so' },
        )
        .refusal(),
    ).toMatchObject({ refused: 'InvalidTransition', details: { permitted } }),
  );

  test.each([
    [acceptSalesOrder, id],
    [declineSalesOrder, { ...id, reason: 'so' }],
    [cancelSalesOrder, { ...id, reason: 'so' }],
    [commitDelivery, delivery],
    [withdrawDelivery, delivery],
  ])('that does not exist is not found', (command, input) =>
    given()
      .when(command as typeof commitDelivery, input as never)
      .thenRefuses('NotFound'),
  );

  test('answers for itself through its owner', () => {
    const state = evolve(SalesOrder, SalesOrder.initial(), placed.type, placed.data);
    expect(acceptSalesOrder.relations?.(state)).toEqual({ owner: 'ana' });
  });
});

describe('accepting an order', () => {
  const worth = SalesOrderPlaced({ ...order, lines: [line], totals: { net: money(50_000, RON), taxes: [], gross: money(50_000, RON) } });
  const amount = money(50_000, RON);
  const limited = (exposure: number, raised = 0) => ({
    facts: { ...acceptance, client: { ...client, limit: 100_000, exposure, raised } },
  });
  const limit = money(100_000, RON);

  test('takes what it comes to of the credit of its client, with the limit of that day', () => {
    const verdict = given(worth).when(acceptSalesOrder, id, limited(50_000));
    verdict.thenEvents(SalesOrderAccepted({ credit: { amount, limit } }));
    const taken = { amount: { amount: '500.00', currency: 'RON' }, limit: { amount: '1000.00', currency: 'RON' } };
    verdict.thenHolds({
      take: reserveCredit({ id: 'A1', orderId: 'O1', ...taken }),
      release: releaseCredit({ id: 'A1', orderId: 'O1' }),
    });
  });

  test('beyond the limit is refused, and says what there is and what an approval is asked for with', () =>
    expect(given(worth).when(acceptSalesOrder, id, limited(50_001)).refusal()).toMatchObject({
      refused: 'CreditLimitExceeded',
      details: {
        exposure: '500.01',
        wanted: '500.00',
        limit: '1000.00',
        rule: 'creditLimit',
        terms: 'Credit for 500.00 RON beyond the limit of 1000.00 RON',
      },
    }));

  test('beyond the limit passes by an approval, or while the limit is raised', () => {
    given(worth)
      .when(acceptSalesOrder, { ...id, approvals: { creditLimit: 'P1' } }, limited(50_001))
      .thenEvents(SalesOrderAccepted({ credit: { amount, limit, overridden: true } }));
    given(worth)
      .when(acceptSalesOrder, id, limited(50_001, 1))
      .thenEvents(SalesOrderAccepted({ credit: { amount, limit } }));
  });

  test('is refused to a client with an invoice overdue for more days than the company bears', () => {
    const overdue = (overdueDays: number) => ({ facts: { ...acceptance, client: { ...client, overdueDays }, overdueStopDays: 30 } });
    given(worth).when(acceptSalesOrder, id, overdue(31)).thenRefuses('ClientOnStop');
    expect(given(worth).when(acceptSalesOrder, id, overdue(30)).events()).toHaveLength(1);
  });

  test('is refused while the client is blocked', () =>
    given(worth)
      .when(acceptSalesOrder, id, { facts: { ...acceptance, client: { ...client, blocked: true } } })
      .thenRefuses('AccountBlocked'));
});

describe('the commitment to a delivery', () => {
  test('binds an accepted order', () => given(placed, accepted).when(commitDelivery, delivery).thenEvents(committed));
  test('takes what the order still has to get, and no more', () => {
    const part = { ...delivery, lines: [{ line: 1, quantity: '0.4' }] };
    const first = DeliveryCommitted({ deliveryId: 'O1~1', lines: [{ line: 1, quantity: quantity(400) }] });
    given(placed, accepted).when(commitDelivery, part).thenEvents(first);
    const rest = { ...id, deliveryId: 'O1~2', lines: [{ line: 1, quantity: '0.6' }] };
    expect(given(placed, accepted, first).when(commitDelivery, rest).events()).toHaveLength(1);
    given(placed, accepted, first)
      .when(commitDelivery, { ...rest, lines: [{ line: 1, quantity: '0.601' }] })
      .thenRefuses('DeliveryExceedsOrder');
  });
  test('is made once', () => given(placed, accepted, committed).when(commitDelivery, delivery).thenNothing());
  test('is refused to a second delivery of the same goods', () =>
    given(placed, accepted, committed)
      .when(commitDelivery, { ...delivery, deliveryId: 'O1~2' })
      .thenRefuses('DeliveryExceedsOrder'));
  test('is refused when the order was cancelled', () =>
    given(placed, accepted, cancelled).when(commitDelivery, delivery).thenRefuses('InvalidTransition'));
  test('is taken back', () => given(placed, accepted, committed).when(withdrawDelivery, delivery).thenEvents(withdrawn));
  test('is taken back by no other delivery', () =>
    given(placed, accepted, committed)
      .when(withdrawDelivery, { ...delivery, deliveryId: 'O1~2' })
      .thenNothing());
  test('is offered to others as a hold', () =>
    expect(deliveryCommitment('O1', 'O1~1', whole)).toEqual({
      take: { command: 'CommitDelivery', input: delivery },
      release: { command: 'WithdrawDelivery', input: delivery },
    }));
});

describe('a change of an order', () => {
  const price = { level: 4, source: 'list', priceListId: 'L1' } as const;
  const two = { ...line, line: 2, itemId: 'I2', sku: 'TOFU', quantity: quantity(2_000), net: money(200, RON) } as const;
  const ordered = SalesOrderPlaced({ ...order, lines: [line, two] });
  const sold = { sku: 'TOFU', name: 'Tofu', uom: 'box', stocked: true, discontinued: false, taxPercent: '0' as Decimal };
  const found = { unitPrice: '3' as Decimal, level: 4, priceListId: 'L1', tried: [] };
  const facts = {
    expiryDays: 14,
    items: new Map([
      ['I2', sold],
      ['I3', { ...sold, sku: 'SOY' }],
    ]),
    leastPrices: new Map(),
    prices: new Map([
      [2, found],
      [3, found],
    ]),
  };
  const wish = { ...id, reason: 'Only one is left', lines: [{ line: 2, itemId: 'I2', quantity: '1' }] };
  const lineTwo = { ...two, quantity: quantity(1_000), unitPrice: '3' as Decimal, net: money(300, RON), description: 'Tofu' };
  const tofu = { ...lineTwo, price: { ...price, tried: [] } };
  const before = { line: 2, itemId: 'I2', sku: 'TOFU', quantity: quantity(2_000), unitPrice: '1', discount: '0', net: money(200, RON) };
  const totals = (minor: number) => ({
    net: money(minor, RON),
    taxes: [{ taxPercent: '0' as Decimal, net: money(minor, RON), tax: zero(RON) }],
    gross: money(minor, RON),
  });
  const modified = SalesOrderModified({
    ownerId: 'ana',
    reason: 'Only one is left',
    lines: [tofu],
    removed: [],
    before: [before],
    totals: totals(400),
    expiresOn: '2026-03-16',
  });
  const confirmed = ModificationConfirmed({});

  test('prices the line that changes anew, leaves the others as they are, and keeps what it was before', () =>
    given(ordered).when(modifySalesOrder, wish, { facts }).thenEvents(modified));

  test('adds lines under new numbers and takes others off', () =>
    expect(
      given(ordered)
        .when(modifySalesOrder, { ...id, reason: 'so', lines: [{ itemId: 'I3', quantity: '1' }], remove: [1] }, { facts })
        .events()[0]?.data,
    ).toMatchObject({ lines: [{ line: 3, sku: 'SOY' }], removed: [1], before: [{ line: 1 }], totals: { net: { minor: 500 } } }));

  test('renews the days the client has to answer', () =>
    expect(given(ordered).when(modifySalesOrder, wish, { facts, now: '2026-03-10T09:00:00.000Z' }).events()[0]?.data).toMatchObject({
      expiresOn: '2026-03-24',
    }));

  test('states a price by hand only by the right to', () =>
    given(ordered)
      .when(
        modifySalesOrder,
        { ...wish, lines: [{ ...wish.lines[0], itemId: 'I2', quantity: '1', unitPrice: '1', priceReason: 'so' }] },
        { facts, grants: ['sales:order'] },
      )
      .thenRefuses('OverrideRequired'));

  test.each([
    ['nothing', { lines: [] }, '/lines'],
    ['a line there is not', { lines: [{ line: 7, itemId: 'I2', quantity: '1' }] }, '/lines/0/line'],
    ['a line to remove that there is not', { remove: [7] }, '/remove/0'],
    ['a line twice', { remove: [2] }, '/lines'],
    ['an item there is not', { lines: [{ itemId: 'I9', quantity: '1' }] }, '/lines/0/itemId'],
  ])('that names %s is refused', (_, change, pointer) =>
    given(ordered)
      .when(modifySalesOrder, { ...wish, ...change }, { facts })
      .thenInvalid(pointer),
  );

  test('leaves at least one line', () =>
    given(ordered)
      .when(modifySalesOrder, { ...id, reason: 'so', remove: [1, 2] }, { facts })
      .thenInvalid('/remove'));

  test('is not made of an order that was accepted, or whose last day has passed', () => {
    given(ordered, accepted).when(modifySalesOrder, wish, { facts }).thenRefuses('InvalidTransition');
    given(ordered).when(modifySalesOrder, wish, { facts, now: AFTER_ITS_LAST_DAY }).thenRefuses('InvalidTransition');
  });

  test('accepts the order when the client confirms it, once', () => {
    given(ordered, modified)
      .when(confirmModification, id)
      .thenEvents(confirmed, SalesOrderAccepted({ credit: { amount: money(400, RON) } }));
    given(ordered, modified, confirmed, accepted).when(confirmModification, id).thenNothing();
  });

  test('declines the order when the client rejects it, once', () => {
    const wanted = { ...id, reason: 'Then elsewhere' };
    const rejected = ModificationRejected({ reason: 'Then elsewhere' });
    const end = SalesOrderDeclined({ reason: 'Then elsewhere' });
    given(ordered, modified).when(rejectModification, wanted).thenEvents(rejected, end);
    given(ordered, modified, rejected, end).when(rejectModification, wanted).thenNothing();
  });

  test('waits for the client: nobody else accepts or declines it meanwhile', () => {
    const permitted = ['ConfirmModification', 'RejectModification', 'ModifySalesOrder', 'CancelSalesOrder'];
    const refusal = { refused: 'InvalidTransition', details: { permitted } };
    expect(given(ordered, modified).when(acceptSalesOrder, id).refusal()).toMatchObject(refusal);
    expect(
      given(ordered, modified)
        .when(declineSalesOrder, { ...id, reason: 'so' })
        .refusal(),
    ).toMatchObject(refusal);
    given(ordered).when(confirmModification, id).thenRefuses('InvalidTransition');
    given(ordered, modified)
      .when(cancelSalesOrder, { ...id, reason: 'too late' })
      .thenEvents(cancelled);
  });

  test('is reminded of once, unless it was answered', () => {
    const reminded = ModificationReminded({});
    given(ordered, modified).when(remindOfModification, id).thenEvents(reminded);
    given(ordered, modified, reminded).when(remindOfModification, id).thenNothing();
    given(ordered, modified, confirmed, accepted).when(remindOfModification, id).thenNothing();
    given(ordered, modified, reminded).when(expireSalesOrder, id, { now: AFTER_ITS_LAST_DAY }).thenEvents(expired);
  });
});

test('an order of a hundred lines stays under 64 kB', () => {
  const lines = Array.from({ length: 100 }, (_, index) => ({
    ...line,
    line: index + 1,
    itemId: `0198${'a'.repeat(32)}`,
    sku: 'S'.repeat(60),
    quantity: quantity(999_999_999_999),
    unitPrice: '999999999999.999999' as Decimal,
    net: money(9_999_999_999_999, RON),
  }));
  const state = evolve(SalesOrder, SalesOrder.initial(), placed.type, SalesOrderPlaced({ ...order, lines }).data);
  const delivered = Array.from({ length: 50 }, (_, number) => `0198${'b'.repeat(32)}~${number + 1}`);
  expect(JSON.stringify({ ...state, deliveries: delivered }).length).toBeLessThan(64 * 1024);
});

test('documents that follow from an order lead back to it, others nowhere', () => {
  expect(orderOf(followUpId('0198-ab', 1))).toEqual(['0198-ab']);
  expect(orderOf('0198-ab')).toEqual([]);
});
