/** What is decided about a deal while it is worked on: opening, editing, moving, assigning. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, invalidTransition, isRefusal, type Refusal, refuse } from '../../kernel/decider.ts';
import { type Edit, edited } from '../records.ts';
import { barred, type Deal, DealAssigned, DealCard, DealEdited, type DealFact, DealOpened, DealStageChanged, permitted } from './deal.ts';
import { type DealStage, isBack, isOpen, type OpenStage, openStages, stagesBetween } from './deal-stages.ts';
import { type Owned, ownerFor } from './owner.ts';

/** Whether what the deal refers to exists; undefined where nothing was named. */
export interface DealKnowledge {
  readonly accountKnown?: boolean | undefined;
  readonly contactKnown?: boolean | undefined;
}

function faultOf({ amount, currency }: DealCard, { accountKnown, contactKnown }: DealKnowledge): Refusal | undefined {
  if (accountKnown === false) return invalid([{ pointer: '/accountId', detail: 'There is no such account.' }]);
  if (contactKnown === false) return invalid([{ pointer: '/contactId', detail: 'There is no such contact.' }]);
  if (amount !== undefined && amount.currency !== currency)
    return refuse('CurrencyMismatch', `The deal is in ${currency}, its amount in ${amount.currency}.`);
  return undefined;
}

type Opening = DealCard & { readonly accountId: string; readonly ownerId?: string | undefined; readonly leadId?: string | undefined };

export function open(wish: Opening, context: DecisionContext<DealKnowledge>): Decision<DealFact> {
  const ownerId = ownerFor(wish.ownerId, context);
  if (isRefusal(ownerId)) return ownerId;
  return faultOf(wish, context.facts) ?? [DealOpened({ ...wish, ownerId, stage: openStages[0] })];
}

/** Lines are in the deal's currency, so it cannot change under them. */
export function edit(deal: Deal, wish: Edit<DealCard>, { facts }: DecisionContext<DealKnowledge>): Decision<DealFact> {
  const { card, changed } = edited(DealCard, deal.card, wish);
  if (changed.length === 0) return [];
  if (changed.includes('currency') && deal.lines.length > 0)
    return refuse('DocumentLocked', 'The currency stays while the deal has lines; remove them first.');
  return barred(deal, 'EditDeal') ?? faultOf(card, facts) ?? [DealEdited({ ...card, changed })];
}

export const assign = (deal: Deal, wish: Owned & { readonly reason?: string | undefined }): Decision<DealFact> =>
  deal.ownerId === wish.ownerId ? [] : [DealAssigned({ from: deal.ownerId, to: wish.ownerId, reason: wish.reason })];

/** Something a deal must have before it enters a stage. */
interface Need {
  readonly pointer: string;
  readonly what: string;
  readonly met: (deal: Deal, today: string) => boolean;
}

const NEEDS: Readonly<Record<OpenStage, readonly Need[]>> = {
  NotProcessed: [],
  InitialContact: [{ pointer: '/contactId', what: 'a contact person', met: ({ card }) => card.contactId !== undefined }],
  NeedsAssessment: [
    { pointer: '/description', what: 'a description of the need', met: ({ card }) => card.description !== undefined },
    { pointer: '/expectedClose', what: 'an expected day of closing', met: ({ card }) => card.expectedClose !== undefined },
  ],
  Presentation: [{ pointer: '/amount', what: 'an amount', met: ({ card }) => card.amount !== undefined }],
  ProposalPreparation: [{ pointer: '/lines', what: 'at least one line', met: ({ lines }) => lines.length > 0 }],
  Prototype: [],
  DecisionMaking: [
    { pointer: '/expectedClose', what: 'an expected day of closing to come', met: ({ card }, today) => (card.expectedClose ?? '') > today },
  ],
};

/** Faults of entering stages: every unmet need, with the stage that demands it. */
const unmet = (stages: readonly OpenStage[], deal: Deal, today: string) =>
  stages.flatMap(stage =>
    NEEDS[stage].filter(({ met }) => !met(deal, today)).map(({ pointer, what }) => ({ pointer, detail: `${stage} needs ${what}.` })),
  );

export interface Move {
  readonly stage: DealStage;
  readonly reason?: string | undefined;
  readonly resumeOn?: string | undefined;
}

/**
 * Forward any number of stages when what they need is there; back with a reason; aside to Paused with a day to resume, and
 * from there to where it was. Winning and losing are commands of their own.
 */
export function changeStage(deal: Deal, { stage: to, reason, resumeOn }: Move, { today }: DecisionContext<unknown>): Decision<DealFact> {
  if (deal.stage === to) return [];
  const stop = barred(deal, 'ChangeDealStage') ?? faultOfMove(deal, { stage: to, reason, resumeOn }, today);
  return stop ?? [DealStageChanged({ from: deal.stage, to, reason, resumeOn })];
}

function faultOfMove(deal: Deal, { stage: to, reason, resumeOn }: Move, today: string): Refusal | undefined {
  if (to === 'Paused')
    return resumeOn !== undefined && resumeOn > today
      ? undefined
      : invalid([{ pointer: '/resumeOn', detail: 'Paused needs a day to resume, still to come.' }]);
  if (!isOpen(to) || (deal.stage === 'Paused' && to !== deal.openStage))
    return invalidTransition(`A deal cannot move from ${deal.stage} to ${to}.`, permitted(deal));
  if (deal.stage === 'Paused') return undefined;
  if (isBack(deal.openStage, to))
    return reason === undefined ? invalid([{ pointer: '/reason', detail: 'A step back needs a reason.' }]) : undefined;
  const faults = unmet(stagesBetween(deal.openStage, to), deal, today);
  return faults.length === 0 ? undefined : invalid(faults);
}
