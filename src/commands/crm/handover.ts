import { z } from 'zod';
import { Account, AccountAssigned } from '../../domain/crm/account.ts';
import { Contact, ContactAssigned } from '../../domain/crm/contact.ts';
import { Deal, DealAssigned } from '../../domain/crm/deal.ts';
import { Handover, order } from '../../domain/crm/handover.ts';
import { Lead, LeadAssigned } from '../../domain/crm/lead.ts';
import { handed } from '../../domain/crm/owner.ts';
import { existing } from '../../domain/records.ts';
import { Id, Reason } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { unknownRecords } from '../../projections/crm/handovers.ts';
import { knownOwner } from './shapes.ts';

const RECORDS_MAX = 200;
const Ids = z.array(Id).max(RECORDS_MAX).default([]);

export const orderHandover = command({
  type: 'OrderHandover',
  summary: `Gives many records to another owner, with the reason: at most ${RECORDS_MAX} leads, accounts, contacts and deals together, each by an event of its own, whatever its stage.`,
  route: 'POST /handovers',
  permission: 'crm:assign',
  decider: Handover,
  input: z.strictObject({ ownerId: Id, reason: Reason, leads: Ids, accounts: Ids, contacts: Ids, deals: Ids }),
  facts: async (_, { ownerId, reason: _reason, ...lists }, ask) => ({
    ...(await knownOwner({ ownerId }, ask)),
    unknown: await ask(unknownRecords, lists),
  }),
  decide: order,
});

const byProcess = {
  entityId: byId,
  permission: 'crm:assign',
  input: z.strictObject({ id: Id, ownerId: Id, reason: Reason, by: Id }),
} as const;

export const handOverLead = command({
  ...byProcess,
  type: 'HandOverLead',
  summary: 'Gives a lead to another owner as a handover orders it; silent for the owner it has.',
  decider: Lead,
  decide: existing('lead', handed(LeadAssigned)),
});

export const handOverAccount = command({
  ...byProcess,
  type: 'HandOverAccount',
  summary: 'Gives an account to another owner as a handover orders it; silent for the owner it has.',
  decider: Account,
  decide: existing('account', handed(AccountAssigned)),
});

export const handOverContact = command({
  ...byProcess,
  type: 'HandOverContact',
  summary: 'Gives a contact to another owner as a handover orders it; silent for the owner it has.',
  decider: Contact,
  decide: existing('contact', handed(ContactAssigned)),
});

export const handOverDeal = command({
  ...byProcess,
  type: 'HandOverDeal',
  summary: 'Gives a deal to another owner as a handover orders it; silent for the owner it has.',
  decider: Deal,
  decide: existing('deal', handed(DealAssigned)),
});
