/** Editing the stages of a pipeline, also while deals go through it. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, type Refusal, refuse } from '../../kernel/decider.ts';
import { type Fault, refusedFor, unless } from '../faults.ts';
import { type Edit, edited } from '../records.ts';
import {
  type Pipeline,
  type PipelineFact,
  PipelineStageAdded,
  PipelineStageClosed,
  PipelineStageEdited,
  PipelineStageRemoved,
  PipelineStagesOrdered,
  pipelineBarred,
} from './pipeline.ts';
import { Stage, type StageKind } from './stages.ts';

const STAGES_MAX = 40;

/** The chance of stages that are not open is no matter of opinion. */
const FIXED_PERCENT: Readonly<Partial<Record<StageKind, number>>> = { won: 100, lost: 0, paused: 0, archive: 0 };

const faultsOf = ({ stages }: Pipeline, { key, kind, percent, next }: Stage): readonly Fault[] => [
  ...unless((FIXED_PERCENT[kind] ?? percent) === percent, '/percent', `A ${kind} stage has a chance of ${FIXED_PERCENT[kind]} %.`),
  ...unless(
    next.every(other => other !== key && stages.some(stage => stage.key === other)),
    '/next',
    'Every next stage is another stage of this pipeline.',
  ),
];

type Adding = Stage & { readonly before?: string | undefined };

export function addStage(pipeline: Pipeline, { before, ...stage }: Adding): Decision<PipelineFact> {
  const { stages, targets } = pipeline;
  const stop = pipelineBarred(pipeline, 'AddPipelineStage');
  if (stop) return stop;
  // A key that was used once still stands in the history of deals.
  if (stages.some(({ key }) => key === stage.key) || Object.hasOwn(targets, stage.key))
    return refuse('Duplicate', `The pipeline has or had a stage ${stage.key}.`, { existingId: stage.key });
  if (stages.length >= STAGES_MAX) return refuse('TooManyStages', `A pipeline has at most ${STAGES_MAX} stages.`);
  const keys = stages.map(({ key }) => key);
  const place = before === undefined ? keys.length : keys.indexOf(before);
  const faults = [...unless(place >= 0, '/before', 'There is no such stage.'), ...faultsOf(pipeline, stage)];
  return refusedFor(faults) ?? [PipelineStageAdded({ stage, order: keys.toSpliced(place, 0, stage.key) })];
}

type Editing = Edit<Omit<Stage, 'key' | 'kind'>> & { readonly stage: string };

/** A new chance counts for the deals that are in the stage from then on; what was closed keeps the chance it had. */
export function editStage(pipeline: Pipeline, { stage: key, ...wish }: Editing): Decision<PipelineFact> {
  const known = pipeline.stages.find(stage => stage.key === key);
  if (known === undefined) return unknownStage;
  const { card: stage, changed } = edited(Stage, known, wish);
  if (changed.length === 0) return [];
  return (
    pipelineBarred(pipeline, 'EditPipelineStage') ?? refusedFor(faultsOf(pipeline, stage)) ?? [PipelineStageEdited({ stage, changed })]
  );
}

const unknownStage = refuse('NotFound', 'The pipeline has no such stage.');

export function orderStages(pipeline: Pipeline, { order }: { readonly order: readonly string[] }): Decision<PipelineFact> {
  const keys = pipeline.stages.map(({ key }) => key);
  if (keys.join() === order.join()) return [];
  const whole = keys.toSorted().join() === order.toSorted().join();
  const faults = unless(whole, '/order', 'The order names every stage of the pipeline once.');
  return pipelineBarred(pipeline, 'OrderPipelineStages') ?? refusedFor(faults) ?? [PipelineStagesOrdered({ order: [...order] })];
}

/** The first deals found in a stage. */
export interface StageKnowledge {
  readonly dealIds: readonly string[];
}

interface Removal {
  readonly stage: string;
  readonly target?: string | undefined;
}

/**
 * A stage is closed first: nothing enters it, and its deals are moved to the target. Once none is left it is gone. A draft has
 * no deals, and loses a stage at once.
 */
export function removeStage(
  pipeline: Pipeline,
  { stage: key, target }: Removal,
  { facts }: DecisionContext<StageKnowledge>,
): Decision<PipelineFact> {
  if (Object.hasOwn(pipeline.targets, key)) return [];
  const stage = pipeline.stages.find(entry => entry.key === key);
  if (stage === undefined) return unknownStage;
  const stop = pipelineBarred(pipeline, 'RemovePipelineStage');
  if (stop) return stop;
  if (pipeline.status === 'Draft') return [PipelineStageRemoved({ stage: key })];
  return keeps(pipeline, stage) ?? faultOfTarget(pipeline, stage, target) ?? [closing(key, target as string, facts)];
}

const closing = (stage: string, target: string, { dealIds }: StageKnowledge): PipelineFact =>
  PipelineStageClosed({ stage, target, dealIds: [...dealIds] });

const staying = ({ stages, targets }: Pipeline): readonly Stage[] => stages.filter(({ key }) => !Object.hasOwn(targets, key));

/** How deals end stays as it is, or their history would lose its meaning. */
function keeps(pipeline: Pipeline, { key, kind }: Stage): Refusal | undefined {
  if (kind !== 'open' && kind !== 'paused') return refuse('StageIsNeeded', `${key} is a ${kind} stage and stays.`);
  const others = staying(pipeline).filter(stage => stage.kind === 'open' && stage.key !== key);
  return others.length > 0 ? undefined : refuse('StageIsNeeded', `${key} is the last open stage and stays.`);
}

function faultOfTarget(pipeline: Pipeline, { key }: Stage, target: string | undefined): Refusal | undefined {
  const found = staying(pipeline).find(stage => stage.key === target);
  return refusedFor([
    ...unless(target !== undefined, '/target', 'Name the stage to which the deals of this one are moved.'),
    ...unless(
      target === undefined || (found?.kind === 'open' && target !== key),
      '/target',
      'The target is another open stage of this pipeline.',
    ),
  ]);
}

/** Asked when the deals last found have been moved: goes on with those found since, or removes the stage. */
export function finishRemoval(
  pipeline: Pipeline,
  { stage: key }: { readonly stage: string },
  { facts }: DecisionContext<StageKnowledge>,
): Decision<PipelineFact> {
  const target = Object.hasOwn(pipeline.targets, key) ? pipeline.targets[key] : undefined;
  if (target === undefined || !pipeline.stages.some(stage => stage.key === key)) return [];
  return [facts.dealIds.length > 0 ? closing(key, target, facts) : PipelineStageRemoved({ stage: key, target })];
}
