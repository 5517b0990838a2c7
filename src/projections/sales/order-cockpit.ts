/** Sales orders with all that became of them in the warehouse, on the way and in the books. */
import { z } from 'zod';
import type { Totals } from '../../domain/document.ts';
import { PriceTried } from '../../domain/pricing.ts';
import { PostalAddress } from '../../domain/vocabulary.ts';
import { type Field, field } from '../../kernel/field.ts';
import { byDay, byFlag, listing } from '../../kernel/listing.ts';
import { MoneyAnswer, moneyWire } from '../../kernel/money.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { recordWithLines } from '../../kernel/record-with-lines.ts';
import { invoices } from '../billing/invoices.ts';
import { accounts } from '../crm/accounts.ts';
import { deliveries } from '../fulfilment/deliveries.ts';
import { revised } from '../platform/event-history.ts';
import { processes, standing } from '../platform/processes.ts';
import { reservations } from '../warehouse/reservations.ts';
import { warehouses } from '../warehouse/warehouses.ts';
import { type Modification, salesOrderLines, salesOrders } from './sales-orders.ts';

const TaxAnswer = z.array(z.strictObject({ taxPercent: z.string(), net: MoneyAnswer, tax: MoneyAnswer }));

const taxes: Field<z.output<typeof TaxAnswer>> = {
  sql: ['o.taxes'],
  schema: TaxAnswer,
  read: ([value]) =>
    (value as Totals['taxes']).map(({ taxPercent, net, tax }) => ({ taxPercent, net: moneyWire(net), tax: moneyWire(tax) })),
};

const FormerLineAnswer = z.strictObject({
  line: z.int(),
  sku: z.string(),
  quantity: z.string(),
  unitPrice: z.string(),
  discount: z.string(),
  net: MoneyAnswer,
});

const ModificationAnswer = z.strictObject({
  reason: z.string(),
  askedAt: z.iso.datetime(),
  before: z.array(FormerLineAnswer),
  lines: z.array(z.int()),
  answer: z.enum(['awaited', 'confirmed', 'rejected']),
  remindedAt: z.iso.datetime().nullable(),
});

/** The change the client was asked to confirm, line by line: what it was before stands here, what it is now among the lines. */
const modification = field.maybe<z.output<typeof ModificationAnswer>>({
  sql: ['o.modification'],
  schema: ModificationAnswer,
  read: ([value]) => {
    const { before, ...rest } = value as Modification;
    return {
      ...rest,
      lines: [...rest.lines],
      before: before.map(({ itemId: _, quantity, net, ...line }) => ({ ...line, quantity: quantityText(quantity), net: moneyWire(net) })),
    };
  },
});

const source = {
  permission: 'sales:read',
  reads: [salesOrders, salesOrderLines, accounts, warehouses, reservations, deliveries, invoices],
  from: `sales_orders o
    left join accounts a on a.id = o.account_id
    left join warehouses w on w.id = o.warehouse_id
    left join deliveries d on d.order_id = o.id
    left join invoices i on i.order_id = o.id`,
  key: 'o.id',
} as const;

const AWAITING_CLIENT = `o.status = 'Sent' and coalesce(o.modification ->> 'answer', '') = 'awaited'`;

const fields = {
  id: field.text('o.id'),
  reference: field.maybe(field.text('o.reference')),
  status: field.text('o.status'),
  statusCode: field.integer('o.status_code'),
  accountId: field.text('o.account_id'),
  accountName: field.maybe(field.text('a.name')),
  ownerId: field.text('o.owner_id'),
  warehouseId: field.text('o.warehouse_id'),
  warehouseCode: field.maybe(field.text('w.code')),
  dealId: field.maybe(field.text('o.deal_id')),
  channel: field.text('o.channel'),
  orderedOn: field.day('o.ordered_on'),
  requiredOn: field.maybe(field.day('o.required_on')),
  expiresOn: field.maybe(field.day('o.expires_on')),
  awaitingClient: field.flag(AWAITING_CLIENT),
  net: field.money('o.net', 'o.currency'),
  tax: field.money('o.tax', 'o.currency'),
  gross: field.money('o.gross', 'o.currency'),
  placedAt: field.instant('o.placed_at'),
  deliveryId: field.maybe(field.text('d.id')),
  deliveryStatus: field.maybe(field.text('d.status')),
  shippedOn: field.maybe(field.day('d.shipped_on')),
  invoiceId: field.maybe(field.text('i.id')),
  invoiceNumber: field.maybe(field.text('i.number')),
  invoiceStatus: field.maybe(field.text('i.status')),
  open: field.maybe(field.money('i.open', 'i.currency')),
};

