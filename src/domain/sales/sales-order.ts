/** A sales order: what a client wants at which prices. Prices and taxes are frozen when a line is placed or changed. */
import { z } from 'zod';
import { decider, invalidTransition, type Refusal } from '../../kernel/decider.ts';
import type { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency, Money } from '../../kernel/money.ts';
import { minus, NOTHING, plus, Quantity } from '../../kernel/quantity.ts';
import { DocumentLine, payableOf, type Reckoning, Totals } from '../document.ts';
import { InvoiceMode } from '../invoicing.ts';
import { PostalAddress } from '../vocabulary.ts';

/** Whether what is reserved goes out while the rest waits, or nothing before everything is there. */
export const ShipPolicy = z.enum(['shipPartial', 'shipComplete']);
export type ShipPolicy = z.output<typeof ShipPolicy>;

/** A quantity of one line of the order. */
export const LinePart = z.strictObject({ line: z.int(), quantity: Quantity });
export type LinePart = z.output<typeof LinePart>;

/** `reference` is the client's own number of the order; `shipVia` the carrier asked for; `expiresOn` the last day to accept it. */
export const SalesOrderPlaced = event('SalesOrderPlaced', {
  accountId: z.string(),
  warehouseId: z.string(),
  ownerId: z.string(),
  placedBy: z.string().optional(),
  dealId: z.string().optional(),
  channel: z.string(),
  reference: z.string().optional(),
  orderedOn: z.iso.date(),
  requiredOn: z.iso.date().optional(),
  expiresOn: z.iso.date().optional(),
  shipTo: PostalAddress.optional(),
  shipVia: z.string().optional(),
  shipPolicy: ShipPolicy.optional(),
  paymentTermDays: z.int(),
  /** Both absent on orders older than the choice, which are invoiced at shipping. */
  termEndOfMonth: z.boolean().optional(),
  invoiceMode: InvoiceMode.optional(),
  currency: Currency,
  lines: z.array(DocumentLine),
  totals: Totals,
});

/** The client was told what is offered to them. */
export const SalesOrderSent = event('SalesOrderSent', {});

/** What a changed or removed line said before. */
export const FormerLine = z.strictObject({
  line: z.int(),
  itemId: z.string(),
  sku: z.string(),
  quantity: Quantity,
  unitPrice: z.string(),
  discount: z.string(),
  net: Money,
});

/**
 * The order as we can fulfil it, for the client to confirm until `expiresOn`. `lines` are those that changed or are new, `removed`
 * the numbers of those that are gone, `before` what both said until then. All other lines keep their prices.
 */
export const SalesOrderModified = event('SalesOrderModified', {
  ownerId: z.string(),
  reason: z.string(),
  lines: z.array(DocumentLine),
  removed: z.array(z.int()),
  before: z.array(FormerLine),
  totals: Totals,
  expiresOn: z.iso.date(),
});
/** The client has not answered for two days. */
export const ModificationReminded = event('ModificationReminded', {});
export const ModificationConfirmed = event('ModificationConfirmed', {});
export const ModificationRejected = event('ModificationRejected', { reason: z.string() });

/** `credit` is what the order takes of its client's credit, and the limit that held then; orders of old took none. */
export const SalesOrderAccepted = event('SalesOrderAccepted', {
  credit: z.strictObject({ amount: Money, limit: Money.optional(), overridden: z.boolean().optional() }).optional(),
});
export const SalesOrderDeclined = event('SalesOrderDeclined', { reason: z.string() });
/** Nobody accepted it in time. */
export const SalesOrderExpired = event('SalesOrderExpired', {});
export const SalesOrderCancelled = event('SalesOrderCancelled', { reason: z.string() });

/** From here on what is reserved goes out in parts, or only complete. */
export const ShipPolicyChanged = event('ShipPolicyChanged', { shipPolicy: ShipPolicy });
/** What has not left does not leave any more: `lines` are cancelled, what is delivered stays and is invoiced. */
export const SalesOrderClosedShort = event('SalesOrderClosedShort', {
  reason: z.string(),
  lines: z.array(LinePart),
  /** What the cancelled lines come to with tax. */
  worth: Money.optional(),
});
/** All that was not cancelled is delivered, invoiced and paid. */
export const SalesOrderClosed = event('SalesOrderClosed', {});

/** Somebody wants these quantities invoiced, by the invoice of that number among those of the order. */
export const SalesOrderInvoicingAsked = event('SalesOrderInvoicingAsked', { number: z.int(), lines: z.array(LinePart) });

/** A delivery of the order is approved: these goods leave, and can no longer be cancelled. Without `lines`, all there are. */
export const DeliveryCommitted = event('DeliveryCommitted', { deliveryId: z.string(), lines: z.array(LinePart).optional() });
/** The delivery was not approved after all. */
export const DeliveryWithdrawn = event('DeliveryWithdrawn', { deliveryId: z.string(), lines: z.array(LinePart).optional() });

