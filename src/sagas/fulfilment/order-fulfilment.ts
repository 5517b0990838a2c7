import { draftOrderInvoice } from '../../commands/billing/invoice.ts';
import { winDealByPayment } from '../../commands/crm/deal.ts';
import { approveDelivery, cancelDelivery, planDelivery } from '../../commands/fulfilment/delivery.ts';
import { issueStock, releaseStock, reserveStock } from '../../commands/warehouse/stock.ts';
import { Invoice, InvoiceDrafted, InvoiceIssued, PaymentApplied, PaymentUnapplied } from '../../domain/billing/invoice.ts';
import { PaymentRecorded } from '../../domain/billing/payment.ts';
import { Delivery, DeliveryApproved, DeliveryPlanned, DeliveryShipped } from '../../domain/fulfilment/delivery.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  followUpId,
  orderOf,
  SalesOrder,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderDeclined,
  SalesOrderPlaced,
} from '../../domain/sales/sales-order.ts';
import { cellId, reservationOf, Stock, StockBackordered, StockReserved } from '../../domain/warehouse/stock.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import type { DataOf } from '../../kernel/event.ts';
import { amountText, type Currency, type Money } from '../../kernel/money.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { minus, NOTHING, type Quantity, quantityText } from '../../kernel/quantity.ts';
import { finished, type Step, saga, unmoved, type WaitingFor } from '../../kernel/saga.ts';

type Order = Omit<DataOf<typeof SalesOrderPlaced>, 'ownerId' | 'channel' | 'totals'>;
type Line = Order['lines'][number];
type Next = Step<State, 'unapproved'>;

/** How far an order has come; `planning`, `invoicing` and `recording` are the house's own work, everything else waits for somebody. */
type Stage = 'acceptance' | 'stock' | 'planning' | 'approval' | 'shipping' | 'invoicing' | 'issue' | 'payment' | 'recording';

interface State {
  readonly stage: Stage;
  readonly order: Order;
  /** By line: what is not reserved yet. */
  readonly missing: Readonly<Record<number, Quantity>>;
  /** Lines that wait in the queue of their stock cell. */
  readonly queued: readonly number[];
  /** What remains to be paid. */
  readonly open?: Money;
}

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
    SalesOrderAccepted,
    SalesOrderDeclined,
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
    SalesOrderAccepted: byOrder,
    SalesOrderDeclined: byOrder,
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
    SalesOrderPlaced: (state, { ownerId: _, channel: _channel, totals: _totals, ...order }) => ({ state: { ...state, order } }),
    SalesOrderAccepted: (state, _, orderId) => (goodsOf(state).length === 0 ? invoicing(state, orderId) : reserving(state, orderId)),
    SalesOrderDeclined: () => finished,
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
    InvoiceIssued: (state, { totals }, orderId) => paid(state, totals.gross, orderId),
    PaymentApplied: (state, { open }) => owing(state, open),
    PaymentUnapplied: (state, { open }) => owing(state, open),
    PaymentRecorded: (state, _, orderId) => (state.open === undefined ? unmoved : paid(state, state.open, orderId)),
  },
  alarms: { unapproved: (_, orderId) => ({ send: [approveDelivery({ id: deliveryId(orderId) })] }) },
  explain: (state, orderId) => WAITING[state.stage](state, orderId),
  onAbandon: (state, orderId) => ({
    ...(BEFORE_APPROVAL.includes(state.stage) && { send: givingBack(state, orderId, GIVEN_UP) }),
    stays: LEFT[state.stage],
  }),
  about: id => ({ category: SalesOrder.category, id }),
});

const deliveryId = (orderId: string): string => followUpId(orderId, 1);
const invoiceId = (orderId: string): string => followUpId(orderId, 1);
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