const isUnshipped = `o.status in ('Draft', 'Sent', 'Accepted') and coalesce(d.status, '') not in ('Shipped', 'Delivered')`;

export const listSalesOrders = listing({
  ...source,
  fields,
  type: 'ListSalesOrders',
  summary: 'Sales orders, newest first; `filter[open]=true` for those whose goods have not left yet.',
  route: 'GET /sales-orders',
  filters: {
    status: 'o.status = ?',
    account: 'o.account_id = ?',
    owner: 'o.owner_id = ?',
    warehouse: 'o.warehouse_id = ?',
    deal: 'o.deal_id = ?',
    reference: 'o.reference = ?',
    channel: 'o.channel = ?',
    deliveryStatus: 'd.status = ?',
    invoiceStatus: 'i.status = ?',
    awaitingClient: byFlag(AWAITING_CLIENT),
    open: byFlag(isUnshipped),
    from: byDay('o.ordered_on >= ?::date'),
    to: byDay('o.ordered_on <= ?::date'),
  },
  sorts: {
    newest: { sql: 'o.placed_at', descending: true },
    oldest: { sql: 'o.placed_at' },
    required: { sql: "coalesce(o.required_on, 'infinity'::date)" },
    gross: { sql: 'o.gross', descending: true },
  },
  usual: 'newest',
});

export const showSalesOrder = recordWithLines({
  ...revised('salesOrder', {
    ...source,
    reads: [...source.reads, processes],
    from: `${source.from} left join processes p on p.saga = 'order-fulfilment' and p.instance = o.id`,
    fields: {
      ...fields,
      process: field.maybe(field.object(standing)),
      reason: field.maybe(field.text('o.reason')),
      shipTo: field.maybe(field.json('o.ship_to', PostalAddress)),
      shipVia: field.maybe(field.text('o.ship_via')),
      shipPolicy: field.text('o.ship_policy'),
      placedBy: field.maybe(field.text('o.placed_by')),
      modification,
      paymentTermDays: field.integer('o.payment_term_days'),
      acceptedAt: field.maybe(field.instant('o.accepted_at')),
      taxes,
    },
  }),
  type: 'ShowSalesOrder',
  summary:
    'One sales order with its lines, what is reserved for each and what waits, its delivery, its invoice, and why it is where it is.',
  route: 'GET /sales-orders/:id',
  noun: 'sales order',
  lines: {
    from: 'sales_order_lines l left join reservations r on r.id = l.id',
    of: 'l.order_id',
    order: 'l.line',
    fields: {
      line: field.integer('l.line'),
      itemId: field.text('l.item_id'),
      sku: field.text('l.sku'),
      description: field.text('l.description'),
      uom: field.text('l.uom'),
      stocked: field.flag('l.stocked'),
      quantity: field.quantity('l.quantity'),
      unitPrice: field.decimal('l.unit_price'),
      discount: field.decimal('l.discount'),
      taxPercent: field.decimal('l.tax_percent'),
      net: field.money('l.net', 'l.currency'),
      priceSource: field.text('l.price_source'),
      priceLevel: field.integer('l.price_level'),
      priceListId: field.maybe(field.text('l.price_list_id')),
      priceReason: field.maybe(field.text('l.price_reason')),
      priceTried: field.json('l.price_tried', z.array(PriceTried)),
      reserved: field.quantity('coalesce(r.reserved, 0)'),
      waiting: field.quantity('coalesce(r.waiting, 0)'),
    },
  },
});
