/** How a deal ends, and how it is opened again. */
import type { DecisionContext } from '../../kernel/command.ts';
import type { Decision, Refusal } from '../../kernel/decider.ts';
import { refusedFor, unless } from '../faults.ts';
import { barred, type Deal, type DealFact, DealLost, DealReopened, DealWon } from './deal.ts';
import { arrival, type Course, enterable, lastOpenStage, namesNext, stageAt, usualStage } from './deal-course.ts';
import { overridable, unknownStage } from './deal-moves.ts';
import { unmet } from './deal-needs.ts';
import type { Stage, StageKind } from './stages.ts';

interface Closing {
  /** The first stage of its kind where none is named. */
  readonly stage?: string | undefined;
  readonly reason: string;
}

function endOf(course: Course, kind: 'won' | 'lost', wished: string | undefined): Stage | undefined {
  if (wished === undefined) return usualStage(course.pipeline, kind);
  const stage = enterable(course.pipeline, wished);
  return stage?.kind === kind ? stage : undefined;
}

const won = (deal: Deal, stage: Stage, reason: string): DealFact => {
  const { accountId, orderId } = deal;
  return DealWon({ from: deal.stage, ...arrival(deal, stage), accountId, orderId, reason });
};

/** Won by hand from the last open stage, or one that names the stage of what is won, when what that needs is there. */
export function win(deal: Deal, { stage: wished, reason }: Closing, { today, facts }: DecisionContext<Course>): Decision<DealFact> {
  if (deal.kind === 'won') return [];
  const stop = barred(deal, 'WinDeal');
  if (stop) return stop;
  const to = endOf(facts, 'won', wished);
  if (to === undefined) return unknownStage;
  return skipped(deal, to, facts) ?? refusedFor(unmet([to], deal, today)) ?? [won(deal, to, reason)];
}

function skipped(deal: Deal, to: Stage, { pipeline }: Course): Refusal | undefined {
  const from = stageAt(pipeline, deal.openStage);
  const last = lastOpenStage(pipeline);
  if (namesNext(from, to) || (from.next.length === 0 && from.key === last.key)) return undefined;
  return overridable('stage-skip', `A deal is won from ${last.key}; this one is in ${from.key}.`);
}

const isOver = (kind: StageKind): boolean => kind !== 'open' && kind !== 'paused';

/** A paid order is proof enough, whatever stage the deal stands in; one that is closed stays as it is. */
export function winByPayment(
  deal: Deal,
  { orderId }: { readonly orderId: string },
  { facts }: DecisionContext<Course>,
): Decision<DealFact> {
  if (isOver(deal.kind) || deal.orderId !== orderId) return [];
  return [won(deal, usualStage(facts.pipeline, 'won'), 'The order is paid.')];
}

type Loss = Closing & { readonly competitor?: string | undefined };

/** Rejected by the client, dropped out by itself, or whatever other stages of loss the pipeline has. */
export function lose(deal: Deal, { stage: wished, reason, competitor }: Loss, { facts }: DecisionContext<Course>): Decision<DealFact> {
  const to = endOf(facts, 'lost', wished);
  if (to === undefined) return unknownStage;
  if (deal.stage === to.key) return [];
  const nameless = unless(!isCompetitor(reason) || competitor !== undefined, '/competitor', 'Name the competitor to whom it was lost.');
  return barred(deal, 'LoseDeal') ?? refusedFor(nameless) ?? [DealLost({ from: deal.stage, ...arrival(deal, to), reason, competitor })];
}

/** The reason whose sense lies in a name. */
const isCompetitor = (reason: string): boolean => reason.toLowerCase() === 'competitor';

/** It goes on where it was. */
export function reopen(deal: Deal, { reason }: { readonly reason: string }, { facts }: DecisionContext<Course>): Decision<DealFact> {
  const to = stageAt(facts.pipeline, deal.openStage);
  return barred(deal, 'ReopenDeal') ?? [DealReopened({ from: deal.stage, ...arrival(deal, to), reason })];
}
