import { relocateDeal } from '../../commands/crm/deal.ts';
import { finishStageRemoval } from '../../commands/crm/pipeline.ts';
import { Pipeline, PipelineStageClosed, PipelineStageRemoved } from '../../domain/crm/pipeline.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { finished, saga } from '../../kernel/saga.ts';

interface State {
  readonly pipelineId: string;
  readonly stage: string;
  readonly target: string;
}

/** As long as a command may take that was decided before the stage was closed: who came in by one is found after that. */
const SETTLED_AFTER = 'PT10S';

const byStage = ({ stage }: { readonly stage: string }, { entityId }: ViewMeta): readonly string[] => [`${entityId}~${stage}`];

/** Moves the deals out of a stage that is being removed, some at a time, until none is found in it any more. */
export const stageRemoval = saga({
  name: 'stage-removal',
  stateVersion: 1,
  events: [PipelineStageClosed, PipelineStageRemoved],
  startedBy: ['PipelineStageClosed'],
  instances: { PipelineStageClosed: byStage, PipelineStageRemoved: byStage },
  initial: (): State => ({ pipelineId: '', stage: '', target: '' }),
  on: {
    PipelineStageClosed: (_, { stage, target, dealIds }, _instance, { entityId: pipelineId }) => ({
      state: { pipelineId, stage, target },
      send: dealIds.map(id => relocateDeal({ id, from: stage })),
      wake: { settled: SETTLED_AFTER },
    }),
    PipelineStageRemoved: () => finished,
  },
  alarms: { settled: ({ pipelineId: id, stage }) => ({ send: [finishStageRemoval({ id, stage })] }) },
  waits: {
    deals: ({ pipelineId, stage, target }) => ({
      reason: `The deals in ${stage} are being moved to ${target}.`,
      next: 'The stage is gone when none is left in it.',
      record: { category: Pipeline.category, id: pipelineId },
    }),
  },
  waitsFor: () => 'deals',
  onAbandon: () => ({
    stays: 'The stage stays on the board with the deals that are left in it; nothing enters it, and they can be moved by hand.',
  }),
  about: instance => ({ category: Pipeline.category, id: instance.slice(0, instance.indexOf('~')) }),
});
