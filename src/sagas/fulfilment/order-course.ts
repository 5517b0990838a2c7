/** The course of an order: how far it has come, what it waits for there, and what stays when it is given up there. */
import { Invoice } from '../../domain/billing/invoice.ts';
import { Delivery } from '../../domain/fulfilment/delivery.ts';
import { followUpId, type Placed, SalesOrder } from '../../domain/sales/sales-order.ts';
import { cellId, Stock } from '../../domain/warehouse/stock.ts';
import { amountText, type Money } from '../../kernel/money.ts';
import { NOTHING, type Quantity, quantityText } from '../../kernel/quantity.ts';
import type { WaitingFor } from '../../kernel/saga.ts';

export type Order = Omit<Placed, 'ownerId' | 'placedBy' | 'channel' | 'expiresOn' | 'totals'>;
export type Line = Order['lines'][number];
/** How far an order has come; `planning`, `invoicing` and `recording` are the house's own work, everything else waits for somebody. */
export type Stage =
  | 'acceptance'
  | 'confirmation'
  | 'stock'
  | 'planning'
  | 'approval'
  | 'shipping'
  | 'invoicing'
  | 'issue'
  | 'payment'
  | 'recording';

export interface State {
  readonly stage: Stage;
  readonly order: Order;
  /** By line: what is not reserved yet. */
  readonly missing: Readonly<Record<number, Quantity>>;
  /** Lines that wait in the queue of their stock cell. */
  readonly queued: readonly number[];
  /** What remains to be paid. */
  readonly open?: Money;
}

export const deliveryId = (orderId: string): string => followUpId(orderId, 1);
export const invoiceId = (orderId: string): string => followUpId(orderId, 1);

/** What stays when the process is given up. */
export const LEFT: Readonly<Record<Stage, string>> = {
  acceptance: 'The order waits for acceptance; accepted, nothing follows from it.',
  confirmation: 'The order waits for the client; confirmed, nothing follows from it.',
  stock: 'Its goods are free for others; the order stays accepted and can be cancelled.',
  planning: 'Its goods are free for others; the order stays accepted and can be cancelled.',
  approval: 'Its goods are free for others and the delivery is cancelled; the order stays accepted and can be cancelled.',
  shipping: 'The goods of the approved delivery are out of the stock; no invoice follows when they are shipped.',
  invoicing: 'The goods are shipped and no invoice is drafted.',
  issue: 'The invoice stays a draft, to be issued by hand.',
  payment: 'The invoice stays open until it is paid; no deal is won by that.',
  recording: 'The invoice is settled once its payment is recorded; no deal is won by that.',
};

/** `goods`: what it waits for in the warehouse once the stock cells have answered. */
export const WAITING: Readonly<Record<Stage | 'goods', (state: State, orderId: string) => WaitingFor>> = {
  acceptance: (_, id) => ({
    reason: 'The order is not accepted yet.',
    next: 'Its goods are reserved.',
    record: { category: SalesOrder.category, id },
    movedBy: { command: 'AcceptSalesOrder', permission: 'sales:accept' },
  }),
  confirmation: (_, id) => ({
    reason: 'The client has not agreed to the changed order yet.',
    next: 'Its goods are reserved.',
    record: { category: SalesOrder.category, id },
    movedBy: { command: 'ConfirmModification', permission: 'sales:accept' },
  }),
  stock: () => ({ reason: 'Its goods are being reserved.', next: 'The delivery is planned.' }),
  goods: state => shortage(state),
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

/** Lines that wait in the queue of their stock cell. */
export const shortOf = (state: State): readonly Line[] =>
  state.order.lines.filter(({ line }) => state.queued.includes(line) && state.missing[line] !== undefined);

function shortage(state: State): WaitingFor {
  const short = shortOf(state);
  const named = short.slice(0, NAMED_MAX).map(({ line, sku }) => `${quantityText(state.missing[line] ?? NOTHING)} of ${sku}`);
  const others = short.length > NAMED_MAX ? ` and of ${short.length - NAMED_MAX} more` : '';
  return {
    reason: `The stock is short: ${named.join(', ')}${others} missing.`,
    next: 'The receipt that brings them reserves them, oldest order first; then the delivery is planned.',
    record: { category: Stock.category, id: cellId({ warehouseId: state.order.warehouseId, itemId: short[0]?.itemId ?? '' }) },
    movedBy: { command: 'RecordReceipt', permission: 'warehouse:receive' },
  };
}
