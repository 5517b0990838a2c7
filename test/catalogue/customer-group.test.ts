import { describe, test } from 'vitest';
import {
  createCustomerGroup,
  editCustomerGroup,
  joinCustomerGroup,
  leaveCustomerGroup,
} from '../../src/commands/catalogue/customer-group.ts';
import {
  CustomerGroupCreated,
  CustomerGroupEdited,
  CustomerGroupJoined,
  CustomerGroupLeft,
} from '../../src/domain/catalogue/customer-group.ts';
import { given } from '../kernel/scenario.ts';

const id = 'G1';
const accountId = 'A1';
const created = CustomerGroupCreated({ name: 'Tier 1', priority: 10, priceListId: 'P1' });
const joined = CustomerGroupJoined({ accountId });
const known = { priceListKnown: true };

describe('a group of clients', () => {
  test('is created with a price list that exists', () => {
    const wish = { name: 'Tier 1', priority: 10, priceListId: 'P1' };
    given().when(createCustomerGroup, wish, { facts: known }).thenEvents(created);
    given()
      .when(createCustomerGroup, wish, { facts: { priceListKnown: false } })
      .thenRefuses('Validation');
  });

  test('is edited field by field', () => {
    given(created)
      .when(editCustomerGroup, { id, priceListId: null }, { facts: { priceListKnown: undefined } })
      .thenEvents(CustomerGroupEdited({ name: 'Tier 1', priority: 10, changed: ['priceListId'] }));
    given(created).when(editCustomerGroup, { id, priority: 10 }, { facts: known }).thenEvents();
    given(created)
      .when(editCustomerGroup, { id, priceListId: 'P9' }, { facts: { priceListKnown: false } })
      .thenRefuses('Validation');
  });

  test('takes each client in once', () => {
    given(created)
      .when(joinCustomerGroup, { id, accountId }, { facts: { accountKnown: true } })
      .thenEvents(joined);
    given(created, joined)
      .when(joinCustomerGroup, { id, accountId }, { facts: { accountKnown: true } })
      .thenEvents();
    given(created)
      .when(joinCustomerGroup, { id, accountId }, { facts: { accountKnown: false } })
      .thenRefuses('Validation');
    given()
      .when(joinCustomerGroup, { id, accountId }, { facts: { accountKnown: true } })
      .thenRefuses('NotFound');
  });

  test('lets go whom it has', () => {
    given(created, joined).when(leaveCustomerGroup, { id, accountId }).thenEvents(CustomerGroupLeft({ accountId }));
    given(created).when(leaveCustomerGroup, { id, accountId }).thenEvents();
  });
});