/** What stays when the process is given up. */
const LEFT: Readonly<Record<Stage, string>> = {
  acceptance: 'The order waits for acceptance; accepted, nothing follows from it.',
  stock: 'Its goods are free for others; the order stays accepted and can be cancelled.',
  planning: 'Its goods are free for others; the order stays accepted and can be cancelled.',
  approval: 'Its goods are free for others and the delivery is cancelled; the order stays accepted and can be cancelled.',
  shipping: 'The goods of the approved delivery are out of the stock; no invoice follows when they are shipped.',
  invoicing: 'The goods are shipped and no invoice is drafted.',
  issue: 'The invoice stays a draft, to be issued by hand.',
  payment: 'The invoice stays open until it is paid; no deal is won by that.',
  recording: 'The invoice is settled once its payment is recorded; no deal is won by that.',
};

const WAITING: Readonly<Record<Stage, (state: State, orderId: string) => WaitingFor>> = {
  acceptance: (_, id) => ({
    reason: 'The order is not accepted yet.',
    next: 'Its goods are reserved.',
    record: { category: SalesOrder.category, id },
    movedBy: { command: 'AcceptSalesOrder', permission: 'sales:accept' },
  }),
  stock: state => shortage(state) ?? { reason: 'Its goods are being reserved.', next: 'The delivery is planned.' },
  planning: () => ({ reason: 'All its goods are reserved; the delivery is being planned.', next: 'The delivery waits for approval.' }),
  approval: (_, orderId) => ({
    reason: 'All its goods are reserved, but the delivery is not approved yet.',
    next: 'The goods leave the stock and can be shipped.',
    record: { category: Delivery.category, id: deliveryId(orderId) },
    movedBy: { command: 'ApproveDelivery', permission: 'fulfilment:approve' },
  }),
  shipping: (_, orderId) => ({
    reason: 'The delivery is approved, but not shipped yet.',
    next: 'The invoice is drafted.',
    record: { category: Delivery.category, id: deliveryId(orderId) },
    movedBy: { command: 'ShipDelivery', permission: 'fulfilment:ship' },
  }),
  invoicing: () => ({ reason: 'The invoice is being drafted.', next: 'The invoice waits to be issued.' }),
  issue: (_, orderId) => ({
    reason: 'The invoice is drafted, but not issued yet.',
    next: 'The invoice waits for payment.',
    record: { category: Invoice.category, id: invoiceId(orderId) },
    movedBy: { command: 'IssueInvoice', permission: 'billing:invoice' },
  }),
  payment: ({ order, open }, orderId) => ({
    reason: `${open === undefined ? 'The invoice' : `${amountText(open)} ${open.currency}`} is still to be paid.`,
    next: completion(order),
    record: { category: Invoice.category, id: invoiceId(orderId) },
    movedBy: { command: 'RecordPayment', permission: 'billing:pay' },
  }),
  recording: ({ order }) => ({ reason: 'Its last payment is being recorded.', next: completion(order) }),
};

const completion = ({ dealId }: Order): string =>
  dealId === undefined ? 'The order is complete.' : 'The deal is won and the order complete.';

const NAMED_MAX = 3;

/** What the order waits for in the warehouse; undefined while the answer of the stock cells is still to come. */
function shortage(state: State): WaitingFor | undefined {
  const short = state.order.lines.filter(({ line }) => state.queued.includes(line) && state.missing[line] !== undefined);
  const [first] = short;
  if (first === undefined) return undefined;
  const named = short.slice(0, NAMED_MAX).map(({ line, sku }) => `${quantityText(state.missing[line] ?? NOTHING)} of ${sku}`);
  const others = short.length > NAMED_MAX ? ` and of ${short.length - NAMED_MAX} more` : '';
  return {
    reason: `The stock is short: ${named.join(', ')}${others} missing.`,
    next: 'The receipt that brings them reserves them, oldest order first; then the delivery is planned.',
    record: { category: Stock.category, id: cellId({ warehouseId: state.order.warehouseId, itemId: first.itemId }) },
    movedBy: { command: 'RecordReceipt', permission: 'warehouse:receive' },
  };
}
