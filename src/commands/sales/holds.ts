/** What other contexts may hold in this one. */
import type { LinePart } from '../../domain/sales/sales-order.ts';
import type { Hold } from '../../kernel/command.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { commitDelivery, withdrawDelivery } from './sales-order.ts';

/** Keeps what a delivery takes of an order from being cancelled, or taken by another, while it is approved. */
export function deliveryCommitment(orderId: string, deliveryId: string, parts: readonly LinePart[]): Hold {
  const lines = parts.map(({ line, quantity }) => ({ line, quantity: quantityText(quantity) }));
  const commitment = { id: orderId, deliveryId, lines };
  return { take: commitDelivery(commitment), release: withdrawDelivery(commitment) };
}
