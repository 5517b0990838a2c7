/** Moving a deal through the stages of its pipeline. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, invalidTransition, type Refusal } from '../../kernel/decider.ts';
import { refusedFor, unless } from '../faults.ts';
import { barred, type Deal, type DealFact, DealStageChanged, permitted } from './deal.ts';
import { arrival, type Course, enterable, firstStage, isBack, namesNext, stageAt, stagesEntered, stagesUpTo } from './deal-course.ts';
import { lacking } from './deal-needs.ts';
import type { Pipeline } from './pipeline.ts';
import type { Stage } from './stages.ts';

export interface Move {
  readonly stage: string;
  readonly reason?: string | undefined;
  readonly resumeOn?: string | undefined;
}

export const unknownPipeline: Refusal = invalid([{ pointer: '/pipelineId', detail: 'There is no such pipeline in use.' }]);
export const unknownStage: Refusal = invalid([{ pointer: '/stage', detail: 'The pipeline of this deal has no such stage to move to.' }]);

/**
 * Forward any number of stages when what they need is there; back with a reason; aside to a stage of pauses with a day to
 * resume, and from there to where it was. Winning and losing are commands of their own.
 */
export function changeStage(deal: Deal, move: Move, context: DecisionContext<Course>): Decision<DealFact> {
  if (deal.stage === move.stage) return [];
  const stop = barred(deal, 'ChangeDealStage');
  if (stop) return stop;
  const to = enterable(context.facts.pipeline, move.stage);
  if (to === undefined) return unknownStage;
  const { reason } = move;
  const resumeOn = to.kind === 'paused' ? move.resumeOn : undefined;
  const fault = faultOf(deal, to, { ...move, resumeOn }, context);
  return fault ?? [DealStageChanged({ from: deal.stage, ...arrival(deal, to), reason, resumeOn })];
}

function faultOf(deal: Deal, to: Stage, { reason, resumeOn }: Move, context: DecisionContext<Course>): Refusal | undefined {
  const { pipeline } = context.facts;
  const impossible = invalidTransition(`A deal cannot move from ${deal.stage} to ${to.key}.`, permitted(deal));
  const from = stageAt(pipeline, deal.openStage);
  if (deal.kind === 'paused') return to.key === from.key ? undefined : impossible;
  if (to.kind === 'paused')
    return refusedFor(unless((resumeOn ?? '') > context.today, '/resumeOn', `${to.key} needs a day to resume, still to come.`));
  if (to.kind !== 'open') return impossible;
  const skips = from.next.length > 0 && !namesNext(from, to);
  const stop = skips ? context.override('stageSkip', `A move from ${from.key} to ${to.key}, which does not follow it`) : undefined;
  if (stop) return stop;
  if (isBack(pipeline, from, to)) return refusedFor(unless(reason !== undefined, '/reason', 'A step back needs a reason.'));
  return lacking(stagesEntered(pipeline, from, to), deal, context);
}

interface Change {
  readonly pipelineId: string;
  readonly stage?: string | undefined;
  readonly reason: string;
}

/** The pipeline the deal is to go through from now on; null where there is none of that id. */
export interface ChangeKnowledge {
  readonly pipeline: Pipeline | null;
}

/** Into another pipeline, at its beginning or where what leads there is filled in. */
export function changePipeline(
  deal: Deal,
  { pipelineId, stage, reason }: Change,
  context: DecisionContext<ChangeKnowledge>,
): Decision<DealFact> {
  if (deal.pipelineId === pipelineId) return [];
  const { pipeline } = context.facts;
  const stop = barred(deal, 'ChangeDealPipeline');
  if (stop) return stop;
  if (pipeline?.status !== 'Active') return unknownPipeline;
  const to = stage === undefined ? firstStage(pipeline) : enterable(pipeline, stage);
  if (to?.kind !== 'open') return unknownStage;
  const lacks = lacking(stagesUpTo(pipeline, to), deal, context);
  return lacks ?? [DealStageChanged({ from: deal.stage, ...arrival({ pipelineId }, to), reason })];
}

/** The stage the deal is in is being removed from its pipeline; silent where the deal has left it. */
export function relocate(
  deal: Deal,
  { from }: { readonly from: string },
  { facts: { pipeline } }: DecisionContext<Course>,
): Decision<DealFact> {
  if (deal.mergedInto !== undefined || deal.stage !== from || !Object.hasOwn(pipeline.targets, from)) return [];
  const reason = `The stage ${from} was removed from the pipeline.`;
  return [DealStageChanged({ from, ...arrival(deal, stageAt(pipeline, from)), reason })];
}
