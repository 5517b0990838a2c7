import { draftOrderInvoice } from '../../commands/billing/invoice.ts';
import { winDealByPayment } from '../../commands/crm/deal.ts';
import { approveDelivery, cancelDelivery, planDelivery } from '../../commands/fulfilment/delivery.ts';
import { issueStock, releaseStock, reserveStock } from '../../commands/warehouse/stock.ts';
import { InvoiceDrafted, InvoiceIssued, PaymentApplied, PaymentUnapplied } from '../../domain/billing/invoice.ts';
import { PaymentRecorded } from '../../domain/billing/payment.ts';
import { payableOf } from '../../domain/document.ts';
import { DeliveryApproved, DeliveryPlanned, DeliveryShipped } from '../../domain/fulfilment/delivery.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  modifiedLines,
  orderOf,
  type Placed,
  SalesOrder,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderModified,
  SalesOrderPlaced,
} from '../../domain/sales/sales-order.ts';
import { reservationOf, StockBackordered, StockReserved } from '../../domain/warehouse/stock.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import type { Currency, Money } from '../../kernel/money.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { minus, NOTHING, type Quantity, quantityText } from '../../kernel/quantity.ts';
import { finished, type Step, saga, unmoved } from '../../kernel/saga.ts';
import { deliveryId, invoiceId, LEFT, type Line, type Order, type Stage, type State, shortOf, WAITING } from './order-course.ts';

type Next = Step<State, 'unapproved'>;

/** Long past any request's patience: an approval that bound the order and then came to nothing was cut off in between, and is completed. */
const PATIENCE = 'PT10M';

const NO_ORDER: Order = { accountId: '', warehouseId: '', orderedOn: '', paymentTermDays: 0, currency: '' as Currency, lines: [] };

const byOrder = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];
const byReservation = ({ orderId }: { readonly orderId: string }): readonly string[] => [orderId];
const byDocument = (_: unknown, { entityId }: ViewMeta): readonly string[] => orderOf(entityId);

/**
 * Carries an order from acceptance to the last payment: reserve every line, plan the delivery, issue the stock on approval,
 * draft the invoice when the goods are shipped, win the deal when all is paid. Cancelling gives everything back.
 */
export const orderFulfilment = saga({
  name: 'order-fulfilment',
  stateVersion: 1,
  events: [
    SalesOrderPlaced,
    SalesOrderModified,
    SalesOrderAccepted,
    SalesOrderDeclined,
    SalesOrderExpired,
    SalesOrderCancelled,
    StockReserved,
    StockBackordered,
    DeliveryPlanned,
    DeliveryCommitted,
    DeliveryWithdrawn,
    DeliveryApproved,
    DeliveryShipped,
    InvoiceDrafted,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    PaymentRecorded,
  ],
  startedBy: ['SalesOrderPlaced'],
  instances: {
    SalesOrderPlaced: byOrder,
    SalesOrderModified: byOrder,
    SalesOrderAccepted: byOrder,
    SalesOrderDeclined: byOrder,
    SalesOrderExpired: byOrder,
    SalesOrderCancelled: byOrder,
    StockReserved: byReservation,
    StockBackordered: byReservation,
    DeliveryPlanned: byDocument,
    DeliveryCommitted: byOrder,
    DeliveryWithdrawn: byOrder,
    DeliveryApproved: byDocument,
    DeliveryShipped: byDocument,
    InvoiceDrafted: byDocument,
    InvoiceIssued: byDocument,
    PaymentApplied: byDocument,
    PaymentUnapplied: byDocument,
    PaymentRecorded: ({ allocations }) => allocations.flatMap(({ invoiceId }) => orderOf(invoiceId)),
  },
  initial: (): State => ({ stage: 'acceptance', order: NO_ORDER, missing: {}, queued: [] }),
  on: {
    SalesOrderPlaced: (state, placed) => ({ state: { ...state, order: kept(placed) } }),
    SalesOrderModified: ({ order, ...state }, { lines, removed }) => ({
      state: { ...state, stage: 'confirmation', order: { ...order, lines: modifiedLines(order.lines, lines, removed) } },
    }),
    SalesOrderAccepted: (state, _, orderId) => (goodsOf(state).length === 0 ? invoicing(state, orderId) : reserving(state, orderId)),
    SalesOrderDeclined: () => finished,
    SalesOrderExpired: () => finished,
    SalesOrderCancelled: (state, { reason }, orderId) => ({ send: givingBack(state, orderId, reason), finished: true }),
    StockReserved: (state, { line, quantity }, orderId) => reserved({ ...state, missing: less(state.missing, line, quantity) }, orderId),
    StockBackordered: (state, { line }) => ({ state: { ...state, queued: [...state.queued, line] } }),
    DeliveryPlanned: state => at(state, 'approval'),
    DeliveryCommitted: () => ({ wake: { unapproved: PATIENCE } }),
    DeliveryWithdrawn: () => ({ sleep: ['unapproved'] }),
    DeliveryApproved: (state, { approvedOn }, orderId) => ({
      ...at(state, 'shipping'),
      send: issuing(state, orderId, approvedOn),
      sleep: ['unapproved'],
    }),
    DeliveryShipped: (state, _, orderId) => invoicing(state, orderId),
    InvoiceDrafted: state => at(state, 'issue'),
    InvoiceIssued: (state, { totals }, orderId) => paid(state, payableOf(totals), orderId),
    PaymentApplied: (state, { open }) => owing(state, open),
    PaymentUnapplied: (state, { open }) => owing(state, open),
    PaymentRecorded: (state, _, orderId) => (state.open === undefined ? unmoved : paid(state, state.open, orderId)),
  },
  alarms: { unapproved: (_, orderId) => ({ send: [approveDelivery({ id: deliveryId(orderId) })] }) },
  waits: WAITING,
  waitsFor: state => (state.stage === 'stock' && shortOf(state).length > 0 ? 'goods' : state.stage),
  onAbandon: (state, orderId) => ({
    ...(BEFORE_APPROVAL.includes(state.stage) && { send: givingBack(state, orderId, GIVEN_UP) }),
    stays: LEFT[state.stage],
  }),
  about: id => ({ category: SalesOrder.category, id }),
});

