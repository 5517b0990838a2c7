import { undoDealOrder } from '../../commands/crm/deal-order.ts';
import { placeDealOrder } from '../../commands/sales/sales-order.ts';
import { Deal, DealOrdered, DealWon } from '../../domain/crm/deal.ts';
import {
  SalesOrder,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderPlaced,
} from '../../domain/sales/sales-order.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import type { DataOf } from '../../kernel/event.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { finished, type Step, saga } from '../../kernel/saga.ts';

type Ordered = DataOf<typeof DealOrdered>;

interface State {
  readonly dealId: string;
  readonly placed: boolean;
}

const byOrder = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];

/**
 * Places the order of a deal. When sales refuse it, or it is declined, cancelled or expires before the deal is won, the deal learns why
 * and can be ordered again: what stopped the order is for its owner to put right, so nothing is parked.
 */
export const dealOrder = saga({
  name: 'deal-order',
  stateVersion: 1,
  events: [DealOrdered, SalesOrderPlaced, SalesOrderDeclined, SalesOrderExpired, SalesOrderCancelled, DealWon],
  startedBy: ['DealOrdered'],
  instances: {
    DealOrdered: ({ orderId }) => [orderId],
    SalesOrderPlaced: byOrder,
    SalesOrderDeclined: byOrder,
    SalesOrderExpired: byOrder,
    SalesOrderCancelled: byOrder,
    DealWon: ({ orderId }) => (orderId === undefined ? [] : [orderId]),
  },
  initial: (): State => ({ dealId: '', placed: false }),
  on: {
    DealOrdered: (state, ordered, _order, { entityId: dealId }) => ({ state: { ...state, dealId }, send: [placing(ordered, dealId)] }),
    SalesOrderPlaced: state => ({ state: { ...state, placed: true } }),
    SalesOrderDeclined: (state, { reason }, orderId) => undone(state, orderId, `The order was declined: ${reason}`),
    SalesOrderExpired: (state, _, orderId) => undone(state, orderId, 'The order expired: nobody accepted it in time.'),
    SalesOrderCancelled: (state, { reason }, orderId) => undone(state, orderId, `The order was cancelled: ${reason}`),
    DealWon: () => finished,
  },
  onRefusal: (state, { because }, orderId) => undone(state, orderId, because),
  alarms: {},
  waits: {
    placing: ({ dealId }) => ({
      reason: 'The order of this deal is being placed.',
      next: 'The order waits to be accepted.',
      record: { category: Deal.category, id: dealId },
    }),
    order: (_, orderId) => ({
      reason: 'The order of this deal is on its way.',
      next: 'The deal is won when the order is paid; should the order come to nothing, the deal can be ordered again.',
      record: { category: SalesOrder.category, id: orderId },
    }),
  },
  waitsFor: ({ placed }) => (placed ? 'order' : 'placing'),
  onAbandon: ({ dealId, placed }, orderId) =>
    placed
      ? { stays: 'The order goes its way; the deal does not hear of it when it is declined or cancelled.' }
      : {
          send: [undoDealOrder({ id: dealId, orderId, because: 'Placing the order was given up.' })],
          stays: 'The deal can be ordered again.',
        },
  about: id => ({ category: SalesOrder.category, id }),
});

function placing({ orderId, lines, ...ordered }: Ordered, dealId: string): CommandMessage {
  const wishes = lines.map(line => ({ ...line, quantity: quantityText(line.quantity) }));
  return placeDealOrder({ ...ordered, id: orderId, dealId, lines: wishes });
}

const REASON_LENGTH_MAX = 500;

const undone = ({ dealId }: State, orderId: string, because: string): Step<State, never> => ({
  send: [undoDealOrder({ id: dealId, orderId, because: because.slice(0, REASON_LENGTH_MAX) })],
  finished: true,
});
