import { describe, test } from 'vitest';
import { setListPrice, withdrawPrice } from '../../src/commands/catalogue/price.ts';
import { archivePriceList, createPriceList, editPriceList } from '../../src/commands/catalogue/price-list.ts';
import { releaseClaim, takeClaim, uniqueKey } from '../../src/commands/platform/claim.ts';
import { PriceSet, PriceWithdrawn } from '../../src/domain/catalogue/price.ts';
import { PriceListArchived, PriceListCreated, PriceListEdited } from '../../src/domain/catalogue/price-list.ts';
import { given } from '../kernel/scenario.ts';

const id = 'P1';
const created = PriceListCreated({ name: 'Retail', isDefault: false, currency: 'RON' });
const createdDefault = PriceListCreated({ name: 'Retail', isDefault: true, currency: 'RON' });
const noDefault = {};
const otherDefault = { defaultListId: 'P0' };

const defaultKey = uniqueKey('defaultPriceList', 'RON', id);
const freed = {
  take: releaseClaim({ kind: 'defaultPriceList', key: 'RON', holder: id }),
  release: takeClaim({ kind: 'defaultPriceList', key: 'RON', holder: id }),
};

describe('a price list', () => {
  test('is created', () => given().when(createPriceList, { name: 'Retail', currency: 'RON' }, { facts: otherDefault }).thenEvents(created));

  test('that is a promotion or has a window contradicts itself in nothing', () => {
    const promotion = { name: 'Spring', currency: 'RON', isPromotion: true, validFrom: '2026-03-01', validUntil: '2026-03-31' };
    given()
      .when(createPriceList, promotion, { facts: noDefault })
      .thenEvents(PriceListCreated({ ...promotion, isDefault: false }));
    given()
      .when(createPriceList, { ...promotion, isDefault: true }, { facts: noDefault })
      .thenRefuses('Validation');
    given()
      .when(createPriceList, { ...promotion, validUntil: '2026-02-28' }, { facts: noDefault })
      .thenRefuses('Validation');
    given(createdDefault).when(editPriceList, { id, validFrom: '2026-03-01' }, { facts: noDefault }).thenRefuses('Validation');
    given(created)
      .when(editPriceList, { id, validFrom: '2026-03-01' }, { facts: noDefault })
      .thenEvents(PriceListEdited({ name: 'Retail', isDefault: false, validFrom: '2026-03-01', changed: ['validFrom'] }));
  });

  test('is the only default of its currency', () => {
    const wish = { name: 'Retail', currency: 'RON', isDefault: true };
    given().when(createPriceList, wish, { facts: otherDefault }).thenRefuses('DefaultListConflict');
    given().when(createPriceList, wish, { facts: noDefault, entityId: id }).thenEvents(createdDefault);
  });

  test('holds its currency while it is the default', () => {
    given()
      .when(createPriceList, { name: 'Retail', currency: 'RON', isDefault: true }, { facts: noDefault, entityId: id })
      .thenHolds(defaultKey);
    given(created).when(editPriceList, { id, isDefault: true }, { facts: noDefault }).thenHolds(defaultKey);
    given(createdDefault).when(editPriceList, { id, isDefault: false }, { facts: noDefault }).thenHolds(freed);
    given(createdDefault).when(archivePriceList, { id }).thenHolds(freed);
  });

  test('holds nothing otherwise', () => {
    given().when(createPriceList, { name: 'Retail', currency: 'RON' }, { facts: noDefault }).thenHolds();
    given(createdDefault)
      .when(editPriceList, { id, name: 'Shop' }, { facts: { defaultListId: id } })
      .thenHolds();
    given(created).when(archivePriceList, { id }).thenHolds();
  });

  test('becomes the default when there is none', () =>
    given(created)
      .when(editPriceList, { id, isDefault: true }, { facts: noDefault })
      .thenEvents(PriceListEdited({ name: 'Retail', isDefault: true, changed: ['isDefault'] })));

  test('does not become the default beside another', () =>
    given(created).when(editPriceList, { id, isDefault: true }, { facts: otherDefault }).thenRefuses('DefaultListConflict'));

  test('is renamed while it is the default', () =>
    given(createdDefault)
      .when(editPriceList, { id, name: 'Shop' }, { facts: { defaultListId: id } })
      .thenEvents(PriceListEdited({ name: 'Shop', isDefault: true, changed: ['name'] })));

  test('is archived once, and not edited afterwards', () => {
    given(created).when(archivePriceList, { id }).thenEvents(PriceListArchived({}));
    given(created, PriceListArchived({})).when(archivePriceList, { id }).thenNothing();
    given(created, PriceListArchived({})).when(editPriceList, { id, name: 'x' }, { facts: noDefault }).thenRefuses('DocumentLocked');
  });
});

