import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  ModificationConfirmed,
  ModificationRejected,
  ModificationReminded,
  modifiedLines,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderClosed,
  SalesOrderClosedShort,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderInvoicingAsked,
  SalesOrderModified,
  SalesOrderPlaced,
  SalesOrderSent,
  ShipPolicyChanged,
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
const UNDER_WAY = [
  'SalesOrderAccepted',
  'DeliveryCommitted',
  'DeliveryWithdrawn',
  'SalesOrderClosedShort',
  'SalesOrderInvoicingAsked',
] as const;
const ASKED = ['SalesOrderModified', 'ModificationReminded'] as const;

export const orderSteps = steps({
  name: 'order-steps',
  promise:
    'An order is placed and sent, perhaps changed until the client agrees, then accepted, declined or expired; it is cancelled while no delivery is bound to it, else only its rest; it is closed in the end.',
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
    ShipPolicyChanged,
    SalesOrderClosedShort,
    SalesOrderClosed,
    SalesOrderInvoicingAsked,
    DeliveryCommitted,
    DeliveryWithdrawn,
  ],
  mayFollow: {
    SalesOrderPlaced: [NOTHING_YET],
    SalesOrderSent: ['SalesOrderPlaced', 'ShipPolicyChanged'],
    SalesOrderModified: [...UNDECIDED, ...ASKED, 'ShipPolicyChanged'],
    ModificationReminded: ['SalesOrderModified', 'ShipPolicyChanged'],
    ModificationConfirmed: [...ASKED, 'ShipPolicyChanged'],
    ModificationRejected: [...ASKED, 'ShipPolicyChanged'],
    SalesOrderAccepted: [...UNDECIDED, 'ModificationConfirmed', 'ShipPolicyChanged'],
    SalesOrderDeclined: [...UNDECIDED, 'ModificationRejected', 'ShipPolicyChanged'],
    SalesOrderExpired: [...UNDECIDED, ...ASKED, 'ShipPolicyChanged'],
    SalesOrderCancelled: [...UNDECIDED, ...ASKED, 'SalesOrderAccepted', 'ShipPolicyChanged', 'DeliveryWithdrawn'],
    ShipPolicyChanged: [...UNDECIDED, ...ASKED, ...UNDER_WAY, 'ShipPolicyChanged'],
    SalesOrderClosedShort: ['DeliveryCommitted', 'DeliveryWithdrawn', 'SalesOrderInvoicingAsked', 'ShipPolicyChanged'],
    SalesOrderInvoicingAsked: [...UNDER_WAY, 'ShipPolicyChanged'],
    SalesOrderClosed: [...UNDER_WAY, 'ShipPolicyChanged'],
    DeliveryCommitted: [...UNDER_WAY, 'ShipPolicyChanged'],
    DeliveryWithdrawn: [...UNDER_WAY, 'ShipPolicyChanged'],
  },
});
