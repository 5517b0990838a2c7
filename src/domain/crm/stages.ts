/** Stages of a pipeline of deals: what each is, and the two pipelines that come with the house. */
import { z } from 'zod';

/** `archive` holds what was over before the pipeline began; it counts nowhere. */
export const stageKinds = ['open', 'paused', 'won', 'lost', 'archive'] as const;
export type StageKind = (typeof stageKinds)[number];

/** A stage as facts keep it. */
export const Stage = z.strictObject({
  /** Its name for programs, which never changes. */
  key: z.string(),
  name: z.string(),
  phase: z.string(),
  kind: z.enum(stageKinds),
  /** Chance of winning, in per cent. */
  percent: z.int(),
  /** What a deal must have before it enters, or passes it on the way forward. */
  needs: z.array(z.string()),
  /** A deal that stays longer is rotting. */
  daysMax: z.int().optional(),
  /** Stages a deal may move on to; none named, the usual moves hold. */
  next: z.array(z.string()),
  /** `#rrggbb`. */
  colour: z.string().optional(),
  /** More cards than this are too many at a time. */
  cardsMax: z.int().optional(),
});
export type Stage = z.output<typeof Stage>;

/** Where a deal stands, frozen into the fact that brought it there, so that history stays right whatever becomes of the pipeline. */
export const Standing = z.strictObject({ pipelineId: z.string(), kind: z.enum(stageKinds), phase: z.string(), percent: z.int() });
export type Standing = z.output<typeof Standing>;

/** Deals go here where no pipeline is named. */
export const DEFAULT_PIPELINE = 'default';

interface Terms {
  readonly name?: string;
  readonly percent?: number;
  readonly needs?: readonly string[];
}

const stage = (key: string, kind: StageKind, phase: string, { name = key, percent = 0, needs = [] }: Terms = {}): Stage => ({
  key,
  name,
  phase,
  kind,
  percent,
  needs: [...needs],
  next: [],
});

const WON_NEEDS = ['amountAboveZero', 'orderId'];

/** The usual pipeline of deals, in the order of the board. */
const USUAL: readonly Stage[] = [
  stage('NotProcessed', 'open', 'Processing', { name: 'Not processed' }),
  stage('InitialContact', 'open', 'Qualification', { name: 'Initial contact', percent: 20, needs: ['contactId'] }),
  stage('NeedsAssessment', 'open', 'Qualification', { name: 'Needs assessment', percent: 20, needs: ['description', 'expectedClose'] }),
  stage('Presentation', 'open', 'Development', { percent: 40, needs: ['amount'] }),
  stage('ProposalPreparation', 'open', 'Development', { name: 'Proposal preparation', percent: 40, needs: ['lines'] }),
  stage('Prototype', 'open', 'Development', { percent: 40 }),
  stage('DecisionMaking', 'open', 'Confirmation', { name: 'Decision making', percent: 60, needs: ['expectedCloseAhead'] }),
  stage('Completed', 'won', 'Win', { percent: 100, needs: WON_NEEDS }),
  stage('Rejected', 'lost', 'Rejection'),
  stage('Paused', 'paused', 'Rejection'),
  stage('DroppedOut', 'lost', 'Rejection', { name: 'Dropped out' }),
  stage('HistoricalApplications', 'archive', 'Archive', { name: 'Historical applications' }),
];

const SIMPLE: readonly Stage[] = [
  stage('New', 'open', 'Open'),
  stage('Qualified', 'open', 'Open', { percent: 20 }),
  stage('Proposal', 'open', 'Open', { percent: 60 }),
  stage('Won', 'won', 'Closed', { percent: 100, needs: WON_NEEDS }),
  stage('Lost', 'lost', 'Closed'),
];

/** What a new pipeline may begin with. */
export const TEMPLATES = { usual: USUAL, simple: SIMPLE } as const;
export const templateNames = ['simple', 'usual'] as const satisfies readonly (keyof typeof TEMPLATES)[];

export const standingIn = (pipelineId: string, { kind, phase, percent }: Stage): Standing => ({ pipelineId, kind, phase, percent });

/** Facts from before pipelines could be edited do not say where their stage stood: it was the usual pipeline's. */
export function usualStanding(key: string): Standing {
  const found = USUAL.find(entry => entry.key === key);
  if (found === undefined) throw new Error(`The usual pipeline has no stage ${key}`);
  return standingIn(DEFAULT_PIPELINE, found);
}
