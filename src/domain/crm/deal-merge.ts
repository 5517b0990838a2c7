/** Two deals that turn out to be one: the source goes into the target, and can be taken out again for thirty days. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, invalidTransition, type Refusal, refuse } from '../../kernel/decider.ts';
import type { DataOf } from '../../kernel/event.ts';
import type { Money } from '../../kernel/money.ts';
import { barred, type Deal, type DealFact, DealMerged, DealMergeUndone, DealSplitOff, DealTakenIn, permitted } from './deal.ts';
import { arrival, type Course, stageAt } from './deal-course.ts';
import type { StageKind } from './stages.ts';

/** How long a merge can be undone. */
const UNDO_HOURS = 30 * 24;

/** The other deal as the views have it; null where there is none that the caller may know of. */
export interface OtherDeal {
  readonly accountId: string;
  readonly currency: string;
  readonly kind: StageKind | 'merged';
  /** The deal it ends in where it was merged, over all that came after. */
  readonly survivorId: string | null;
}

export interface MergeKnowledge {
  readonly target: OtherDeal | null;
  /** Whether anything was paid for the order of the source. */
  readonly paid: boolean;
}

interface Merge {
  readonly id: string;
  readonly intoId: string;
  readonly addAmount: boolean;
}

export function merge(deal: Deal, wish: Merge, context: DecisionContext<MergeKnowledge>): Decision<DealFact> {
  if (deal.mergedInto === wish.intoId) return [];
  const { intoId: into } = wish;
  const stop = impossible(deal, wish, context.facts) ?? acrossAccounts(deal, wish, context);
  if (stop) return stop;
  const { accountId, ownerId, leadId, stage, lines, contactIds } = deal;
  const { contactId, ...said } = deal.card;
  const summary = { ...said, accountId, ownerId, leadId, stage, lines: [...lines] };
  const contacts = [...(contactId === undefined ? [] : [contactId]), ...contactIds];
  const undoUntil = Temporal.Instant.from(context.now).add({ hours: UNDO_HOURS }).toString({ fractionalSecondDigits: 3 });
  return [DealMerged({ into, summary, contactIds: contacts, undoUntil, ...(wish.addAmount ? { amount: deal.card.amount } : {}) })];
}

const OPEN: readonly string[] = ['open', 'paused'];

function impossible(deal: Deal, { id, intoId, addAmount }: Merge, { target, paid }: MergeKnowledge): Refusal | undefined {
  if (id === intoId) return refuse('SameDeal', 'A deal cannot be merged into itself.');
  const stop = barred(deal, 'MergeDeal');
  if (stop) return stop;
  if (target === null) return invalid([{ pointer: '/intoId', detail: 'There is no such deal.' }]);
  const { survivorId } = target;
  if (survivorId === id) return refuse('MergeCycle', 'The other deal was merged into this one.');
  if (survivorId !== null) return refuse('DealMerged', 'The other deal was merged itself; merge into where it went.', { survivorId });
  if (!OPEN.includes(target.kind)) return refuse('TargetClosed', 'The other deal is closed; reopen it first.');
  if (paid) return refuse('MergeHasPayments', 'Something was paid for the order of this deal; merge the other one into it.');
  if (deal.orderId !== undefined)
    return refuse('MergeHasOrder', 'This deal is ordered; merge the other one into it.', { orderId: deal.orderId });
  if (addAmount && deal.card.amount !== undefined && deal.card.currency !== target.currency)
    return refuse('CurrencyMismatch', `The amount is in ${deal.card.currency}, the other deal in ${target.currency}.`);
  return undefined;
}

const acrossAccounts = (deal: Deal, { intoId }: Merge, { facts, override }: DecisionContext<MergeKnowledge>): Refusal | undefined =>
  facts.target?.accountId === deal.accountId
    ? undefined
    : override('mergeAcrossAccounts', `Merging into the deal ${intoId} of another account`);

type Taking = Pick<DataOf<typeof DealTakenIn>, 'sourceId' | 'summary' | 'contactIds' | 'amount'>;

/** The other half of a merge; refused where the target was closed or merged meanwhile, which undoes the merge. */
export function takeIn(deal: Deal, { sourceId, summary, contactIds, amount }: Taking): Decision<DealFact> {
  if (Object.hasOwn(deal.takenIn, sourceId)) return [];
  if (deal.mergedInto !== undefined || !OPEN.includes(deal.kind))
    return invalidTransition(`A deal in ${deal.stage} takes in no other.`, permitted(deal));
  const known = [deal.card.contactId, ...deal.contactIds];
  return [DealTakenIn({ sourceId, summary, contactIds: contactIds.filter(id => !known.includes(id)), amount: addable(deal, amount) })];
}

/** The currency of a deal may have changed while the merge was under way. */
const addable = ({ card }: Deal, amount: Money | undefined): Money | undefined => (amount?.currency === card.currency ? amount : undefined);

export interface UndoKnowledge extends Course {
  readonly target: OtherDeal | null;
}

/** Everything stands as before, save what was done to the target meanwhile. */
export function undoMerge(deal: Deal, _: unknown, { now, facts }: DecisionContext<UndoKnowledge>): Decision<DealFact> {
  if (deal.mergedInto === undefined) return barred(deal, 'UndoDealMerge') ?? [];
  if (now > (deal.undoUntil ?? '')) return refuse('TooLate', 'A merge can be undone for thirty days; these are over.');
  const survivorId = facts.target?.survivorId;
  if (survivorId) return refuse('DealMerged', 'The deal it was merged into was merged itself; undo that first.', { survivorId });
  return undone(deal, facts);
}

/** The target did not take the source in. */
export const withdrawMerge = (
  deal: Deal,
  { intoId }: { readonly intoId: string },
  { facts }: DecisionContext<Course>,
): Decision<DealFact> => (deal.mergedInto === intoId ? undone(deal, facts) : []);

const undone = (deal: Deal, { pipeline }: Course): Decision<DealFact> => [
  DealMergeUndone({ into: deal.mergedInto as string, ...arrival(deal, stageAt(pipeline, deal.stage)) }),
];

/** The target gives back what it got of the source: contacts and amount. */
export function splitOff(deal: Deal, { sourceId }: { readonly sourceId: string }): Decision<DealFact> {
  const got = deal.takenIn[sourceId];
  return got === undefined ? [] : [DealSplitOff({ sourceId, contactIds: [...got.contactIds], amount: addable(deal, got.amount) })];
}
