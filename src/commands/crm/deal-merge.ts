import { z } from 'zod';
import { Deal, DealMerged, DealMergeUndone, DealSummary } from '../../domain/crm/deal.ts';
import { merge, splitOff, takeIn, undoMerge, withdrawMerge } from '../../domain/crm/deal-merge.ts';
import { existing } from '../../domain/records.ts';
import { Id } from '../../domain/vocabulary.ts';
import { type Ask, byId, byOwnerAndObservers, type CommandMessage, command, type FactsContext } from '../../kernel/command.ts';
import type { DataOf } from '../../kernel/event.ts';
import { Money } from '../../kernel/money.ts';
import { orderPaid } from '../../projections/billing/order-payments.ts';
import { dealForMerge } from '../../projections/crm/deals.ts';
import { approvable } from '../platform/holds.ts';
import { course } from './deal.ts';

const onDeal = { decider: Deal, entityId: byId, relations: byOwnerAndObservers } as const;

/** The other deal; null where there is none that the caller may know of. */
async function other(id: string | undefined, ask: Ask, { reaches }: FactsContext) {
  const deal = id === undefined ? null : await ask(dealForMerge, { id });
  return deal !== null && reaches(deal.ownerId) ? deal : null;
}

const { overridable, approvals } = approvable('mergeAcrossAccounts');

export const mergeDeal = command({
  ...onDeal,
  type: 'MergeDeal',
  summary:
    'Merges a deal into another, which gets its contacts and all it said as a comment, and its amount only where that is asked for. Refused as SameDeal, TargetClosed, MergeCycle, MergeHasPayments, MergeHasOrder, and as OverrideRequired between accounts.',
  route: 'POST /deals/:id/merge',
  permission: 'crm:merge',
  input: z.strictObject({ id: Id, intoId: Id, addAmount: z.boolean().default(false), approvals }),
  overridable,
  links: ({ intoId }) => [{ category: Deal.category, id: intoId }],
  facts: async (deal, { intoId }, ask, context) => ({
    target: await other(intoId, ask, context),
    paid: deal?.orderId !== undefined && (await ask(orderPaid, { orderId: deal.orderId })),
  }),
  decide: existing('deal', merge),
  follows: (events, id) => events.flatMap(({ type, data }) => (type === DealMerged.type ? [takingIn(id, data)] : [])),
});

/** What the target is asked to take in. */
export const takingIn = (sourceId: string, { into, summary, contactIds, amount }: DataOf<typeof DealMerged>): CommandMessage =>
  takeInDeal({ id: into, sourceId, summary, contactIds, amount });

export const takeInDeal = command({
  ...onDeal,
  type: 'TakeInDeal',
  summary: 'Gives a deal what it gets of one that is merged into it; silent when it has that. Refused where it is closed or merged itself.',
  permission: 'crm:merge',
  input: z.strictObject({ id: Id, sourceId: Id, summary: DealSummary, contactIds: z.array(Id), amount: Money.optional() }),
  decide: existing('deal', takeIn),
});

export const undoDealMerge = command({
  ...onDeal,
  type: 'UndoDealMerge',
  summary:
    'Takes a deal out of the one it was merged into, within thirty days: it goes on where it was. Refused as TooLate, and as DealMerged while the other is merged itself.',
  route: 'POST /deals/:id/merge/undo',
  permission: 'crm:merge',
  input: z.strictObject({ id: Id }),
  facts: async (deal, _, ask, context) => ({ ...(await course(deal, ask)), target: await other(deal?.mergedInto, ask, context) }),
  decide: existing('deal', undoMerge),
  follows: (events, id) => events.flatMap(({ type, data }) => (type === DealMergeUndone.type ? [splittingOff(id, data)] : [])),
});

export const withdrawDealMerge = command({
  ...onDeal,
  type: 'WithdrawDealMerge',
  summary: 'Undoes the merge of a deal that the other one could not take in; silent when it is undone.',
  permission: 'crm:merge',
  input: z.strictObject({ id: Id, intoId: Id }),
  facts: (deal, _, ask) => course(deal, ask),
  decide: existing('deal', withdrawMerge),
});

/** What the target is asked to give back. */
export const splittingOff = (sourceId: string, { into }: DataOf<typeof DealMergeUndone>): CommandMessage =>
  splitOffDeal({ id: into, sourceId });

export const splitOffDeal = command({
  ...onDeal,
  type: 'SplitOffDeal',
  summary: 'Takes from a deal what it had got of one whose merge is undone; silent when it has nothing of it.',
  permission: 'crm:merge',
  input: z.strictObject({ id: Id, sourceId: Id }),
  decide: existing('deal', splitOff),
});
