/** The course of an order: how far its goods and its invoices have come, what it waits for there, and what stays when it is given up. */
import { Invoice } from '../../domain/billing/invoice.ts';
import { Delivery } from '../../domain/fulfilment/delivery.ts';
import { followUpId, type Placed, SalesOrder } from '../../domain/sales/sales-order.ts';
import { cellId, Stock } from '../../domain/warehouse/stock.ts';
import { add, amountText, type Money } from '../../kernel/money.ts';
import { NOTHING, plus, type Quantity, quantityText } from '../../kernel/quantity.ts';
import type { WaitingFor } from '../../kernel/saga.ts';

export type Order = Omit<Placed, 'ownerId' | 'placedBy' | 'channel' | 'expiresOn' | 'totals'> & Pick<Placed['totals'], 'reckoning'>;
export type Line = Order['lines'][number];

/** Quantities by line; those that come to nothing are left out. */
export type Amounts = Readonly<Record<number, Quantity>>;

/** A delivery on its way to the client, by its lines. Once it is shipped and invoiced nothing of it is kept. */
export interface Underway {
  readonly at: 'planning' | 'approval' | 'committed' | 'shipping';
  readonly lines: Amounts;
}

/** An invoice on its way to be paid; once it is settled nothing of it is kept. */
export interface Owed {
  readonly at: 'drafting' | 'issue' | 'payment' | 'recording';
  /** What remains to be paid. */
  readonly open?: Money;
}

export interface State {
  readonly phase: 'acceptance' | 'confirmation' | 'fulfilment';
  readonly order: Order;
  /** Asked of the stock cells, which have not answered yet. */
  readonly asked: Amounts;
  /** In the queues of the stock cells. */
  readonly waiting: Amounts;
  /** Reserved, and on no delivery yet. */
  readonly ready: Amounts;
  /** The rest was cancelled: what is not delivered yet does not go out any more. */
  readonly short: boolean;
  /** By their numbers. */
  readonly deliveries: Readonly<Record<number, Underway>>;
  readonly invoices: Readonly<Record<number, Owed>>;
  /** By line: what invoices were drafted of, and what of goods was shipped. */
  readonly invoiced: Amounts;
  readonly shipped: Amounts;
  /** Number of the last delivery. */
  readonly last: number;
}

export type Wait =
  | 'acceptance'
  | 'confirmation'
  | 'stock'
  | 'goods'
  | 'planning'
  | 'approval'
  | 'shipping'
  | 'invoicing'
  | 'issue'
  | 'conversion'
  | 'payment'
  | 'recording';

export const documentId = followUpId;

export function changed(amounts: Amounts, line: number, by: number): Amounts {
  const { [line]: before = NOTHING, ...others } = amounts;
  const after = plus(before, by as Quantity);
  return after > NOTHING ? { ...others, [line]: after } : others;
}

export const isNothing = (amounts: Amounts): boolean => Object.keys(amounts).length === 0;
export const amountOf = (amounts: Amounts, line: number): Quantity => amounts[line] ?? NOTHING;

type Numbered<Of> = readonly [number: number, of: Of];
/** The first by number that is there. */
export function firstAt<Of extends { readonly at: string }>(
  all: Readonly<Record<number, Of>>,
  ...at: readonly Of['at'][]
): Numbered<Of> | undefined {
  const found = Object.entries(all).find(([, one]) => at.includes(one.at));
  return found && [Number(found[0]), found[1]];
}

/** What an order waits for now: what somebody can do at once before what takes goods or money to come in. */
export function waitOf(state: State): Wait {
  const { phase, asked, waiting, deliveries, invoices } = state;
  if (phase !== 'fulfilment') return phase;
  if (firstAt(deliveries, 'approval', 'committed')) return 'approval';
  if (firstAt(deliveries, 'shipping')) return 'shipping';
  if (firstAt(invoices, 'issue')) return 'issue';
  if (!isNothing(dueOf(state))) return 'conversion';
  if (!isNothing(asked)) return 'stock';
  if (firstAt(deliveries, 'planning')) return 'planning';
  if (firstAt(invoices, 'drafting')) return 'invoicing';
  if (!isNothing(waiting)) return 'goods';
  return firstAt(invoices, 'payment') ? 'payment' : 'recording';
}

/** Orders from before there was a choice are invoiced when they are shipped. */
export const modeOf = ({ order }: State) => order.invoiceMode ?? 'atShipping';

/** What an order that is invoiced by hand has to invoice: goods that were shipped, services once anything was. */
export function dueOf(state: State): Amounts {
  const { order, shipped, invoiced, phase } = state;
  if (modeOf(state) !== 'manual' || phase !== 'fulfilment') return {};
  const areServicesDue = !isNothing(shipped) || !order.lines.some(({ stocked }) => stocked);
  return order.lines.reduce<Amounts>((due, { line, stocked, quantity }) => {
    const whole = stocked ? amountOf(shipped, line) : areServicesDue ? quantity : 0;
    return changed(due, line, whole - amountOf(invoiced, line));
  }, {});
}

