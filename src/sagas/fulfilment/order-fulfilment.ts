import { draftOrderInvoice } from '../../commands/billing/invoice.ts';
import { winDealByPayment } from '../../commands/crm/deal.ts';
import { approveDelivery, cancelDelivery, planDelivery } from '../../commands/fulfilment/delivery.ts';
import { closeSalesOrder } from '../../commands/sales/sales-order.ts';
import { issueStock, releaseStock, reserveStock } from '../../commands/warehouse/stock.ts';
import { CreditAllocated } from '../../domain/billing/credit-note.ts';
import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../domain/billing/crediting.ts';
import {
  CreditApplied,
  CreditUnapplied,
  InvoiceDrafted,
  InvoiceIssued,
  PaymentApplied,
  PaymentUnapplied,
} from '../../domain/billing/invoice.ts';
import { PaymentAllocated, PaymentRecorded } from '../../domain/billing/payment.ts';
import { payableOf } from '../../domain/document.ts';
import { DeliveryApproved, DeliveryPlanned, DeliveryShipped } from '../../domain/fulfilment/delivery.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  modifiedLines,
  numberOf,
  orderOf,
  type Placed,
  SalesOrder,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderClosedShort,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderInvoicingAsked,
  SalesOrderModified,
  SalesOrderPlaced,
  ShipPolicyChanged,
} from '../../domain/sales/sales-order.ts';
import { reservationOf, StockBackordered, StockReserved } from '../../domain/warehouse/stock.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import type { Currency, Money } from '../../kernel/money.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { finished, type Step, saga, unmoved } from '../../kernel/saga.ts';
import {
  type Amounts,
  amountOf,
  changed,
  documentId,
  dueOf,
  firstAt,
  isNothing,
  LEFT,
  type Line,
  modeOf,
  type Order,
  type Owed,
  type State,
  sumOf,
  type Underway,
  WAITING,
  waitOf,
} from './order-course.ts';

type Next = Step<State, 'unapproved'>;

/** Long past any request's patience: an approval that bound the order and then came to nothing was cut off in between, and is completed. */
const PATIENCE = 'PT10M';

const NO_ORDER: Order = { accountId: '', warehouseId: '', orderedOn: '', paymentTermDays: 0, currency: '' as Currency, lines: [] };

const byOrder = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];
const byReservation = ({ orderId }: { readonly orderId: string }): readonly string[] => [orderId];
const byInvoice = ({ invoiceId }: { readonly invoiceId: string }): readonly string[] => orderOf(invoiceId);
const byDocument = (_: unknown, { entityId }: ViewMeta): readonly string[] => orderOf(entityId);

/**
 * Carries an order from acceptance to the last payment: reserve every line, plan deliveries of what is reserved, issue the stock
 * of each on its approval, draft invoices as the order says, win the deal and close the order when all is delivered and
 * paid. Cancelling gives back whatever has not left.
 */
