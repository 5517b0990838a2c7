import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderPlaced,
} from '../../domain/sales/sales-order.ts';
import { invariant, NOTHING_YET, steps } from '../../kernel/invariant.ts';
import { faultsOfTotals, type Priced } from '../totals.ts';

export const orderTotals = invariant({
  name: 'order-totals',
  promise: 'An order is the sum of its lines, and its tax is worked out once a rate.',
  events: [SalesOrderPlaced],
  initial: (): Priced | null => null,
  on: { SalesOrderPlaced: (_, { lines, totals }) => ({ lines, totals }) },
  *always(order) {
    if (order !== null) yield* faultsOfTotals(order);
  },
});

export const orderSteps = steps({
  name: 'order-steps',
  promise: 'An order is placed, then accepted or declined; it is cancelled only while no delivery is bound to it.',
  events: [SalesOrderPlaced, SalesOrderAccepted, SalesOrderDeclined, SalesOrderCancelled, DeliveryCommitted, DeliveryWithdrawn],
  mayFollow: {
    SalesOrderPlaced: [NOTHING_YET],
    SalesOrderAccepted: ['SalesOrderPlaced'],
    SalesOrderDeclined: ['SalesOrderPlaced'],
    SalesOrderCancelled: ['SalesOrderAccepted', 'DeliveryWithdrawn'],
    DeliveryCommitted: ['SalesOrderAccepted', 'DeliveryWithdrawn'],
    DeliveryWithdrawn: ['DeliveryCommitted'],
  },
});
