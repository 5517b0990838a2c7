/** A pipeline is the way deals go: stages in order, drafted, then used for deals, and one day taken out of use. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalidTransition, isRefusal, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { refusedFor, unless } from '../faults.ts';
import { DEFAULT_PIPELINE, Stage, type StageKind, TEMPLATES } from './stages.ts';

const terms = { name: z.string(), stages: z.array(Stage) };

export const PipelineDrafted = event('PipelineDrafted', terms);
/** The pipeline that came with the house, as it was when it was changed for the first time. */
export const PipelineDelivered = event('PipelineDelivered', terms);
export const PipelineRenamed = event('PipelineRenamed', { name: z.string() });
export const PipelineActivated = event('PipelineActivated', {});
export const PipelineArchived = event('PipelineArchived', {});
/** `order`: the keys of all stages, as they stand from now on. */
export const PipelineStageAdded = event('PipelineStageAdded', { stage: Stage, order: z.array(z.string()) });
export const PipelineStageEdited = event('PipelineStageEdited', { stage: Stage, changed: z.array(z.string()) });
export const PipelineStagesOrdered = event('PipelineStagesOrdered', { order: z.array(z.string()) });
/** Nothing enters the stage any more; these deals, the first of those in it, are moved to the target. */
export const PipelineStageClosed = event('PipelineStageClosed', { stage: z.string(), target: z.string(), dealIds: z.array(z.string()) });
/** The target is where deals go that left the stage for a while; in a draft there are none. */
export const PipelineStageRemoved = event('PipelineStageRemoved', { stage: z.string(), target: z.string().optional() });

const events = [
  PipelineDrafted,
  PipelineDelivered,
  PipelineRenamed,
  PipelineActivated,
  PipelineArchived,
  PipelineStageAdded,
  PipelineStageEdited,
  PipelineStagesOrdered,
  PipelineStageClosed,
  PipelineStageRemoved,
] as const;
export type PipelineFact = EventOf<(typeof events)[number]>;

export const pipelineStatuses = ['Draft', 'Active', 'Archived'] as const;
type Status = (typeof pipelineStatuses)[number];

export interface Pipeline {
  readonly name: string;
  readonly status: Status;
  readonly stages: readonly Stage[];
  /** Where deals go from stages that are being removed, and from those that are gone. */
  readonly targets: Readonly<Record<string, string>>;
}

export type PipelineTerms = Pick<Pipeline, 'name' | 'stages'>;
const DELIVERED: PipelineTerms = { name: 'Sales', stages: TEMPLATES.usual };

const begun = ({ name, stages }: PipelineTerms, status: Status): Pipeline => ({ name, status, stages, targets: {} });

/** The pipeline every house has before anybody touches it; undefined for every other id. */
export const delivered = (pipelineId: string): Pipeline | undefined =>
  pipelineId === DEFAULT_PIPELINE ? begun(DELIVERED, 'Active') : undefined;

const inOrder = (stages: readonly Stage[], order: readonly string[]): readonly Stage[] =>
  order.flatMap(key => stages.find(stage => stage.key === key) ?? []);

const closed = (pipeline: Pipeline, stage: string, target: string): Pipeline => ({
  ...pipeline,
  targets: { ...pipeline.targets, [stage]: target },
});

const without = (pipeline: Pipeline, { stage: key }: DataOf<typeof PipelineStageRemoved>): Pipeline => ({
  ...pipeline,
  stages: pipeline.stages.filter(stage => stage.key !== key).map(stage => ({ ...stage, next: stage.next.filter(next => next !== key) })),
});

