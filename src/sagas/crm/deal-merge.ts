import { splittingOff, takingIn, withdrawDealMerge } from '../../commands/crm/deal-merge.ts';
import { Deal, DealMerged, DealMergeUndone, DealTakenIn } from '../../domain/crm/deal.ts';
import { saga } from '../../kernel/saga.ts';

interface State {
  readonly intoId: string;
}

/** Carries a merge, or its undoing, to the other deal; one that cannot take the source in leaves both as they were. */
export const dealMerge = saga({
  name: 'deal-merge',
  stateVersion: 1,
  events: [DealMerged, DealTakenIn, DealMergeUndone],
  startedBy: ['DealMerged', 'DealMergeUndone'],
  instances: {
    DealMerged: (_, { entityId }) => [entityId],
    DealTakenIn: ({ sourceId }) => [sourceId],
    DealMergeUndone: (_, { entityId }) => [entityId],
  },
  initial: (): State => ({ intoId: '' }),
  on: {
    DealMerged: (_, merged, sourceId) => ({ state: { intoId: merged.into }, send: [takingIn(sourceId, merged)] }),
    DealTakenIn: () => ({ forgotten: true }),
    DealMergeUndone: (_, undone, sourceId) => ({ state: { intoId: undone.into }, send: [splittingOff(sourceId, undone)], forgotten: true }),
  },
  onRefusal: ({ intoId }, _, id) => ({ send: [withdrawDealMerge({ id, intoId })] }),
  alarms: {},
  waits: {
    takingIn: ({ intoId }) => ({
      reason: 'The other deal is taking in what this one said.',
      next: 'This deal is read-only, and found in the other.',
      record: { category: Deal.category, id: intoId },
    }),
  },
  waitsFor: () => 'takingIn',
  onAbandon: ({ intoId }, id) => ({ send: [withdrawDealMerge({ id, intoId })], stays: 'The merge is undone; both deals are as before.' }),
  about: id => ({ category: Deal.category, id }),
});
