import { z } from 'zod';
import {
  type Allocation,
  leftOver,
  PaymentAllocated,
  PaymentRecorded,
  PaymentRefunded,
  PaymentReversed,
} from '../../domain/billing/payment.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { day, instant, json, minorUnits, nullable, table, text } from '../../kernel/table.ts';
import { accountSurvivors, ofAccount } from '../crm/account-survivors.ts';
import { accounts } from '../crm/accounts.ts';
import { revised } from '../platform/event-history.ts';

type Status = 'Recorded' | 'Allocated' | 'Reversed' | 'Refunded';

/** Allocated once nothing of it is left. */
const statusOf = (unallocated: number): Status => (unallocated === 0 ? 'Allocated' : 'Recorded');

export const payments = projection({
  name: 'payments',
  version: 2,
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
      allocations: json<readonly Allocation[]>('Invoices settled: invoiceId and amount in minor units; none once it is reversed'),
      unallocated: minorUnits('What is left of it as the client’s credit'),
      status: text('Recorded, Allocated once nothing is left, Reversed, or Refunded once the rest was paid back'),
      reversed_on: nullable(day('Day it was taken back')),
      reversal_reason: nullable(text('Why it was taken back')),
      recorded_at: instant('When it was recorded'),
    },
    { indexes: ['account_id', 'recorded_at, id'] },
  ),
  events: [PaymentRecorded, PaymentAllocated, PaymentReversed, PaymentRefunded],
  on: {
    PaymentRecorded: (_, { accountId, amount, receivedOn, method, reference, allocations }, _key, { recordedAt }) => ({
      account_id: accountId,
      currency: amount.currency,
      amount: amount.minor,
      received_on: receivedOn,
      method,
      reference: reference ?? null,
      allocations,
      unallocated: leftOver(amount, allocations).minor,
      status: statusOf(leftOver(amount, allocations).minor),
      reversed_on: null,
      reversal_reason: null,
      recorded_at: recordedAt,
    }),
    PaymentAllocated: (row, { invoiceId, amount, unallocated }) =>
      row && {
        ...row,
        allocations: [...row.allocations, { invoiceId, amount }],
        unallocated: unallocated.minor,
        status: statusOf(unallocated.minor),
      },
    PaymentReversed: (row, { reversedOn, reason }) =>
      row && { ...row, allocations: [], unallocated: 0, status: 'Reversed', reversed_on: reversedOn, reversal_reason: reason },
    PaymentRefunded: (row, { unallocated }) =>
      row && { ...row, unallocated: unallocated.minor, status: unallocated.minor === 0 ? 'Refunded' : row.status },
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
    unallocated: field.money('p.unallocated', 'p.currency'),
    status: field.text('p.status'),
    reversedOn: field.maybe(field.day('p.reversed_on')),
    reversalReason: field.maybe(field.text('p.reversal_reason')),
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
    status: 'p.status = ?',
    /** With something left to be set against invoices, or without. */
    unallocated: byFlag('p.unallocated > 0'),
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
