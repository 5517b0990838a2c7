import { z } from 'zod';
import { assign, capture, changeStage, disqualify, edit, Lead, leadStages, reopen } from '../../domain/crm/lead.ts';
import { convert } from '../../domain/crm/lead-conversion.ts';
import { leadKeys } from '../../domain/crm/party-keys.ts';
import { beginning, editable, existing } from '../../domain/records.ts';
import { Day, Email, Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, byOwner, command } from '../../kernel/command.ts';
import { Currency, MoneyText } from '../../kernel/money.ts';
import { pipelineForDeals } from '../../projections/crm/pipelines.ts';
import { accountFor } from '../knowledge.ts';
import { resembling } from './resembling.ts';
import { Assignment, force, knownOwner, Phone } from './shapes.ts';

const TAGS_MAX = 20;

const card = {
  name: Text(200),
  company: Text(200).optional(),
  contact: z
    .strictObject({ name: Text(200).optional(), email: Email.optional(), phone: Phone.optional(), position: Text(100).optional() })
    .optional(),
  channel: Text(60).optional(),
  requestCategory: Text(100).optional(),
  description: Text(5_000).optional(),
  value: MoneyText.optional(),
  tags: z.array(Text(40)).max(TAGS_MAX).default([]),
};

const onLead = { decider: Lead, entityId: byId, relations: byOwner } as const;

export const captureLead = command({
  type: 'CaptureLead',
  summary:
    'Captures a lead. It belongs to the caller, unless somebody who may assign names another owner. Refused as Duplicate while an open lead has the e-mail address, unless with `force`.',
  route: 'POST /leads',
  permission: 'crm:edit',
  decider: Lead,
  input: z.strictObject({ ...card, ...force, source: Text(60), ownerId: Id.optional() }),
  facts: async (_, wish, ask) => ({ ...(await knownOwner(wish, ask)), resembling: await resembling('lead', leadKeys(wish), ask) }),
  decide: beginning(capture),
});

export const editLead = command({
  ...onLead,
  type: 'EditLead',
  summary: 'Changes the fields that are given; null empties one.',
  route: 'POST /leads/:id/edit',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, ...editable(card) }),
  decide: existing('lead', edit),
});

export const assignLead = command({
  ...onLead,
  type: 'AssignLead',
  summary: 'Gives a lead to another owner.',
  route: 'POST /leads/:id/assign',
  permission: 'crm:assign',
  input: Assignment,
  facts: (_, wish, ask) => knownOwner(wish, ask),
  decide: existing('lead', assign),
});

export const changeLeadStage = command({
  ...onLead,
  type: 'ChangeLeadStage',
  summary: 'Moves a lead to another stage; refused when the stage cannot be reached from here or needs what is not filled in.',
  route: 'POST /leads/:id/stage',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, stage: z.enum(leadStages) }),
  decide: existing('lead', changeStage),
});

export const disqualifyLead = command({
  ...onLead,
  type: 'DisqualifyLead',
  summary: 'Gives a lead up, with the reason.',
  route: 'POST /leads/:id/disqualify',
  permission: 'crm:edit',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('lead', disqualify),
});

export const reopenLead = command({
  ...onLead,
  type: 'ReopenLead',
  summary: 'Takes up a disqualified lead again.',
  route: 'POST /leads/:id/reopen',
  permission: 'crm:reopen',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('lead', reopen),
});

export const convertLead = command({
  ...onLead,
  type: 'ConvertLead',
  summary:
    'Makes a deal of a lead, with the account named or a new one of its company or person; refused as LeadAlreadyConverted the second time.',
  route: 'POST /leads/:id/convert',
  permission: 'crm:convert',
  input: z.strictObject({
    id: Id,
    accountId: Id.optional(),
    dealName: Text(200).optional(),
    requestCategory: Text(100).optional(),
    amount: MoneyText.optional(),
    currency: Currency.optional(),
    expectedClose: Day.optional(),
    pipelineId: Id.optional(),
  }),
  facts: async (_, { accountId, pipelineId }, ask, context) => ({
    account: accountId === undefined ? undefined : await accountFor(accountId, ask, context),
    pipelineInUse: pipelineId === undefined ? undefined : (await ask(pipelineForDeals, { id: pipelineId }))?.status === 'Active',
  }),
  decide: existing('lead', convert),
});
