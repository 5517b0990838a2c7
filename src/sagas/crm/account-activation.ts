import { activateAccount } from '../../commands/crm/account.ts';
import { Account } from '../../domain/crm/account.ts';
import { Deal, DealWon } from '../../domain/crm/deal.ts';
import { saga } from '../../kernel/saga.ts';

interface State {
  readonly accountId: string;
}

/** The first deal won makes a customer of a prospect. */
export const accountActivation = saga({
  name: 'account-activation',
  stateVersion: 1,
  events: [DealWon],
  startedBy: ['DealWon'],
  instances: { DealWon: (_, { entityId }) => [entityId] },
  initial: (): State => ({ accountId: '' }),
  on: {
    DealWon: (_, { accountId }, dealId) => ({
      state: { accountId },
      send: [activateAccount({ id: accountId, dealId })],
      finished: true,
    }),
  },
  alarms: {},
  waits: {
    activation: ({ accountId }) => ({
      reason: 'The account of a won deal is becoming a customer.',
      next: 'The account is active.',
      record: { category: Account.category, id: accountId },
    }),
  },
  waitsFor: () => 'activation',
  onAbandon: () => ({ stays: 'The account stays a prospect until its next deal is won.' }),
  about: id => ({ category: Deal.category, id }),
});
