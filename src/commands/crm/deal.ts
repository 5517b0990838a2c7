import { z } from 'zod';
import { Deal } from '../../domain/crm/deal.ts';
import { assign, edit, open } from '../../domain/crm/deal-card.ts';
import { lose, reopen, win, winByPayment } from '../../domain/crm/deal-closing.ts';
import { changeStage } from '../../domain/crm/deal-moves.ts';
import { DealStage, lostStages } from '../../domain/crm/deal-stages.ts';
import { beginning, editable, existing } from '../../domain/records.ts';
import { Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, byOwner, command, type FactsContext } from '../../kernel/command.ts';
import { Currency, MoneyText } from '../../kernel/money.ts';
import { contactOwner } from '../../projections/crm/contacts.ts';
import { accountKnown } from '../knowledge.ts';
import { Assignment, knownOwner } from './shapes.ts';

const card = {
  name: Text(200),
  contactId: Id.optional(),
  currency: Currency,
  amount: MoneyText.optional(),
  requestCategory: Text(100).optional(),
  description: Text(5_000).optional(),
  expectedClose: Day.optional(),
};

const onDeal = { decider: Deal, entityId: byId, relations: byOwner } as const;

interface References {
  readonly accountId?: string | undefined;
  readonly contactId?: string | null | undefined;
}

const knowledge = async ({ accountId, contactId }: References, ask: Ask, context: FactsContext) => ({
  accountKnown: await accountKnown(accountId, ask, context),
  contactKnown: contactId ? await contactKnown(contactId, ask, context) : undefined,
});

async function contactKnown(id: string, ask: Ask, { reaches }: FactsContext): Promise<boolean> {
  const ownerId = await ask(contactOwner, { id });
  return ownerId !== null && reaches(ownerId);
}

export const openDeal = command({
  type: 'OpenDeal',
  summary: 'Opens a deal with an account.',
  route: 'POST /deals',
  permission: 'crm:edit',
  decider: Deal,
  input: z.strictObject({ ...card, accountId: Id, ownerId: Id.optional() }),
  facts: async (_, wish, ask, context) => ({ ...(await knowledge(wish, ask, context)), ...(await knownOwner(wish, ask)) }),
  decide: beginning(open),
});

export const openDealFromLead = command({
  type: 'OpenDealFromLead',
  summary: 'Opens the deal of a converted lead; silent when it is open already.',
  permission: 'crm:edit',
  decider: Deal,
  entityId: byId,
  parent: ({ leadId }) => ({ category: 'lead', id: leadId }),
  input: z.strictObject({ ...card, id: Id, leadId: Id, accountId: Id, ownerId: Id }),
  decide: beginning(({ id: _, ...wish }, context) => open(wish, { ...context, facts: {} })),
});

export const editDeal = command({
  ...onDeal,
  type: 'EditDeal',
  summary: 'Changes the fields that are given; null empties one.',
  route: 'POST /deals/:id/edit',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, ...editable(card) }),
  facts: (deal, { contactId }, ask, context) =>
    knowledge({ contactId: contactId === deal?.card.contactId ? undefined : contactId }, ask, context),
  decide: existing('deal', edit),
});

export const assignDeal = command({
  ...onDeal,
  type: 'AssignDeal',
  summary: 'Gives a deal to another owner.',
  route: 'POST /deals/:id/assign',
  permission: 'crm:assign',
  input: Assignment,
  facts: (_, wish, ask) => knownOwner(wish, ask),
  decide: existing('deal', assign),
});

export const changeDealStage = command({
  ...onDeal,
  type: 'ChangeDealStage',
  summary:
    'Moves a deal forward when what the stages need is filled in, back with a reason, or to Paused with a day to resume; winning and losing are commands of their own.',
  route: 'POST /deals/:id/stage',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, stage: DealStage, reason: Reason.optional(), resumeOn: Day.optional() }),
  decide: existing('deal', changeStage),
});

export const winDeal = command({
  ...onDeal,
  type: 'WinDeal',
  summary: 'Wins a deal in DecisionMaking that has an amount and an order.',
  route: 'POST /deals/:id/win',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('deal', win),
});

export const winDealByPayment = command({
  ...onDeal,
  type: 'WinDealByPayment',
  summary: 'Wins the deal whose order is paid; silent when it is closed already.',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, orderId: Id }),
  decide: existing('deal', winByPayment),
});

export const loseDeal = command({
  ...onDeal,
  type: 'LoseDeal',
  summary: 'Closes a deal as rejected by the client or dropped out by itself, with the reason.',
  route: 'POST /deals/:id/lose',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, stage: z.enum(lostStages).default('Rejected'), reason: Reason, competitor: Text(200).optional() }),
  decide: existing('deal', lose),
});

export const reopenDeal = command({
  ...onDeal,
  type: 'ReopenDeal',
  summary: 'Takes up a closed deal again, in the open stage it was in.',
  route: 'POST /deals/:id/reopen',
  permission: 'crm:reopen',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('deal', reopen),
});
