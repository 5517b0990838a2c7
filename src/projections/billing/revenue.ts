import { z } from 'zod';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { query } from '../../kernel/query.ts';
import { items } from '../catalogue/items.ts';
import { accounts } from '../crm/accounts.ts';
import { creditNoteLines, creditNotes } from './credit-notes.ts';
import { invoiceLines, invoices } from './invoices.ts';

/** How invoiced lines are grouped: the key, its label, and the joins the label takes. */
const GROUPINGS = {
  month: { key: "to_char(l.day, 'YYYY-MM')", label: "to_char(l.day, 'YYYY-MM')", join: '' },
  item: { key: 'l.item_id', label: 'coalesce(it.name, l.item_id)', join: 'left join items it on it.id = l.item_id' },
  account: { key: 'i.account_id', label: 'coalesce(a.name, i.account_id)', join: 'left join accounts a on a.id = i.account_id' },
} as const;

/** Lines of issued invoices on the day of issue, and lines of issued credit notes that take them back on theirs. */
const SOLD = `
  select true as invoiced, n.invoice_id, n.item_id, n.currency, n.net - n.allowance as net, v.issue_date as day
  from invoices v join invoice_lines n on n.invoice_id = v.id where v.issue_date is not null
  union all
  select false, c.invoice_id, n.item_id, n.currency, n.allowance - n.net, c.issue_date
  from credit_notes c join credit_note_lines n on n.credit_note_id = c.id where c.issue_date is not null and c.status <> 'Void'`;

interface Row {
  readonly key: string;
  readonly label: string;
  readonly currency: string;
  readonly net: number;
  readonly count: number;
}

interface Revenue {
  readonly rows: readonly { readonly key: string; readonly label: string; readonly net: MoneyWire; readonly count: number }[];
}

export const revenue = query({
  type: 'Revenue',
  summary: 'What was invoiced less what was credited, by issue date, net of tax; one row per group and currency, counting invoices.',
  route: 'GET /reports/revenue',
  permission: 'billing:read',
  reads: [invoices, invoiceLines, creditNotes, creditNoteLines, items, accounts],
  ledger: true,
  input: z.strictObject({ by: z.enum(['month', 'item', 'account']), from: z.iso.date().optional(), to: z.iso.date().optional() }),
  output: z.strictObject({
    rows: z.array(z.strictObject({ key: z.string(), label: z.string(), net: MoneyAnswer, count: z.int() })),
  }) as unknown as z.ZodType<Revenue>,
  exports: 'rows',
  answer: async (db, { by, from, to }) => {
    const { key, label, join } = GROUPINGS[by];
    const rows = await db.rows<Row>(
      `select ${key} as key, min(${label}) as label, l.currency, sum(l.net)::bigint as net, count(distinct i.id) filter (where l.invoiced)::bigint as count
       from (${SOLD}) l join invoices i on i.id = l.invoice_id ${join}
       where l.day >= coalesce($1::date, '-infinity') and l.day <= coalesce($2::date, 'infinity')
       group by ${key}, l.currency order by ${key}, l.currency`,
      [from ?? null, to ?? null],
    );
    return {
      rows: rows.map(row => ({
        key: row.key,
        label: row.label,
        net: moneyWire({ minor: row.net, currency: row.currency }),
        count: row.count,
      })),
    };
  },
});
