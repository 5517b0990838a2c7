/** All that we know of an account, on one page. */
import { z } from 'zod';
import type { Permission } from '../../kernel/command.ts';
import { type AnswerOf, answerSchema, type Fields, field, readFields, selectList } from '../../kernel/field.ts';
import { NoSuchRecord, query, type ReadDatabase } from '../../kernel/query.ts';
import { invoices } from '../billing/invoices.ts';
import { payments } from '../billing/payments.ts';
import { customerGroupMembers, customerGroups } from '../catalogue/customer-groups.ts';
import { items } from '../catalogue/items.ts';
import { priceLists } from '../catalogue/price-lists.ts';
import { deliveries, lastDelivery } from '../fulfilment/deliveries.ts';
import { eventHistory } from '../platform/event-history.ts';
import { salesOrders } from '../sales/sales-orders.ts';
import { reservations } from '../warehouse/reservations.ts';
import { accountSurvivors, ofAccount, survivorOf } from './account-survivors.ts';
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
  priceListId: field.maybe(field.text('a.price_list_id')),
  priceListName: field.maybe(field.text('l.name')),
  paymentTermDays: field.integer('a.payment_term_days'),
  phone: field.maybe(field.text('a.phone')),
  ownerId: field.text('a.owner_id'),
  status: accountStatus,
};

/** One part of the page: what may be seen with which right, read from where. */
interface Section<F extends Fields> {
  readonly permission: Permission;
  readonly fields: F;
  /** Everything after `from`; $1 is the account, $2 the day. */
  readonly from: string;
  /** The records it tells of: the newest event of theirs is when it last changed. */
  readonly records: Records;
}
/** By category of their streams, the ids, as a statement. */
type Records = Readonly<Record<string, string>>;

const section = <F extends Fields>(permission: Permission, records: Records, from: string, fields: F): Section<F> => ({
  permission,
  records,
  from,
  fields,
});

const DEALS = { deal: `select id from deals where ${ofAccount('account_id', '$1')}` };
const OPEN_DEALS = `deals d ${STAGE_OF_DEAL} where ${ofAccount('d.account_id', '$1')} and d.kind in ('open', 'paused')`;
const INVOICES = { invoice: `select id from invoices where ${ofAccount('account_id', '$1')}` };

