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
import { invoiceLines, invoices } from '../billing/invoices.ts';
import { accountSurvivors, ofAccount } from '../crm/account-survivors.ts';
import { accounts } from '../crm/accounts.ts';
import { deliveries, lastDelivery } from '../fulfilment/deliveries.ts';
import { revised } from '../platform/event-history.ts';
import { processes, standing } from '../platform/processes.ts';
import { reservations } from '../warehouse/reservations.ts';
import { warehouses } from '../warehouse/warehouses.ts';
import { CREDIT_HOLD, creditView } from './credit.ts';
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

const isIssued = `x.status not in ('Draft', 'Issuing', 'Cancelled')`;

const source = {
  permission: 'sales:read',
  reads: [
    salesOrders,
    salesOrderLines,
    accounts,
    accountSurvivors,
    warehouses,
    reservations,
    deliveries,
    invoices,
    invoiceLines,
    creditView,
  ],
  from: `sales_orders o
    left join accounts a on a.id = o.account_id
    left join credit c on c.id = o.account_id
    left join warehouses w on w.id = o.warehouse_id
    left join lateral (${lastDelivery}) d on true
    left join lateral (select * from invoices i where i.order_id = o.id order by i.status = 'Cancelled', i.drafted_at desc, i.id desc limit 1) i
      on true
    left join lateral (
      select coalesce(sum(l.quantity - l.delivered - l.cancelled) filter (where l.stocked), 0)::bigint as rest,
        coalesce(sum(l.delivered), 0)::bigint as delivered, coalesce(sum(l.quantity - l.cancelled), 0)::bigint as due
      from sales_order_lines l where l.order_id = o.id) q on true
    left join lateral (
      select coalesce(sum(il.quantity), 0)::bigint as invoiced from invoices x join invoice_lines il on il.invoice_id = x.id
      where x.order_id = o.id and ${isIssued}) v on true`,
  key: 'o.id',
} as const;

/** none, partial or full. */
const extent = (done: string, all: string): Field<string> =>
  field.text(`case when ${done} = 0 then 'none' when ${all} then 'full' else 'partial' end`);

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
  /** Accepting it would go beyond the credit limit of its account. */
  creditHold: field.flag(CREDIT_HOLD),
  net: field.money('o.net', 'o.currency'),
  tax: field.money('o.tax', 'o.currency'),
  gross: field.money('o.gross', 'o.currency'),
  placedAt: field.instant('o.placed_at'),
  delivered: extent('q.delivered', 'q.rest = 0'),
  invoiced: extent('v.invoiced', 'v.invoiced >= q.due'),
  deliveryId: field.maybe(field.text('d.id')),
  deliveryStatus: field.maybe(field.text('d.status')),
  shippedOn: field.maybe(field.day('d.shipped_on')),
  invoiceId: field.maybe(field.text('i.id')),
  invoiceNumber: field.maybe(field.text('i.number')),
  invoiceStatus: field.maybe(field.text('i.status')),
  open: field.maybe(field.money('i.open', 'i.currency')),
};

const isUnshipped = `o.status in ('Draft', 'Sent')
  or (o.status = 'Accepted' and (q.rest > 0 or coalesce(d.status, '') not in ('Shipped', 'Delivered')))`;

