import { z } from 'zod';
import { LINES_MAX } from '../../domain/document.ts';
import {
  approve,
  type CreditFacts,
  DeliveryReturn,
  draft,
  type Return,
  type ReturnFacts,
  reject,
} from '../../domain/fulfilment/delivery-return.ts';
import { beginning, existing } from '../../domain/records.ts';
import { Id, Reason } from '../../domain/vocabulary.ts';
import { byId, command, type DecisionContext, type Hold } from '../../kernel/command.ts';
import { QuantityText, quantityText } from '../../kernel/quantity.ts';
import { invoiceOfGoods } from '../../projections/billing/invoices.ts';
import { deliveryForReturn } from '../../projections/fulfilment/deliveries.ts';
import { admitDeliveryReturn, withdrawDeliveryReturn } from './delivery.ts';

export const draftDeliveryReturn = command({
  type: 'DraftDeliveryReturn',
  summary: 'Notes that goods of a delivery come back, and why; each line says whether it goes into stock again.',
  route: 'POST /delivery-returns',
  permission: 'fulfilment:return',
  input: z.strictObject({
    deliveryId: Id,
    reason: Reason,
    lines: z
      .array(z.strictObject({ line: z.int().positive(), quantity: QuantityText, restock: z.boolean().default(true) }))
      .min(1)
      .max(LINES_MAX),
  }),
  decider: DeliveryReturn,
  parent: ({ deliveryId }) => ({ category: 'delivery', id: deliveryId }),
  facts: async (_, { deliveryId }, ask): Promise<ReturnFacts> => ({ delivery: await ask(deliveryForReturn, { id: deliveryId }) }),
  decide: beginning((wish, context: DecisionContext<ReturnFacts>) => draft(wish, context)),
});

const onReturn = { decider: DeliveryReturn, entityId: byId } as const;

/** The delivery lets these goods come back, and with no other return. */
function admission({ deliveryId, lines }: Return, returnId: string): Hold {
  const parts = lines.map(({ line, quantity }) => ({ line, quantity: quantityText(quantity) }));
  return {
    take: admitDeliveryReturn({ id: deliveryId, returnId, lines: parts }),
    release: withdrawDeliveryReturn({ id: deliveryId, returnId }),
  };
}

export const approveDeliveryReturn = command({
  ...onReturn,
  type: 'ApproveDeliveryReturn',
  summary:
    'Takes the goods back: into stock what is fit for it, and all of it by a credit note. Refused as ReturnExceedsDelivery, or as InvoiceNotIssued while there is nothing to credit.',
  route: 'POST /delivery-returns/:id/approve',
  permission: 'fulfilment:approve',
  input: z.strictObject({ id: Id }),
  facts: async (back, _, ask): Promise<CreditFacts> => ({
    invoiceId: back === undefined ? null : await ask(invoiceOfGoods, { orderId: back.orderId, deliveryId: back.deliveryId }),
  }),
  decide: existing('return', approve),
  holds: (events, back, id) => (events.length > 0 && back ? [admission(back, id)] : []),
});

export const rejectDeliveryReturn = command({
  ...onReturn,
  type: 'RejectDeliveryReturn',
  summary: 'Turns a return down that is not approved yet.',
  route: 'POST /delivery-returns/:id/reject',
  permission: 'fulfilment:approve',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('return', (back, { reason }) => reject(back, { reason })),
});
