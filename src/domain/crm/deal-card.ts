/** Opening a deal, editing what it says, giving it to another owner, and letting others look at it. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, isRefusal, type Refusal, refuse } from '../../kernel/decider.ts';
import { refusedFor, unless } from '../faults.ts';
import { type Edit, edited } from '../records.ts';
import {
  barred,
  type Deal,
  DealAssigned,
  DealCard,
  DealEdited,
  type DealFact,
  DealObserverAdded,
  DealObserverRemoved,
  DealOpened,
} from './deal.ts';
import { firstStage } from './deal-course.ts';
import { unknownPipeline } from './deal-moves.ts';
import { type AssignmentWish, assigned, type OwnerKnowledge, ownerFor } from './owner.ts';
import type { Pipeline } from './pipeline.ts';
import { DEFAULT_PIPELINE, standingIn } from './stages.ts';

/** Whether what the deal refers to exists; undefined where nothing was named. */
export interface DealKnowledge extends OwnerKnowledge {
  readonly accountKnown?: boolean | undefined;
  readonly contactKnown?: boolean | undefined;
}

function faultOf({ amount, currency }: DealCard, { accountKnown, contactKnown }: DealKnowledge): Refusal | undefined {
  const unknown = refusedFor([
    ...unless(accountKnown !== false, '/accountId', 'There is no such account.'),
    ...unless(contactKnown !== false, '/contactId', 'There is no such contact.'),
  ]);
  if (unknown || amount === undefined || amount.currency === currency) return unknown;
  return refuse('CurrencyMismatch', `The deal is in ${currency}, its amount in ${amount.currency}.`);
}

/** The pipeline the deal will go through; null where there is none of that id. */
export interface OpeningKnowledge extends DealKnowledge {
  readonly pipeline: Pipeline | null;
}

type Opening = DealCard & {
  readonly accountId: string;
  readonly pipelineId?: string | undefined;
  readonly ownerId?: string | undefined;
  readonly leadId?: string | undefined;
};

export function open({ pipelineId = DEFAULT_PIPELINE, ...wish }: Opening, context: DecisionContext<OpeningKnowledge>): Decision<DealFact> {
  const { pipeline } = context.facts;
  const ownerId = ownerFor(wish.ownerId, context);
  if (isRefusal(ownerId)) return ownerId;
  if (pipeline?.status !== 'Active') return unknownPipeline;
  const stage = firstStage(pipeline);
  const opening = { ...wish, ownerId, stage: stage.key, standing: standingIn(pipelineId, stage) };
  return faultOf(wish, context.facts) ?? [DealOpened(opening)];
}

/** Lines are in the deal's currency, so it cannot change under them. */
export function edit(deal: Deal, wish: Edit<DealCard>, { facts }: DecisionContext<DealKnowledge>): Decision<DealFact> {
  const { card, changed } = edited(DealCard, deal.card, wish);
  if (changed.length === 0) return [];
  if (changed.includes('currency') && deal.lines.length > 0)
    return refuse('DocumentLocked', 'The currency stays while the deal has lines; remove them first.');
  return barred(deal, 'EditDeal') ?? faultOf(card, facts) ?? [DealEdited({ ...card, leadId: deal.leadId, changed })];
}

export const assign = (deal: Deal, wish: AssignmentWish, { facts }: DecisionContext<OwnerKnowledge>): Decision<DealFact> =>
  assigned(DealAssigned, deal, wish, facts);

const OBSERVERS_MAX = 50;

/** Whether the observer named is a user. */
export interface ObserverKnowledge {
  readonly userKnown: boolean;
}

/** The owner sees a deal anyway. */
export function addObserver(
  { ownerId, observers }: Deal,
  { userId }: { readonly userId: string },
  { facts }: DecisionContext<ObserverKnowledge>,
): Decision<DealFact> {
  if (ownerId === userId || observers.includes(userId)) return [];
  if (!facts.userKnown) return invalid([{ pointer: '/userId', detail: 'There is no such user.' }]);
  if (observers.length >= OBSERVERS_MAX) return refuse('TooManyObservers', `A deal has at most ${OBSERVERS_MAX} observers.`);
  return [DealObserverAdded({ userId })];
}

export const removeObserver = ({ observers }: Deal, { userId }: { readonly userId: string }): Decision<DealFact> =>
  observers.includes(userId) ? [DealObserverRemoved({ userId })] : [];
