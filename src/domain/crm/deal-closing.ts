/** How a deal ends, and how it is opened again. */
import type { DecisionContext } from '../../kernel/command.ts';
import type { Decision, Refusal } from '../../kernel/decider.ts';
import { refusedFor, unless } from '../faults.ts';
import { barred, type Deal, type DealFact, DealLost, DealReopened, DealWon } from './deal.ts';
import { arrival, type Course, enterable, lastOpenStage, namesNext, stageAt, usualStage } from './deal-course.ts';
import { unknownStage } from './deal-moves.ts';
import { lacking } from './deal-needs.ts';
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
export function win(deal: Deal, { stage: wished, reason }: Closing, context: DecisionContext<Course>): Decision<DealFact> {
  if (deal.kind === 'won') return [];
  const stop = barred(deal, 'WinDeal');
  if (stop) return stop;
  const to = endOf(context.facts, 'won', wished);
  if (to === undefined) return unknownStage;
  return skipped(deal, to, context) ?? lacking([to], deal, context) ?? [won(deal, to, reason)];
}

function skipped(deal: Deal, to: Stage, { facts: { pipeline }, override }: DecisionContext<Course>): Refusal | undefined {
  const from = stageAt(pipeline, deal.openStage);
  const last = lastOpenStage(pipeline);
  if (namesNext(from, to) || (from.next.length === 0 && from.key === last.key)) return undefined;
  return override('stageSkip', `Winning from ${from.key}, where deals are won from ${last.key}`);
}

const isOver = (kind: StageKind): boolean => kind !== 'open' && kind !== 'paused';

/** A paid order is proof enough, whatever stage the deal stands in; one that is closed stays as it is. */
export interface PaymentCourse extends Course {
  /** Whether the company has deals won by the payment of their orders. */
  readonly winOnPayment: boolean;
}

export function winByPayment(
  deal: Deal,
  { orderId }: { readonly orderId: string },
  { facts }: DecisionContext<PaymentCourse>,
): Decision<DealFact> {
  if (!facts.winOnPayment) return [];
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

/** It goes on where it was. Whoever has no right to reopen deals needs an approval. */
export function reopen(deal: Deal, { reason }: { readonly reason: string }, context: DecisionContext<Course>): Decision<DealFact> {
  const to = stageAt(context.facts.pipeline, deal.openStage);
  const stop = barred(deal, 'ReopenDeal') ?? (context.may('crm:reopen') ? undefined : context.override('reopen', `Reopening in ${to.key}`));
  return stop ?? [DealReopened({ from: deal.stage, ...arrival(deal, to), reason })];
}
