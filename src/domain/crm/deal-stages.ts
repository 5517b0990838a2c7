/** The usual pipeline of deals: phases, stages, and how likely a deal is to be won in each. */
import { z } from 'zod';

interface Stage {
  readonly phase: 'Processing' | 'Qualification' | 'Development' | 'Confirmation' | 'Win' | 'Rejection' | 'Archive';
  /** Chance of winning, in per cent. */
  readonly percent: number;
}

/** In the order of the board. HistoricalApplications holds what was over before this pipeline began; it counts nowhere. */
export const DEAL_STAGES = {
  NotProcessed: { phase: 'Processing', percent: 0 },
  InitialContact: { phase: 'Qualification', percent: 20 },
  NeedsAssessment: { phase: 'Qualification', percent: 20 },
  Presentation: { phase: 'Development', percent: 40 },
  ProposalPreparation: { phase: 'Development', percent: 40 },
  Prototype: { phase: 'Development', percent: 40 },
  DecisionMaking: { phase: 'Confirmation', percent: 60 },
  Completed: { phase: 'Win', percent: 100 },
  Rejected: { phase: 'Rejection', percent: 0 },
  Paused: { phase: 'Rejection', percent: 0 },
  DroppedOut: { phase: 'Rejection', percent: 0 },
  HistoricalApplications: { phase: 'Archive', percent: 0 },
} as const satisfies Readonly<Record<string, Stage>>;

export type DealStage = keyof typeof DEAL_STAGES;
export const dealStages = Object.keys(DEAL_STAGES) as [DealStage, ...DealStage[]];
export const DealStage = z.enum(dealStages);

/** Stages of a deal that is being worked on, in order. */
export const openStages = [
  'NotProcessed',
  'InitialContact',
  'NeedsAssessment',
  'Presentation',
  'ProposalPreparation',
  'Prototype',
  'DecisionMaking',
] as const satisfies readonly DealStage[];
export type OpenStage = (typeof openStages)[number];
export const isOpen = (stage: DealStage): stage is OpenStage => (openStages as readonly DealStage[]).includes(stage);

export const lostStages = ['Rejected', 'DroppedOut'] as const satisfies readonly DealStage[];
export const isLost = (stage: DealStage): boolean => (lostStages as readonly DealStage[]).includes(stage);

export const isBack = (from: OpenStage, to: OpenStage): boolean => openStages.indexOf(to) < openStages.indexOf(from);

/** Stages entered on the way forward, those skipped included. */
export const stagesBetween = (from: OpenStage, to: OpenStage): readonly OpenStage[] =>
  openStages.slice(openStages.indexOf(from) + 1, openStages.indexOf(to) + 1);
