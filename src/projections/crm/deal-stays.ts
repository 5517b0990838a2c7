import { DealLost, DealMergeUndone, DealOpened, DealReopened, DealStageChanged, DealWon, standingAt } from '../../domain/crm/deal.ts';
import { projection, type ViewMeta } from '../../kernel/projection.ts';
import { instant, integer, nullable, table, text } from '../../kernel/table.ts';

/** The whole path of every deal. A row never changes, so a stay is over when the deal has a later one. */
export const dealStays = projection({
  name: 'deal-stays',
  version: 1,
  versioned: true,
  table: table(
    'deal_stays',
    'Every stay of a deal in a stage; it ended when the next one of the deal began',
    {
      deal_id: text('Deal that came into the stage'),
      revision: integer('Place of the coming among the events of the deal: the order of its stays'),
      pipeline_id: text('Pipeline of the stage'),
      stage: text('Stage it came into'),
      kind: text('open, paused, won, lost or archive'),
      percent: integer('Chance of winning, per cent, as the stage said then'),
      from_stage: nullable(text('Stage it came from; empty for the first')),
      entered_at: instant('When it came'),
    },
    { key: 'Deal and revision, joined by ~', indexes: ['deal_id, revision', 'pipeline_id, stage, entered_at'] },
  ),
  events: [DealOpened, DealStageChanged, DealWon, DealLost, DealReopened, DealMergeUndone],
  keys: { DealOpened: ofStay, DealStageChanged: ofStay, DealWon: ofStay, DealLost: ofStay, DealReopened: ofStay, DealMergeUndone: ofStay },
  on: {
    DealOpened: (_, { stage, standing }, _key, meta) => stay({ to: stage, standing }, null, meta),
    DealStageChanged: (_, { from, ...move }, _key, meta) => stay(move, from, meta),
    DealWon: (_, { from, ...move }, _key, meta) => stay(move, from, meta),
    DealLost: (_, { from, ...move }, _key, meta) => stay(move, from, meta),
    DealReopened: (_, { from, ...move }, _key, meta) => stay(move, from, meta),
    DealMergeUndone: (_, { into: _into, ...move }, _key, meta) => stay(move, null, meta),
  },
});

function ofStay(_data: unknown, { entityId, revision }: ViewMeta): readonly string[] {
  return [`${entityId}~${revision}`];
}

function stay(move: Parameters<typeof standingAt>[0], from: string | null, { entityId, revision, occurredAt }: ViewMeta) {
  const { stage, standing } = standingAt(move);
  const { pipelineId, kind, percent } = standing;
  return { deal_id: entityId, revision, pipeline_id: pipelineId, stage, kind, percent, from_stage: from, entered_at: occurredAt };
}