export const listSalesOrders = listing({
  ...source,
  fields,
  type: 'ListSalesOrders',
  summary: 'Sales orders, newest first; `filter[open]=true` for those whose goods have not left yet.',
  route: 'GET /sales-orders',
  filters: {
    status: 'o.status = ?',
    account: ofAccount('o.account_id', '?'),
    owner: 'o.owner_id = ?',
    warehouse: 'o.warehouse_id = ?',
    deal: 'o.deal_id = ?',
    reference: 'o.reference = ?',
    channel: 'o.channel = ?',
    delivered: `${extent('q.delivered', 'q.rest = 0').sql[0]} = ?`,
    invoiced: `${extent('v.invoiced', 'v.invoiced >= q.due').sql[0]} = ?`,
    deliveryStatus: 'd.status = ?',
    invoiceStatus: 'i.status = ?',
    awaitingClient: byFlag(AWAITING_CLIENT),
    creditHold: byFlag(CREDIT_HOLD),
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

const DeliveryAnswer = z.strictObject({
  id: z.string(),
  status: z.string(),
  approvedOn: z.iso.date().nullable(),
  shippedOn: z.iso.date().nullable(),
  deliveredOn: z.iso.date().nullable(),
  carrier: z.string().nullable(),
  trackingNumber: z.string().nullable(),
});

const InvoiceAnswer = z.strictObject({
  id: z.string(),
  number: z.string().nullable(),
  status: z.string(),
  issueDate: z.iso.date().nullable(),
  payable: MoneyAnswer,
  open: MoneyAnswer,
});
type InvoiceRow = Omit<z.output<typeof InvoiceAnswer>, 'payable' | 'open'> & {
  readonly payable: number;
  readonly open: number;
  readonly currency: string;
};
const invoiceAnswer = ({ payable, open, currency, ...invoice }: InvoiceRow): z.output<typeof InvoiceAnswer> => ({
  ...invoice,
  payable: moneyWire({ minor: payable, currency }),
  open: moneyWire({ minor: open, currency }),
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
      invoiceMode: field.text('o.invoice_mode'),
      placedBy: field.maybe(field.text('o.placed_by')),
      modification,
      paymentTermDays: field.integer('o.payment_term_days'),
      acceptedAt: field.maybe(field.instant('o.accepted_at')),
      taxes,
      deliveries: field.json(
        `(select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'status', x.status, 'approvedOn', x.approved_on, 'shippedOn', x.shipped_on,
          'deliveredOn', x.delivered_on, 'carrier', x.carrier, 'trackingNumber', x.tracking_number) order by x.planned_at, x.id), '[]')
          from deliveries x where x.order_id = o.id)`,
        z.array(DeliveryAnswer),
      ),
      invoices: {
        sql: [
          `(select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'number', x.number, 'status', x.status, 'issueDate', x.issue_date,
            'payable', x.payable, 'open', x.open, 'currency', x.currency) order by x.drafted_at, x.id), '[]')
            from invoices x where x.order_id = o.id)`,
        ],
        schema: z.array(InvoiceAnswer),
        read: ([value]) => (value as InvoiceRow[]).map(invoiceAnswer),
      } satisfies Field<z.output<typeof InvoiceAnswer>[]>,
    },
  }),
  type: 'ShowSalesOrder',
  summary:
    'One sales order with its lines, what is reserved for each and what waits, its deliveries, its invoices, and why it is where it is.',
  route: 'GET /sales-orders/:id',
  noun: 'sales order',
  lines: {
    from: `sales_order_lines l
      left join reservations r on r.id = l.id
      left join lateral (
        select sum(p.quantity) filter (where x.status = 'Planned') as ready, sum(p.quantity) filter (where x.status in ('Shipped', 'Delivered')) as shipped
        from deliveries x cross join lateral jsonb_to_recordset(x.lines) as p(line int, quantity bigint)
        where x.order_id = l.order_id and p.line = l.line) g on true
      left join lateral (
        select sum(il.quantity) as invoiced from invoices x join invoice_lines il on il.invoice_id = x.id
        where x.order_id = l.order_id and il.line = l.line and ${isIssued}) v on true`,
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
      /** On a delivery that waits for approval; a part of what is reserved. */
      ready: field.quantity('coalesce(g.ready, 0)::bigint'),
      delivered: field.quantity('l.delivered'),
      shipped: field.quantity('coalesce(g.shipped, 0)::bigint'),
      cancelled: field.quantity('l.cancelled'),
      invoiced: field.quantity('coalesce(v.invoiced, 0)::bigint'),
    },
  },
});
