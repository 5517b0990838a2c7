/** A lead is somebody's interest before it is a deal: captured, worked on through stages, then converted once or disqualified. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, invalidTransition, isRefusal, type Refusal } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency, Money } from '../../kernel/money.ts';
import { ofRecord } from '../../kernel/personal.ts';
import { type Edit, edited } from '../records.ts';
import { alreadyThere, type Forced, type LikenessKnowledge, likeness, likenessOf } from './duplicates.ts';
import { type AssignmentWish, assigned, assignment, type Owned, type OwnerKnowledge, ownerFor } from './owner.ts';

export const leadStages = ['NotProcessed', 'InterestExpressed', 'Paused', 'Disqualified', 'Deal'] as const;
const Stage = z.enum(leadStages);
export type LeadStage = z.output<typeof Stage>;

/** Whom to talk to. */
const Person = z.strictObject({
  name: z.string().optional(),
  email: z.string().optional(),
  phone: z.string().optional(),
  position: z.string().optional(),
});

/** What a lead says of itself; all of it may be edited. */
export const LeadCard = z.strictObject({
  name: z.string(),
  company: z.string().optional(),
  contact: Person.optional(),
  channel: z.string().optional(),
  requestCategory: z.string().optional(),
  description: z.string().optional(),
  value: Money.optional(),
  tags: z.array(z.string()),
});
export type LeadCard = z.output<typeof LeadCard>;

/** A lead is a person as long as nobody knows better: what is said in it in free words is theirs too. */
const ofPerson = { personal: [ofRecord('name', 'contact', 'description')] };

export const LeadCaptured = event('LeadCaptured', { ...LeadCard.shape, ...likeness, source: z.string(), ownerId: z.string() }, ofPerson);
export const LeadEdited = event('LeadEdited', { ...LeadCard.shape, changed: z.array(z.string()) }, ofPerson);
export const LeadAssigned = event('LeadAssigned', assignment);
export const LeadStageChanged = event('LeadStageChanged', { from: Stage, to: Stage });
export const LeadDisqualified = event('LeadDisqualified', { from: Stage, reason: z.string() });
export const LeadReopened = event('LeadReopened', { reason: z.string() });

/** Says whole what becomes of the lead, so that whoever makes account, contact and deal of it need not ask. */
export const LeadConverted = event(
  'LeadConverted',
  {
    from: Stage,
    ownerId: z.string(),
    dealId: z.string(),
    accountId: z.string(),
    contactId: z.string().optional(),
    /** Absent where an account that exists was chosen; `individual` where it is made of the person and not of a company. */
    newAccount: z
      .strictObject({ name: z.string(), currency: Currency, phone: z.string().optional(), individual: z.boolean().optional() })
      .optional(),
    newContact: Person.extend({ name: z.string() }).optional(),
    deal: z.strictObject({
      name: z.string(),
      currency: Currency,
      amount: Money.optional(),
      requestCategory: z.string(),
      description: z.string().optional(),
      expectedClose: z.iso.date().optional(),
      /** Absent for the default one. */
      pipelineId: z.string().optional(),
    }),
  },
  {
    personal: [
      ofRecord('newContact', 'newAccount.phone', 'deal.name', 'deal.description'),
      { person: ({ newAccount }, leadId) => (newAccount?.individual ? leadId : undefined), fields: ['newAccount.name'] },
    ],
  },
);

const events = [LeadCaptured, LeadEdited, LeadAssigned, LeadStageChanged, LeadDisqualified, LeadReopened, LeadConverted] as const;
export type LeadFact = EventOf<(typeof events)[number]>;

export interface Lead extends Owned {
  readonly stage: LeadStage;
  readonly card: LeadCard;
  readonly conversion?: Pick<DataOf<typeof LeadConverted>, 'dealId' | 'accountId' | 'contactId'>;
}

const captured = ({ source: _, ownerId, resembles: _alike, forcedBecause: _because, ...card }: DataOf<typeof LeadCaptured>): Lead => ({
  stage: 'NotProcessed',
  ownerId,
  card,
});

