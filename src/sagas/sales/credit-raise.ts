import { endCreditRaise } from '../../commands/sales/credit.ts';
import { Credit, CreditRaised, CreditRaiseEnded, CreditRaiseRequested } from '../../domain/sales/credit.ts';
import { saga } from '../../kernel/saga.ts';

interface State {
  readonly raiseId: string;
  readonly accountId: string;
  readonly until: string;
  readonly granted: boolean;
}

const byRaise = ({ raiseId }: { readonly raiseId: string }): readonly string[] => [raiseId];

/** Ends a raise of a credit limit when its last day has passed. */
export const creditRaise = saga({
  name: 'credit-raise',
  stateVersion: 1,
  events: [CreditRaiseRequested, CreditRaised, CreditRaiseEnded],
  startedBy: ['CreditRaiseRequested'],
  instances: { CreditRaiseRequested: byRaise, CreditRaised: byRaise, CreditRaiseEnded: byRaise },
  initial: (): State => ({ raiseId: '', accountId: '', until: '', granted: false }),
  on: {
    CreditRaiseRequested: (state, { raiseId, until }, _, { entityId: accountId, recordedAt }) => {
      const over = Temporal.PlainDate.from(until).add({ days: 1 }).toZonedDateTime({ timeZone: 'UTC', plainTime: '12:00' });
      const seconds = Temporal.Instant.from(recordedAt).until(over.toInstant()).total('seconds');
      return { state: { ...state, raiseId, accountId, until }, wake: { past: `PT${Math.max(0, Math.ceil(seconds))}S` } };
    },
    CreditRaised: state => ({ state: { ...state, granted: true } }),
    CreditRaiseEnded: () => ({ forgotten: true }),
  },
  alarms: { past: ({ accountId: id, raiseId }) => ({ send: [endCreditRaise({ id, raiseId, reason: 'Its last day has passed' })] }) },
  waits: {
    approval: ({ accountId: id }) => ({
      reason: 'A raise of the credit limit was asked for and nobody has granted it yet.',
      next: 'Orders of the account may go beyond its limit by so much.',
      record: { category: Credit.category, id },
      movedBy: { command: 'ApproveCreditRaise', permission: 'sales:credit' },
    }),
    end: ({ accountId: id, until }) => ({
      reason: `The credit limit is raised up to ${until}.`,
      next: 'Then the usual limit counts again.',
      record: { category: Credit.category, id },
      movedBy: { command: 'EndCreditRaise', permission: 'sales:credit' },
    }),
  },
  waitsFor: ({ granted }) => (granted ? 'end' : 'approval'),
  onAbandon: ({ until }) => ({ stays: `The raise counts up to ${until} and is shown until somebody ends it.` }),
  about: id => ({ category: Credit.category, id }),
});
