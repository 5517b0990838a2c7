import { z } from 'zod';
import { add, addOfLead, assign, Contact, type ContactKnowledge, edit } from '../../domain/crm/contact.ts';
import { contactKeys } from '../../domain/crm/party-keys.ts';
import { beginning, editable, existing } from '../../domain/records.ts';
import { Email, Id, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, byOwner, command, type DecisionContext, type FactsContext } from '../../kernel/command.ts';
import { accountKnown } from '../knowledge.ts';
import { resembling } from './resembling.ts';
import { Assignment, force, knownOwner, Phone } from './shapes.ts';

const card = {
  name: Text(200),
  accountId: Id.optional(),
  position: Text(100).optional(),
  role: Text(60).optional(),
  primary: z.boolean().default(false),
  email: Email.optional(),
  phone: Phone.optional(),
};

const onContact = { decider: Contact, entityId: byId, relations: byOwner } as const;

const knowledge = async (accountId: string | null | undefined, ask: Ask, context: FactsContext) => ({
  accountKnown: await accountKnown(accountId, ask, context),
});

export const addContact = command({
  type: 'AddContact',
  summary: 'Adds a person, as a rule of an account; refused as Duplicate when another contact has the e-mail address, unless with `force`.',
  route: 'POST /contacts',
  permission: 'crm:edit',
  decider: Contact,
  input: z.strictObject({ ...card, ...force, ownerId: Id.optional() }),
  facts: async (_, wish, ask, context) => ({
    ...(await knowledge(wish.accountId, ask, context)),
    ...(await knownOwner(wish, ask)),
    resembling: await resembling('contact', contactKeys(wish), ask),
  }),
  decide: beginning(add),
});

export const addContactFromLead = command({
  type: 'AddContactFromLead',
  summary: 'Adds the contact person of a converted lead; silent when it exists already.',
  permission: 'crm:edit',
  decider: Contact,
  entityId: byId,
  parent: ({ leadId }) => ({ category: 'lead', id: leadId }),
  input: z.strictObject({
    id: Id,
    leadId: Id,
    ownerId: Id,
    accountId: Id,
    name: Text(200),
    email: Email.optional(),
    phone: Phone.optional(),
    position: Text(100).optional(),
    primary: z.boolean(),
  }),
  facts: async (_, wish, ask): Promise<ContactKnowledge> => ({
    accountKnown: undefined,
    resembling: await resembling('contact', contactKeys(wish), ask),
  }),
  decide: beginning(({ id: _, ...wish }, context: DecisionContext<ContactKnowledge>) =>
    addOfLead({ ...wish, personId: wish.leadId }, context),
  ),
});

export const editContact = command({
  ...onContact,
  type: 'EditContact',
  summary: 'Changes the fields that are given; null empties one.',
  route: 'POST /contacts/:id/edit',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, ...editable(card) }),
  facts: (contact, { accountId }, ask, context) => knowledge(accountId === contact?.card.accountId ? undefined : accountId, ask, context),
  decide: existing('contact', edit),
});

export const assignContact = command({
  ...onContact,
  type: 'AssignContact',
  summary: 'Gives a contact to another owner.',
  route: 'POST /contacts/:id/assign',
  permission: 'crm:assign',
  input: Assignment,
  facts: (_, wish, ask) => knownOwner(wish, ask),
  decide: existing('contact', assign),
});
