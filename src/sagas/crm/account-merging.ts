import { absorbAccount, restoreAccount } from '../../commands/crm/account-merge.ts';
import { partDuplicate, settleDuplicate } from '../../commands/crm/duplicate-case.ts';
import { Account, AccountAbsorbed, AccountMerged, AccountReleased, AccountRestored } from '../../domain/crm/account.ts';
import { caseId } from '../../domain/crm/duplicate-case.ts';
import { saga } from '../../kernel/saga.ts';

interface State {
  readonly survivorId: string;
}

/** Sees that a merge is whole: the survivor takes in what was merged into it, or that stands for itself again. */
export const accountMerging = saga({
  name: 'account-merging',
  stateVersion: 1,
  events: [AccountMerged, AccountAbsorbed, AccountReleased, AccountRestored],
  startedBy: ['AccountMerged', 'AccountReleased'],
  instances: {
    AccountMerged: (_, { entityId }) => [entityId],
    AccountAbsorbed: ({ loserId }) => [loserId],
    AccountReleased: ({ loserId }) => [loserId],
    AccountRestored: (_, { entityId }) => [entityId],
  },
  initial: (): State => ({ survivorId: '' }),
  on: {
    AccountMerged: (_, { survivorId, reason: _reason, ...rest }, loserId) => ({
      state: { survivorId },
      send: [absorbAccount({ id: survivorId, loserId, ...rest })],
    }),
    AccountAbsorbed: (_, _data, loserId, { entityId: survivorId }) => ({
      send: [settleDuplicate({ id: caseId(loserId, survivorId), survivorId })],
      forgotten: true,
    }),
    AccountReleased: (_, _data, id, { entityId: survivorId }) => ({ state: { survivorId }, send: [restoreAccount({ id, survivorId })] }),
    AccountRestored: ({ survivorId }, _data, loserId) => ({ send: [partDuplicate({ id: caseId(loserId, survivorId) })], forgotten: true }),
  },
  /** Who lives on in nobody stands for itself; where its own keys went to others meanwhile, it is asked again each day. */
  onRefusal: ({ survivorId }, { command }, id) =>
    command === restoreAccount.type ? { wake: { again: 'P1D' } } : { send: [restoreAccount({ id, survivorId })] },
  alarms: { again: ({ survivorId }, id) => ({ send: [restoreAccount({ id, survivorId })] }) },
  waits: {
    other: ({ survivorId }, id) => ({
      reason: `The accounts ${id} and ${survivorId} are being merged, or parted again.`,
      next: 'Both say so.',
      record: { category: Account.category, id: survivorId },
    }),
  },
  waitsFor: () => 'other',
  onAbandon: ({ survivorId }) => ({ stays: `One of the account and ${survivorId} says that they are merged, the other does not.` }),
  about: id => ({ category: Account.category, id }),
});
