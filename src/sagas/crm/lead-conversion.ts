import { createAccountFromLead } from '../../commands/crm/account.ts';
import { addContactFromLead } from '../../commands/crm/contact.ts';
import { openDealFromLead } from '../../commands/crm/deal.ts';
import { Deal, DealOpened } from '../../domain/crm/deal.ts';
import { Lead, LeadConverted } from '../../domain/crm/lead.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import type { DataOf } from '../../kernel/event.ts';
import { moneyWire } from '../../kernel/money.ts';
import { finished, saga } from '../../kernel/saga.ts';

type Converted = DataOf<typeof LeadConverted>;

interface State {
  readonly dealId: string;
}

/** Makes the account, the contact and the deal of a converted lead, under the ids that the conversion minted. */
export const leadConversion = saga({
  name: 'lead-conversion',
  stateVersion: 1,
  events: [LeadConverted, DealOpened],
  startedBy: ['LeadConverted'],
  instances: {
    LeadConverted: (_, { entityId }) => [entityId],
    DealOpened: ({ leadId }) => (leadId === undefined ? [] : [leadId]),
  },
  initial: (): State => ({ dealId: '' }),
  on: {
    LeadConverted: (_, converted, leadId) => ({ state: { dealId: converted.dealId }, send: madeOf(converted, leadId) }),
    DealOpened: () => finished,
  },
  alarms: {},
  waits: {
    making: ({ dealId }) => ({
      reason: 'The account, the contact and the deal of this lead are being made.',
      next: 'The deal appears in the first stage of the pipeline.',
      record: { category: Deal.category, id: dealId },
    }),
  },
  waitsFor: () => 'making',
  onAbandon: () => ({
    stays: 'What was made of the lead so far stays; what is missing of account, contact and deal is to be made by hand.',
  }),
  about: leadId => ({ category: Lead.category, id: leadId }),
});

/** The deal comes last: once it is there, all that it names is. */
function madeOf(converted: Converted, leadId: string): readonly CommandMessage[] {
  const { ownerId, accountId, contactId, dealId, newAccount, newContact, deal } = converted;
  const common = { leadId, ownerId };
  const amount = deal.amount && moneyWire(deal.amount);
  return [
    ...(newAccount ? [createAccountFromLead({ ...common, ...newAccount, id: accountId })] : []),
    ...(newContact
      ? [addContactFromLead({ ...common, ...newContact, id: contactId ?? '', accountId, primary: newAccount !== undefined })]
      : []),
    openDealFromLead({ ...common, ...deal, amount, id: dealId, accountId, contactId }),
  ];
}
