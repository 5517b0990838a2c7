import {
  acceptSalesOrder,
  cancelSalesOrder,
  changeSalesOrderShipPolicy,
  closeSalesOrder,
  closeSalesOrderShort,
  commitDelivery,
  confirmModification,
  declineSalesOrder,
  expireSalesOrder,
  modifySalesOrder,
  placeDealOrder,
  placeSalesOrder,
  rejectModification,
  remindOfModification,
  sendSalesOrder,
  withdrawDelivery,
} from '../commands/sales/sales-order.ts';
import { orderChain } from '../invariants/sales/order-chain.ts';
import { orderPrices } from '../invariants/sales/order-prices.ts';
import { orderSteps, orderTotals } from '../invariants/sales/orders.ts';
import { module } from '../kernel/module.ts';
import { listSalesOrders, showSalesOrder } from '../projections/sales/order-cockpit.ts';
import { salesOrderLines, salesOrders } from '../projections/sales/sales-orders.ts';
import { orderExpiry } from '../sagas/sales/order-expiry.ts';

export const sales = module({
  name: 'sales',
  commands: [
    placeSalesOrder,
    placeDealOrder,
    sendSalesOrder,
    modifySalesOrder,
    confirmModification,
    rejectModification,
    remindOfModification,
    expireSalesOrder,
    acceptSalesOrder,
    declineSalesOrder,
    cancelSalesOrder,
    closeSalesOrderShort,
    changeSalesOrderShipPolicy,
    closeSalesOrder,
    commitDelivery,
    withdrawDelivery,
  ],
  projections: [salesOrders, salesOrderLines],
  queries: [listSalesOrders, showSalesOrder],
  sagas: [orderExpiry],
  invariants: [orderTotals, orderPrices, orderSteps, orderChain],
});
