import { describe, test } from 'vitest';
import {
  lapseCreditAllocation,
  startCreditNote,
  unapplyCreditFromInvoice,
  withdrawCreditNoteIssue,
  withdrawInvoiceCredit,
} from '../../src/commands/billing/credit-note.ts';
import {
  completeCreditNoteIssue,
  completeInvoiceIssue,
  markInvoiceOverdue,
  takeNumber,
  withdrawInvoiceIssue,
} from '../../src/commands/billing/issue.ts';
import { lapsePayment, lapsePaymentAllocation, unapplyPaymentFromInvoice } from '../../src/commands/billing/payment.ts';
import {
  CreditAllocated,
  CreditAllocationLapsed,
  CreditNoteIssued,
  CreditNoteIssueStarted,
  CreditNoteIssueWithdrawn,
  CreditNoteVoided,
} from '../../src/domain/billing/credit-note.ts';
import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../src/domain/billing/crediting.ts';
import {
  CreditApplied,
  CreditUnapplied,
  InvoiceBecameOverdue,
  InvoiceIssued,
  InvoiceIssueStarted,
  InvoiceIssueWithdrawn,
  PaymentApplied,
  PaymentUnapplied,
} from '../../src/domain/billing/invoice.ts';
import {
  PaymentAllocated,
  PaymentAllocationLapsed,
  PaymentLapsed,
  PaymentRecorded,
  PaymentReversed,
} from '../../src/domain/billing/payment.ts';
import { NumberTaken } from '../../src/domain/billing/series.ts';
import { type Currency, money, zero } from '../../src/kernel/money.ts';
import { creditNote } from '../../src/sagas/billing/credit-note.ts';
import { invoiceIssue } from '../../src/sagas/billing/invoice-issue.ts';
import { invoiceOverdue } from '../../src/sagas/billing/invoice-overdue.ts';
import { paymentHolds } from '../../src/sagas/billing/payment-holds.ts';
import { paymentReversal } from '../../src/sagas/billing/payment-reversal.ts';
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

describe('an allocation that was cut off', () => {
  const later = { paymentId: 'P1', allocationId: 'P1~A', amount: money(1, usd), open: zero(usd) };
  const credit = { creditNoteId: 'C1', allocationId: 'C1~A', amount: money(1, usd), open: zero(usd) };

  test('of a payment is given up alone, and its invoice is open again', () => {
    givenSaga(paymentHolds)
      .on(PaymentApplied(later), { stream: 'invoice-I1' })
      .begins('P1~A')
      .wakes('unrecorded', 'PT10M')
      .rings('unrecorded')
      .sends([lapsePaymentAllocation({ id: 'P1', allocationId: 'P1~A' })])
      .on(PaymentAllocationLapsed({ allocationId: 'P1~A' }), { stream: 'payment-P1' })
      .sends([unapplyPaymentFromInvoice({ id: 'I1', paymentId: 'P1', allocationId: 'P1~A' })])
      .on(PaymentUnapplied({ ...later, open: money(1, usd) }), { stream: 'invoice-I1' })
      .finished();
  });

  test('of a credit note too', () => {
    givenSaga(paymentHolds)
      .on(CreditApplied(credit), { stream: 'invoice-I1' })
      .rings('unrecorded')
      .sends([lapseCreditAllocation({ id: 'C1', allocationId: 'C1~A' })])
      .on(CreditAllocationLapsed({ allocationId: 'C1~A' }), { stream: 'creditNote-C1' })
      .sends([unapplyCreditFromInvoice({ id: 'I1', creditNoteId: 'C1', allocationId: 'C1~A' })])
      .on(CreditUnapplied({ ...credit, open: money(1, usd), dueDate: '2026-04-01' }), { stream: 'invoice-I1' })
      .finished();
  });

  test('is none once it is recorded', () => {
    const recorded = { accountId: 'A1', invoiceId: 'I1', amount: money(1, usd), allocatedOn: '2026-03-02' };
    givenSaga(paymentHolds)
      .on(PaymentApplied(later), { stream: 'invoice-I1' })
      .on(PaymentAllocated({ ...recorded, allocationId: 'P1~A', unallocated: zero(usd) }), { stream: 'payment-P1' })
      .finished();
    givenSaga(paymentHolds)
      .on(CreditApplied(credit), { stream: 'invoice-I1' })
      .on(CreditAllocated({ ...recorded, allocationId: 'C1~A', open: zero(usd) }), { stream: 'creditNote-C1' })
      .finished();
  });
});

describe('a reversed payment', () => {
  const taken = [
    { invoiceId: 'I1', amount: money(1, usd) },
    { invoiceId: 'I2', amount: money(2, usd), allocationId: 'P1~A' },
  ];
  const reversed = (allocations: typeof taken) =>
    PaymentReversed({ accountId: 'A1', amount: money(3, usd), reversedOn: '2026-03-02', reason: 'Bounced', allocations });

  test('is taken back from every invoice, and done when all are open again', () => {
    givenSaga(paymentReversal)
      .on(reversed(taken), { stream: 'payment-P1' })
      .sends([
        unapplyPaymentFromInvoice({ id: 'I1', paymentId: 'P1' }),
        unapplyPaymentFromInvoice({ id: 'I2', paymentId: 'P1', allocationId: 'P1~A' }),
      ])
      .on(PaymentUnapplied({ paymentId: 'P1', amount: money(1, usd), open: money(1, usd) }), { stream: 'invoice-I1' })
      .waitsFor({ record: { category: 'payment', id: 'P1' } })
      .on(PaymentUnapplied({ paymentId: 'P1', allocationId: 'P1~A', amount: money(2, usd), open: money(2, usd) }), { stream: 'invoice-I2' })
      .finished();
  });

  test('that no invoice had leaves nothing to do', () => {
    givenSaga(paymentReversal).on(reversed([]), { stream: 'payment-P1' }).begins();
  });
});

