import { z } from 'zod';
import { Contact, type ContactCard, personOf } from '../../domain/crm/contact.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { flag, instant, nullable, personal, table, text } from '../../kernel/table.ts';
import { revised } from '../platform/event-history.ts';
import { containing } from '../search.ts';
import { accountSurvivors, ofAccount } from './account-survivors.ts';
import { accounts } from './accounts.ts';

export const contacts = projection({
  name: 'contacts',
  version: 2,
  versioned: true,
  table: table(
    'contacts',
    'Persons we talk to',
    {
      name: personal(text('Name'), 'person_id'),
      account_id: nullable(text('Account the person speaks for')),
      position: personal(nullable(text('Position at the account')), 'person_id'),
      role: nullable(text('Part the person plays in buying')),
      primary_contact: flag('Whether to turn to this person first at the account'),
      email: personal(nullable(text('E-mail address')), 'person_id'),
      phone: personal(nullable(text('Telephone')), 'person_id'),
      owner_id: text('User who answers for the contact'),
      lead_id: nullable(text('Lead it came from')),
      person_id: text('Person the contact is: the lead they were before, else the contact itself'),
      added_at: instant('When it was added'),
    },
    { indexes: ['account_id', 'email', 'name', 'owner_id', 'person_id', 'added_at, id'] },
  ),
  events: Contact.events,
  ownRows: { permission: 'crm:read', owner: 'owner_id' },
  on: {
    ContactAdded: (_, { ownerId, leadId, personId, ...card }, contactId, { occurredAt }) => ({
      ...cardColumns(card),
      owner_id: ownerId,
      lead_id: leadId ?? null,
      person_id: personOf({ personId }, contactId),
      added_at: occurredAt,
    }),
    ContactEdited: (row, card) => row && { ...row, ...cardColumns(card) },
    ContactAssigned: (row, { to }) => row && { ...row, owner_id: to },
  },
});

function cardColumns(card: ContactCard) {
  return {
    name: card.name,
    account_id: card.accountId ?? null,
    position: card.position ?? null,
    role: card.role ?? null,
    primary_contact: card.primary,
    email: card.email ?? null,
    phone: card.phone ?? null,
  };
}

const source = {
  permission: 'crm:read',
  reads: [contacts, accounts, accountSurvivors],
  from: `contacts c left join account_survivors v on v.id = c.account_id
    left join accounts a on a.id = coalesce(v.survivor_id, c.account_id)`,
  key: 'c.id',
  fields: {
    id: field.text('c.id'),
    name: field.text('c.name'),
    accountId: field.maybe(field.text('coalesce(v.survivor_id, c.account_id)')),
    accountName: field.maybe(field.text('a.name')),
    position: field.maybe(field.text('c.position')),
    role: field.maybe(field.text('c.role')),
    primary: field.flag('c.primary_contact'),
    email: field.maybe(field.text('c.email')),
    phone: field.maybe(field.text('c.phone')),
    ownerId: field.text('c.owner_id'),
    leadId: field.maybe(field.text('c.lead_id')),
    personId: field.text('c.person_id'),
    addedAt: field.instant('c.added_at'),
  },
} as const;

export const listContacts = listing({
  ...source,
  type: 'ListContacts',
  summary: 'Contacts by name; `filter[search]` looks in name, e-mail address and telephone.',
  route: 'GET /contacts',
  filters: {
    search: containing('c.name', 'c.email', 'c.phone'),
    account: ofAccount('c.account_id', '?'),
    email: 'c.email = lower(?)',
    owner: 'c.owner_id = ?',
    primary: byFlag('c.primary_contact'),
  },
  sorts: { name: { sql: 'c.name' }, newest: { sql: 'c.added_at', descending: true } },
  usual: 'name',
});

export const showContact = record({
  ...revised('contact', source),
  type: 'ShowContact',
  summary: 'One contact.',
  route: 'GET /contacts/:id',
  noun: 'contact',
});

/** Asked by commands that name a contact. */
export const contactOwner = query({
  type: 'ContactOwner',
  summary: 'Who answers for a contact; null where there is none.',
  permission: 'crm:read',
  reads: [contacts],
  input: z.strictObject({ id: z.string().max(200) }),
  output: z.string().nullable(),
  answer: async (db, { id }) => {
    const [row] = await db.rows<{ readonly owner: string }>('select owner_id as owner from contacts where id = $1', [id]);
    return row?.owner ?? null;
  },
});