export const orderFulfilment = saga({
  name: 'order-fulfilment',
  stateVersion: 3,
  events: [
    SalesOrderPlaced,
    SalesOrderModified,
    SalesOrderAccepted,
    SalesOrderDeclined,
    SalesOrderExpired,
    SalesOrderCancelled,
    SalesOrderClosedShort,
    ShipPolicyChanged,
    SalesOrderInvoicingAsked,
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
    PaymentAllocated,
    CreditApplied,
    CreditUnapplied,
    CreditAllocated,
    CreditNoteRequested,
    CreditNoteRequestWithdrawn,
  ],
  startedBy: ['SalesOrderPlaced'],
  instances: {
    SalesOrderPlaced: byOrder,
    SalesOrderModified: byOrder,
    SalesOrderAccepted: byOrder,
    SalesOrderDeclined: byOrder,
    SalesOrderExpired: byOrder,
    SalesOrderCancelled: byOrder,
    SalesOrderClosedShort: byOrder,
    ShipPolicyChanged: byOrder,
    SalesOrderInvoicingAsked: byOrder,
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
    PaymentRecorded: ({ allocations }) => [...new Set(allocations.flatMap(({ invoiceId }) => orderOf(invoiceId)))],
    PaymentAllocated: byInvoice,
    CreditApplied: byDocument,
    CreditUnapplied: byDocument,
    CreditAllocated: byInvoice,
    CreditNoteRequested: byDocument,
    CreditNoteRequestWithdrawn: byDocument,
  },
  initial: (): State => ({
    phase: 'acceptance',
    order: NO_ORDER,
    asked: {},
    waiting: {},
    ready: {},
    short: false,
    deliveries: {},
    invoices: {},
    invoiced: {},
    shipped: {},
    last: 0,
  }),
  on: {
    SalesOrderPlaced: (state, placed) => ({ state: { ...state, order: kept(placed) } }),
    SalesOrderModified: ({ order, ...state }, { lines, removed }) => ({
      state: { ...state, phase: 'confirmation', order: { ...order, lines: modifiedLines(order.lines, lines, removed) } },
    }),
    SalesOrderAccepted: (state, _, orderId) => accepted({ ...state, phase: 'fulfilment' }, orderId),
    SalesOrderDeclined: () => finished,
    SalesOrderExpired: () => finished,
    SalesOrderCancelled: (state, { reason }, orderId) => ({ send: givingBack(state, orderId, reason), finished: true }),
    SalesOrderClosedShort: (state, { reason }, orderId) => shortened(state, orderId, reason),
    ShipPolicyChanged: (state, { shipPolicy }, orderId) => onwards({ ...state, order: { ...state.order, shipPolicy } }, orderId),
    SalesOrderInvoicingAsked: (state, { number, lines }, orderId) =>
      invoicing(state, number, Object.fromEntries(lines.map(({ line, quantity }) => [line, quantity])), orderId),
    StockReserved: (state, promised, orderId) => (state.short ? unmoved : onwards(reserved(state, promised), orderId)),
    StockBackordered: (state, { line, quantity }, orderId) =>
      state.short
        ? unmoved
        : onwards({ ...state, asked: changed(state.asked, line, -quantity), waiting: changed(state.waiting, line, quantity) }, orderId),
    DeliveryPlanned: (state, _, _order, meta) => ({ state: deliveryAt(state, numberOf(meta.entityId), 'approval') }),
    DeliveryCommitted: (state, { deliveryId }) => ({
      state: deliveryAt(state, numberOf(deliveryId), 'committed'),
      wake: { unapproved: PATIENCE },
    }),
    DeliveryWithdrawn: (state, { deliveryId }, orderId) => withdrawn(state, numberOf(deliveryId), orderId),
    DeliveryApproved: (state, { approvedOn }, orderId, { entityId }) => ({
      ...approved(state, numberOf(entityId), orderId, approvedOn),
      sleep: ['unapproved'],
    }),
    DeliveryShipped: (state, _, orderId, { entityId }) => shipped(state, numberOf(entityId), orderId),
    InvoiceDrafted: (state, _, _order, { entityId }) => ({ state: invoiceAt(state, numberOf(entityId), { at: 'issue' }) }),
    InvoiceIssued: (state, { totals }, orderId, { entityId }) => settled(state, numberOf(entityId), payableOf(totals), orderId),
    PaymentApplied: (state, { open }, _order, { entityId }) => ({ state: owing(state, numberOf(entityId), open) }),
    PaymentUnapplied: (state, { open }, _order, { entityId }) => ({ state: owing(state, numberOf(entityId), open) }),
    PaymentRecorded: (state, { allocations }, orderId) => {
      const own = allocations.filter(({ invoiceId }) => orderOf(invoiceId).includes(orderId)).map(({ invoiceId }) => numberOf(invoiceId));
      return completed(own.reduce(recorded, state), orderId);
    },
    PaymentAllocated: (state, { invoiceId }, orderId) => completed(recorded(state, numberOf(invoiceId)), orderId),
    CreditApplied: (state, { open }, _order, { entityId }) => ({ state: owing(state, numberOf(entityId), open) }),
    CreditUnapplied: (state, { open }, _order, { entityId }) => ({ state: owing(state, numberOf(entityId), open) }),
    CreditAllocated: (state, { invoiceId }, orderId) => completed(recorded(state, numberOf(invoiceId)), orderId),
    CreditNoteRequested: (state, { open }, orderId, { entityId }) => settled(state, numberOf(entityId), open, orderId),
    CreditNoteRequestWithdrawn: (state, { open }, _order, { entityId }) => ({ state: owing(state, numberOf(entityId), open) }),
  },
  alarms: {
    unapproved: ({ deliveries }, orderId) => {
      const bound = firstAt(deliveries, 'committed');
      return { send: bound === undefined ? [] : [approveDelivery({ id: documentId(orderId, bound[0]) })] };
    },
  },
  waits: WAITING,
  waitsFor: waitOf,
  onAbandon: (state, orderId) => ({
    ...(state.phase === 'fulfilment' && { send: givingBack(state, orderId, GIVEN_UP) }),
    stays: LEFT[waitOf(state)],
  }),
  about: id => ({ category: SalesOrder.category, id }),
});

/** What the process must know of its order, and no more. */
const kept = ({ ownerId: _, placedBy: _by, channel: _channel, expiresOn: _day, totals: { reckoning }, ...order }: Placed): Order => ({
  ...order,
  reckoning,
});