/** What the process must know of its order, and no more. */
const kept = ({ ownerId: _, placedBy: _by, channel: _channel, expiresOn: _day, totals: _totals, ...order }: Placed): Order => order;

const goodsOf = ({ order }: State): readonly Line[] => order.lines.filter(({ stocked }) => stocked);

/** Where one line of the order is in the warehouse. */
const placeOf = ({ order }: State, orderId: string, { line, itemId }: Line) => ({ warehouseId: order.warehouseId, itemId, orderId, line });

const at = (state: State, stage: Stage) => ({ state: { ...state, stage } });

function reserving(state: State, orderId: string): Next {
  const goods = goodsOf(state);
  const missing = Object.fromEntries(goods.map(({ line, quantity }) => [line, quantity]));
  const { orderedOn } = state.order;
  const send = goods.map(line => reserveStock({ ...placeOf(state, orderId, line), quantity: quantityText(line.quantity), orderedOn }));
  return { state: { ...state, stage: 'stock', missing }, send };
}

/** What is missing of each line, less what was just reserved of one; lines that miss nothing are left out. */
function less(missing: State['missing'], line: number, quantity: Quantity): State['missing'] {
  const { [line]: before = NOTHING, ...others } = missing;
  const left = minus(before, quantity);
  return left > NOTHING ? { ...others, [line]: left } : others;
}

const reserved = (state: State, orderId: string): Next =>
  Object.keys(state.missing).length > 0 ? { state } : { ...at(state, 'planning'), send: [planning(state, orderId)] };

function planning(state: State, orderId: string): CommandMessage {
  const { accountId, warehouseId, shipTo, shipVia, requiredOn } = state.order;
  const lines = goodsOf(state).map(({ line, itemId, sku, quantity }) => ({
    line,
    itemId,
    sku,
    quantity: quantityText(quantity),
    reservationId: reservationOf({ orderId, line }),
  }));
  return planDelivery({ id: deliveryId(orderId), orderId, accountId, warehouseId, shipTo, shipVia, requiredOn, lines });
}

const issuing = (state: State, orderId: string, issuedOn: string): CommandMessage[] =>
  goodsOf(state).map(line => issueStock({ ...placeOf(state, orderId, line), deliveryId: deliveryId(orderId), issuedOn }));

function invoicing(state: State, orderId: string): Next {
  const { accountId, currency, paymentTermDays, reference, lines } = state.order;
  const draft = draftOrderInvoice({ id: invoiceId(orderId), orderId, accountId, currency, paymentTermDays, reference, lines });
  return { ...at(state, 'invoicing'), send: [draft] };
}

/** What is set against the invoice counts once its payment is recorded: until then it may be taken back. */
const owing = (state: State, open: Money): Next => ({ state: { ...state, stage: open.minor > 0 ? 'payment' : 'recording', open } });

function paid(state: State, open: Money, orderId: string): Next {
  if (open.minor > 0) return owing(state, open);
  const { dealId } = state.order;
  return { send: dealId === undefined ? [] : [winDealByPayment({ id: dealId, orderId })], finished: true };
}

/** Whatever was asked for so far is taken back; what never came about is taken back in vain. */
const givingBack = (state: State, orderId: string, reason: string): CommandMessage[] => [
  cancelDelivery({ id: deliveryId(orderId), reason }),
  ...goodsOf(state).map(line => releaseStock(placeOf(state, orderId, line))),
];

const GIVEN_UP = 'The process of the order was given up';

/** As long as the delivery is not approved, its goods are still in the stock. */
const BEFORE_APPROVAL: readonly Stage[] = ['stock', 'planning', 'approval'];
