/** What other contexts may hold in this one. */
import type { Hold } from '../../kernel/command.ts';
import { commitDelivery, withdrawDelivery } from './sales-order.ts';

/** Keeps an order from being cancelled while a delivery of it is approved. */
export const deliveryCommitment = (orderId: string, deliveryId: string): Hold => ({
  take: commitDelivery({ id: orderId, deliveryId }),
  release: withdrawDelivery({ id: orderId, deliveryId }),
});
