import {
  acceptSalesOrder,
  cancelSalesOrder,
  commitDelivery,
  declineSalesOrder,
  placeDealOrder,
  placeSalesOrder,
  withdrawDelivery,
} from '../commands/sales/sales-order.ts';
import { orderChain } from '../invariants/sales/order-chain.ts';
import { orderSteps, orderTotals } from '../invariants/sales/orders.ts';
import { module } from '../kernel/module.ts';
import { listSalesOrders, showSalesOrder } from '../projections/sales/order-cockpit.ts';
import { salesOrderLines, salesOrders } from '../projections/sales/sales-orders.ts';

export const sales = module({
  name: 'sales',
  commands: [placeSalesOrder, placeDealOrder, acceptSalesOrder, declineSalesOrder, cancelSalesOrder, commitDelivery, withdrawDelivery],
  projections: [salesOrders, salesOrderLines],
  queries: [listSalesOrders, showSalesOrder],
  sagas: [],
  invariants: [orderTotals, orderSteps, orderChain],
});