export const Pipeline = decider({
  category: 'pipeline',
  stateVersion: 1,
  events,
  initial: (): Pipeline | undefined => undefined,
  evolve: {
    PipelineDrafted: (_, drafted): Pipeline => begun(drafted, 'Draft'),
    PipelineDelivered: (_, delivered): Pipeline => begun(delivered, 'Active'),
    PipelineRenamed: (pipeline, { name }) => pipeline && { ...pipeline, name },
    PipelineActivated: pipeline => pipeline && { ...pipeline, status: 'Active' },
    PipelineArchived: pipeline => pipeline && { ...pipeline, status: 'Archived' },
    PipelineStageAdded: (pipeline, { stage, order }) => pipeline && { ...pipeline, stages: inOrder([...pipeline.stages, stage], order) },
    PipelineStageEdited: (pipeline, { stage }) =>
      pipeline && { ...pipeline, stages: pipeline.stages.map(entry => (entry.key === stage.key ? stage : entry)) },
    PipelineStagesOrdered: (pipeline, { order }) => pipeline && { ...pipeline, stages: inOrder(pipeline.stages, order) },
    PipelineStageClosed: (pipeline, { stage, target }) => pipeline && closed(pipeline, stage, target),
    PipelineStageRemoved: (pipeline, removed) => pipeline && without(pipeline, removed),
  },
});

type Deciding<Wish, Facts> = (pipeline: Pipeline, wish: Wish, context: DecisionContext<Facts>) => Decision<PipelineFact>;

/** A decision on a pipeline that exists. The delivered one does before anything happened to it: its first change tells what it was. */
export const existingPipeline =
  <Wish, Facts>(decide: Deciding<Wish, Facts>) =>
  (known: Pipeline | undefined, wish: Wish, context: DecisionContext<Facts>): Decision<PipelineFact> => {
    const pipeline = known ?? delivered(context.entityId);
    if (pipeline === undefined) return notFound('pipeline', context.entityId);
    const decision = decide(pipeline, wish, context);
    if (known !== undefined || isRefusal(decision) || decision.length === 0) return decision;
    return [PipelineDelivered({ name: pipeline.name, stages: [...pipeline.stages] }), ...decision];
  };

const EDITS = ['RenamePipeline', 'AddPipelineStage', 'EditPipelineStage', 'OrderPipelineStages', 'RemovePipelineStage'];
const PERMITS: Readonly<Record<Status, readonly string[]>> = {
  Draft: [...EDITS, 'ActivatePipeline'],
  Active: [...EDITS, 'ArchivePipeline'],
  Archived: [],
};

export const permittedOn = ({ status }: Pipeline): readonly string[] => PERMITS[status];

/** The refusal of a command that the pipeline's status does not permit; undefined where it does. */
export const pipelineBarred = (pipeline: Pipeline, command: string): Refusal | undefined =>
  permittedOn(pipeline).includes(command)
    ? undefined
    : invalidTransition(`A pipeline that is ${pipeline.status} does not permit ${command}.`, permittedOn(pipeline));

export const draft = ({ name, template }: { readonly name: string; readonly template: keyof typeof TEMPLATES }): Decision<PipelineFact> => [
  PipelineDrafted({ name, stages: [...TEMPLATES[template]] }),
];

export const rename = (pipeline: Pipeline, { name }: { readonly name: string }): Decision<PipelineFact> => {
  if (pipeline.name === name) return [];
  return pipelineBarred(pipeline, 'RenamePipeline') ?? [PipelineRenamed({ name })];
};

/** What deals can go through: somewhere to begin, to win and to lose. */
const NEEDED: readonly StageKind[] = ['open', 'won', 'lost'];

export function activate(pipeline: Pipeline): Decision<PipelineFact> {
  if (pipeline.status === 'Active') return [];
  const missing = NEEDED.filter(kind => !pipeline.stages.some(stage => stage.kind === kind));
  const faults = missing.flatMap(kind => unless(false, '/stages', `A pipeline needs at least one ${kind} stage.`));
  return pipelineBarred(pipeline, 'ActivatePipeline') ?? refusedFor(faults) ?? [PipelineActivated({})];
}

/** No deal begins in it any more; those under way go on to their end. */
export function archive(pipeline: Pipeline, _: unknown, { entityId }: DecisionContext): Decision<PipelineFact> {
  if (pipeline.status === 'Archived') return [];
  if (entityId === DEFAULT_PIPELINE) return refuse('DefaultPipeline', 'Deals that name no pipeline go through this one; it stays in use.');
  return pipelineBarred(pipeline, 'ArchivePipeline') ?? [PipelineArchived({})];
}
