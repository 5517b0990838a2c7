import { z } from 'zod';
import { type Allocation, PaymentRecorded } from '../../domain/billing/payment.ts';
import { field } from '../../kernel/field.ts';
import { listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { day, instant, json, minorUnits, nullable, table, text } from '../../kernel/table.ts';
import { accountSurvivors, ofAccount } from '../crm/account-survivors.ts';
import { accounts } from '../crm/accounts.ts';
import { revised } from '../platform/event-history.ts';

export const payments = projection({
  name: 'payments',
  version: 1,
  versioned: true,
  table: table(
    'payments',
    'Payments received',
    {
      account_id: text('Account that paid'),
      currency: text('ISO 4217 code'),
      amount: minorUnits('Amount received'),
      received_on: day('Day the money came in'),
      method: text('bank, card, cash or other'),
      reference: nullable(text("The bank's or the payer's reference")),
      allocations: json<readonly Allocation[]>('Invoices settled: invoiceId and amount in minor units'),
      recorded_at: instant('When it was recorded'),
    },
    { indexes: ['account_id', 'recorded_at, id'] },
  ),
  events: [PaymentRecorded],
  on: {
    PaymentRecorded: (_, { accountId, amount, receivedOn, method, reference, allocations }, _key, { recordedAt }) => ({
      account_id: accountId,
      currency: amount.currency,
      amount: amount.minor,
      received_on: receivedOn,
      method,
      reference: reference ?? null,
      allocations,
      recorded_at: recordedAt,
    }),
  },
});

const source = {
  permission: 'billing:read',
  reads: [payments, accounts, accountSurvivors],
  from: 'payments p left join accounts a on a.id = p.account_id',
  key: 'p.id',
  fields: {
    id: field.text('p.id'),
    accountId: field.text('p.account_id'),
    accountName: field.maybe(field.text('a.name')),
    amount: field.money('p.amount', 'p.currency'),
    receivedOn: field.day('p.received_on'),
    method: field.text('p.method'),
    reference: field.maybe(field.text('p.reference')),
    invoiceIds: field.json("jsonb_path_query_array(p.allocations, '$[*].invoiceId')", z.array(z.string())),
    recordedAt: field.instant('p.recorded_at'),
  },
} as const;

export const listPayments = listing({
  ...source,
  type: 'ListPayments',
  summary: 'Payments, newest first.',
  route: 'GET /payments',
  filters: {
    account: ofAccount('p.account_id', '?'),
    invoice: "p.allocations @> jsonb_build_array(jsonb_build_object('invoiceId', ?::text))",
    reference: 'p.reference = ?',
  },
  sorts: { newest: { sql: 'p.recorded_at', descending: true } },
  usual: 'newest',
});

export const showPayment = record({
  ...revised('payment', source),
  type: 'ShowPayment',
  summary: 'One payment.',
  route: 'GET /payments/:id',
  noun: 'payment',
});
