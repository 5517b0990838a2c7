/** What is owed, as of any day: computed from invoices and the payments set against them, never kept. */
import { z } from 'zod';
import { answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { MoneyAnswer, type MoneyWire, moneyWire } from '../../kernel/money.ts';
import { NoSuchRecord, query, type ReadDatabase } from '../../kernel/query.ts';
import { accountSurvivors, ofAccount, survivorOf } from '../crm/account-survivors.ts';
import { accounts } from '../crm/accounts.ts';
import { differenceOf, differenceSchema } from '../difference.ts';
import { RECORDS_MAX } from '../figures.ts';
import { eventHistory } from '../platform/event-history.ts';
import { accountMovements, MOVEMENT_KINDS, type MovementKind } from './account-movements.ts';
import { invoices } from './invoices.ts';
import { settlements } from './settled.ts';

/**
 * Invoices issued by the day $1 that were not settled by its end; `$2` narrows to one account and those merged into it, `owed_by`
 * is the account that owes now. Days overdue count from the day after the last day for payment, so an invoice is not overdue on
 * that day itself.
 */
const OPEN_ON = `
  select i.*, ${survivorOf('i.account_id')} as owed_by, i.payable - coalesce(p.settled, 0) as open_then, greatest($1::date - i.due_date, 0) as days_overdue
  from invoices i
  left join (
    select s.invoice_id, sum(s.amount)::bigint as settled from settlements s where s.day <= $1::date group by 1
  ) p on p.invoice_id = i.id
  where i.issue_date <= $1::date and i.payable <> coalesce(p.settled, 0) and ($2::text is null or ${ofAccount('i.account_id', '$2')})`;

/** Days overdue of each bucket, both included. */
const BUCKETS = {
  notDue: [0, 0],
  to30: [1, 30],
  to60: [31, 60],
  to90: [61, 90],
  over90: [91, undefined],
} as const satisfies Readonly<Record<string, readonly [number, number | undefined]>>;
type Bucket = keyof typeof BUCKETS;
const buckets = Object.keys(BUCKETS) as Bucket[];

const within = ([least, most]: readonly [number, number | undefined]): string =>
  most === undefined ? `days_overdue >= ${least}` : `days_overdue between ${least} and ${most}`;

const amounts = buckets.map(name => `coalesce(sum(open_then) filter (where ${within(BUCKETS[name])}), 0)::bigint as "${name}"`).join(', ');

type Amounts = Readonly<Record<Bucket | 'total', MoneyWire>>;
interface AgeingRow extends Amounts {
  readonly accountId: string;
  readonly accountName: string;
}
interface Ageing {
  readonly on: string;
  readonly rows: readonly AgeingRow[];
  /** By currency. */
  readonly totals: readonly Amounts[];
}

const money = Object.fromEntries([...buckets, 'total'].map(name => [name, MoneyAnswer]));

interface AgeingRecord extends Readonly<Record<Bucket | 'total', number>> {
  readonly account_id: string;
  readonly account_name: string;
  readonly currency: string;
}

const wire = (row: Readonly<Record<Bucket | 'total', number>>, currency: string): Amounts =>
  Object.fromEntries([...buckets, 'total' as const].map(name => [name, moneyWire({ minor: row[name], currency })])) as unknown as Amounts;

const receivables = { permission: 'billing:read', reads: [invoices, settlements, accounts, accountSurvivors] } as const;

const Day = z.iso.date();
const AccountId = z.string().max(200);

export const ageing = query({
  ...receivables,
  type: 'Ageing',
  summary:
    'What accounts owe at the end of a day, by how many days it is overdue: not yet, 1–30, 31–60, 61–90, more. With `asOf`, as it was known at an instant.',
  route: 'GET /reports/ageing',
  input: z.strictObject({ on: Day, account: AccountId.optional() }),
  output: z.strictObject({
    on: Day,
    rows: z.array(z.strictObject({ accountId: z.string(), accountName: z.string(), ...money })),
    totals: z.array(z.strictObject(money)),
  }) as unknown as z.ZodType<Ageing>,
  exports: 'rows',
  answer: async (db, { on, account }) => {
    const rows = await db.rows<AgeingRecord>(
      `select o.owed_by as account_id, coalesce(min(a.name), o.owed_by) as account_name, o.currency, ${amounts}, sum(open_then)::bigint as total
       from (${OPEN_ON}) o left join accounts a on a.id = o.owed_by
       group by o.owed_by, o.currency order by sum(open_then) desc, o.owed_by, o.currency`,
      [on, account ?? null],
    );
    const byCurrency = Map.groupBy(rows, ({ currency }) => currency);
    return {
      on,
      rows: rows.map(row => ({ accountId: row.account_id, accountName: row.account_name, ...wire(row, row.currency) })),
      totals: [...byCurrency].map(([currency, some]) => wire(added(some), currency)),
    };
  },
});

const added = (rows: readonly AgeingRecord[]): Readonly<Record<Bucket | 'total', number>> =>
  Object.fromEntries([...buckets, 'total' as const].map(name => [name, rows.reduce((sum, row) => sum + row[name], 0)])) as never;

const openFields = {
  id: field.text('o.id'),
  number: field.maybe(field.text('o.number')),
  accountId: field.text('o.owed_by'),
  issueDate: field.day('o.issue_date'),
  dueDate: field.day('o.due_date'),
  daysOverdue: field.integer('o.days_overdue'),
  gross: field.money('o.gross', 'o.currency'),
  open: field.money('o.open_then', 'o.currency'),
} satisfies Fields;

const OpenWish = z.strictObject({ on: Day, account: AccountId.optional() });
const Open = answerSchema(openFields);

async function openOn(db: ReadDatabase, { on, account }: z.output<typeof OpenWish>): Promise<z.output<typeof Open>[]> {
  const rows = await db.rows(
    `select ${selectList(openFields)} from (${OPEN_ON}) o order by o.days_overdue desc, o.due_date, o.id limit ${RECORDS_MAX}`,
    [on, account ?? null],
  );
  return rows.map(row => readFields(openFields, row));
}

export const openInvoices = query({
  ...receivables,
  type: 'OpenInvoices',
  summary: 'The invoices behind the figures of the ageing report on a day, the longest overdue first; at most a thousand.',
  route: 'GET /reports/ageing/invoices',
  input: OpenWish,
  output: z.strictObject({ items: z.array(Open) }),
  exports: 'items',
  answer: async (db, wish) => ({ items: await openOn(db, wish) }),
});

export const ageingDifference = query({
  ...receivables,
  type: 'AgeingDifference',
  summary:
    'What became of the receivables of a day: the invoices that count as open on it now and did not before, those that count no more and those of which another part is open, each with the events that did it.',
  route: 'GET /reports/ageing/difference',
  reads: [...receivables.reads, eventHistory],
  compares: true,
  input: OpenWish,
  output: differenceSchema(Open),
  answer: (db, wish) => differenceOf(db, 'invoice', earlier => openOn(earlier, wish)),
});

/** Debits raise what is owed, credits lower it. */
const ENTRIES = `
  select m.day, m.kind, m.document_id as id, m.reference, m.currency, m.debit, m.credit
  from account_movements m where ${ofAccount('m.account_id', '$1')} and m.day <= $2::date order by m.currency, m.day, m.kind, m.document_id, m.id`;

interface Entry {
  readonly day: string;
  readonly kind: MovementKind;
  readonly id: string;
  readonly reference: string | null;
  readonly currency: string;
  readonly debit: number;
  readonly credit: number;
}

interface StatementLine {
  readonly day: string;
  readonly kind: Entry['kind'];
  readonly id: string;
  readonly reference: string | null;
  readonly debit: MoneyWire;
  readonly credit: MoneyWire;
  readonly balance: MoneyWire;
}
interface Statement {
  readonly accountId: string;
  readonly accountName: string;
  readonly from: string;
  readonly to: string;
  readonly currencies: readonly {
    readonly opening: MoneyWire;
    readonly debits: MoneyWire;
    readonly credits: MoneyWire;
    readonly closing: MoneyWire;
    readonly lines: readonly StatementLine[];
  }[];
}

export const statement = query({
  permission: 'billing:read',
  reads: [accountMovements, accounts, accountSurvivors],
  type: 'Statement',
  summary:
    'The account of a client over a span of days, by currency: opening balance; invoices, credit notes, payments, refunds and reversals in order; closing balance.',
  route: 'GET /accounts/:id/statement',
  input: z.strictObject({ id: AccountId, from: Day, to: Day }),
  output: z.strictObject({
    accountId: z.string(),
    accountName: z.string(),
    from: Day,
    to: Day,
    currencies: z.array(
      z.strictObject({
        opening: MoneyAnswer,
        debits: MoneyAnswer,
        credits: MoneyAnswer,
        closing: MoneyAnswer,
        lines: z.array(
          z.strictObject({
            day: Day,
            kind: z.enum(MOVEMENT_KINDS),
            id: z.string(),
            reference: z.string().nullable(),
            debit: MoneyAnswer,
            credit: MoneyAnswer,
            balance: MoneyAnswer,
          }),
        ),
      }),
    ),
  }) as z.ZodType<Statement>,
  answer: async (db, { id, from, to }) => {
    const [account] = await db.rows<{ name: string }>('select name from accounts where id = $1', [id]);
    if (account === undefined) throw new NoSuchRecord('account', id);
    const entries = await db.rows<Entry>(ENTRIES, [id, to]);
    const byCurrency = Map.groupBy(entries, ({ currency }) => currency);
    return {
      accountId: id,
      accountName: account.name,
      from,
      to,
      currencies: [...byCurrency].map(([currency, some]) => accountOf(some, from, currency)),
    };
  },
});

const sumOf = (entries: readonly Entry[], side: 'debit' | 'credit'): number => entries.reduce((sum, entry) => sum + entry[side], 0);

/** What lies before the span is its opening balance; the rest are its lines, each with what is owed after it. */
function accountOf(entries: readonly Entry[], from: string, currency: string): Statement['currencies'][number] {
  const before = entries.filter(({ day }) => day < from);
  const during = entries.filter(({ day }) => day >= from);
  const opening = sumOf(before, 'debit') - sumOf(before, 'credit');
  const wired = (minor: number): MoneyWire => moneyWire({ minor, currency });
  let balance = opening;
  const lines = during.map(({ day, kind, id, reference, debit, credit }): StatementLine => {
    balance += debit - credit;
    return { day, kind, id, reference, debit: wired(debit), credit: wired(credit), balance: wired(balance) };
  });
  return {
    opening: wired(opening),
    debits: wired(sumOf(during, 'debit')),
    credits: wired(sumOf(during, 'credit')),
    closing: wired(balance),
    lines,
  };
}

const creditFields = {
  accountId: field.text('c.account_id'),
  accountName: field.text('coalesce(a.name, c.account_id)'),
  credit: field.money('c.credit', 'c.currency'),
} satisfies Fields;

/** What came in or was credited and is not set against an invoice: by account and currency, of all movements but invoices, less settlements. */
const CREDIT_ON = `
  select account_id, currency, sum(amount)::bigint as credit from (
    select ${survivorOf('m.account_id')} as account_id, m.currency, m.credit - m.debit as amount from account_movements m where m.kind <> 'Invoice' and m.day <= $1::date
    union all
    select ${survivorOf('s.account_id')}, s.currency, -s.amount from settlements s where s.day <= $1::date) moved
  group by account_id, currency having sum(amount) <> 0`;

export const clientCredits = query({
  type: 'ClientCredits',
  summary:
    'What clients have to their credit at the end of a day: payments and credit notes not set against an invoice. Ageing less these is what statements close with.',
  route: 'GET /reports/credits',
  permission: 'billing:read',
  reads: [accountMovements, settlements, accounts, accountSurvivors],
  input: z.strictObject({ on: Day, account: AccountId.optional() }),
  output: z.strictObject({ items: z.array(answerSchema(creditFields)) }),
  exports: 'items',
  answer: async (db, { on, account }) => {
    const rows = await db.rows(
      `select ${selectList(creditFields)} from (${CREDIT_ON}) c left join accounts a on a.id = c.account_id
       where $2::text is null or c.account_id = $2 order by c.credit desc, c.account_id, c.currency`,
      [on, account ?? null],
    );
    return { items: rows.map(row => readFields(creditFields, row)) };
  },
});
