import {
  DeliveryApproved,
  DeliveryCancelled,
  DeliveryDelivered,
  DeliveryPlanned,
  DeliveryShipped,
} from '../../domain/fulfilment/delivery.ts';
import { NOTHING_YET, steps } from '../../kernel/invariant.ts';

export const deliverySteps = steps({
  name: 'delivery-steps',
  promise: 'A delivery is planned, approved, shipped and delivered, in this order, or cancelled before it is approved.',
  events: [DeliveryPlanned, DeliveryApproved, DeliveryShipped, DeliveryDelivered, DeliveryCancelled],
  mayFollow: {
    DeliveryPlanned: [NOTHING_YET],
    DeliveryApproved: ['DeliveryPlanned'],
    DeliveryShipped: ['DeliveryApproved'],
    DeliveryDelivered: ['DeliveryShipped'],
    DeliveryCancelled: ['DeliveryPlanned'],
  },
});
