/** All that we know of an account, on one page. */
import { z } from 'zod';
import type { Caller } from '../../kernel/authority.ts';
import type { Permission } from '../../kernel/command.ts';
import { type AnswerOf, answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { NoSuchRecord, query, type ReadDatabase } from '../../kernel/query.ts';
import { invoices } from '../billing/invoices.ts';
import { payments } from '../billing/payments.ts';
import { deliveries, lastDelivery } from '../fulfilment/deliveries.ts';
import { salesOrders } from '../sales/sales-orders.ts';
import { accountStatus, accounts } from './accounts.ts';
import { contacts } from './contacts.ts';
import { deals, PERCENT, STAGE_OF_DEAL } from './deals.ts';
import { pipelineStages } from './pipelines.ts';

/** Newest records of each kind; their lists have the others. */
const SHOWN_MAX = 50;

const account = {
  id: field.text('a.id'),
  name: field.text('a.name'),
  kinds: field.texts('a.kinds'),
  code: field.maybe(field.text('a.code')),
  taxId: field.maybe(field.text('a.tax_id')),
  currency: field.text('a.currency'),
  paymentTermDays: field.integer('a.payment_term_days'),
  phone: field.maybe(field.text('a.phone')),
  ownerId: field.text('a.owner_id'),
  status: accountStatus,
};

/** One part of the page: what may be seen with which right, read from where. */
interface Section<F extends Fields> {
  readonly permission: Permission;
  readonly fields: F;
  /** Everything after `from`; $1 is the account. */
  readonly from: string;
}

const section = <F extends Fields>(permission: Permission, from: string, fields: F): Section<F> => ({ permission, from, fields });

const sections = {
  contacts: section('crm:read', `contacts c where c.account_id = $1 order by c.primary_contact desc, c.name limit ${SHOWN_MAX}`, {
    id: field.text('c.id'),
    name: field.text('c.name'),
    position: field.maybe(field.text('c.position')),
    primary: field.flag('c.primary_contact'),
    email: field.maybe(field.text('c.email')),
    phone: field.maybe(field.text('c.phone')),
  }),
  openDeals: section(
    'crm:read',
    `deals d ${STAGE_OF_DEAL} where d.account_id = $1 and d.kind in ('open', 'paused') order by d.opened_at desc, d.id limit ${SHOWN_MAX}`,
    {
      id: field.text('d.id'),
      name: field.text('d.name'),
      stage: field.text('d.stage'),
      percent: field.integer(PERCENT),
      amount: field.maybe(field.money('d.amount', 'd.currency')),
      expectedClose: field.maybe(field.day('d.expected_close')),
    },
  ),
  orders: section(
    'sales:read',
    `sales_orders o left join lateral (${lastDelivery}) d on true where o.account_id = $1 order by o.ordered_on desc, o.id limit ${SHOWN_MAX}`,
    {
      id: field.text('o.id'),
      reference: field.maybe(field.text('o.reference')),
      status: field.text('o.status'),
      orderedOn: field.day('o.ordered_on'),
      gross: field.money('o.gross', 'o.currency'),
      deliveryStatus: field.maybe(field.text('d.status')),
      shippedOn: field.maybe(field.day('d.shipped_on')),
    },
  ),
  invoices: section('billing:read', `invoices i where i.account_id = $1 order by i.drafted_at desc, i.id limit ${SHOWN_MAX}`, {
    id: field.text('i.id'),
    number: field.maybe(field.text('i.number')),
    status: field.text('i.status'),
    issueDate: field.maybe(field.day('i.issue_date')),
    dueDate: field.maybe(field.day('i.due_date')),
    gross: field.money('i.gross', 'i.currency'),
    open: field.money('i.open', 'i.currency'),
  }),
  payments: section('billing:read', `payments p where p.account_id = $1 order by p.received_on desc, p.id limit ${SHOWN_MAX}`, {
    id: field.text('p.id'),
    amount: field.money('p.amount', 'p.currency'),
    receivedOn: field.day('p.received_on'),
    method: field.text('p.method'),
    reference: field.maybe(field.text('p.reference')),
  }),
  /** What the account owes over all its invoices, by currency. */
  balance: section(
    'billing:read',
    `(select i.currency, sum(i.open)::bigint as open from invoices i where i.account_id = $1 and i.open <> 0 group by i.currency) b order by b.currency`,
    { open: field.money('b.open', 'b.currency') },
  ),
};

type Sections = typeof sections;
type Account360 = { readonly account: AnswerOf<typeof account> } & {
  readonly [Name in keyof Sections]: readonly AnswerOf<Sections[Name]['fields']>[] | null;
};

const output = z.strictObject({
  account: answerSchema(account),
  ...Object.fromEntries(Object.entries(sections).map(([name, { fields }]) => [name, z.array(answerSchema(fields as Fields)).nullable()])),
});

export const account360 = query({
  type: 'Account360',
  summary: 'An account with its contacts, open deals, orders, invoices, payments and balance; null for parts your roles do not show.',
  route: 'GET /accounts/:id/360',
  permission: 'crm:read',
  reads: [accounts, contacts, deals, pipelineStages, salesOrders, deliveries, invoices, payments],
  input: z.strictObject({ id: z.string().max(200) }),
  output: output as unknown as z.ZodType<Account360>,
  answer: async (db, { id }, caller) => {
    const [row] = await db.rows(`select ${selectList(account)} from accounts a where a.id = $1`, [id]);
    if (row === undefined) throw new NoSuchRecord('account', id);
    const parts: [string, unknown][] = [];
    for (const [name, part] of Object.entries(sections)) parts.push([name, await shown(db, caller, id, part)]);
    return { account: readFields(account, row), ...Object.fromEntries(parts) } as Account360;
  },
});

async function shown(db: ReadDatabase, caller: Caller, id: string, { permission, fields, from }: Section<Fields>): Promise<unknown> {
  if (!caller.mayOwn(permission)) return null;
  const rows = await db.rows(`select ${selectList(fields)} from ${from}`, [id]);
  return rows.map(row => readFields(fields, row));
}