const goodsOf = ({ order }: State): readonly Line[] => order.lines.filter(({ stocked }) => stocked);

/** Where one line of the order is in the warehouse. */
const placeOf = ({ order }: State, orderId: string, { line, itemId }: Line) => ({ warehouseId: order.warehouseId, itemId, orderId, line });

const deliveryAt = (state: State, number: number, at: Underway['at']): State => {
  const lines = state.deliveries[number]?.lines;
  return lines === undefined ? state : { ...state, deliveries: { ...state.deliveries, [number]: { at, lines } } };
};

const invoiceAt = (state: State, number: number, owed: Owed): State => ({ ...state, invoices: { ...state.invoices, [number]: owed } });

function without<Of>(all: Readonly<Record<number, Of>>, number: number): Readonly<Record<number, Of>> {
  const { [number]: _, ...others } = all;
  return others;
}

/** Goods are reserved. What is invoiced at acceptance is invoiced whole; so are services alone, unless that is done by hand. */
function accepted(state: State, orderId: string): Next {
  const isInvoiced = modeOf(state) === 'atAcceptance' || (modeOf(state) === 'atShipping' && goodsOf(state).length === 0);
  const whole = Object.fromEntries(state.order.lines.map(({ line, quantity }) => [line, quantity]));
  const { state: after = state, send = [] } = isInvoiced ? invoicing(state, 1, whole, orderId) : {};
  return joined(send, reserving(after, orderId));
}

function reserving(state: State, orderId: string): Next {
  const goods = goodsOf(state);
  const { orderedOn } = state.order;
  const asked = Object.fromEntries(goods.map(({ line, quantity }) => [line, quantity]));
  const send = goods.map(line => reserveStock({ ...placeOf(state, orderId, line), quantity: quantityText(line.quantity), orderedOn }));
  return { state: { ...state, asked }, send };
}

const reserved = (
  state: State,
  { line, quantity, waited }: { readonly line: number; readonly quantity: number; readonly waited: boolean },
): State => ({
  ...state,
  asked: waited ? state.asked : changed(state.asked, line, -quantity),
  waiting: waited ? changed(state.waiting, line, -quantity) : state.waiting,
  ready: changed(state.ready, line, quantity),
});

/**
 * Plans a delivery of what is ready, unless one is about to be approved: what becomes ready meanwhile goes with the next. Orders
 * that go out complete wait for everything.
 */
function onwards(state: State, orderId: string): Next {
  const { asked, waiting, ready, deliveries, order } = state;
  const isComplete = isNothing(waiting);
  const mayGo = isNothing(asked) && !isNothing(ready) && (isComplete || order.shipPolicy === 'shipPartial');
  if (!mayGo || firstAt(deliveries, 'planning', 'approval', 'committed')) return { state };
  const number = state.last + 1;
  const planned: State = { ...state, ready: {}, deliveries: { ...deliveries, [number]: { at: 'planning', lines: ready } }, last: number };
  return { state: planned, send: [planning(planned, number, orderId)] };
}

function planning(state: State, number: number, orderId: string): CommandMessage {
  const { accountId, warehouseId, shipTo, shipVia, requiredOn } = state.order;
  const lines = linesOf(state, number).map(({ line, itemId, sku, quantity }) => ({
    line,
    itemId,
    sku,
    quantity: quantityText(quantity),
    reservationId: reservationOf({ orderId, line }),
  }));
  return planDelivery({ id: documentId(orderId, number), orderId, accountId, warehouseId, shipTo, shipVia, requiredOn, lines });
}

/** The lines of a delivery with what of each is on it. */
function linesOf(state: State, number: number): readonly Line[] {
  const amounts = state.deliveries[number]?.lines ?? {};
  return goodsOf(state).flatMap(line => (amounts[line.line] === undefined ? [] : [{ ...line, quantity: amountOf(amounts, line.line) }]));
}

function approved(state: State, number: number, orderId: string, issuedOn: string): Next {
  const deliveryId = documentId(orderId, number);
  const issues = linesOf(state, number).map(line =>
    issueStock({ ...placeOf(state, orderId, line), deliveryId, quantity: quantityText(line.quantity), issuedOn }),
  );
  const { state: after = state, send = [] } = onwards(deliveryAt(state, number, 'shipping'), orderId);
  return { state: after, send: [...issues, ...send] };
}

/** Where the rest was cancelled meanwhile, a delivery that is not approved after all is a part of that rest. */
function withdrawn(state: State, number: number, orderId: string): Next {
  if (!state.short) return { state: deliveryAt(state, number, 'approval'), sleep: ['unapproved'] };
  const send = takingBack(state, number, orderId, WITHDRAWN);
  return { ...joined(send, completed({ ...state, deliveries: without(state.deliveries, number) }, orderId)), sleep: ['unapproved'] };
}

