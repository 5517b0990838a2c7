import { z } from 'zod';
import { Deal } from '../../domain/crm/deal.ts';
import { addObserver, assign, edit, open, removeObserver } from '../../domain/crm/deal-card.ts';
import { lose, type PaymentCourse, reopen, win, winByPayment } from '../../domain/crm/deal-closing.ts';
import { changePipeline, changeStage, relocate } from '../../domain/crm/deal-moves.ts';
import { DEFAULT_PIPELINE } from '../../domain/crm/stages.ts';
import { beginning, editable, existing } from '../../domain/records.ts';
import { Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, byOwnerAndObservers, command, type FactsContext } from '../../kernel/command.ts';
import { Currency, MoneyText } from '../../kernel/money.ts';
import { contactOwner } from '../../projections/crm/contacts.ts';
import { pipelineForDeals } from '../../projections/crm/pipelines.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { findPerson } from '../../projections/platform/users.ts';
import { accountKnown } from '../knowledge.ts';
import { approvable } from '../platform/holds.ts';
import { Assignment, knownOwner, StageKey } from './shapes.ts';

const card = {
  name: Text(200),
  contactId: Id.optional(),
  currency: Currency,
  amount: MoneyText.optional(),
  requestCategory: Text(100).optional(),
  description: Text(5_000).optional(),
  expectedClose: Day.optional(),
};

const onDeal = { decider: Deal, entityId: byId, relations: byOwnerAndObservers } as const;

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

export const addDealObserver = command({
  ...onDeal,
  type: 'AddDealObserver',
  summary: 'Lets a user look at a deal: it is in their lists, boards and sums, and they can do nothing to it.',
  route: 'POST /deals/:id/observers',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, userId: Id }),
  facts: async (_: Deal | undefined, { userId }: { readonly userId: string }, ask: Ask) => ({
    userKnown: (await ask(findPerson, { id: userId })).person !== null,
  }),
  decide: existing('deal', addObserver),
});

export const removeDealObserver = command({
  ...onDeal,
  type: 'RemoveDealObserver',
  summary: 'Takes the sight of a deal from a user again; silent where they have none.',
  route: 'POST /deals/:id/observers/:userId/remove',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, userId: Id }),
  decide: existing('deal', removeObserver),
});

/** The pipeline a deal goes through, as it stands. */
export async function course(deal: Deal | undefined, ask: Ask) {
  const id = deal?.pipelineId ?? DEFAULT_PIPELINE;
  const pipeline = await ask(pipelineForDeals, { id });
  if (pipeline === null) throw new Error(`A deal goes through the pipeline ${id}, which was never drafted`);
  return { pipeline };
}

const moving = approvable('stageSkip', 'missingMandatoryField');
const winning = approvable('stageSkip', 'missingMandatoryField', 'winWithoutContract');
const reopening = approvable('reopen');

const onCourse = { ...onDeal, facts: (deal: Deal | undefined, _: unknown, ask: Ask) => course(deal, ask) } as const;

export const openDeal = command({
  type: 'OpenDeal',
  summary: 'Opens a deal with an account, in the first stage of a pipeline in use: the one named, or the default one.',
  route: 'POST /deals',
  permission: 'crm:edit',
  decider: Deal,
  input: z.strictObject({ ...card, accountId: Id, pipelineId: Id.optional(), ownerId: Id.optional() }),
  facts: async (_, wish, ask, context) => ({
    ...(await knowledge(wish, ask, context)),
    ...(await knownOwner(wish, ask)),
    pipeline: await ask(pipelineForDeals, { id: wish.pipelineId ?? DEFAULT_PIPELINE }),
  }),
  decide: beginning(open),
});

