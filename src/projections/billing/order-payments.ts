import { z } from 'zod';
import { query } from '../../kernel/query.ts';
import { invoices } from './invoices.ts';

export const orderPaid = query({
  type: 'OrderPaid',
  summary: 'Whether anything was paid for an order.',
  permission: 'billing:read',
  reads: [invoices],
  input: z.strictObject({ orderId: z.string() }),
  output: z.boolean(),
  answer: async (db, { orderId }) => {
    const rows = await db.rows(
      "select 1 from invoices i where i.order_id = $1 and (i.status in ('PartiallyPaid', 'Paid') or (i.status = 'Overdue' and i.open < i.payable)) limit 1",
      [orderId],
    );
    return rows.length > 0;
  },
});
