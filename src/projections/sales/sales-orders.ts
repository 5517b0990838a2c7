import type { z } from 'zod';
import type { DocumentLine, Totals } from '../../domain/document.ts';
import type { PriceTried } from '../../domain/pricing.ts';
import {
  type FormerLine,
  ModificationConfirmed,
  ModificationRejected,
  ModificationReminded,
  type OrderStatus,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderClosed,
  SalesOrderClosedShort,
  SalesOrderDeclined,
  SalesOrderExpired,
  SalesOrderModified,
  SalesOrderPlaced,
  SalesOrderSent,
  ShipPolicyChanged,
} from '../../domain/sales/sales-order.ts';
import type { PostalAddress } from '../../domain/vocabulary.ts';
import { StockIssued } from '../../domain/warehouse/stock.ts';
import { projection } from '../../kernel/projection.ts';
import { day, decimal, flag, instant, integer, json, minorUnits, nullable, quantity, type RowOf, table, text } from '../../kernel/table.ts';
import { lineKey, lineOf } from '../lines.ts';

/** Codes that addresses and exports show, kept for good. */
const ORDER_STATUS_CODES: Readonly<Record<OrderStatus, number>> = {
  Draft: 1,
  Sent: 2,
  Declined: 3,
  Accepted: 4,
  Expired: 5,
  Cancelled: 6,
  Closed: 7,
};

/** A change the client was asked to confirm: the lines as they were, by which the change is seen, and what came of it. */
export interface Modification {
  readonly reason: string;
  readonly askedAt: string;
  readonly before: readonly z.output<typeof FormerLine>[];
  /** Numbers of the lines that changed, are new or are gone. */
  readonly lines: readonly number[];
  readonly answer: 'awaited' | 'confirmed' | 'rejected';
  readonly remindedAt: string | null;
}

const columns = {
  account_id: text('Account that buys'),
  owner_id: text('User who answers for the order'),
  warehouse_id: text('Warehouse the goods come from'),
  deal_id: nullable(text('Deal the order came from')),
  channel: text('Way the order came: staff, phone, email, deal, import …'),
  reference: nullable(text("The client's or the importing system's number of the order")),
  status: text('Draft, Sent, Declined, Accepted, Expired, Cancelled or Closed'),
  status_code: integer('Stable code of the status: 1 to 7 in that order'),
  reason: nullable(text('Why it was declined or cancelled, or its rest')),
  modification: nullable(
    json<Modification>('The last change the client was asked to confirm: reason, askedAt, before, lines, answer, remindedAt'),
  ),
  placed_by: nullable(text('User who placed it; empty for orders of old')),
  ordered_on: day('Day of the order'),
  expires_on: nullable(day('Last day to accept it; empty for orders of old')),
  required_on: nullable(day('Day the client wants the goods')),
  ship_to: nullable(json<z.output<typeof PostalAddress>>('Where the goods go')),
  ship_via: nullable(text('Carrier asked for')),
  ship_policy: text('shipPartial: what is there goes out while the rest waits; shipComplete: nothing before everything is there'),
  invoice_mode: text('When it is invoiced: manual, atAcceptance or atShipping'),
  payment_term_days: integer('Days from issue of the invoice to its due date'),
  currency: text('ISO 4217 code'),
  net: minorUnits('Sum of line nets'),
  tax: minorUnits('Tax over all rates'),
  gross: minorUnits('Net and tax'),
  taxes: json<Totals['taxes']>('Net and tax by rate, in minor units'),
  placed_at: instant('When the order was placed'),
  accepted_at: nullable(instant('When the order was accepted')),
};
type Row = RowOf<typeof columns>;

const put = (row: Row | undefined, status: OrderStatus, change: Partial<Row>): Row | undefined =>
  row && { ...row, ...change, status, status_code: ORDER_STATUS_CODES[status] };

const sums = ({ net, gross, taxes }: Totals) => ({ net: net.minor, tax: gross.minor - net.minor, gross: gross.minor, taxes });

const answered = (row: Row | undefined, change: Partial<Modification>): Row | undefined =>
  row?.modification ? { ...row, modification: { ...row.modification, ...change } } : undefined;