const events = [
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
] as const;
export type OrderFact = EventOf<(typeof events)[number]>;

export type OrderStatus = 'Draft' | 'Sent' | 'Declined' | 'Accepted' | 'Expired' | 'Cancelled' | 'Closed';

/** A line as decisions need it: what it costs, and what became of its quantity. */
export interface OrderLine extends z.output<typeof FormerLine> {
  readonly stocked: boolean;
  readonly taxPercent: DocumentLine['taxPercent'];
  /** The least a unit may cost, discount taken off; absent where any price will do. */
  readonly leastPrice?: Decimal;
  /** Of goods: what approved deliveries took. */
  readonly delivered: Quantity;
  /** Of goods: what will not be delivered. */
  readonly cancelled: Quantity;
  /** What was invoiced by hand. */
  readonly invoiced: Quantity;
}

export interface Order {
  readonly status: OrderStatus;
  readonly ownerId: string;
  readonly accountId: string;
  readonly currency: Currency;
  readonly reckoning?: Reckoning | undefined;
  readonly placedBy?: string | undefined;
  /** Last day to accept it; orders of old have none. */
  readonly expiresOn?: string | undefined;
  /** A change that the client has not answered yet, and whether they were reminded. */
  readonly modification?: 'asked' | 'reminded' | undefined;
  /** What the client is to pay for it. */
  readonly payable: Money;
  readonly shipPolicy: ShipPolicy;
  /** The rest was cancelled. */
  readonly short: boolean;
  readonly lines: readonly OrderLine[];
  /** Deliveries that are approved. */
  readonly deliveries: readonly string[];
  readonly invoiceMode: InvoiceMode;
  /** Invoices that were asked for by hand. */
  readonly invoices: number;
}

export const SalesOrder = decider({
  category: 'salesOrder',
  stateVersion: 6,
  events,
  initial: (): Order | undefined => undefined,
  evolve: {
    SalesOrderPlaced: (
      _,
      { ownerId, accountId, currency, placedBy, expiresOn, shipPolicy = 'shipComplete', invoiceMode = 'atShipping', lines, totals },
    ): Order => ({
      status: 'Draft',
      ownerId,
      accountId,
      currency,
      payable: payableOf(totals),
      ...(totals.reckoning === undefined ? {} : { reckoning: totals.reckoning }),
      ...(placedBy === undefined ? {} : { placedBy }),
      ...(expiresOn === undefined ? {} : { expiresOn }),
      shipPolicy,
      short: false,
      lines: lines.map(orderLine),
      deliveries: [],
      invoiceMode,
      invoices: 0,
    }),
    SalesOrderSent: order => order && { ...order, status: 'Sent' },
    SalesOrderModified: (order, { lines, removed, expiresOn, totals }) =>
      order && {
        ...order,
        status: 'Sent',
        modification: 'asked',
        payable: payableOf(totals),
        expiresOn,
        lines: modifiedLines(order.lines, lines.map(orderLine), removed),
      },
    ModificationReminded: order => order && { ...order, modification: 'reminded' },
    ModificationConfirmed: order => order && answered(order),
    ModificationRejected: order => order && answered(order),
    SalesOrderAccepted: order => order && { ...order, status: 'Accepted' },
    SalesOrderDeclined: order => order && { ...order, status: 'Declined' },
    SalesOrderExpired: order => order && { ...order, status: 'Expired' },
    SalesOrderCancelled: order => order && { ...order, status: 'Cancelled' },
    ShipPolicyChanged: (order, { shipPolicy }) => order && { ...order, shipPolicy },
    SalesOrderClosedShort: (order, { lines }) => order && { ...order, short: true, lines: moved(order.lines, lines, undelivered) },
    SalesOrderClosed: order => order && { ...order, status: 'Closed' },
    SalesOrderInvoicingAsked: (order, { number, lines }) =>
      order && { ...order, invoices: number, lines: order.lines.map(line => invoicedBy(line, lines)) },
    DeliveryCommitted: (order, { deliveryId, lines }) =>
      order && { ...order, deliveries: [...order.deliveries, deliveryId], lines: moved(order.lines, lines, goesOut) },
    DeliveryWithdrawn: (order, { deliveryId, lines }) =>
      order && {
        ...order,
        deliveries: order.deliveries.filter(id => id !== deliveryId),
        lines: moved(order.lines, lines, order.short ? isCancelledAfterAll : comesBack),
      },
  },
});

const orderLine = (line: DocumentLine): OrderLine => ({
  line: line.line,
  itemId: line.itemId,
  sku: line.sku,
  quantity: line.quantity,
  unitPrice: line.unitPrice,
  discount: line.discount,
  net: line.net,
  stocked: line.stocked,
  taxPercent: line.taxPercent,
  ...(line.price.leastPrice === undefined ? {} : { leastPrice: line.price.leastPrice }),
  delivered: NOTHING,
  cancelled: NOTHING,
  invoiced: NOTHING,
});

