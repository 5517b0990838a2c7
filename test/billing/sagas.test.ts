import { describe, test } from 'vitest';
import { completeInvoiceIssue, takeNumber, withdrawInvoiceIssue } from '../../src/commands/billing/issue.ts';
import { lapsePayment, unapplyPaymentFromInvoice } from '../../src/commands/billing/payment.ts';
import {
  InvoiceIssued,
  InvoiceIssueStarted,
  InvoiceIssueWithdrawn,
  PaymentApplied,
  PaymentUnapplied,
} from '../../src/domain/billing/invoice.ts';
import { PaymentLapsed, PaymentRecorded } from '../../src/domain/billing/payment.ts';
import { NumberTaken } from '../../src/domain/billing/series.ts';
import { type Currency, money, zero } from '../../src/kernel/money.ts';
import { invoiceIssue } from '../../src/sagas/billing/invoice-issue.ts';
import { paymentHolds } from '../../src/sagas/billing/payment-holds.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';

const usd = 'USD' as Currency;

describe('an issue of an invoice that was interrupted', () => {
  const invoice = { stream: 'invoice-I1' };
  const date = { series: 'INV', year: 2026, issueDate: '2026-03-02' };
  const begun = () => givenSaga(invoiceIssue).on(InvoiceIssueStarted({ ...date, dueDate: '2026-04-01' }), invoice);
  const numbered = () => begun().on(NumberTaken({ ...date, documentId: 'I1', sequence: 7 }), { stream: 'series-INV~2026' });
  const issued = InvoiceIssued({
    number: 'INV-2026-000007',
    series: 'INV',
    sequence: 7,
    issueDate: '2026-03-02',
    dueDate: '2026-04-01',
    accountId: 'A1',
    totals: { net: zero(usd), taxes: [], gross: zero(usd) },
  });

  test('gets its number', () => {
    begun().sends([takeNumber({ ...date, documentId: 'I1' })]);
  });

  test('is issued under the number it has', () => {
    numbered().sends([completeInvoiceIssue({ id: 'I1', series: 'INV', year: 2026, sequence: 7 })]);
  });

  test('is done when the invoice is issued', () => {
    numbered().on(issued, invoice).finished();
  });

  test('is withdrawn when the number is refused, says so, and may be begun again', () => {
    begun()
      .refused(takeNumber, 'IssueDateTooEarly', 'A later date was issued.')
      .sends([withdrawInvoiceIssue({ id: 'I1', because: 'A later date was issued.' })])
      .on(InvoiceIssueWithdrawn({ because: 'A later date was issued.' }), invoice)
      .waitsFor({ movedBy: { command: 'IssueInvoice', permission: 'billing:invoice' } })
      .on(InvoiceIssueStarted({ ...date, dueDate: '2026-04-01' }), invoice)
      .sends([takeNumber({ ...date, documentId: 'I1' })]);
  });
});

describe('invoices held for a payment', () => {
  const held = (invoiceId: string) =>
    [PaymentApplied({ paymentId: 'P1', amount: money(1, usd), open: zero(usd) }), { stream: `invoice-${invoiceId}` }] as const;
  const payment = { stream: 'payment-P1' };
  const holding = () =>
    givenSaga(paymentHolds)
      .on(...held('I1'))
      .on(...held('I2'));

  test('are settled when the payment is recorded', () => {
    const recorded = PaymentRecorded({ accountId: 'A1', amount: money(2, usd), receivedOn: '2026-03-02', method: 'bank', allocations: [] });
    holding().on(recorded, payment).sendsNothing().finished();
  });

  test('are open again when it never came: first it is given up, then they are freed', () => {
    holding()
      .rings('unrecorded')
      .sends([lapsePayment({ id: 'P1' })])
      .on(PaymentLapsed({}), payment)
      .sends([unapplyPaymentFromInvoice({ id: 'I1', paymentId: 'P1' }), unapplyPaymentFromInvoice({ id: 'I2', paymentId: 'P1' })]);
  });

  test('need nothing more once all were given back', () => {
    const back = (invoiceId: string) =>
      [PaymentUnapplied({ paymentId: 'P1', amount: money(1, usd), open: money(1, usd) }), { stream: `invoice-${invoiceId}` }] as const;
    holding()
      .on(...back('I1'))
      .on(...back('I2'))
      .finished();
  });
});