describe('the price of an item in a list', () => {
  const facts = { list: { currency: 'RON', archived: false }, itemUom: 'box' };
  const wish = { id, itemId: 'I1', unitPrice: '9.90' };
  const place = { priceListId: id, itemId: 'I1', from: '2026-03-02' };
  const set = PriceSet({ ...place, currency: 'RON', unitPrice: '9.9', breaks: [], uom: 'box' });
  const withdrawn = PriceWithdrawn(place);

  test('is in the currency of the list and holds from today', () => given().when(setListPrice, wish, { facts }).thenEvents(set));

  test('may begin on a day to come', () =>
    given(set)
      .when(setListPrice, { ...wish, unitPrice: '11', from: '2027-01-01' }, { facts })
      .thenEvents(PriceSet({ ...set.data, unitPrice: '11', from: '2027-01-01' })));

  test('is silent when it was said last', () => given(set).when(setListPrice, wish, { facts }).thenNothing());

  test('is said again after it was withdrawn', () => given(set, withdrawn).when(setListPrice, wish, { facts }).thenEvents(set));

  test('has its breaks in order of quantity', () =>
    given()
      .when(
        setListPrice,
        {
          ...wish,
          breaks: [
            { quantity: '100', unitPrice: '8' },
            { quantity: '10', unitPrice: '9' },
          ],
        },
        { facts },
      )
      .thenEvents(
        PriceSet({
          ...set.data,
          breaks: [
            { quantity: 10_000, unitPrice: '9' },
            { quantity: 100_000, unitPrice: '8' },
          ],
        }),
      ));

  test('has one break at a quantity', () =>
    given()
      .when(
        setListPrice,
        {
          ...wish,
          breaks: [
            { quantity: '10', unitPrice: '8' },
            { quantity: '10.0', unitPrice: '9' },
          ],
        },
        { facts },
      )
      .thenInvalid('/breaks'));

  test('may hold for a while, at a discount, and in certain quantities only', () => {
    const terms = { until: '2026-03-31', discount: '5', minQuantity: '10', orderMultiple: '2.5' };
    given()
      .when(setListPrice, { ...wish, ...terms, uom: 'box' }, { facts })
      .thenEvents(PriceSet({ ...set.data, until: '2026-03-31', discount: '5', minQuantity: 10_000, orderMultiple: 2_500 }));
  });

  test.each([
    ['that ends before it begins', { until: '2026-03-01' }, '/until'],
    ['by a unit the item is not sold by', { uom: 'piece' }, '/uom'],
    [
      'with a break that the least quantity never lets count',
      { minQuantity: '10', breaks: [{ quantity: '10', unitPrice: '1' }] },
      '/breaks',
    ],
  ])('is refused %s', (_, terms, pointer) =>
    given()
      .when(setListPrice, { ...wish, ...terms }, { facts })
      .thenInvalid(pointer),
  );

  test('needs an item that exists', () =>
    given()
      .when(setListPrice, wish, { facts: { ...facts, itemUom: undefined } })
      .thenInvalid('/itemId'));

  test('needs a list that exists and is not archived', () => {
    given()
      .when(setListPrice, wish, { facts: { ...facts, list: null } })
      .thenRefuses('NotFound');
    given()
      .when(setListPrice, wish, { facts: { ...facts, list: { currency: 'RON', archived: true } } })
      .thenRefuses('DocumentLocked');
  });

  test('is withdrawn once', () => {
    given(set).when(withdrawPrice, { id, itemId: 'I1' }).thenEvents(withdrawn);
    given(set, withdrawn).when(withdrawPrice, { id, itemId: 'I1' }).thenNothing();
  });

  test('is not withdrawn where there was none', () => given().when(withdrawPrice, { id, itemId: 'I1' }).thenRefuses('NotFound'));
});
