import { describe, test } from 'vitest';
import { addContact, addContactFromLead, assignContact, editContact } from '../../src/commands/crm/contact.ts';
import { ContactAdded, ContactAssigned, ContactEdited } from '../../src/domain/crm/contact.ts';
import { given } from '../kernel/scenario.ts';

const id = 'C1';
const added = ContactAdded({ name: 'Ion', accountId: 'A1', primary: false, email: 'ion@acme.example', ownerId: 'ana' });
const facts = { accountKnown: true };

describe('a contact', () => {
  test('is added for an account, with its e-mail address in small letters', () =>
    given().when(addContact, { name: 'Ion', accountId: 'A1', email: 'Ion@Acme.example' }, { facts }).thenEvents(added));

  test('may belong to no account', () =>
    given()
      .when(addContact, { name: 'Ion' }, { facts: {} })
      .thenEvents(ContactAdded({ name: 'Ion', primary: false, ownerId: 'ana' })));

  test('is not added for an account that does not exist', () =>
    given()
      .when(addContact, { name: 'Ion', accountId: 'A9' }, { facts: { accountKnown: false } })
      .thenInvalid('/accountId'));

  test('is not moved to an account that does not exist', () =>
    given(added)
      .when(editContact, { id, accountId: 'A9' }, { facts: { accountKnown: false } })
      .thenInvalid('/accountId'));

  test('is edited field by field', () =>
    given(added)
      .when(editContact, { id, email: null, primary: true }, { facts: {} })
      .thenEvents(ContactEdited({ name: 'Ion', accountId: 'A1', primary: true, changed: ['primary', 'email'] })));

  test('is added of a lead once', () => {
    const wish = { id, leadId: 'L1', ownerId: 'bob', accountId: 'A1', name: 'Ion', primary: true };
    given()
      .when(addContactFromLead, wish, { facts: {} })
      .thenEvents(ContactAdded({ name: 'Ion', accountId: 'A1', primary: true, ownerId: 'bob', leadId: 'L1', personId: 'L1' }));
    given(added).when(addContactFromLead, wish).thenNothing();
  });

  test('is given to another owner, once', () => {
    const assigned = ContactAssigned({ from: 'ana', to: 'bob' });
    given(added)
      .when(assignContact, { id, ownerId: 'bob' }, { facts: { ownerKnown: true } })
      .thenEvents(assigned);
    given(added, assigned)
      .when(assignContact, { id, ownerId: 'bob' }, { facts: { ownerKnown: true } })
      .thenNothing();
  });

  test('that does not exist is not edited', () => given().when(editContact, { id, name: 'x' }, { facts: {} }).thenRefuses('NotFound'));
});
