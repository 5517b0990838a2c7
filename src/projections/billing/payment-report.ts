/** Whether customers pay in time, and how long money takes to come in: from invoices and what was set against them. */
import { z } from 'zod';
import { answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { query } from '../../kernel/query.ts';
import { accounts } from '../crm/accounts.ts';
import { hundredths, Percent, percent, RECORDS_MAX } from '../figures.ts';
import { daysIn, Period } from '../periods.ts';
import { creditNotes } from './credit-notes.ts';
import { invoices } from './invoices.ts';
import { SETTLED, settlements } from './settled.ts';

/**
 * Issued invoices: whether they fell due or were sold on credit (to be paid later than on the day of issue) in the period from
 * $1 to $2, what was paid of them by their last day for payment, and what was open at its end.
 */
const OWED = `
  (select i.*, a.owner_id, a.name as account_name, coalesce(s.in_time, 0) as in_time,
     i.status <> 'Cancelled' and i.due_date between $1::date and $2::date as falls_due,
     i.issue_date between $1::date and $2::date and i.due_date > i.issue_date as on_credit,
     case when i.issue_date <= $2::date then i.payable - coalesce(s.by_end, 0) else 0 end as open_then,
     coalesce((select sum(c.payable) from credit_notes c
       where c.invoice_id = i.id and c.issue_date <= $2::date and c.status <> 'Void'), 0)::bigint as credited_then
   from invoices i join accounts a on a.id = i.account_id
   left join lateral (
     select sum(amount) filter (where on_day <= i.due_date)::bigint as in_time, sum(amount) filter (where on_day <= $2::date)::bigint as by_end
     from ${SETTLED} t where t.invoice_id = i.id) s on true
   where i.issue_date is not null)`;

const MEASURES = {
  due: { condition: 'o.falls_due', amount: 'o.payable' },
  inTime: { condition: 'o.falls_due and o.in_time <> 0', amount: 'o.in_time' },
  late: { condition: 'o.falls_due and o.payable <> o.in_time', amount: 'o.payable - o.in_time' },
  receivables: { condition: 'o.open_then <> 0', amount: 'o.open_then' },
  creditSales: { condition: 'o.on_credit', amount: 'o.payable - o.credited_then' },
} as const;
type Measure = keyof typeof MEASURES;
const measures = Object.keys(MEASURES) as [Measure, ...Measure[]];

const GROUPS = { all: "'all'", owner: 'o.owner_id', account: 'o.account_id' } as const;
const by = z.enum(['all', 'owner', 'account']).default('all');

const report = { permission: 'billing:read', reads: [invoices, settlements, creditNotes, accounts] } as const;

type Row = Readonly<Record<Measure, MoneyWire>> & {
  readonly key: string;
  readonly inTimePercent: number | null;
  readonly salesOutstandingDays: number | null;
};

export const paymentReport = query({
  ...report,
  type: 'PaymentReport',
  summary:
    'How a period was paid, by currency: of what fell due in it, what was paid by its last day for payment; what was owed at its end, what was sold on credit in it, and for how many days of such sales that stands (DSO); by owner or account.',
  route: 'GET /reports/payments',
  input: z.strictObject({ period: Period, by }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        key: z.string(),
        ...(Object.fromEntries(measures.map(name => [name, MoneyAnswer])) as Record<Measure, typeof MoneyAnswer>),
        inTimePercent: Percent.describe('Of what fell due in the period, what was paid by its due date, by value'),
        salesOutstandingDays: z.number().nullable().describe('Receivables at the end of the period / credit sales in it × its days'),
      }),
    ),
  }) as unknown as z.ZodType<{ readonly rows: readonly Row[] }>,
  exports: 'rows',
  answer: async (db, { period, by: group }) => {
    const { from, to, count: days } = daysIn(period);
    const sums = measures.map(name => {
      const { condition, amount } = MEASURES[name];
      return `coalesce(sum(${amount}) filter (where ${condition}), 0)::bigint as "${name}"`;
    });
    const any = measures.map(name => `(${MEASURES[name].condition})`).join(' or ');
    const rows = await db.rows<Readonly<Record<Measure, number>> & { readonly key: string; readonly currency: string }>(
      `select ${GROUPS[group]} as key, o.currency, ${sums.join(', ')} from ${OWED} o where ${any} group by 1, 2 order by 1, 2`,
      [from, to],
    );
    return {
      rows: rows.map(({ key, currency, ...sum }) => ({
        key,
        ...(Object.fromEntries(measures.map(name => [name, moneyWire({ minor: sum[name], currency })])) as Record<Measure, MoneyWire>),
        inTimePercent: percent(sum.inTime, sum.due),
        salesOutstandingDays: sum.creditSales === 0 ? null : hundredths((sum.receivables / sum.creditSales) * days),
      })),
    };
  },
});

const fields = {
  id: field.text('o.id'),
  number: field.maybe(field.text('o.number')),
  accountId: field.text('o.account_id'),
  accountName: field.text('o.account_name'),
  ownerId: field.text('o.owner_id'),
  issueDate: field.day('o.issue_date'),
  dueDate: field.day('o.due_date'),
  payable: field.money('o.payable', 'o.currency'),
  paidInTime: field.money('o.in_time', 'o.currency'),
  openAtEnd: field.money('o.open_then', 'o.currency'),
} satisfies Fields;

export const paymentRecords = query({
  ...report,
  type: 'PaymentRecords',
  summary: 'The invoices behind one figure of the payment report, by last day for payment; at most a thousand.',
  route: 'GET /reports/payments/invoices',
  input: z.strictObject({ period: Period, by, measure: z.enum(measures), key: z.string().max(200).default('all') }),
  output: z.strictObject({ items: z.array(answerSchema(fields)) }),
  exports: 'items',
  answer: async (db, { period, by: group, measure, key }) => {
    const { from, to } = daysIn(period);
    const rows = await db.rows(
      `select ${selectList(fields)} from ${OWED} o where ${MEASURES[measure].condition} and ${GROUPS[group]} = $3::text
       order by o.due_date, o.id limit ${RECORDS_MAX}`,
      [from, to, key],
    );
    return { items: rows.map(row => readFields(fields, row)) };
  },
});