export const openDealFromLead = command({
  type: 'OpenDealFromLead',
  summary: 'Opens the deal of a converted lead; silent when it is open already.',
  permission: 'crm:edit',
  decider: Deal,
  entityId: byId,
  parent: ({ leadId }) => ({ category: 'lead', id: leadId }),
  input: z.strictObject({ ...card, id: Id, leadId: Id, accountId: Id, pipelineId: Id.optional(), ownerId: Id }),
  facts: async (_: Deal | undefined, { pipelineId: id = DEFAULT_PIPELINE }: { readonly pipelineId?: string | undefined }, ask: Ask) => ({
    pipeline: await ask(pipelineForDeals, { id }),
  }),
  decide: beginning(({ id: _, ...wish }, context) => open(wish, context)),
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
  ...onCourse,
  type: 'ChangeDealStage',
  summary:
    'Moves a deal forward when what the stages need is filled in, back with a reason, or aside to a pause with a day to resume; winning and losing are commands of their own. Another move than to a stage that follows is refused as OverrideRequired; that, and what is not filled in, an approval lets pass.',
  route: 'POST /deals/:id/stage',
  permission: 'crm:edit',
  input: z.strictObject({
    id: Id,
    stage: StageKey,
    reason: Reason.optional(),
    resumeOn: Day.optional(),
    approvals: moving.approvals,
  }),
  overridable: moving.overridable,
  decide: existing('deal', changeStage),
});

const changing = approvable('missingMandatoryField');

export const changeDealPipeline = command({
  ...onDeal,
  type: 'ChangeDealPipeline',
  summary:
    'Takes an open deal into another pipeline in use, with the reason: to its first stage, or to a later open one when what leads there is filled in.',
  route: 'POST /deals/:id/pipeline',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, pipelineId: Id, stage: StageKey.optional(), reason: Reason, approvals: changing.approvals }),
  overridable: changing.overridable,
  facts: async (_: Deal | undefined, { pipelineId: id }: { readonly pipelineId: string }, ask: Ask) => ({
    pipeline: await ask(pipelineForDeals, { id }),
  }),
  decide: existing('deal', changePipeline),
});

export const relocateDeal = command({
  ...onCourse,
  type: 'RelocateDeal',
  summary: 'Moves a deal out of a stage that is being removed; silent when it has left it.',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, from: StageKey }),
  decide: existing('deal', relocate),
});

export const winDeal = command({
  ...onCourse,
  type: 'WinDeal',
  summary:
    'Wins a deal in the last open stage that has what the stage of won deals needs; OverrideRequired from an earlier one. That, and what it needs, an approval lets pass.',
  route: 'POST /deals/:id/win',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, stage: StageKey.optional(), reason: Reason, approvals: winning.approvals }),
  overridable: winning.overridable,
  decide: existing('deal', win),
});

export const winDealByPayment = command({
  ...onCourse,
  type: 'WinDealByPayment',
  summary: 'Wins the deal whose order is paid; silent when it is closed already, and where the company wins no deals so.',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, orderId: Id }),
  facts: async (deal, _, ask): Promise<PaymentCourse> => ({
    ...(await course(deal, ask)),
    winOnPayment: (await ask(companySettings, {})).winOnPayment,
  }),
  decide: existing('deal', winByPayment),
});

export const loseDeal = command({
  ...onCourse,
  type: 'LoseDeal',
  summary:
    'Closes a deal as lost, with the reason, and the competitor where that is the reason; in the first stage of lost deals unless another is named.',
  route: 'POST /deals/:id/lose',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, stage: StageKey.optional(), reason: Reason, competitor: Text(200).optional() }),
  decide: existing('deal', lose),
});

export const reopenDeal = command({
  ...onCourse,
  type: 'ReopenDeal',
  summary:
    'Takes up a closed deal again, in the open stage it was in. It takes the right crm:reopen, or an approval; without either it is refused as OverrideRequired.',
  route: 'POST /deals/:id/reopen',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, reason: Reason, approvals: reopening.approvals }),
  overridable: reopening.overridable,
  decide: existing('deal', reopen),
});
