import { z } from 'zod';
import { needKeys } from '../../domain/crm/deal-needs.ts';
import { activate, archive, draft, existingPipeline, Pipeline, rename } from '../../domain/crm/pipeline.ts';
import { addStage, editStage, finishRemoval, orderStages, removeStage } from '../../domain/crm/pipeline-stages.ts';
import { stageKinds, templateNames } from '../../domain/crm/stages.ts';
import { beginning, editable } from '../../domain/records.ts';
import { Id, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, command } from '../../kernel/command.ts';
import { dealsInStage } from '../../projections/crm/deals.ts';
import { StageKey } from './shapes.ts';

const DAYS_MAX = 3_650;
const CARDS_MAX = 10_000;
const STAGES_MAX = 40;

const stage = {
  name: Text(60),
  phase: Text(60),
  percent: z.int().min(0).max(100).default(0),
  needs: z.array(z.enum(needKeys)).max(needKeys.length).default([]),
  daysMax: z.int().min(1).max(DAYS_MAX).optional(),
  next: z.array(StageKey).max(STAGES_MAX).default([]),
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'A colour as #rrggbb')
    .optional(),
  cardsMax: z.int().min(1).max(CARDS_MAX).optional(),
};

const onPipeline = { decider: Pipeline, entityId: byId, permission: 'crm:configure' } as const;

export const draftPipeline = command({
  type: 'DraftPipeline',
  summary: 'Drafts a pipeline for deals, with the stages of a template to begin with.',
  route: 'POST /pipelines',
  permission: 'crm:configure',
  decider: Pipeline,
  input: z.strictObject({ name: Text(60), template: z.enum(templateNames).default('simple') }),
  decide: beginning(draft),
});

export const renamePipeline = command({
  ...onPipeline,
  type: 'RenamePipeline',
  summary: 'Gives a pipeline another name.',
  route: 'POST /pipelines/:id/rename',
  input: z.strictObject({ id: Id, name: Text(60) }),
  decide: existingPipeline(rename),
});

export const activatePipeline = command({
  ...onPipeline,
  type: 'ActivatePipeline',
  summary: 'Puts a drafted pipeline to use; it needs an open stage, one of won and one of lost deals.',
  route: 'POST /pipelines/:id/activate',
  input: z.strictObject({ id: Id }),
  decide: existingPipeline(activate),
});

export const archivePipeline = command({
  ...onPipeline,
  type: 'ArchivePipeline',
  summary: 'Takes a pipeline out of use: no deal begins in it any more, those under way go on. Refused as DefaultPipeline for that one.',
  route: 'POST /pipelines/:id/archive',
  input: z.strictObject({ id: Id }),
  decide: existingPipeline(archive),
});

export const addPipelineStage = command({
  ...onPipeline,
  type: 'AddPipelineStage',
  summary: 'Adds a stage, at the end or before another one; refused as Duplicate for a key that was ever used.',
  route: 'POST /pipelines/:id/stages',
  input: z.strictObject({ id: Id, key: StageKey, kind: z.enum(stageKinds), ...stage, before: StageKey.optional() }),
  decide: existingPipeline((pipeline, { id: _, ...wish }) => addStage(pipeline, wish)),
});

export const editPipelineStage = command({
  ...onPipeline,
  type: 'EditPipelineStage',
  summary: 'Changes the fields of a stage that are given; null empties one. A new chance counts for its open deals from then on.',
  route: 'POST /pipelines/:id/stages/:stage/edit',
  input: z.strictObject({ id: Id, stage: StageKey, ...editable(stage) }),
  decide: existingPipeline((pipeline, { id: _, ...wish }) => editStage(pipeline, wish)),
});

export const orderPipelineStages = command({
  ...onPipeline,
  type: 'OrderPipelineStages',
  summary: 'Puts the stages in another order; all of them are named, each once.',
  route: 'POST /pipelines/:id/stage-order',
  input: z.strictObject({ id: Id, order: z.array(StageKey).max(STAGES_MAX) }),
  decide: existingPipeline(orderStages),
});

interface Stages {
  readonly id: string;
  readonly stage: string;
}

const stillIn = async ({ id, stage }: Stages, ask: Ask) => ({ dealIds: await ask(dealsInStage, { pipelineId: id, stage }) });

export const removePipelineStage = command({
  ...onPipeline,
  type: 'RemovePipelineStage',
  summary:
    'Removes an open stage or a pause, and moves its deals to the target; nothing enters it from then on. Refused as StageIsNeeded for stages of won and lost deals, and for the last open one.',
  route: 'POST /pipelines/:id/stages/:stage/remove',
  input: z.strictObject({ id: Id, stage: StageKey, target: StageKey.optional() }),
  facts: (_, wish, ask) => stillIn(wish, ask),
  decide: existingPipeline(removeStage),
});

export const finishStageRemoval = command({
  ...onPipeline,
  type: 'FinishStageRemoval',
  summary: 'Removes a closed stage when no deal is left in it, or says which ones are to be moved next; silent when it is gone.',
  input: z.strictObject({ id: Id, stage: StageKey }),
  facts: (_, wish, ask) => stillIn(wish, ask),
  decide: existingPipeline(finishRemoval),
});