const sections = {
  contacts: section(
    'crm:read',
    { contact: `select id from contacts where ${ofAccount('account_id', '$1')}` },
    `contacts c where ${ofAccount('c.account_id', '$1')} order by c.primary_contact desc, c.name limit ${SHOWN_MAX}`,
    {
      id: field.text('c.id'),
      name: field.text('c.name'),
      position: field.maybe(field.text('c.position')),
      primary: field.flag('c.primary_contact'),
      email: field.maybe(field.text('c.email')),
      phone: field.maybe(field.text('c.phone')),
    },
  ),
  openDeals: section('crm:read', DEALS, `${OPEN_DEALS} order by d.opened_at desc, d.id limit ${SHOWN_MAX}`, {
    id: field.text('d.id'),
    name: field.text('d.name'),
    stage: field.text('d.stage'),
    percent: field.integer(PERCENT),
    amount: field.maybe(field.money('d.amount', 'd.currency')),
    expectedClose: field.maybe(field.day('d.expected_close')),
  }),
  /** What its open deals are worth, by currency, plain and weighted by the chance of their stages. */
  pipeline: section(
    'crm:read',
    DEALS,
    `(select d.currency, count(*)::bigint as count, coalesce(sum(d.amount), 0)::bigint as amount,
        coalesce(round(sum(d.amount::numeric * ${PERCENT} / 100)), 0)::bigint as weighted
      from ${OPEN_DEALS} group by d.currency) p order by p.currency`,
    { count: field.integer('p.count'), amount: field.money('p.amount', 'p.currency'), weighted: field.money('p.weighted', 'p.currency') },
  ),
  orders: section(
    'sales:read',
    {
      salesOrder: `select id from sales_orders where ${ofAccount('account_id', '$1')}`,
      delivery: `select d.id from deliveries d join sales_orders o on o.id = d.order_id where ${ofAccount('o.account_id', '$1')}`,
    },
    `sales_orders o left join lateral (${lastDelivery}) d on true where ${ofAccount('o.account_id', '$1')} order by o.ordered_on desc, o.id limit ${SHOWN_MAX}`,
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
  deliveries: section(
    'fulfilment:read',
    { delivery: `select id from deliveries where ${ofAccount('account_id', '$1')}` },
    `deliveries d where ${ofAccount('d.account_id', '$1')} order by d.planned_at desc, d.id limit ${SHOWN_MAX}`,
    {
      id: field.text('d.id'),
      orderId: field.text('d.order_id'),
      status: field.text('d.status'),
      shippedOn: field.maybe(field.day('d.shipped_on')),
      deliveredOn: field.maybe(field.day('d.delivered_on')),
    },
  ),
  /** Goods that are promised to its orders, and goods they wait for; it changes when the stock they come from does. */
  stock: section(
    'warehouse:read',
    {
      stock: `select r.warehouse_id || '~' || r.item_id from reservations r join sales_orders o on o.id = r.order_id where ${ofAccount('o.account_id', '$1')}`,
    },
    `reservations r join sales_orders o on o.id = r.order_id left join items i on i.id = r.item_id
     where ${ofAccount('o.account_id', '$1')} order by r.since, r.id limit ${SHOWN_MAX}`,
    {
      orderId: field.text('r.order_id'),
      line: field.integer('r.line'),
      itemId: field.text('r.item_id'),
      sku: field.maybe(field.text('i.sku')),
      itemName: field.maybe(field.text('i.name')),
      promised: field.quantity('r.reserved'),
      waiting: field.quantity('r.waiting'),
    },
  ),
  priceGroups: section(
    'catalogue:read',
    { customerGroup: 'select group_id from customer_group_members where account_id = $1' },
    `customer_group_members m join customer_groups g on g.id = m.group_id left join price_lists l on l.id = g.price_list_id
     where m.account_id = $1 order by g.priority, g.id limit ${SHOWN_MAX}`,
    {
      id: field.text('g.id'),
      name: field.text('g.name'),
      priority: field.integer('g.priority'),
      priceListId: field.maybe(field.text('g.price_list_id')),
      priceListName: field.maybe(field.text('l.name')),
    },
  ),
  invoices: section(
    'billing:read',
    INVOICES,
    `invoices i where ${ofAccount('i.account_id', '$1')} order by i.drafted_at desc, i.id limit ${SHOWN_MAX}`,
    {
      id: field.text('i.id'),
      number: field.maybe(field.text('i.number')),
      status: field.text('i.status'),
      issueDate: field.maybe(field.day('i.issue_date')),
      dueDate: field.maybe(field.day('i.due_date')),
      gross: field.money('i.gross', 'i.currency'),
      open: field.money('i.open', 'i.currency'),
    },
  ),
  payments: section(
    'billing:read',
    { payment: `select id from payments where ${ofAccount('account_id', '$1')}` },
    `payments p where ${ofAccount('p.account_id', '$1')} order by p.received_on desc, p.id limit ${SHOWN_MAX}`,
    {
      id: field.text('p.id'),
      amount: field.money('p.amount', 'p.currency'),
      receivedOn: field.day('p.received_on'),
      method: field.text('p.method'),
      reference: field.maybe(field.text('p.reference')),
    },
  ),
  /** What the account owes over all its invoices, and what of that is overdue on the day, by currency. */
  balance: section(
    'billing:read',
    INVOICES,
    `(select i.currency, sum(i.open)::bigint as open, coalesce(sum(i.open) filter (where i.due_date < $2::date), 0)::bigint as overdue
      from invoices i where ${ofAccount('i.account_id', '$1')} and i.open <> 0 group by i.currency) b order by b.currency`,
    { open: field.money('b.open', 'b.currency'), overdue: field.money('b.overdue', 'b.currency') },
  ),
  /** The most it may owe, and what is left of that beside its open invoices in the same currency; empty where there is no limit. */
  credit: section(
    'billing:read',
    { account: 'select $1::text', ...INVOICES },
    `(select a.currency, a.credit_limit, a.credit_limit - coalesce((
        select sum(i.open) from invoices i where ${ofAccount('i.account_id', 'a.id')} and i.currency = a.currency), 0)::bigint as remaining
      from accounts a where a.id = $1 and a.credit_limit is not null) c`,
    { limit: field.money('c.credit_limit', 'c.currency'), left: field.money('c.remaining', 'c.currency') },
  ),
};

type Sections = typeof sections;
type Account360 = { readonly account: AnswerOf<typeof account> } & {
  readonly [Name in keyof Sections]: readonly AnswerOf<Sections[Name]['fields']>[] | null;
} & {
  /** When each part last changed; null where it has never had anything, or is not shown. */
  readonly updatedAt: { readonly [Name in keyof Sections]: string | null };
};

const names = Object.keys(sections) as (keyof Sections)[];
const each = <Value>(made: (part: Section<Fields>) => Value) => Object.fromEntries(names.map(name => [name, made(sections[name])]));

const output = z.strictObject({
  account: answerSchema(account),
  ...each(({ fields }) => z.array(answerSchema(fields)).nullable()),
  updatedAt: z.strictObject(each(() => z.iso.datetime().nullable())),
});

export const account360 = query({
  type: 'Account360',
  summary:
    'An account with its contacts, open deals and what they are worth, orders and deliveries, stock promised to it, price groups, invoices, payments, balance, overdue and credit left, and when each part last changed; null for parts your roles do not show.',
  route: 'GET /accounts/:id/360',
  permission: 'crm:read',
  reads: [
    ...[accounts, accountSurvivors, contacts, deals, pipelineStages, salesOrders, deliveries, reservations, items],
    ...[customerGroups, customerGroupMembers, priceLists, invoices, payments, eventHistory],
  ],
  input: z.strictObject({ id: z.string().max(200) }),
  output: output as unknown as z.ZodType<Account360>,
  answer: async (db, { id }, caller) => {
    const from = 'accounts a left join price_lists l on l.id = a.price_list_id';
    const [row] = await db.rows(`select ${selectList(account)} from ${from} where a.id = ${survivorOf('$1::text')}`, [id]);
    if (row === undefined) throw new NoSuchRecord('account', id);
    const found = readFields(account, row);
    const shown = names.filter(name => caller.mayOwn(sections[name].permission));
    const parts: [string, unknown][] = [];
    for (const name of shown) parts.push([name, await partOf(db, found.id, sections[name])]);
    const updatedAt = { ...each(() => null), ...(shown.length === 0 ? {} : await changesOf(db, found.id, shown)) };
    return { account: found, ...each(() => null), ...Object.fromEntries(parts), updatedAt } as unknown as Account360;
  },
});

async function partOf(db: ReadDatabase, id: string, { fields, from }: Section<Fields>): Promise<unknown> {
  const rows = await db.rows(`select ${selectList(fields)} from ${from}`, from.includes('$2') ? [id, db.today] : [id]);
  return rows.map(row => readFields(fields, row));
}

async function changesOf(db: ReadDatabase, id: string, shown: readonly (keyof Sections)[]) {
  const newest = (records: Records): string =>
    Object.entries(records)
      .map(
        ([category, ids]) =>
          `select max(h.recorded_at) as at from event_history h where h.category = '${category}' and h.record_id in (${ids})`,
      )
      .join(' union all ');
  const parts = shown.map(name => `select '${name}' as name, (select max(n.at) from (${newest(sections[name].records)}) n) as at`);
  const rows = await db.rows<{ readonly name: string; readonly at: string | null }>(parts.join(' union all '), [id]);
  return Object.fromEntries(rows.map(({ name, at }) => [name, at]));
}
