import { describe, expect, test } from 'vitest';
import { placeDealOrder, placeSalesOrder } from '../../src/commands/sales/sales-order.ts';
import { USUAL } from '../../src/domain/document.ts';
import type { QuantityTerms } from '../../src/domain/order-quantity.ts';
import type { FoundPrice, PlacingFacts } from '../../src/domain/sales/placing.ts';
import { SalesOrderPlaced, SalesOrderSent } from '../../src/domain/sales/sales-order.ts';
import { refuse } from '../../src/kernel/decider.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import type { DataOf } from '../../src/kernel/event.ts';
import { type Currency, money } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { given } from '../kernel/scenario.ts';

const RON = 'RON' as Currency;
const decimal = (text: string) => text as Decimal;

const chai = { sku: 'CHAI', name: 'Chai', uom: 'box', stocked: true, discontinued: false, taxPercent: decimal('19') };
const freight = { sku: 'FREIGHT', name: 'Freight', uom: 'service', stocked: false, discontinued: false, taxPercent: decimal('9') };
const tried = [{ level: 1, name: 'List of the account', tried: 'L1 says 12.5 RON.', chosen: true, unitPrice: decimal('12.5') }];
const facts: PlacingFacts = {
  account: { id: 'A1', name: 'Alfreds', blocked: false, currency: RON, paymentTermDays: 30 },
  invoicing: { invoiceMode: 'atShipping', termEndOfMonth: false, reckoning: USUAL },
  warehouseExists: true,
  terms: { initialStatus: 'Draft', expiryDays: 14, shipPolicy: 'shipComplete' },
  items: new Map([
    ['chai', chai],
    ['freight', freight],
  ]),
  leastPrices: new Map(),
  prices: new Map([[1, { unitPrice: decimal('12.5'), level: 1, priceListId: 'L1', tried }]]),
};

const wish = { accountId: 'A1', warehouseId: 'W1', lines: [{ itemId: 'chai', quantity: '3' }] };
const byHand = { itemId: 'freight', quantity: '1', unitPrice: '32.38', priceReason: 'as agreed' };

const placed = (changes: Partial<Parameters<typeof placeSalesOrder>[0]> = {}, told = facts) =>
  given().when(placeSalesOrder, { ...wish, ...changes }, { facts: told });
const order = (...asked: Parameters<typeof placed>) => placed(...asked).events()[0]?.data as DataOf<typeof SalesOrderPlaced>;

