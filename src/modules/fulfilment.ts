import {
  admitDeliveryReturn,
  approveDelivery,
  cancelDelivery,
  deliverDelivery,
  planDelivery,
  shipDelivery,
  withdrawDeliveryReturn,
} from '../commands/fulfilment/delivery.ts';
import { approveDeliveryReturn, draftDeliveryReturn, rejectDeliveryReturn } from '../commands/fulfilment/delivery-return.ts';
import { deliverySteps } from '../invariants/fulfilment/deliveries.ts';
import { returnedGoods } from '../invariants/fulfilment/returns.ts';
import { module } from '../kernel/module.ts';
import { deliveries, deliveryForReturn, listDeliveries, showDelivery } from '../projections/fulfilment/deliveries.ts';
import { deliveryReturns, listDeliveryReturns, showDeliveryReturn } from '../projections/fulfilment/delivery-returns.ts';
import { orderFulfilment } from '../sagas/fulfilment/order-fulfilment.ts';
import { returnCourse } from '../sagas/fulfilment/return-course.ts';

export const fulfilment = module({
  name: 'fulfilment',
  commands: [
    planDelivery,
    approveDelivery,
    shipDelivery,
    deliverDelivery,
    cancelDelivery,
    admitDeliveryReturn,
    withdrawDeliveryReturn,
    draftDeliveryReturn,
    approveDeliveryReturn,
    rejectDeliveryReturn,
  ],
  projections: [deliveries, deliveryReturns],
  queries: [listDeliveries, showDelivery, deliveryForReturn, listDeliveryReturns, showDeliveryReturn],
  sagas: [orderFulfilment, returnCourse],
  invariants: [deliverySteps, returnedGoods],
});
