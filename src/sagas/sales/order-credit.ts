import { releaseCredit } from '../../commands/sales/credit.ts';
import { lapseSalesOrderHold } from '../../commands/sales/sales-order.ts';
import { Credit, CreditReleased, CreditReserved } from '../../domain/sales/credit.ts';
import {
  SalesOrder,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderClosed,
  SalesOrderClosedShort,
} from '../../domain/sales/sales-order.ts';
import { HoldLapsed } from '../../kernel/hold.ts';
import { moneyWire } from '../../kernel/money.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { type Step, saga, unmoved } from '../../kernel/saga.ts';

interface State {
  readonly accountId: string;
  readonly accepted: boolean;
  /** The command that took the credit. */
  readonly commandId: string;
}

/** Long past any request's patience: whoever was to accept the order has died or given up. */
const PATIENCE = 'PT10M';

const byOrder = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];
const ofOrder = ({ orderId }: { readonly orderId: string }): readonly string[] => [orderId];

/** Gives back what an order takes of its client's credit: when it was never accepted after all, as far as it is cancelled, and when it is closed. */
export const orderCredit = saga({
  name: 'order-credit',
  stateVersion: 1,
  events: [CreditReserved, CreditReleased, SalesOrderAccepted, SalesOrderCancelled, SalesOrderClosedShort, SalesOrderClosed, HoldLapsed],
  startedBy: ['CreditReserved'],
  instances: {
    CreditReserved: ofOrder,
    CreditReleased: ofOrder,
    SalesOrderAccepted: byOrder,
    SalesOrderCancelled: byOrder,
    SalesOrderClosedShort: byOrder,
    SalesOrderClosed: byOrder,
    HoldLapsed: (_, { category, entityId }) => (category === SalesOrder.category ? [entityId] : []),
  },
  initial: (): State => ({ accountId: '', accepted: false, commandId: '' }),
  on: {
    CreditReserved: (state, _, _order, { entityId: accountId, causationId: commandId }) => ({
      state: { ...state, accountId, commandId },
      wake: { vanished: PATIENCE },
    }),
    /** Given back by the very command that took it. */
    CreditReleased: ({ accepted }) => (accepted ? unmoved : { forgotten: true }),
    SalesOrderAccepted: state => ({ state: { ...state, accepted: true }, sleep: ['vanished'] }),
    SalesOrderCancelled: (state, _, orderId) => released(state, orderId),
    SalesOrderClosedShort: ({ accountId: id }, { worth }, orderId) =>
      worth === undefined ? unmoved : { send: [releaseCredit({ id, orderId, amount: moneyWire(worth) })] },
    SalesOrderClosed: (state, _, orderId) => released(state, orderId),
    HoldLapsed: (state, { commandId }, orderId) => (!state.accepted && commandId === state.commandId ? released(state, orderId) : unmoved),
  },
  alarms: { vanished: ({ commandId }, id) => ({ send: [lapseSalesOrderHold({ id, commandId })] }) },
  waits: {
    acceptance: ({ accountId: id }) => ({
      reason: 'Credit is taken for an order that is being accepted.',
      next: 'Unless it is accepted within ten minutes, the credit is free again.',
      record: { category: Credit.category, id },
    }),
    course: (_, id) => ({
      reason: 'The order takes up credit of its client.',
      next: 'Invoiced, it counts to what the client owes; cancelled or closed, it is free again.',
      record: { category: SalesOrder.category, id },
      movedBy: { command: 'CancelSalesOrder', permission: 'sales:cancel' },
    }),
  },
  waitsFor: ({ accepted }) => (accepted ? 'course' : 'acceptance'),
  onAbandon: ({ accountId: id }, orderId) => ({
    send: [releaseCredit({ id, orderId })],
    stays: 'The order goes its way and takes no credit any more.',
  }),
  about: id => ({ category: SalesOrder.category, id }),
});

const released = ({ accountId: id }: State, orderId: string): Step<State, 'vanished'> => ({
  send: [releaseCredit({ id, orderId })],
  finished: true,
});
