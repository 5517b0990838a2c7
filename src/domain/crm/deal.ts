/** A deal is a sale we hope for: worked through the pipeline's stages, given lines, ordered, and won or lost. */
import { z } from 'zod';
import { decider, invalidTransition, type Refusal, refuse } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency, Money } from '../../kernel/money.ts';
import { Quantity } from '../../kernel/quantity.ts';
import { PostalAddress } from '../vocabulary.ts';
import { assignment, type Owned } from './owner.ts';
import { DEFAULT_PIPELINE, type StageKind, Standing, usualStanding } from './stages.ts';

/** What a deal says of itself; all of it may be edited. */
export const DealCard = z.strictObject({
  name: z.string(),
  contactId: z.string().optional(),
  currency: Currency,
  amount: Money.optional(),
  requestCategory: z.string().optional(),
  description: z.string().optional(),
  expectedClose: z.iso.date().optional(),
});
export type DealCard = z.output<typeof DealCard>;

/** What is to be sold. A price by hand carries its reason; without one the price list of the day of the order counts. */
export const DealLine = z.strictObject({
  line: z.int(),
  itemId: z.string(),
  quantity: Quantity,
  unitPrice: Decimal.optional(),
  priceReason: z.string().optional(),
  /** Percentage. */
  discount: Decimal,
});
export type DealLine = z.output<typeof DealLine>;

/** The lead a deal came from; what is said of the deal in free words is that person's too. */
const origin = { leadId: z.string().optional() };
const ofPerson = {
  personal: [{ person: ({ leadId }: { readonly leadId?: string | undefined }) => leadId, fields: ['name', 'description'] }],
};

/** Where the deal stands now; facts from before pipelines could be edited do not say it, see `standingAt`. */
const standing = { standing: Standing.optional() };

export const DealOpened = event(
  'DealOpened',
  { ...DealCard.shape, ...origin, accountId: z.string(), ownerId: z.string(), stage: z.string(), ...standing },
  ofPerson,
);
export const DealEdited = event('DealEdited', { ...DealCard.shape, ...origin, changed: z.array(z.string()) }, ofPerson);
export const DealAssigned = event('DealAssigned', assignment);
/** Somebody may look at the deal from now on, and do nothing to it. */
export const DealObserverAdded = event('DealObserverAdded', { userId: z.string() });
export const DealObserverRemoved = event('DealObserverRemoved', { userId: z.string() });
export const DealStageChanged = event('DealStageChanged', {
  from: z.string(),
  to: z.string(),
  ...standing,
  reason: z.string().optional(),
  /** When a paused deal is to be taken up again. */
  resumeOn: z.iso.date().optional(),
});
export const DealLineAdded = event('DealLineAdded', DealLine.shape);
export const DealLineRemoved = event('DealLineRemoved', { line: z.int() });

/** Says whole what is ordered, so that whoever places the order need not ask. */
export const DealOrdered = event('DealOrdered', {
  orderId: z.string(),
  accountId: z.string(),
  ownerId: z.string(),
  warehouseId: z.string(),
  currency: Currency,
  requiredOn: z.iso.date().optional(),
  shipTo: PostalAddress.optional(),
  lines: z.array(DealLine),
});
/** The order was refused, declined or cancelled: the deal can be changed and ordered again. */
export const DealOrderUndone = event('DealOrderUndone', { orderId: z.string(), because: z.string() });

export const DealWon = event('DealWon', {
  from: z.string(),
  /** Absent in facts from before pipelines could be edited: Completed was the only stage of what is won. */
  to: z.string().optional(),
  ...standing,
  accountId: z.string(),
  reason: z.string(),
  orderId: z.string().optional(),
});
export const DealLost = event('DealLost', {
  from: z.string(),
  to: z.string(),
  ...standing,
  reason: z.string(),
  competitor: z.string().optional(),
});
export const DealReopened = event('DealReopened', { from: z.string(), to: z.string(), ...standing, reason: z.string() });

