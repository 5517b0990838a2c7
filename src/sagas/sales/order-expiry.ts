import { expireSalesOrder, remindOfModification } from '../../commands/sales/sales-order.ts';
import {
  ModificationReminded,
  SalesOrder,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderModified,
  SalesOrderPlaced,
} from '../../domain/sales/sales-order.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { finished, type Step, saga } from '../../kernel/saga.ts';

interface State {
  readonly awaits: 'us' | 'client' | 'reminded';
  readonly expiresOn: string;
}

/** How long a client has to answer a change before they are reminded. */
const ANSWER = 'PT48H';

const byOrder = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];

/** Lets an order lapse that nobody accepted by its last day, and reminds of a change that the client does not answer. */
export const orderExpiry = saga({
  name: 'order-expiry',
  stateVersion: 1,
  events: [
    SalesOrderPlaced,
    SalesOrderModified,
    ModificationReminded,
    SalesOrderAccepted,
    SalesOrderDeclined,
    SalesOrderExpired,
    SalesOrderCancelled,
  ],
  startedBy: ['SalesOrderPlaced'],
  instances: {
    SalesOrderPlaced: ({ expiresOn }, meta) => (expiresOn === undefined ? [] : byOrder(null, meta)),
    SalesOrderModified: byOrder,
    ModificationReminded: byOrder,
    SalesOrderAccepted: byOrder,
    SalesOrderDeclined: byOrder,
    SalesOrderExpired: byOrder,
    SalesOrderCancelled: byOrder,
  },
  initial: (): State => ({ awaits: 'us', expiresOn: '' }),
  on: {
    SalesOrderPlaced: (_, { expiresOn = '' }, _order, { recordedAt }) => open({ awaits: 'us', expiresOn }, recordedAt),
    SalesOrderModified: (_, { expiresOn }, _order, { recordedAt }) => {
      const step = open({ awaits: 'client', expiresOn }, recordedAt);
      return { ...step, wake: { ...step.wake, unanswered: ANSWER } };
    },
    ModificationReminded: state => ({ state: { ...state, awaits: 'reminded' } }),
    SalesOrderAccepted: () => finished,
    SalesOrderDeclined: () => finished,
    SalesOrderExpired: () => finished,
    SalesOrderCancelled: () => finished,
  },
  alarms: {
    past: (_, id) => ({ send: [expireSalesOrder({ id })] }),
    unanswered: (_, id) => ({ send: [remindOfModification({ id })] }),
  },
  waits: {
    decision: ({ expiresOn }, id) => ({
      reason: 'Nobody has accepted the order yet.',
      next: `Unless it is accepted by ${expiresOn}, it expires.`,
      record: { category: SalesOrder.category, id },
      movedBy: { command: 'AcceptSalesOrder', permission: 'sales:accept' },
    }),
    client: ({ awaits, expiresOn }, id) => ({
      reason: `The client has not answered the changed order yet${awaits === 'reminded' ? ', nor the reminder' : ''}.`,
      next: `${awaits === 'reminded' ? 'U' : 'After two days they are reminded; u'}nless it is confirmed by ${expiresOn}, it expires.`,
      record: { category: SalesOrder.category, id },
      movedBy: { command: 'ConfirmModification', permission: 'sales:accept' },
    }),
  },
  waitsFor: ({ awaits }) => (awaits === 'us' ? 'decision' : 'client'),
  onAbandon: () => ({ stays: 'The order stays open until somebody accepts or declines it; after its last day it cannot be accepted.' }),
  about: id => ({ category: SalesOrder.category, id }),
});

/** The last day of an order is over everywhere at noon in UTC of the day after. */
function open(state: State, recordedAt: string): Step<State, 'past' | 'unanswered'> & { readonly wake: { readonly past: string } } {
  const over = Temporal.PlainDate.from(state.expiresOn).add({ days: 1 }).toZonedDateTime({ timeZone: 'UTC', plainTime: '12:00' });
  const seconds = Temporal.Instant.from(recordedAt).until(over.toInstant()).total('seconds');
  return { state, wake: { past: `PT${Math.max(0, Math.ceil(seconds))}S` } };
}