/** Goods that are shipped are invoiced with the services of the order, unless those are invoiced already. */
function shipped(state: State, number: number, orderId: string): Next {
  const lines = state.deliveries[number]?.lines ?? {};
  const after = { ...state, deliveries: without(state.deliveries, number), shipped: sumOf(state.shipped, lines) };
  if (modeOf(state) !== 'atShipping') return completed(after, orderId);
  const services = state.order.lines.filter(({ stocked, line }) => !stocked && state.invoiced[line] === undefined);
  const parts = sumOf(lines, Object.fromEntries(services.map(({ line, quantity }) => [line, quantity])));
  return invoicing(after, number, parts, orderId, documentId(orderId, number));
}

/** Drafts an invoice of parts of the order; of the whole of it without a word about parts. */
function invoicing(state: State, number: number, parts: Amounts, orderId: string, deliveryId?: string): Next {
  const { accountId, currency, paymentTermDays, termEndOfMonth, reference, reckoning, lines } = state.order;
  const isWhole = lines.every(({ line, quantity }) => parts[line] === quantity);
  const draft = draftOrderInvoice({
    id: documentId(orderId, number),
    orderId,
    deliveryId,
    accountId,
    currency,
    paymentTermDays,
    termEndOfMonth,
    reference,
    reckoning,
    lines,
    ...(isWhole ? {} : { parts: partsOf(state, parts) }),
  });
  return { state: invoiceAt({ ...state, invoiced: sumOf(state.invoiced, parts) }, number, { at: 'drafting' }), send: [draft] };
}

const partsOf = ({ order, invoiced }: State, parts: Amounts) =>
  order.lines.flatMap(({ line }) =>
    parts[line] === undefined ? [] : [{ line, quantity: amountOf(parts, line), before: amountOf(invoiced, line) }],
  );

/** What is set against an invoice counts once its payment is recorded: until then it may be taken back. */
const owing = (state: State, number: number, open: Money): State =>
  invoiceAt(state, number, { at: open.minor > 0 ? 'payment' : 'recording', open });

const recorded = (state: State, number: number): State =>
  state.invoices[number]?.at === 'recording' ? { ...state, invoices: without(state.invoices, number) } : state;

const settled = (state: State, number: number, open: Money, orderId: string): Next =>
  open.minor > 0 ? { state: owing(state, number, open) } : completed({ ...state, invoices: without(state.invoices, number) }, orderId);

/** All is delivered and paid: the deal is won, and the order closed. */
function completed(state: State, orderId: string): Next {
  const { asked, waiting, ready, deliveries, invoices, order } = state;
  const isOpen =
    [asked, waiting, ready, dueOf(state)].some(amounts => !isNothing(amounts)) ||
    [deliveries, invoices].some(all => Object.keys(all).length > 0);
  if (isOpen) return { state };
  const won = order.dealId === undefined ? [] : [winDealByPayment({ id: order.dealId, orderId })];
  return { state, send: [...won, closeSalesOrder({ id: orderId })], finished: true };
}

/** The rest is cancelled: what is not on its way yet is given back, and what is on its way goes on. */
function shortened(state: State, orderId: string, reason: string): Next {
  const pending = firstAt(state.deliveries, 'planning', 'approval');
  const deliveries = pending === undefined ? state.deliveries : without(state.deliveries, pending[0]);
  const after: State = { ...state, short: true, asked: {}, waiting: {}, ready: {}, deliveries };
  return joined(givingBack(state, orderId, reason), completed(after, orderId));
}

const joined = (first: readonly CommandMessage[], next: Next): Next => ({ ...next, send: [...first, ...(next.send ?? [])] });

/** Whatever was asked for and has not left is taken back; what never came about is taken back in vain. */
function givingBack(state: State, orderId: string, reason: string): CommandMessage[] {
  const pending = firstAt(state.deliveries, 'planning', 'approval');
  const open = [state.asked, state.waiting, state.ready, pending?.[1].lines ?? {}].reduce(sumOf, {});
  return [
    ...(pending === undefined ? [] : [cancelDelivery({ id: documentId(orderId, pending[0]), reason })]),
    ...goodsOf(state)
      .filter(({ line }) => open[line] !== undefined)
      .map(line => releaseStock(placeOf(state, orderId, line))),
  ];
}

const takingBack = (state: State, number: number, orderId: string, reason: string): CommandMessage[] => [
  cancelDelivery({ id: documentId(orderId, number), reason }),
  ...linesOf(state, number).map(line => releaseStock(placeOf(state, orderId, line))),
];

const GIVEN_UP = 'The process of the order was given up';
const WITHDRAWN = 'The rest of the order was cancelled before the delivery was approved';