describe('an order', () => {
  test('is placed at the prices, taxes and terms of its day, which stay as they are', () =>
    placed().thenEvents(
      SalesOrderPlaced({
        accountId: 'A1',
        warehouseId: 'W1',
        ownerId: 'ana',
        placedBy: 'ana',
        channel: 'staff',
        orderedOn: '2026-03-02',
        expiresOn: '2026-03-16',
        shipPolicy: 'shipComplete',
        paymentTermDays: 30,
        termEndOfMonth: false,
        invoiceMode: 'atShipping',
        currency: RON,
        lines: [
          {
            line: 1,
            itemId: 'chai',
            sku: 'CHAI',
            description: 'Chai',
            uom: 'box',
            stocked: true,
            quantity: quantity(3_000),
            unitPrice: '12.5',
            discount: '0',
            taxPercent: '19',
            net: money(3_750, RON),
            price: { level: 1, source: 'list', priceListId: 'L1', tried },
          },
        ],
        totals: {
          net: money(3_750, RON),
          taxes: [{ taxPercent: '19', net: money(3_750, RON), tax: money(713, RON) }],
          gross: money(4_463, RON),
        },
      }),
    ));

  test('freezes when it is invoiced: as its account is, or by hand', () => {
    expect(order({ invoiceMode: 'manual' })).toMatchObject({ invoiceMode: 'manual' });
    const byHand = { ...facts, invoicing: { ...facts.invoicing, invoiceMode: 'manual' as const, termEndOfMonth: true } };
    expect(order({}, byHand)).toMatchObject({ invoiceMode: 'manual', termEndOfMonth: true });
    expect(order({ invoiceMode: 'atAcceptance' }, byHand)).toMatchObject({ invoiceMode: 'atAcceptance' });
  });

  test('is not invoiced by itself in another way than its account is', () =>
    placed({ invoiceMode: 'atAcceptance' }).thenRefuses('InvoiceModeConflict'));

  test('rounds its tax once a line where the company does', () => {
    const byLine = { ...facts, invoicing: { ...facts.invoicing, reckoning: { ...USUAL, taxRounding: 'line' as const } } };
    expect(order({}, byLine).totals).toMatchObject({ reckoning: { taxRounding: 'line' } });
  });

  test('is placed on the day it is back-dated to', () =>
    expect(given().when(placeSalesOrder, wish, { facts, now: '1996-07-04T12:00:00.000Z' }).events()[0]?.data).toMatchObject({
      orderedOn: '1996-07-04',
    }));

  test('is sent at once where orders need no review, and expires after the days the company gives', () => {
    const told: PlacingFacts = { ...facts, terms: { initialStatus: 'Sent', expiryDays: 30, shipPolicy: 'shipPartial' } };
    const [first, second] = placed({}, told).events();
    expect(first?.data).toMatchObject({ expiresOn: '2026-04-01', shipPolicy: 'shipPartial' });
    expect(second).toEqual(SalesOrderSent({}));
    expect(order({ shipPolicy: 'shipComplete' }, told).shipPolicy).toBe('shipComplete');
  });

  test('belongs to whom it is given to, at the terms agreed for it', () =>
    expect(order({ ownerId: 'ion', paymentTermDays: 0, reference: 'PO-7' })).toMatchObject({
      ownerId: 'ion',
      paymentTermDays: 0,
      reference: 'PO-7',
    }));

  test('is given to somebody else only by the right to', () =>
    given()
      .when(placeSalesOrder, { ...wish, ownerId: 'ion' }, { facts, grants: ['sales:order'] })
      .thenRefuses('AssignmentNotPermitted'));

  test('takes off the discount of the line', () =>
    expect(order({ lines: [{ itemId: 'chai', quantity: '3', discount: '10' }] }).lines[0]).toMatchObject({
      discount: '10',
      net: { minor: 3_375 },
    }));

  test('keeps the standard price apart from prices of lists', () => {
    const told = { ...facts, prices: new Map([[1, { unitPrice: decimal('18'), level: 5, tried }]]) };
    expect(order({}, told).lines[0]?.price).toEqual({ level: 5, source: 'standard', tried });
  });

  test.each([
    ['fewer than are sold', '9', { minQuantity: 10_000 }, 'MinQty', { nearest: '10', below: null, above: '10' }],
    ['fewer than are sold, in multiples', '3', { minQuantity: 10_000, orderMultiple: 6_000 }, 'MinQty', { nearest: '12', above: '12' }],
    ['no multiple, nearer the one below', '14', { orderMultiple: 6_000 }, 'OrderMultiple', { nearest: '12', below: '12', above: '18' }],
    ['no multiple, between two alike', '15', { orderMultiple: 6_000 }, 'OrderMultiple', { nearest: '18', below: '12', above: '18' }],
    ['no multiple, with nothing to order below', '1', { orderMultiple: 2_500 }, 'OrderMultiple', { nearest: '2.5', below: null }],
  ])('is refused for %s, and says the nearest quantity there is', (_, wanted, terms, code, details) => {
    const price = facts.prices.get(1) as FoundPrice;
    const told = { ...facts, prices: new Map([[1, { ...price, ...(terms as QuantityTerms) }]]) };
    expect(placed({ lines: [{ itemId: 'chai', quantity: wanted }] }, told).refusal()).toMatchObject({
      refused: code,
      details: { line: 1, itemId: 'chai', ...details },
    });
    const { nearest } = details;
    expect(order({ lines: [{ itemId: 'chai', quantity: nearest }] }, told).lines).toHaveLength(1);
  });

  test('of what is sold in certain quantities may be of any at a price by hand', () => {
    const told = { ...facts, prices: new Map() };
    expect(order({ lines: [{ itemId: 'chai', quantity: '1', unitPrice: '20', priceReason: 'a sample' }] }, told).lines).toHaveLength(1);
  });

  test('keeps the least price that leaves the minimum margin of the item', () =>
    expect(order({}, { ...facts, leastPrices: new Map([['chai', decimal('11')]]) }).lines[0]?.price.leastPrice).toBe('11'));

  test('is refused where that cannot be said for want of a rate', () =>
    placed({}, { ...facts, leastPrices: new Map([['chai', refuse('NoExchangeRate', 'No rate of EUR.')]]) }).thenRefuses('NoExchangeRate'));

  test('takes freight as a line that no warehouse knows', () => {
    const { lines, totals } = order({ lines: [...wish.lines, byHand] });
    expect(lines[1]).toMatchObject({ line: 2, sku: 'FREIGHT', stocked: false, price: { level: 0, source: 'hand', reason: 'as agreed' } });
    expect(totals.taxes.map(({ taxPercent, tax }) => [taxPercent, tax.minor])).toEqual([
      ['9', 291],
      ['19', 713],
    ]);
  });

  test('states a price by hand only by the right to', () =>
    given()
      .when(placeSalesOrder, { ...wish, lines: [byHand] }, { facts, grants: ['sales:order'] })
      .thenRefuses('OverrideRequired'));

  test('needs no other right to be placed for oneself at the prices of the day', () =>
    expect(
      given()
        .when(placeSalesOrder, { ...wish, ownerId: 'ana' }, { facts, grants: ['sales:order'] })
        .events(),
    ).toHaveLength(1));

  test.each([
    ['a price by hand without a reason', { lines: [{ itemId: 'chai', quantity: '1', unitPrice: '1' }] }, '/lines/0/priceReason'],
    ['a reason without a price', { lines: [{ itemId: 'chai', quantity: '1', priceReason: 'so' }] }, '/lines/0/priceReason'],
    ['an item there is not', { lines: [...wish.lines, { itemId: 'tea', quantity: '1' }] }, '/lines/1/itemId'],
    ['a day before the order', { requiredOn: '2026-03-01' }, '/requiredOn'],
  ])('is refused with %s', (_, changes, pointer) =>
    expect(placed(changes).refusal()).toMatchObject({ refused: 'Validation', details: { errors: [{ pointer }] } }),
  );

  test('names all that there is not at once', () =>
    expect(placed({}, { ...facts, account: undefined, warehouseExists: false }).refusal()?.details?.['errors']).toMatchObject([
      { pointer: '/accountId' },
      { pointer: '/warehouseId' },
    ]));

  test('is refused to a blocked account', () =>
    placed({}, { ...facts, account: { id: 'A1', name: 'Alfreds', blocked: true, currency: RON, paymentTermDays: 30 } }).thenRefuses(
      'AccountBlocked',
    ));

  test('is refused for what is no longer sold', () =>
    placed({}, { ...facts, items: new Map([['chai', { ...chai, discontinued: true }]]) }).thenRefuses('ItemNotAvailable'));

  test('is refused without a price', () => placed({}, { ...facts, prices: new Map() }).thenRefuses('NoPrice'));

  test('is refused when it is worth more than its sums could hold', () =>
    placed({ lines: [{ ...byHand, quantity: '999999999', unitPrice: '999999999999' }] }).thenRefuses('AmountTooLarge'));

  test('holds the largest sums it admits', () => {
    const line = { ...byHand, quantity: '999999999', unitPrice: '100' };
    const { totals } = order({ lines: Array.from({ length: 100 }, () => line) });
    expect(totals.net.minor).toBe(99_999_999_900 * 100 * 100);
  });
});

describe('the order of a deal', () => {
  const lines = [{ line: 4, itemId: 'chai', quantity: '3', unitPrice: '10', priceReason: 'agreed in the deal' }];
  const ordering = { id: 'O1', dealId: 'D1', accountId: 'A1', ownerId: 'ion', warehouseId: 'W1', currency: 'RON', lines };

  test('keeps the numbers of its lines and the prices agreed', () =>
    expect(given().when(placeDealOrder, ordering, { facts }).events()[0]?.data).toMatchObject({
      dealId: 'D1',
      channel: 'deal',
      ownerId: 'ion',
      lines: [{ line: 4, unitPrice: '10', price: { source: 'hand' } }],
    }));

  test('is placed once', () =>
    given(...placed().events())
      .when(placeDealOrder, ordering, { facts })
      .thenNothing());
});
