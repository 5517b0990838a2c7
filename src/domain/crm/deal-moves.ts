/** Moving a deal through the stages of the pipeline. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalidTransition, type Refusal } from '../../kernel/decider.ts';
import { type Fault, refusedFor, unless } from '../faults.ts';
import { barred, type Deal, type DealFact, DealStageChanged, permitted } from './deal.ts';
import { type DealStage, isBack, isOpen, type OpenStage, stagesBetween } from './deal-stages.ts';

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

/** Every unmet need of entering stages, with the stage that demands it. */
const unmet = (stages: readonly OpenStage[], deal: Deal, today: string): readonly Fault[] =>
  stages.flatMap(stage => NEEDS[stage].flatMap(({ pointer, what, met }) => unless(met(deal, today), pointer, `${stage} needs ${what}.`)));

export interface Move {
  readonly stage: DealStage;
  readonly reason?: string | undefined;
  readonly resumeOn?: string | undefined;
}

/**
 * Forward any number of stages when what they need is there; back with a reason; aside to Paused with a day to resume, and
 * from there to where it was. Winning and losing are commands of their own.
 */
export function changeStage(deal: Deal, move: Move, { today }: DecisionContext<unknown>): Decision<DealFact> {
  const { stage: to, reason } = move;
  if (deal.stage === to) return [];
  const resumeOn = to === 'Paused' ? move.resumeOn : undefined;
  const stop = barred(deal, 'ChangeDealStage') ?? faultOf(deal, { stage: to, reason, resumeOn }, today);
  return stop ?? [DealStageChanged({ from: deal.stage, to, reason, resumeOn })];
}

function faultOf(deal: Deal, { stage: to, reason, resumeOn }: Move, today: string): Refusal | undefined {
  const { stage: from, openStage } = deal;
  if (to === 'Paused') return refusedFor(unless((resumeOn ?? '') > today, '/resumeOn', 'Paused needs a day to resume, still to come.'));
  if (from === 'Paused' && to === openStage) return undefined;
  if (from === 'Paused' || !isOpen(to)) return invalidTransition(`A deal cannot move from ${from} to ${to}.`, permitted(deal));
  if (isBack(openStage, to)) return refusedFor(unless(reason !== undefined, '/reason', 'A step back needs a reason.'));
  return refusedFor(unmet(stagesBetween(openStage, to), deal, today));
}