/** All that a deal said when it was merged into another: the comment it leaves there. */
export const DealSummary = z.strictObject({
  ...DealCard.omit({ contactId: true }).shape,
  ...origin,
  accountId: z.string(),
  ownerId: z.string(),
  stage: z.string(),
  lines: z.array(DealLine),
});
type Told = { readonly summary: z.output<typeof DealSummary> };
const ofSummary = { personal: [{ person: ({ summary }: Told) => summary.leadId, fields: ['summary.name', 'summary.description'] }] };
/** Contacts that go from one deal to another, and an amount where it is to be added. */
const handedOn = { contactIds: z.array(z.string()), amount: Money.optional() };

/** The deal went into another and stays as it is; says whole what the other one gets of it. */
export const DealMerged = event(
  'DealMerged',
  { into: z.string(), summary: DealSummary, ...handedOn, undoUntil: z.iso.datetime() },
  ofSummary,
);
/** `contactIds` are those that were new to it. */
export const DealTakenIn = event('DealTakenIn', { sourceId: z.string(), summary: DealSummary, ...handedOn }, ofSummary);
export const DealMergeUndone = event('DealMergeUndone', { into: z.string(), to: z.string(), ...standing });
/** What the deal had got of the other one is gone from it again. */
export const DealSplitOff = event('DealSplitOff', { sourceId: z.string(), ...handedOn });

interface Arrival {
  readonly to?: string | undefined;
  readonly standing?: Standing | undefined;
}

/** The stage a deal came to, and where that stood then. */
export function standingAt({ to = 'Completed', standing }: Arrival): { readonly stage: string; readonly standing: Standing } {
  return { stage: to, standing: standing ?? usualStanding(to) };
}

const events = [
  DealOpened,
  DealEdited,
  DealAssigned,
  DealObserverAdded,
  DealObserverRemoved,
  DealStageChanged,
  DealLineAdded,
  DealLineRemoved,
  DealOrdered,
  DealOrderUndone,
  DealWon,
  DealLost,
  DealReopened,
  DealMerged,
  DealTakenIn,
  DealMergeUndone,
  DealSplitOff,
] as const;
export type DealFact = EventOf<(typeof events)[number]>;

export interface Deal extends Owned {
  readonly pipelineId: string;
  readonly stage: string;
  readonly kind: StageKind;
  /** The open stage a deal is in, or was in before it was paused or closed: there it returns to. */
  readonly openStage: string;
  /** User ids of those who may look at it beside its owner. */
  readonly observers: readonly string[];
  readonly accountId: string;
  readonly leadId?: string;
  readonly card: DealCard;
  /** Persons to talk to beside the one on the card. */
  readonly contactIds: readonly string[];
  /** The deal it was merged into, and until when that can be undone. */
  readonly mergedInto?: string;
  readonly undoUntil?: string;
  /** What it got of deals that were merged into it, by their ids. */
  readonly takenIn: Readonly<Record<string, Handed>>;
  readonly lines: readonly DealLine[];
  /** Number of the newest line ever added; numbers are not given twice. */
  readonly lineLast: number;
  readonly orderId?: string;
}

interface Handed {
  readonly contactIds: readonly string[];
  readonly amount?: Money | undefined;
}

const opened = ({ accountId, ownerId, leadId, stage, standing, ...card }: DataOf<typeof DealOpened>): Deal => ({
  ...(leadId === undefined ? {} : { leadId }),
  pipelineId: standing?.pipelineId ?? DEFAULT_PIPELINE,
  stage,
  kind: 'open',
  openStage: stage,
  ownerId,
  observers: [],
  accountId,
  card,
  contactIds: [],
  takenIn: {},
  lines: [],
  lineLast: 0,
});

function moved(deal: Deal, arrival: Arrival): Deal {
  const { stage, standing } = standingAt(arrival);
  const { kind, pipelineId } = standing;
  return { ...deal, pipelineId, stage, kind, openStage: kind === 'open' ? stage : deal.openStage };
}
/** An amount that another was added to, or taken from again; one that was lowered meanwhile ends at nothing. */
export const minorAfter = (minor: number, change: Money, sign: 1 | -1): number => Math.max(minor + sign * change.minor, 0);

function worth({ card }: Deal, change: Money | undefined, sign: 1 | -1): DealCard {
  return change === undefined ? card : { ...card, amount: { ...change, minor: minorAfter(card.amount?.minor ?? 0, change, sign) } };
}

