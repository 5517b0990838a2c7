/** A deal's way through its pipeline as that stands now. */
import type { Deal } from './deal.ts';
import type { Pipeline } from './pipeline.ts';
import { type Stage, type StageKind, type Standing, standingIn } from './stages.ts';

/** The pipeline of the deal. */
export interface Course {
  readonly pipeline: Pipeline;
}

/** A stage that a deal may enter; undefined where the pipeline has none of that name, or is giving it up. */
export const enterable = ({ stages, targets }: Pipeline, key: string): Stage | undefined =>
  Object.hasOwn(targets, key) ? undefined : stages.find(stage => stage.key === key);

/** The stage of that name, or the one its deals were moved to. */
export function stageAt(pipeline: Pipeline, key: string): Stage {
  // A stage may be called as something that every object has.
  const target = Object.hasOwn(pipeline.targets, key) ? pipeline.targets[key] : undefined;
  if (target !== undefined) return stageAt(pipeline, target);
  const found = pipeline.stages.find(stage => stage.key === key);
  if (found === undefined) throw new Error(`The pipeline ${pipeline.name} has no stage ${key}, and never moved deals out of one`);
  return found;
}

const ofKind = ({ stages, targets }: Pipeline, kind: StageKind): readonly Stage[] =>
  stages.filter(stage => stage.kind === kind && !Object.hasOwn(targets, stage.key));

/** Where a deal begins. Every pipeline in use has open stages, and stages of what is won and lost. */
export const firstStage = (pipeline: Pipeline): Stage => ofKind(pipeline, 'open')[0] as Stage;
export const lastOpenStage = (pipeline: Pipeline): Stage => ofKind(pipeline, 'open').at(-1) as Stage;
export const usualStage = (pipeline: Pipeline, kind: 'won' | 'lost'): Stage => ofKind(pipeline, kind)[0] as Stage;

const placeOf = ({ stages }: Pipeline, { key }: Stage): number => stages.findIndex(stage => stage.key === key);

export const isBack = (pipeline: Pipeline, from: Stage, to: Stage): boolean => placeOf(pipeline, to) < placeOf(pipeline, from);

/** Stages entered on the way forward: the open ones that are skipped, and the one it comes to. */
export function stagesEntered(pipeline: Pipeline, from: Stage, to: Stage): readonly Stage[] {
  const [after, upTo] = [placeOf(pipeline, from), placeOf(pipeline, to)];
  const skipped = ofKind(pipeline, 'open').filter(stage => placeOf(pipeline, stage) > after && placeOf(pipeline, stage) < upTo);
  return [...skipped, to];
}

export const namesNext = ({ next }: Stage, { key }: Stage): boolean => next.includes(key);

/** The open stages that lead to one from the beginning, itself included. */
export const stagesUpTo = (pipeline: Pipeline, to: Stage): readonly Stage[] =>
  ofKind(pipeline, 'open').filter(stage => placeOf(pipeline, stage) <= placeOf(pipeline, to));

/** What a fact says of the stage it brings the deal to. */
export const arrival = ({ pipelineId }: Pick<Deal, 'pipelineId'>, stage: Stage): { readonly to: string; readonly standing: Standing } => ({
  to: stage.key,
  standing: standingIn(pipelineId, stage),
});
