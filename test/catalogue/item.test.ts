import { describe, test } from 'vitest';
import { addItem, discontinueItem, editItem, reinstateItem, setItemStandardPrice } from '../../src/commands/catalogue/item.ts';
import { uniqueKey } from '../../src/commands/platform/claim.ts';
import { ItemAdded, ItemDiscontinued, ItemEdited, ItemReinstated, StandardPriceSet } from '../../src/domain/catalogue/item.ts';
import { given } from '../kernel/scenario.ts';

const id = 'I1';
const card = { name: 'Chai', uom: 'box', stocked: true, taxPercent: '9' };
const added = ItemAdded({ ...card, sku: 'CHAI' });
const wish = { sku: ' chai ', name: 'Chai', uom: 'box', taxPercent: '9.00' };

describe('an item', () => {
  test('is added with its SKU in capitals, kept in stock unless said otherwise', () =>
    given().when(addItem, wish, { facts: {} }).thenEvents(added));

  test('holds its SKU before it is added', () =>
    given()
      .when(addItem, wish, { facts: {}, entityId: id })
      .thenHolds(uniqueKey('sku', 'CHAI', id)));

  test('may bring a standard price, which holds since ever', () =>
    given()
      .when(addItem, { ...wish, standardPrice: { unitPrice: '18.00', currency: 'RON' } }, { facts: {} })
      .thenEvents(ItemAdded({ ...card, sku: 'CHAI', standardPrice: { unitPrice: '18', currency: 'RON' } })));

  test('is not added with a supplier that does not exist', () =>
    given()
      .when(addItem, { ...wish, supplierId: 'A9' }, { facts: { supplierKnown: false } })
      .thenInvalid('/supplierId'));

  test('has a minimum margin only where there is a cost to measure it by, and below all of the price', () => {
    const standardCost = { unitPrice: '6.50', currency: 'EUR' };
    given(added)
      .when(editItem, { id, standardCost, minMarginPercent: '15' }, { facts: {} })
      .thenEvents(
        ItemEdited({
          ...card,
          standardCost: { unitPrice: '6.5', currency: 'EUR' },
          minMarginPercent: '15',
          changed: ['standardCost', 'minMarginPercent'],
        }),
      );
    given(added).when(editItem, { id, minMarginPercent: '15' }, { facts: {} }).thenInvalid('/standardCost');
    given(added).when(editItem, { id, standardCost, minMarginPercent: '100' }, { facts: {} }).thenInvalid('/minMarginPercent');
  });

  test('is edited field by field', () =>
    given(added)
      .when(editItem, { id, name: 'Chai tea', reorderLevel: '10' }, { facts: {} })
      .thenEvents(ItemEdited({ ...card, name: 'Chai tea', reorderLevel: 10_000, changed: ['name', 'reorderLevel'] })));

  test('does not start to be stocked by an edit of something else', () =>
    given(ItemAdded({ ...card, sku: 'FREIGHT', stocked: false }))
      .when(editItem, { id, name: 'Freight' }, { facts: {} })
      .thenEvents(ItemEdited({ ...card, name: 'Freight', stocked: false, changed: ['name'] })));

  test('is not edited to what it is', () => given(added).when(editItem, { id, name: 'Chai' }, { facts: {} }).thenNothing());

  test('is not edited where there is none', () => given().when(editItem, { id, name: 'x' }, { facts: {} }).thenRefuses('NotFound'));
});

describe('the standard price of an item', () => {
  const set = StandardPriceSet({ unitPrice: '20', currency: 'RON', from: '2026-03-02' });

  test('holds from today, unless a day is given', () => {
    given(added).when(setItemStandardPrice, { id, unitPrice: '20', currency: 'RON' }).thenEvents(set);
    given(added)
      .when(setItemStandardPrice, { id, unitPrice: '20', currency: 'RON', from: '2027-01-01' })
      .thenEvents(StandardPriceSet({ unitPrice: '20', currency: 'RON', from: '2027-01-01' }));
  });

  test('is silent when it was said last', () =>
    given(added, set).when(setItemStandardPrice, { id, unitPrice: '20.00', currency: 'RON' }).thenNothing());

  test('is said again after another was', () =>
    given(added, set, StandardPriceSet({ unitPrice: '21', currency: 'RON', from: '2026-03-02' }))
      .when(setItemStandardPrice, { id, unitPrice: '20', currency: 'RON' })
      .thenEvents(set));
});

describe('a discontinued item', () => {
  const discontinued = ItemDiscontinued({ on: '2026-03-02', reason: 'Maker stopped' });

  test('is not sold from today on', () => given(added).when(discontinueItem, { id, reason: 'Maker stopped' }).thenEvents(discontinued));

  test('is discontinued once', () => given(added, discontinued).when(discontinueItem, { id }).thenNothing());

  test('is sold again once reinstated', () => {
    given(added, discontinued).when(reinstateItem, { id }).thenEvents(ItemReinstated({}));
    given(added, discontinued, ItemReinstated({})).when(reinstateItem, { id }).thenNothing();
  });
});