/** Lines after some changed or came and others went, by their numbers. */
export function modifiedLines<Line extends { readonly line: number }>(
  before: readonly Line[],
  changed: readonly Line[],
  removed: readonly number[],
): Line[] {
  const gone = new Set([...removed, ...changed.map(({ line }) => line)]);
  return [...before.filter(({ line }) => !gone.has(line)), ...changed].toSorted((a, b) => a.line - b.line);
}

const answered = ({ modification: _, ...order }: Order): Order => order;

type LineStep = (line: OrderLine, quantity: Quantity) => OrderLine;

const goesOut: LineStep = (line, quantity) => ({ ...line, delivered: plus(line.delivered, quantity) });
const comesBack: LineStep = (line, quantity) => ({ ...line, delivered: minus(line.delivered, quantity) });
const undelivered: LineStep = (line, quantity) => ({ ...line, cancelled: plus(line.cancelled, quantity) });
/** The rest was cancelled while the delivery was being approved, and this is a part of it now. */
const isCancelledAfterAll: LineStep = (line, quantity) => undelivered(comesBack(line, quantity), quantity);

/** Moves quantities of goods; before there were parts of orders, a delivery took all of them. */
function moved(lines: readonly OrderLine[], parts: readonly LinePart[] | undefined, step: LineStep): readonly OrderLine[] {
  const byLine = new Map(parts?.map(({ line, quantity }) => [line, quantity]));
  return lines.map(line => (line.stocked ? step(line, parts === undefined ? line.quantity : (byLine.get(line.line) ?? NOTHING)) : line));
}

const invoicedBy = (line: OrderLine, parts: readonly LinePart[]): OrderLine =>
  parts
    .filter(part => part.line === line.line)
    .reduce<OrderLine>((sum, { quantity }) => ({ ...sum, invoiced: plus(sum.invoiced, quantity) }), line);

/** What of a line is still to be delivered: reserved, waiting, or not asked for yet. */
export const restOf = ({ stocked, quantity, delivered, cancelled }: OrderLine): Quantity =>
  stocked ? minus(minus(quantity, delivered), cancelled) : NOTHING;

/** What of each line is still to be delivered. */
export const restOfOrder = ({ lines }: Pick<Order, 'lines'>): LinePart[] =>
  lines.map(line => ({ line: line.line, quantity: restOf(line) })).filter(({ quantity }) => quantity > NOTHING);

/** Commands each status permits. */
const ORDER_PERMITS: Readonly<Record<OrderStatus, readonly string[]>> = {
  Draft: ['SendSalesOrder', 'AcceptSalesOrder', 'ModifySalesOrder', 'DeclineSalesOrder', 'CancelSalesOrder'],
  Sent: ['AcceptSalesOrder', 'ModifySalesOrder', 'DeclineSalesOrder', 'CancelSalesOrder'],
  Accepted: ['CancelSalesOrder', 'CloseSalesOrderShort', 'ChangeShipPolicy', 'InvoiceSalesOrder'],
  Declined: [],
  Expired: [],
  Cancelled: [],
  Closed: [],
};
const AWAITING_CLIENT_PERMITS = ['ConfirmModification', 'RejectModification', 'ModifySalesOrder', 'CancelSalesOrder'];

/** The refusal of what an order in its status cannot undergo. */
export const unfit = ({ status, modification }: Order, wanted: string): Refusal =>
  modification === undefined
    ? invalidTransition(`A sales order in ${status} cannot be ${wanted}.`, ORDER_PERMITS[status])
    : invalidTransition(`An order whose change waits for the client cannot be ${wanted}.`, AWAITING_CLIENT_PERMITS);

/** Nobody has decided about it yet. */
export const isUndecided = ({ status }: Order): boolean => status === 'Draft' || status === 'Sent';

/** Its last day has passed, whether or not that was recorded yet. */
export const isPast = ({ expiresOn }: Order, today: string): boolean => expiresOn !== undefined && today > expiresOn;

export const hasGoods = ({ lines }: Order): boolean => lines.some(({ stocked }) => stocked);

/** The documents that follow from an order bear its id and a number of their own: `<order>~1`. */
export const followUpId = (orderId: string, number: number): string => `${orderId}~${number}`;
/** The order a document follows from; none for documents that stand alone. */
export function orderOf(documentId: string): readonly string[] {
  const mark = documentId.lastIndexOf('~');
  return mark < 0 ? [] : [documentId.slice(0, mark)];
}

/** The number a document has among those of its kind that follow from an order. */
export const numberOf = (documentId: string): number => Number(documentId.slice(documentId.lastIndexOf('~') + 1));

export type Placed = DataOf<typeof SalesOrderPlaced>;
