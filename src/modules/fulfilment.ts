import { approveDelivery, cancelDelivery, deliverDelivery, planDelivery, shipDelivery } from '../commands/fulfilment/delivery.ts';
import { deliverySteps } from '../invariants/fulfilment/deliveries.ts';
import { module } from '../kernel/module.ts';
import { deliveries, listDeliveries, showDelivery } from '../projections/fulfilment/deliveries.ts';
import { orderFulfilment } from '../sagas/fulfilment/order-fulfilment.ts';

export const fulfilment = module({
  name: 'fulfilment',
  commands: [planDelivery, approveDelivery, shipDelivery, deliverDelivery, cancelDelivery],
  projections: [deliveries],
  queries: [listDeliveries, showDelivery],
  sagas: [orderFulfilment],
  invariants: [deliverySteps],
});
