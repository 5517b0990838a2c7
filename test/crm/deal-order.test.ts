import { describe, expect, test } from 'vitest';
import { addDealLine, orderDeal, removeDealLine, undoDealOrder } from '../../src/commands/crm/deal-order.ts';
import { DealLineAdded, DealLineRemoved, DealLost, DealOpened, DealOrdered, DealOrderUndone, DealWon } from '../../src/domain/crm/deal.ts';
import { LINES_MAX } from '../../src/domain/document.ts';
import { given } from '../kernel/scenario.ts';

const id = 'D1';
const opened = DealOpened({ name: 'Ten chairs', currency: 'RON', accountId: 'A1', ownerId: 'ana', stage: 'NotProcessed' });
const lineOf = (line: number) => DealLineAdded({ line, itemId: 'I1', quantity: 2_500, discount: '0' });
const ordered = DealOrdered({
  orderId: 'D1.order',
  accountId: 'A1',
  ownerId: 'ana',
  warehouseId: 'W1',
  currency: 'RON',
  lines: [lineOf(1).data],
});
const undone = DealOrderUndone({ orderId: 'D1.order', because: 'Blocked' });
const lost = DealLost({ from: 'NotProcessed', to: 'Rejected', reason: 'x' });
const won = DealWon({ from: 'NotProcessed', accountId: 'A1', reason: 'x', orderId: 'D1.order' });

const facts = { itemKnown: true };
const wish = { id, itemId: 'I1', quantity: '2.5' };

describe('a line of a deal', () => {
  test('is numbered by the deal', () => {
    given(opened).when(addDealLine, wish, { facts }).thenEvents(lineOf(1));
    given(opened, lineOf(1)).when(addDealLine, wish, { facts }).thenEvents(lineOf(2));
  });

  test('never bears the number of one that was removed', () =>
    given(opened, lineOf(1), lineOf(2), DealLineRemoved({ line: 2 }))
      .when(addDealLine, wish, { facts })
      .thenEvents(lineOf(3)));

  test('needs an item that exists', () =>
    given(opened)
      .when(addDealLine, wish, { facts: { itemKnown: false } })
      .thenInvalid('/itemId'));

  const byHand = { ...wish, unitPrice: '9.90', priceReason: 'Agreed' };

  test('bears a price by hand with its reason', () =>
    given(opened)
      .when(addDealLine, { ...byHand, discount: '5' }, { facts, grants: ['crm:edit', 'sales:price-by-hand'] })
      .thenEvents(DealLineAdded({ line: 1, itemId: 'I1', quantity: 2_500, unitPrice: '9.9', priceReason: 'Agreed', discount: '5' })));

  test('bears no price by hand without the right', () =>
    given(opened)
      .when(addDealLine, byHand, { facts, grants: ['crm:edit'] })
      .thenRefuses('OverrideRequired'));

  test('bears no price by hand without a reason', () =>
    given(opened)
      .when(addDealLine, { ...wish, unitPrice: '9.90' }, { facts })
      .thenInvalid('/priceReason'));

  test('is one of at most as many as an order takes', () => {
    const many = Array.from({ length: LINES_MAX }, (_, index) => lineOf(index + 1));
    given(opened, ...many)
      .when(addDealLine, wish, { facts })
      .thenRefuses('TooManyLines');
    given(opened, ...many.slice(1))
      .when(addDealLine, wish, { facts })
      .thenEvents(lineOf(LINES_MAX + 1));
  });

  test('is removed once', () => {
    given(opened, lineOf(1))
      .when(removeDealLine, { id, line: '1' })
      .thenEvents(DealLineRemoved({ line: 1 }));
    given(opened, lineOf(1), DealLineRemoved({ line: 1 }))
      .when(removeDealLine, { id, line: '1' })
      .thenNothing();
  });

  test('stays as it was ordered', () => {
    given(opened, lineOf(1), ordered).when(addDealLine, wish, { facts }).thenRefuses('DocumentLocked');
    given(opened, lineOf(1), ordered).when(removeDealLine, { id, line: '1' }).thenRefuses('DocumentLocked');
  });

  test('is not changed on a closed deal', () => given(opened, lost).when(addDealLine, wish, { facts }).thenRefuses('InvalidTransition'));
});

describe('ordering a deal', () => {
  const known = { account: { blocked: false } };

  test('says the whole order under an id of its own', () =>
    given(opened, lineOf(1))
      .when(orderDeal, { id, warehouseId: 'W1', requiredOn: '2026-05-01', shipTo: { city: 'Cluj' } }, { facts: known })
      .thenEvents(DealOrdered({ ...ordered.data, requiredOn: '2026-05-01', shipTo: { city: 'Cluj' } })));

  test('happens once', () =>
    given(opened, lineOf(1), ordered).when(orderDeal, { id, warehouseId: 'W1' }, { facts: known }).thenRefuses('Duplicate'));

  test('happens again after the order came to nothing', () =>
    given(opened, lineOf(1), ordered, undone).when(orderDeal, { id, warehouseId: 'W1' }, { facts: known }).thenEvents(ordered));

  test('needs a line', () => given(opened).when(orderDeal, { id, warehouseId: 'W1' }, { facts: known }).thenInvalid('/lines'));

  test('is refused while the account is blocked', () =>
    given(opened, lineOf(1))
      .when(orderDeal, { id, warehouseId: 'W1' }, { facts: { account: { blocked: true } } })
      .thenRefuses('AccountBlocked'));

  test('is refused for a closed deal', () =>
    given(opened, lineOf(1), lost).when(orderDeal, { id, warehouseId: 'W1' }, { facts: known }).thenRefuses('InvalidTransition'));

  test('takes the right to order, not only to edit deals', () => expect(orderDeal.permission).toBe('sales:order'));
});

describe('an order that came to nothing', () => {
  const wanted = { id, orderId: 'D1.order', because: 'Blocked' };

  test('frees the deal and says why', () => given(opened, lineOf(1), ordered).when(undoDealOrder, wanted).thenEvents(undone));

  test('frees it once', () => given(opened, lineOf(1), ordered, undone).when(undoDealOrder, wanted).thenNothing());

  test('leaves another order alone', () =>
    given(opened, lineOf(1), ordered)
      .when(undoDealOrder, { ...wanted, orderId: 'O9' })
      .thenNothing());

  test('leaves a deal that is won as it is', () => given(opened, lineOf(1), ordered, won).when(undoDealOrder, wanted).thenNothing());

  test('frees a deal that was lost meanwhile', () =>
    given(opened, lineOf(1), ordered, lost).when(undoDealOrder, wanted).thenEvents(undone));
});
