import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  ModificationConfirmed,
  ModificationRejected,
  ModificationReminded,
  modifiedLines,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderModified,
  SalesOrderPlaced,
  SalesOrderSent,
} from '../../domain/sales/sales-order.ts';
import { invariant, NOTHING_YET, steps } from '../../kernel/invariant.ts';
import { faultsOfTotals, type Priced } from '../totals.ts';

export const orderTotals = invariant({
  name: 'order-totals',
  promise: 'An order is the sum of its lines, and its tax is worked out once a rate.',
  events: [SalesOrderPlaced, SalesOrderModified],
  initial: (): Priced | null => null,
  on: {
    SalesOrderPlaced: (_, { lines, totals }) => ({ lines, totals }),
    SalesOrderModified: (order, { lines, removed, totals }) => ({ lines: modifiedLines(order?.lines ?? [], lines, removed), totals }),
  },
  *always(order) {
    if (order !== null) yield* faultsOfTotals(order);
  },
});

const UNDECIDED = ['SalesOrderPlaced', 'SalesOrderSent'] as const;
const ASKED = ['SalesOrderModified', 'ModificationReminded'] as const;

export const orderSteps = steps({
  name: 'order-steps',
  promise:
    'An order is placed and sent, perhaps changed until the client agrees, then accepted, declined or expired; it is cancelled only while no delivery is bound to it.',
  events: [
    SalesOrderPlaced,
    SalesOrderSent,
    SalesOrderModified,
    ModificationReminded,
    ModificationConfirmed,
    ModificationRejected,
    SalesOrderAccepted,
    SalesOrderDeclined,
    SalesOrderExpired,
    SalesOrderCancelled,
    DeliveryCommitted,
    DeliveryWithdrawn,
  ],
  mayFollow: {
    SalesOrderPlaced: [NOTHING_YET],
    SalesOrderSent: ['SalesOrderPlaced'],
    SalesOrderModified: [...UNDECIDED, ...ASKED],
    ModificationReminded: ['SalesOrderModified'],
    ModificationConfirmed: [...ASKED],
    ModificationRejected: [...ASKED],
    SalesOrderAccepted: [...UNDECIDED, 'ModificationConfirmed'],
    SalesOrderDeclined: [...UNDECIDED, 'ModificationRejected'],
    SalesOrderExpired: [...UNDECIDED, ...ASKED],
    SalesOrderCancelled: [...UNDECIDED, ...ASKED, 'SalesOrderAccepted', 'DeliveryWithdrawn'],
    DeliveryCommitted: ['SalesOrderAccepted', 'DeliveryCommitted', 'DeliveryWithdrawn'],
    DeliveryWithdrawn: ['DeliveryCommitted', 'DeliveryWithdrawn'],
  },
});
