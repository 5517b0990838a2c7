/** What accounts owe and have on order, and how much more they may. */
import { z } from 'zod';
import { Credit } from '../../domain/sales/credit.ts';
import { field } from '../../kernel/field.ts';
import { record } from '../../kernel/listing.ts';
import { Currency, type Money } from '../../kernel/money.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { day, json, minorUnits, nullable, type RowOf, table, text } from '../../kernel/table.ts';
import { invoices } from '../billing/invoices.ts';
import { accounts } from '../crm/accounts.ts';

const columns = {
  exposures: json<Readonly<Record<string, number>>>('Accepted orders and unpaid invoices together, in minor units by currency'),
  raise_status: nullable(text('Requested or Granted: a raise of the limit')),
  raised: minorUnits('How much higher the limit is for now'),
  raise_amount: nullable(minorUnits('Raise that was asked for or granted')),
  raise_currency: nullable(text('ISO 4217 code of the raise')),
  raise_until: nullable(day('Last day of the raise')),
  raise_reason: nullable(text('Why it was asked for')),
  raise_requested_by: nullable(text('User who asked for it')),
  raise_approved_by: nullable(text('User who granted it')),
};
type Row = RowOf<typeof columns>;

const NO_RAISE = {
  raise_status: null,
  raised: 0,
  raise_amount: null,
  raise_currency: null,
  raise_until: null,
  raise_reason: null,
  raise_requested_by: null,
  raise_approved_by: null,
} as const;
const EMPTY: Row = { exposures: {}, ...NO_RAISE };

const exposed = (row: Row | undefined, { exposure }: { readonly exposure: Money }): Row => ({
  ...(row ?? EMPTY),
  exposures: { ...row?.exposures, [exposure.currency]: exposure.minor },
});

export const creditView = projection({
  name: 'credit',
  version: 1,
  versioned: true,
  table: table('credit', 'Credit of accounts: what they owe and have on order', columns, { key: 'Id of the account' }),
  events: Credit.events,
  on: {
    CreditReserved: exposed,
    CreditReleased: exposed,
    ReceivableOpened: exposed,
    ReceivableChanged: exposed,
    CreditRaiseRequested: (row, { amount, until, reason, requestedBy }) => ({
      ...(row ?? EMPTY),
      raise_status: 'Requested',
      raise_amount: amount.minor,
      raise_currency: amount.currency,
      raise_until: until,
      raise_reason: reason,
      raise_requested_by: requestedBy,
      raise_approved_by: null,
    }),
    CreditRaised: (row, { amount, approvedBy }) =>
      row && { ...row, raise_status: 'Granted', raised: amount.minor, raise_approved_by: approvedBy },
    CreditRaiseEnded: row => row && { ...row, ...NO_RAISE },
  },
});

/** Of `accounts a left join credit c`: what is taken in the currency of the limit. */
const EXPOSURE = `coalesce((c.exposures ->> a.currency)::bigint, 0)`;

/** Of those and `sales_orders o`: whether an order that nobody has decided about would go beyond the limit. */
export const CREDIT_HOLD = `coalesce(o.status in ('Draft', 'Sent') and o.currency = a.currency
  and ${EXPOSURE} + o.gross > a.credit_limit + coalesce(c.raised, 0), false)`;

export const showCredit = record({
  type: 'ShowCredit',
  summary: 'The credit of an account: its limit, what it owes and has on order, what is left, and a raise of the limit.',
  route: 'GET /accounts/:id/credit',
  permission: 'sales:read',
  noun: 'account',
  reads: [accounts, creditView],
  from: 'accounts a left join credit c on c.id = a.id',
  key: 'a.id',
  fields: {
    id: field.text('a.id'),
    limit: field.maybe(field.money('a.credit_limit', 'a.currency')),
    exposure: field.money(EXPOSURE, 'a.currency'),
    left: field.maybe(field.money(`a.credit_limit + coalesce(c.raised, 0) - ${EXPOSURE}`, 'a.currency')),
    raise: field.maybe(
      field.object({
        status: field.text('c.raise_status'),
        amount: field.money('c.raise_amount', 'c.raise_currency'),
        until: field.day('c.raise_until'),
        reason: field.text('c.raise_reason'),
        requestedBy: field.text('c.raise_requested_by'),
        approvedBy: field.maybe(field.text('c.raise_approved_by')),
      }),
    ),
  },
});

const Standing = z.strictObject({
  name: z.string(),
  blocked: z.boolean(),
  currency: Currency,
  /** Minor units of the currency, as are the others. */
  limit: z.int().nullable(),
  exposure: z.int(),
  raised: z.int(),
  /** Of the invoice that is overdue for longest; null where none is. */
  overdueDays: z.int().nullable(),
});
export type Standing = z.output<typeof Standing>;

/** Asked when an order is accepted; null where there is no such account. */
export const creditStanding = query({
  type: 'CreditStanding',
  summary: 'How an account stands: blocked, over its limit, overdue.',
  permission: 'sales:read',
  reads: [accounts, creditView, invoices],
  input: z.strictObject({ account: z.string().max(200), on: z.iso.date() }),
  output: Standing.nullable(),
  answer: async (db, { account, on }) => {
    const [standing] = await db.rows<Standing>(
      `select a.name, a.blocked_reason is not null as blocked, a.currency, a.credit_limit as limit, ${EXPOSURE} as exposure,
         coalesce(c.raised, 0)::bigint as raised, (
           select max($2::date - i.due_date) from invoices i
           where i.account_id = a.id and i.open > 0 and i.due_date < $2::date and i.status <> 'Cancelled')::bigint as "overdueDays"
       from accounts a left join credit c on c.id = a.id where a.id = $1`,
      [account, on],
    );
    return standing ?? null;
  },
});