export const Lead = decider({
  category: 'lead',
  stateVersion: 1,
  events,
  initial: (): Lead | undefined => undefined,
  evolve: {
    LeadCaptured: (_, data): Lead => captured(data),
    LeadEdited: (lead, { changed: _, ...card }) => lead && { ...lead, card },
    LeadAssigned: (lead, { to }) => lead && { ...lead, ownerId: to },
    LeadStageChanged: (lead, { to }) => lead && { ...lead, stage: to },
    LeadDisqualified: lead => lead && { ...lead, stage: 'Disqualified' },
    LeadReopened: lead => lead && { ...lead, stage: 'NotProcessed' },
    LeadConverted: (lead, { dealId, accountId, contactId }) =>
      lead && { ...lead, stage: 'Deal', conversion: { dealId, accountId, contactId } },
  },
});

/** Stages a lead is moved to freely; Disqualified and Deal are reached by commands of their own, which ask for more. */
const MOVES: Readonly<Record<LeadStage, readonly LeadStage[]>> = {
  NotProcessed: ['InterestExpressed', 'Paused'],
  InterestExpressed: ['Paused'],
  Paused: ['NotProcessed', 'InterestExpressed'],
  Disqualified: [],
  Deal: [],
};

const WORK = ['EditLead', 'AssignLead', 'ChangeLeadStage', 'DisqualifyLead'];
/** Commands each stage permits. */
export const LEAD_PERMITS: Readonly<Record<LeadStage, readonly string[]>> = {
  NotProcessed: [...WORK, 'ConvertLead'],
  InterestExpressed: [...WORK, 'ConvertLead'],
  Paused: WORK,
  Disqualified: ['ReopenLead'],
  Deal: [],
};

/** The refusal of a command that the lead's stage does not permit; undefined where it does. */
export const barred = ({ stage }: Lead, command: string): Refusal | undefined =>
  LEAD_PERMITS[stage].includes(command)
    ? undefined
    : invalidTransition(`A lead in ${stage} does not permit ${command}.`, LEAD_PERMITS[stage]);

export const hasChannel = ({ contact }: LeadCard): boolean => contact?.email !== undefined || contact?.phone !== undefined;

type Capture = LeadCard & Forced & { readonly source: string; readonly ownerId?: string | undefined };

export function capture({ force, ...wish }: Capture, context: DecisionContext<OwnerKnowledge & LikenessKnowledge>): Decision<LeadFact> {
  const ownerId = ownerFor(wish.ownerId, context);
  if (isRefusal(ownerId)) return ownerId;
  return alreadyThere({ force }, context) ?? [LeadCaptured({ ...wish, ...likenessOf({ force }, context.facts), ownerId })];
}

export function edit(lead: Lead, wish: Edit<LeadCard>): Decision<LeadFact> {
  const { card, changed } = edited(LeadCard, lead.card, wish);
  if (changed.length === 0) return [];
  return barred(lead, 'EditLead') ?? [LeadEdited({ ...card, changed })];
}

export function assign(lead: Lead, wish: AssignmentWish, { facts }: DecisionContext<OwnerKnowledge>): Decision<LeadFact> {
  if (lead.ownerId === wish.ownerId) return [];
  return barred(lead, 'AssignLead') ?? assigned(LeadAssigned, lead, wish, facts);
}

/** Whoever expressed an interest can be answered. */
export function changeStage({ stage, card }: Lead, wish: { readonly stage: LeadStage }): Decision<LeadFact> {
  if (stage === wish.stage) return [];
  if (!MOVES[stage].includes(wish.stage))
    return invalidTransition(`A lead cannot move from ${stage} to ${wish.stage}.`, LEAD_PERMITS[stage]);
  if (wish.stage === 'InterestExpressed' && !hasChannel(card))
    return invalid([{ pointer: '/contact', detail: 'InterestExpressed needs an e-mail address or a phone number.' }]);
  return [LeadStageChanged({ from: stage, to: wish.stage })];
}

export function disqualify(lead: Lead, { reason }: { readonly reason: string }): Decision<LeadFact> {
  if (lead.stage === 'Disqualified') return [];
  return barred(lead, 'DisqualifyLead') ?? [LeadDisqualified({ from: lead.stage, reason })];
}

export const reopen = (lead: Lead, { reason }: { readonly reason: string }): Decision<LeadFact> =>
  barred(lead, 'ReopenLead') ?? [LeadReopened({ reason })];
