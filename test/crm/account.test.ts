import { describe, expect, test } from 'vitest';
import {
  activateAccount,
  assignAccount,
  blockAccount,
  createAccount,
  createAccountFromLead,
  editAccount,
  unblockAccount,
} from '../../src/commands/crm/account.ts';
import { releaseClaim, takeClaim, uniqueKey } from '../../src/commands/platform/claim.ts';
import {
  AccountActivated,
  AccountAssigned,
  AccountBlocked,
  AccountCreated,
  AccountEdited,
  AccountUnblocked,
} from '../../src/domain/crm/account.ts';
import { given } from '../kernel/scenario.ts';

const id = 'A1';
const card = { name: 'Acme', kinds: ['buyer' as const], currency: 'RON', paymentTermDays: 30 };
const created = AccountCreated({ ...card, ownerId: 'ana' });
const withKeys = AccountCreated({ ...card, code: 'ACME', taxId: 'RO1', ownerId: 'ana' });
const facts = {};

describe('an account', () => {
  test('is created for a buyer with thirty days to pay, unless said otherwise', () =>
    given().when(createAccount, { name: 'Acme', currency: 'RON' }, { facts }).thenEvents(created));

  test('is not created twice under one id', () =>
    given(created).when(createAccount, { name: 'Acme', currency: 'RON' }, { facts }).thenNothing());

  test('is not created with a price list that does not exist', () =>
    given()
      .when(createAccount, { name: 'Acme', currency: 'RON', priceListId: 'P9' }, { facts: { priceListKnown: false } })
      .thenInvalid('/priceListId'));

  test('is not created for somebody else by who may not assign', () =>
    given()
      .when(createAccount, { name: 'Acme', currency: 'RON', ownerId: 'bob' }, { facts, grants: ['crm:edit'] })
      .thenRefuses('Forbidden'));

  test('has its credit limit in its own currency', () =>
    given()
      .when(createAccount, { name: 'Acme', currency: 'RON', creditLimit: { amount: '5.00', currency: 'EUR' } }, { facts })
      .thenRefuses('CurrencyMismatch'));

  test('cannot change its currency under its credit limit', () =>
    given(AccountCreated({ ...card, creditLimit: { minor: 500, currency: 'RON' }, ownerId: 'ana' }))
      .when(editAccount, { id, currency: 'EUR' }, { facts })
      .thenRefuses('CurrencyMismatch'));

  test('is made of a lead under the id the conversion minted', () =>
    given()
      .when(createAccountFromLead, { id, leadId: 'L1', ownerId: 'bob', name: 'Acme', currency: 'RON', phone: '021' }, { facts })
      .thenEvents(AccountCreated({ ...card, phone: '021', ownerId: 'bob', leadId: 'L1', personId: 'L1' })));

  test('is made of a lead once, however often the process asks', () =>
    given(created).when(createAccountFromLead, { id, leadId: 'L1', ownerId: 'bob', name: 'Acme', currency: 'RON' }).thenNothing());
});

describe('editing an account', () => {
  test('says which fields changed', () =>
    given(created)
      .when(editAccount, { id, name: 'Acme', paymentTermDays: 14, address: { city: 'Cluj' } }, { facts })
      .thenEvents(AccountEdited({ ...card, paymentTermDays: 14, address: { city: 'Cluj' }, changed: ['paymentTermDays', 'address'] })));

  test('is silent when nothing changes', () => given(created).when(editAccount, { id, fax: null }, { facts }).thenNothing());

  test('is refused where there is no account', () => given().when(editAccount, { id, name: 'x' }, { facts }).thenRefuses('NotFound'));
});

describe('the keys of an account', () => {
  test('are taken when it is created', () =>
    given()
      .when(createAccount, { name: 'Acme', currency: 'RON', code: 'ACME', taxId: 'RO1' }, { facts, entityId: id })
      .thenHolds(uniqueKey('accountCode', 'ACME', id), uniqueKey('taxId', '1', id)));

  test('are none where none is given', () => given().when(createAccount, { name: 'Acme', currency: 'RON' }, { facts }).thenHolds());

  test('are taken and given back as they change', () =>
    given(withKeys)
      .when(editAccount, { id, code: 'ACME2', taxId: null }, { facts })
      .thenHolds(
        uniqueKey('accountCode', 'ACME2', id),
        {
          take: releaseClaim({ kind: 'accountCode', key: 'ACME', holder: id }),
          release: takeClaim({ kind: 'accountCode', key: 'ACME', holder: id }),
        },
        { take: releaseClaim({ kind: 'taxId', key: '1', holder: id }), release: takeClaim({ kind: 'taxId', key: '1', holder: id }) },
      ));

  test('are left alone by edits of other fields', () => given(withKeys).when(editAccount, { id, name: 'Acme 2' }, { facts }).thenHolds());

  test('are left alone when only their spelling changes, since it is the same key', () =>
    given(withKeys).when(editAccount, { id, code: 'acme' }, { facts }).thenHolds());
});

describe('an account that exists', () => {
  test('is given to another owner', () =>
    given(created)
      .when(assignAccount, { id, ownerId: 'bob' }, { facts: { ownerKnown: true } })
      .thenEvents(AccountAssigned({ from: 'ana', to: 'bob' })));

  test('is not given to the owner it has', () =>
    given(created)
      .when(assignAccount, { id, ownerId: 'ana' }, { facts: { ownerKnown: true } })
      .thenNothing());

  test('becomes a customer by the first deal won', () =>
    given(created)
      .when(activateAccount, { id, dealId: 'D1' })
      .thenEvents(AccountActivated({ dealId: 'D1' })));

  test('stays the customer it is', () =>
    given(created, AccountActivated({ dealId: 'D1' }))
      .when(activateAccount, { id, dealId: 'D2' })
      .thenNothing());

  test('is blocked and freed, each once', () => {
    const blocked = AccountBlocked({ reason: 'Overdue' });
    given(created).when(blockAccount, { id, reason: 'Overdue' }).thenEvents(blocked);
    given(created, blocked).when(blockAccount, { id, reason: 'Overdue' }).thenNothing();
    given(created, blocked).when(unblockAccount, { id }).thenEvents(AccountUnblocked({}));
    given(created, blocked, AccountUnblocked({})).when(unblockAccount, { id }).thenNothing();
  });

  test('relates to its owner', () => expect(assignAccount.relations?.(undefined)).toEqual({ owner: undefined }));
});
