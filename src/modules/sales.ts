import {
  approveCreditRaise,
  changeReceivableOfAccount,
  endCreditRaise,
  openReceivableOfAccount,
  releaseCredit,
  requestCreditRaise,
  reserveCredit,
} from '../commands/sales/credit.ts';
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
  invoiceSalesOrder,
  lapseSalesOrderHold,
  modifySalesOrder,
  placeDealOrder,
  placeSalesOrder,
  rejectModification,
  remindOfModification,
  sendSalesOrder,
  withdrawDelivery,
} from '../commands/sales/sales-order.ts';
import { creditExposure, creditReceivables } from '../invariants/sales/credit.ts';
import { orderChain } from '../invariants/sales/order-chain.ts';
import { orderPrices } from '../invariants/sales/order-prices.ts';
import { orderSteps, orderTotals } from '../invariants/sales/orders.ts';
import { module } from '../kernel/module.ts';
import { listBackorders } from '../projections/sales/backorders.ts';
import { creditStanding, creditView, showCredit } from '../projections/sales/credit.ts';
import { listSalesOrders, showSalesOrder } from '../projections/sales/order-cockpit.ts';
import { salesOrderLines, salesOrders } from '../projections/sales/sales-orders.ts';
import { creditRaise } from '../sagas/sales/credit-raise.ts';
import { orderCredit } from '../sagas/sales/order-credit.ts';
import { orderExpiry } from '../sagas/sales/order-expiry.ts';
import { receivables } from '../sagas/sales/receivables.ts';

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
    invoiceSalesOrder,
    closeSalesOrder,
    lapseSalesOrderHold,
    reserveCredit,
    releaseCredit,
    openReceivableOfAccount,
    changeReceivableOfAccount,
    requestCreditRaise,
    approveCreditRaise,
    endCreditRaise,
    commitDelivery,
    withdrawDelivery,
  ],
  projections: [salesOrders, salesOrderLines, creditView],
  queries: [listSalesOrders, showSalesOrder, listBackorders, showCredit, creditStanding],
  sagas: [orderExpiry, orderCredit, receivables, creditRaise],
  invariants: [orderTotals, orderPrices, orderSteps, orderChain, creditExposure, creditReceivables],
});