const takingIn = (deal: Deal, { sourceId, contactIds, amount }: DataOf<typeof DealTakenIn>): Deal => ({
  ...deal,
  card: worth(deal, amount, 1),
  contactIds: [...deal.contactIds, ...contactIds],
  takenIn: { ...deal.takenIn, [sourceId]: { contactIds, ...(amount === undefined ? {} : { amount }) } },
});

function splitting(deal: Deal, { sourceId, contactIds, amount }: DataOf<typeof DealSplitOff>): Deal {
  const { [sourceId]: _, ...takenIn } = deal.takenIn;
  return { ...deal, card: worth(deal, amount, -1), contactIds: deal.contactIds.filter(id => !contactIds.includes(id)), takenIn };
}

const unmerged = ({ mergedInto: _into, undoUntil: _until, ...deal }: Deal): Deal => deal;

const withLine = (deal: Deal, line: DealLine): Deal => ({ ...deal, lines: [...deal.lines, line], lineLast: line.line });
const withoutLine = (deal: Deal, line: number): Deal => ({ ...deal, lines: deal.lines.filter(entry => entry.line !== line) });
const unordered = ({ orderId: _, ...deal }: Deal): Deal => deal;

export const Deal = decider({
  category: 'deal',
  stateVersion: 5,
  events,
  initial: (): Deal | undefined => undefined,
  evolve: {
    DealOpened: (_, data): Deal => opened(data),
    DealEdited: (deal, { changed: _, leadId: _lead, ...card }) => deal && { ...deal, card },
    DealAssigned: (deal, { to }) => deal && { ...deal, ownerId: to },
    DealObserverAdded: (deal, { userId }) => deal && { ...deal, observers: [...deal.observers, userId] },
    DealObserverRemoved: (deal, { userId }) => deal && { ...deal, observers: deal.observers.filter(id => id !== userId) },
    DealStageChanged: (deal, arrival) => deal && moved(deal, arrival),
    DealLineAdded: (deal, line) => deal && withLine(deal, line),
    DealLineRemoved: (deal, { line }) => deal && withoutLine(deal, line),
    DealOrdered: (deal, { orderId }) => deal && { ...deal, orderId },
    DealOrderUndone: deal => deal && unordered(deal),
    DealWon: (deal, arrival) => deal && moved(deal, arrival),
    DealLost: (deal, arrival) => deal && moved(deal, arrival),
    DealReopened: (deal, arrival) => deal && moved(deal, arrival),
    DealMerged: (deal, { into, undoUntil }) => deal && { ...deal, mergedInto: into, undoUntil },
    DealTakenIn: (deal, taken) => deal && takingIn(deal, taken),
    DealMergeUndone: (deal, arrival) => deal && moved(unmerged(deal), arrival),
    DealSplitOff: (deal, split) => deal && splitting(deal, split),
  },
});

const WORK = ['EditDeal', 'AssignDeal', 'ChangeDealStage', 'LoseDeal', 'MergeDeal'];
const CLOSED = ['AssignDeal', 'ReopenDeal'];
const PERMITS: Readonly<Record<StageKind, readonly string[]>> = {
  open: [...WORK, 'AddDealLine', 'RemoveDealLine', 'OrderDeal', 'WinDeal', 'ChangeDealPipeline'],
  paused: WORK,
  won: CLOSED,
  lost: [...CLOSED, 'MergeDeal'],
  archive: [],
};

/** Commands the kind of the deal's stage permits; a deal that was merged stays as it is until that is undone. */
export const permitted = ({ kind, mergedInto }: Pick<Deal, 'kind' | 'mergedInto'>): readonly string[] =>
  mergedInto === undefined ? PERMITS[kind] : ['UndoDealMerge'];

/** The refusal of a command that the deal's stage does not permit; undefined where it does. */
export function barred(deal: Deal, command: string): Refusal | undefined {
  if (permitted(deal).includes(command)) return undefined;
  const { stage, mergedInto } = deal;
  if (mergedInto === undefined) return invalidTransition(`A deal in ${stage} does not permit ${command}.`, permitted(deal));
  return refuse('DealMerged', 'This deal was merged into another; turn to that one.', { survivorId: mergedInto });
}

/** What is ordered stays as it was ordered. */
export const locked = ({ orderId }: Deal): Refusal | undefined =>
  orderId === undefined ? undefined : refuse('DocumentLocked', 'This deal is ordered already; its lines stay as they are.', { orderId });
