/** What clients wait for: each order line that the stock could not serve, in the order in which receipts will. */
import { field } from '../../kernel/field.ts';
import { byDay, listing } from '../../kernel/listing.ts';
import { items } from '../catalogue/items.ts';
import { accounts } from '../crm/accounts.ts';
import { reservations } from '../warehouse/reservations.ts';
import { warehouses } from '../warehouse/warehouses.ts';
import { salesOrders } from './sales-orders.ts';

export const listBackorders = listing({
  type: 'ListBackorders',
  summary:
    'Order lines that wait for goods, longest waiting first: how much of which item since when, wanted by which day, and what is reserved of the line already. A receipt serves the oldest order first.',
  route: 'GET /backorders',
  permission: 'sales:read',
  reads: [reservations, salesOrders, items, accounts, warehouses],
  from: `reservations r
    join sales_orders o on o.id = r.order_id
    left join items i on i.id = r.item_id
    left join accounts a on a.id = o.account_id
    left join warehouses w on w.id = r.warehouse_id`,
  key: 'r.id',
  where: 'r.waiting > 0',
  fields: {
    id: field.text('r.id'),
    orderId: field.text('r.order_id'),
    orderReference: field.maybe(field.text('o.reference')),
    line: field.integer('r.line'),
    accountId: field.text('o.account_id'),
    accountName: field.maybe(field.text('a.name')),
    ownerId: field.text('o.owner_id'),
    warehouseId: field.text('r.warehouse_id'),
    warehouseCode: field.maybe(field.text('w.code')),
    itemId: field.text('r.item_id'),
    sku: field.maybe(field.text('i.sku')),
    itemName: field.maybe(field.text('i.name')),
    waiting: field.quantity('r.waiting'),
    reserved: field.quantity('r.reserved'),
    shipPolicy: field.text('o.ship_policy'),
    orderedOn: field.day('o.ordered_on'),
    requiredOn: field.maybe(field.day('o.required_on')),
    since: field.instant('r.since'),
  },
  filters: {
    order: 'r.order_id = ?',
    item: 'r.item_id = ?',
    account: 'o.account_id = ?',
    owner: 'o.owner_id = ?',
    warehouse: 'r.warehouse_id = ?',
    orderedTo: byDay('o.ordered_on <= ?::date'),
    requiredTo: byDay('o.required_on <= ?::date'),
  },
  sorts: {
    oldest: { sql: 'o.ordered_on' },
    required: { sql: "coalesce(o.required_on, 'infinity'::date)" },
    quantity: { sql: 'r.waiting', descending: true },
  },
  usual: 'oldest',
});