/** What stays when the process is given up. */
export const LEFT: Readonly<Record<Wait, string>> = {
  acceptance: 'The order waits for acceptance; accepted, nothing follows from it.',
  confirmation: 'The order waits for the client; confirmed, nothing follows from it.',
  stock: 'Its goods are free for others; the order stays accepted and can be cancelled.',
  goods: 'Its goods are free for others; the order stays accepted and what is left of it can be cancelled.',
  planning: 'Its goods are free for others; the order stays accepted and can be cancelled.',
  approval: 'Its goods are free for others and the delivery is cancelled; the order stays accepted and can be cancelled.',
  shipping: 'The goods of the approved delivery are out of the stock; no invoice follows when they are shipped.',
  invoicing: 'The goods are shipped and no invoice is drafted.',
  issue: 'The invoice stays a draft, to be issued by hand.',
  conversion: 'What is delivered is invoiced by hand; no deal is won by that.',
  payment: 'The invoice stays open until it is paid; no deal is won by that.',
  recording: 'The invoice is settled once its payment is recorded; no deal is won by that.',
};

const numberOf = (found: Numbered<unknown> | undefined): number => found?.[0] ?? 1;
const delivery = (orderId: string, found: Numbered<Underway> | undefined) => ({
  category: Delivery.category,
  id: documentId(orderId, numberOf(found)),
});
const invoice = (orderId: string, found: Numbered<Owed> | undefined) => ({
  category: Invoice.category,
  id: documentId(orderId, numberOf(found)),
});

export const WAITING: Readonly<Record<Wait, (state: State, orderId: string) => WaitingFor>> = {
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
  goods: state => ({
    reason: `The stock is short: ${shortage(state)} missing.`,
    next: `The receipt that brings them reserves them, oldest order first; ${afterReceipt(state)}`,
    record: { category: Stock.category, id: cellId({ warehouseId: state.order.warehouseId, itemId: shortOf(state)[0]?.itemId ?? '' }) },
    movedBy: { command: 'RecordReceipt', permission: 'warehouse:receive' },
  }),
  planning: () => ({ reason: 'Its goods are reserved; the delivery is being planned.', next: 'The delivery waits for approval.' }),
  approval: (state, orderId) => ({
    reason: isNothing(state.waiting)
      ? 'All its goods are reserved, but the delivery is not approved yet.'
      : `A part of its goods is reserved, but the delivery of them is not approved yet; ${shortage(state)} missing.`,
    next: 'The goods leave the stock and can be shipped.',
    record: delivery(orderId, firstAt(state.deliveries, 'approval', 'committed')),
    movedBy: { command: 'ApproveDelivery', permission: 'fulfilment:approve' },
  }),
  shipping: ({ deliveries }, orderId) => ({
    reason: 'The delivery is approved, but not shipped yet.',
    next: 'The invoice is drafted.',
    record: delivery(orderId, firstAt(deliveries, 'shipping')),
    movedBy: { command: 'ShipDelivery', permission: 'fulfilment:ship' },
  }),
  invoicing: () => ({ reason: 'The invoice is being drafted.', next: 'The invoice waits to be issued.' }),
  issue: ({ invoices }, orderId) => ({
    reason: 'The invoice is drafted, but not issued yet.',
    next: 'The invoice waits for payment.',
    record: invoice(orderId, firstAt(invoices, 'issue')),
    movedBy: { command: 'IssueInvoice', permission: 'billing:invoice' },
  }),
  conversion: (_, id) => ({
    reason: 'What was delivered is not invoiced yet.',
    next: 'The invoice is drafted.',
    record: { category: SalesOrder.category, id },
    movedBy: { command: 'InvoiceSalesOrder', permission: 'billing:invoice' },
  }),
  payment: ({ order, invoices }, orderId) => ({
    reason: `${owedText(invoices)} still to be paid.`,
    next: completion(order),
    record: invoice(orderId, firstAt(invoices, 'payment')),
    movedBy: { command: 'RecordPayment', permission: 'billing:pay' },
  }),
  recording: ({ order }) => ({ reason: 'Its last payment is being recorded.', next: completion(order) }),
};

const completion = ({ dealId }: Order): string =>
  dealId === undefined ? 'The order is complete.' : 'The deal is won and the order complete.';

function owedText(invoices: State['invoices']): string {
  const open = Object.values(invoices).flatMap(owed => owed.open ?? []);
  const sum = open.length === 0 ? undefined : open.reduce(add);
  return sum === undefined ? 'The invoice is' : `${amountText(sum)} ${sum.currency} is`;
}

const afterReceipt = ({ order }: State): string =>
  order.shipPolicy === 'shipPartial'
    ? 'then a delivery of them is planned.'
    : 'then the delivery is planned. What is there already can go before if the order is let out in parts.';

const NAMED_MAX = 3;

/** Lines that wait in the queue of their stock cell. */
const shortOf = ({ order, waiting }: State): readonly Line[] => order.lines.filter(({ line }) => waiting[line] !== undefined);

function shortage(state: State): string {
  const short = shortOf(state);
  const named = short.slice(0, NAMED_MAX).map(({ line, sku }) => `${quantityText(amountOf(state.waiting, line))} of ${sku}`);
  return `${named.join(', ')}${short.length > NAMED_MAX ? ` and of ${short.length - NAMED_MAX} more` : ''}`;
}

export const sumOf = (to: Amounts, lines: Amounts): Amounts =>
  Object.entries(lines).reduce((sum, [line, quantity]) => changed(sum, Number(line), quantity), to);