export const salesOrders = projection({
  name: 'sales-orders',
  version: 4,
  versioned: true,
  table: table('sales_orders', 'Sales orders', columns, {
    indexes: ['account_id', 'owner_id', 'deal_id', 'reference', 'status', 'ordered_on, id', 'placed_at, id'],
  }),
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
  ],
  ownRows: { permission: 'sales:read', owner: 'owner_id' },
  on: {
    SalesOrderPlaced: (_, { totals: { net, gross, taxes }, ...order }, _key, { occurredAt }) => ({
      account_id: order.accountId,
      owner_id: order.ownerId,
      warehouse_id: order.warehouseId,
      deal_id: order.dealId ?? null,
      channel: order.channel,
      reference: order.reference ?? null,
      status: 'Draft',
      status_code: ORDER_STATUS_CODES.Draft,
      reason: null,
      modification: null,
      placed_by: order.placedBy ?? null,
      ordered_on: order.orderedOn,
      expires_on: order.expiresOn ?? null,
      required_on: order.requiredOn ?? null,
      ship_to: order.shipTo ?? null,
      ship_via: order.shipVia ?? null,
      ship_policy: order.shipPolicy ?? 'shipComplete',
      invoice_mode: order.invoiceMode ?? 'atShipping',
      payment_term_days: order.paymentTermDays,
      currency: order.currency,
      ...sums({ net, gross, taxes }),
      placed_at: occurredAt,
      accepted_at: null,
    }),
    SalesOrderSent: row => put(row, 'Sent', {}),
    SalesOrderModified: (row, { reason, before, lines, removed, totals, expiresOn }, _key, { occurredAt }) =>
      put(row, 'Sent', {
        ...sums(totals),
        expires_on: expiresOn,
        modification: {
          reason,
          askedAt: occurredAt,
          before,
          lines: [...lines.map(({ line }) => line), ...removed],
          answer: 'awaited',
          remindedAt: null,
        },
      }),
    ModificationReminded: (row, _, _key, { occurredAt }) => answered(row, { remindedAt: occurredAt }),
    ModificationConfirmed: row => answered(row, { answer: 'confirmed' }),
    ModificationRejected: row => answered(row, { answer: 'rejected' }),
    SalesOrderAccepted: (row, _, _key, { occurredAt }) => put(row, 'Accepted', { accepted_at: occurredAt }),
    SalesOrderDeclined: (row, { reason }) => put(row, 'Declined', { reason }),
    SalesOrderExpired: row => put(row, 'Expired', {}),
    SalesOrderCancelled: (row, { reason }) => put(row, 'Cancelled', { reason }),
    ShipPolicyChanged: (row, { shipPolicy }) => row && { ...row, ship_policy: shipPolicy },
    SalesOrderClosedShort: (row, { reason }) => row && { ...row, reason },
    SalesOrderClosed: row => put(row, 'Closed', {}),
  },
});

const lineColumns = {
  order_id: text('Sales order the line is on'),
  owner_id: text('User who answers for the order'),
  line: integer('Number of the line in its order'),
  item_id: text('Item sold'),
  sku: text("The item's code when the price was frozen"),
  description: text("The item's name when the price was frozen"),
  uom: text('Unit of measure of quantity and unit price'),
  stocked: flag('False for services such as freight, which are neither reserved nor delivered'),
  quantity: quantity('Quantity ordered'),
  unit_price: decimal('Price of one unit'),
  discount: decimal('Discount, per cent'),
  tax_percent: decimal('Tax rate, per cent'),
  currency: text('ISO 4217 code'),
  net: minorUnits('Quantity × unit price less discount'),
  delivered: quantity('Of goods: what left the stock with approved deliveries'),
  cancelled: quantity('Of goods: what of an order that was partly delivered will not be'),
  price_source: text('Where the price came from: list, standard or hand'),
  price_level: integer('Level of the price hierarchy; 0 by hand'),
  price_list_id: nullable(text('Price list the price came from')),
  price_reason: nullable(text('Why the price was set by hand')),
  price_tried: json<readonly PriceTried[]>('Levels of the price hierarchy that were tried: level, name, sentence, chosen, unit price'),
};

const lineRow = (sold: DocumentLine, orderId: string, ownerId: string): RowOf<typeof lineColumns> => ({
  order_id: orderId,
  owner_id: ownerId,
  line: sold.line,
  item_id: sold.itemId,
  sku: sold.sku,
  description: sold.description,
  uom: sold.uom,
  stocked: sold.stocked,
  quantity: sold.quantity,
  unit_price: sold.unitPrice,
  discount: sold.discount,
  tax_percent: sold.taxPercent,
  currency: sold.net.currency,
  net: sold.net.minor,
  delivered: 0,
  cancelled: 0,
  price_source: sold.price.source,
  price_level: sold.price.level,
  price_list_id: sold.price.priceListId ?? null,
  price_reason: sold.price.reason ?? null,
  price_tried: sold.price.tried ?? [],
});

export const salesOrderLines = projection({
  name: 'sales-order-lines',
  version: 3,
  versioned: true,
  table: table('sales_order_lines', 'Lines of sales orders with their frozen prices', lineColumns, {
    key: 'Order and line, joined by ~',
    indexes: ['order_id', 'item_id'],
  }),
  events: [SalesOrderPlaced, SalesOrderModified, SalesOrderClosedShort, StockIssued],
  ownRows: { permission: 'sales:read', owner: 'owner_id' },
  keys: {
    SalesOrderPlaced: ({ lines }, { entityId }) => lines.map(({ line }) => lineKey(entityId, line)),
    SalesOrderModified: ({ lines, removed }, { entityId }) =>
      [...lines.map(({ line }) => line), ...removed].map(line => lineKey(entityId, line)),
    SalesOrderClosedShort: ({ lines }, { entityId }) => lines.map(({ line }) => lineKey(entityId, line)),
    StockIssued: ({ orderId, line }) => [lineKey(orderId, line)],
  },
  on: {
    SalesOrderPlaced: (_, { lines, ownerId }, key, { entityId }) => {
      const sold = lineOf(lines, entityId, key);
      return sold && lineRow(sold, entityId, ownerId);
    },
    SalesOrderModified: (_, { lines, ownerId }, key, { entityId }) => {
      const sold = lineOf(lines, entityId, key);
      return sold === undefined ? null : lineRow(sold, entityId, ownerId);
    },
    SalesOrderClosedShort: (row, { lines }, key, { entityId }) => {
      const part = lineOf(lines, entityId, key);
      return row && part && { ...row, cancelled: row.cancelled + part.quantity };
    },
    StockIssued: (row, { quantity }) => row && { ...row, delivered: row.delivered + quantity },
  },
});
