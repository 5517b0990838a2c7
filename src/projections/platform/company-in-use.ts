import { z } from 'zod';
import { query } from '../../kernel/query.ts';
import { invoices } from '../billing/invoices.ts';
import { stockMoves } from '../warehouse/stock-moves.ts';

/** Asked before the currency of the books is changed. */
export const companyInUse = query({
  type: 'CompanyInUse',
  summary: 'Whether anything is kept in the currency of the books already.',
  permission: 'platform:settings',
  input: z.strictObject({}),
  output: z.boolean(),
  reads: [invoices, stockMoves],
  answer: async db => {
    const [row] = await db.rows<{ used: boolean }>('select exists (select 1 from invoices) or exists (select 1 from stock_moves) as used');
    return row?.used === true;
  },
});