describe('the last day for payment', () => {
  const invoice = { stream: 'invoice-I1', occurredAt: '2026-03-02T09:00:00.000Z', recordedAt: '2026-03-02T09:00:00.000Z' };
  const open = { amount: money(1, usd), open: money(1, usd) };
  const issued = InvoiceIssued({
    number: 'INV-2026-000007',
    series: 'INV',
    sequence: 7,
    issueDate: '2026-03-02',
    dueDate: '2026-04-01',
    accountId: 'A1',
    totals: { net: zero(usd), taxes: [], gross: zero(usd) },
  });
  const waiting = () => givenSaga(invoiceOverdue).on(issued, invoice);

  test('over, an invoice is said to be overdue by the clock, on the day after it', () => {
    waiting()
      .wakes('due', 'P31DT2H')
      .rings('due')
      .sends([markInvoiceOverdue({ id: 'I1' })])
      .on(InvoiceBecameOverdue({ dueDate: '2026-04-01', open: money(1, usd) }), invoice)
      .begins();
  });

  test('does not matter to what is paid, credited or settled by credit before', () => {
    const paid = { ...open, open: zero(usd) };
    waiting()
      .on(PaymentApplied({ paymentId: 'P1', ...paid }), invoice)
      .begins();
    waiting()
      .on(CreditApplied({ creditNoteId: 'C1', allocationId: 'C1~A', ...paid }), invoice)
      .begins();
    waiting()
      .on(PaymentApplied({ paymentId: 'P1', ...open }), invoice)
      .waitsFor({ movedBy: { command: 'RecordPayment', permission: 'billing:pay' } });
  });

  test('counts again once a payment is taken back, at once where it is over', () => {
    givenSaga(invoiceOverdue)
      .on(PaymentUnapplied({ paymentId: 'P1', ...open, dueDate: '2026-03-10' }), invoice)
      .wakes('due', 'P9DT2H');
    givenSaga(invoiceOverdue)
      .on(CreditUnapplied({ creditNoteId: 'C1', allocationId: 'C1~A', ...open, dueDate: '2026-02-10' }), invoice)
      .wakes('due', 'P0DT2H');
  });
});

describe('a credit note that was asked for', () => {
  const amounts = { lines: [], totals: { net: zero(usd), taxes: [], gross: zero(usd) }, applied: zero(usd) };
  const said = {
    accountId: 'A1',
    invoiceNumber: 'INV-2026-000007',
    reason: 'Broken',
    series: 'CN',
    currency: usd,
    cancels: false,
    ...amounts,
  };
  const date = { series: 'CN', year: 2026, issueDate: '2026-03-02' };
  const note = { stream: 'creditNote-C1' };
  const wanted = () =>
    givenSaga(creditNote).on(CreditNoteRequested({ ...said, creditNoteId: 'C1', open: zero(usd) }), { stream: 'invoice-I1' });
  const begun = () => wanted().on(CreditNoteIssueStarted({ ...said, invoiceId: 'I1', ...date }), note);

  test('is written, numbered and issued, whoever died in between', () => {
    wanted().sends([startCreditNote({ ...said, id: 'C1', invoiceId: 'I1' })]);
    begun()
      .sends([takeNumber({ kind: 'creditNote', ...date, documentId: 'C1' })])
      .on(NumberTaken({ kind: 'creditNote', ...date, documentId: 'C1', sequence: 1 }), { stream: 'series-CN~2026' })
      .sends([completeCreditNoteIssue({ id: 'C1', series: 'CN', year: 2026, sequence: 1 })])
      .on(
        CreditNoteIssued({
          number: 'CN-2026-000001',
          series: 'CN',
          sequence: 1,
          issueDate: '2026-03-02',
          accountId: 'A1',
          invoiceId: 'I1',
          totals: amounts.totals,
          applied: zero(usd),
          open: zero(usd),
        }),
        note,
      )
      .begins();
  });

  test('is withdrawn when its number is refused, and its invoice can be credited anew', () => {
    begun()
      .refused(takeNumber, 'IssueDateTooEarly', 'A later date was issued.')
      .sends([withdrawCreditNoteIssue({ id: 'C1', because: 'A later date was issued.' })])
      .on(CreditNoteIssueWithdrawn({ because: 'A later date was issued.' }), note)
      .sends([withdrawInvoiceCredit({ id: 'I1', creditNoteId: 'C1' })])
      .on(CreditNoteRequestWithdrawn({ creditNoteId: 'C1', open: zero(usd) }), { stream: 'invoice-I1' })
      .begins();
  });

  test('and is void later gives its invoice back what it took', () => {
    givenSaga(creditNote)
      .on(CreditNoteVoided({ accountId: 'A1', invoiceId: 'I1', amount: money(1, usd), voidedOn: '2026-03-02', reason: 'Typo' }), note)
      .sends([withdrawInvoiceCredit({ id: 'I1', creditNoteId: 'C1' })]);
  });

  test('leaves the numbers of invoices to their own process, and theirs to it', () => {
    givenSaga(creditNote)
      .on(NumberTaken({ ...date, documentId: 'I1', sequence: 1 }))
      .begins();
    givenSaga(invoiceIssue)
      .on(NumberTaken({ kind: 'creditNote', ...date, documentId: 'C1', sequence: 1 }))
      .begins();
  });
});
