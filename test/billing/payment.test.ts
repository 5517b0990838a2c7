import { describe, expect, test } from 'vitest';
import {
  allocatePayment,
  applyPaymentToInvoice,
  lapsePayment,
  lapsePaymentAllocation,
  recordPayment,
  refundPayment,
  reversePayment,
  unapplyPaymentFromInvoice,
} from '../../src/commands/billing/payment.ts';
import {
  PaymentAllocated,
  PaymentAllocationLapsed,
  PaymentLapsed,
  PaymentRecorded,
  PaymentRefunded,
  PaymentReversed,
  type RecordingFacts,
} from '../../src/domain/billing/payment.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { type Currency, money } from '../../src/kernel/money.ts';
import { given } from '../kernel/scenario.ts';

const dollars = (minor: number) => money(minor, 'USD' as Currency);
const wire = (amount: string, currency = 'USD') => ({ amount, currency });
const told: RecordingFacts = { closedThrough: null, overpaymentToCredit: false, open: new Map() };
const facts = { facts: told };

const allocation = (invoiceId: string, amount: string) => ({ invoiceId, amount: wire(amount) });
const wish = { accountId: 'acme', amount: wire('30.00'), allocations: [allocation('i1', '10.00'), allocation('i2', '20.00')] };
const parts = [
  { invoiceId: 'i1', amount: dollars(10_00) },
  { invoiceId: 'i2', amount: dollars(20_00) },
];
const of = (amount: number, allocations = parts) =>
  PaymentRecorded({ accountId: 'acme', amount: dollars(amount), receivedOn: '2026-03-02', method: 'bank', allocations });
const recorded = of(30_00);
/** Twelve of it are credit. */
const advance = of(42_00);

describe('recording a payment', () => {
  test('sets every part against its invoice first', () => {
    const verdict = given().when(recordPayment, wish, { ...facts, entityId: 'p1' });
    verdict.thenEvents(recorded);
    verdict.thenHolds(
      {
        take: applyPaymentToInvoice({ id: 'i1', paymentId: 'p1', accountId: 'acme', amount: wire('10.00') }),
        release: unapplyPaymentFromInvoice({ id: 'i1', paymentId: 'p1' }),
      },
      {
        take: applyPaymentToInvoice({ id: 'i2', paymentId: 'p1', accountId: 'acme', amount: wire('20.00') }),
        release: unapplyPaymentFromInvoice({ id: 'i2', paymentId: 'p1' }),
      },
    );
  });

  test('leaves what its parts do not use as credit, be it all', () => {
    given()
      .when(recordPayment, { ...wish, amount: wire('42.00') }, facts)
      .thenEvents(advance);
    given()
      .when(recordPayment, { accountId: 'acme', amount: wire('42.00') }, facts)
      .thenEvents(of(42_00, []));
  });

  test('wants parts that are no more than the whole, one for each invoice, in one currency', () => {
    const refused = (changes: object) => given().when(recordPayment, { ...wish, ...changes }, facts);
    refused({ amount: wire('29.99') }).thenInvalid('/allocations');
    refused({ allocations: [allocation('i1', '10.00'), allocation('i1', '20.00')] }).thenInvalid('/allocations');
    refused({ allocations: [allocation('i1', '40.00'), allocation('i2', '-10.00')] }).thenInvalid('/allocations/1/amount');
    refused({ amount: wire('0.00'), allocations: [] }).thenInvalid('/amount');
    refused({ amount: wire('30.00', 'EUR') }).thenRefuses('CurrencyMismatch');
  });

  test('beyond what is open makes it credit where the company has it so', () => {
    const generous = {
      facts: {
        ...told,
        overpaymentToCredit: true,
        open: new Map([
          ['i1', 4_00],
          ['i2', 0],
        ]),
      },
    };
    given()
      .when(recordPayment, wish, generous)
      .thenEvents(of(30_00, [{ invoiceId: 'i1', amount: dollars(4_00) }]));
  });

  test('refuses money that has not come yet, and days that are closed', () => {
    given()
      .when(recordPayment, { ...wish, receivedOn: '2026-03-03' }, facts)
      .thenInvalid('/receivedOn');
    const closed = { facts: { ...told, closedThrough: '2026-02-28' } };
    given()
      .when(recordPayment, { ...wish, receivedOn: '2026-02-28' }, closed)
      .thenRefuses('PeriodClosed');
    given()
      .when(recordPayment, { ...wish, receivedOn: '2026-03-01' }, closed)
      .events();
  });

  test('is not possible any more once it was given up', () => {
    given().when(lapsePayment, { id: 'p1' }).thenEvents(PaymentLapsed({}));
    given(PaymentLapsed({})).when(recordPayment, wish, facts).thenRefuses('PaymentLapsed');
    given(recorded).when(lapsePayment, { id: 'p1' }).thenNothing();
  });
});

describe('credit left of a payment', () => {
  const ask = { id: 'p1', invoiceId: 'i3', amount: wire('5.00') };
  const allocationId = 'p1~p1.allocation';
  const allocated = PaymentAllocated({
    allocationId,
    accountId: 'acme',
    invoiceId: 'i3',
    amount: dollars(5_00),
    unallocated: dollars(7_00),
    allocatedOn: '2026-03-02',
  });

  test('is set against an invoice later, which is held first', () => {
    const verdict = given(advance).when(allocatePayment, ask, facts);
    verdict.thenEvents(allocated);
    verdict.thenHolds({
      take: applyPaymentToInvoice({ id: 'i3', paymentId: 'p1', allocationId, accountId: 'acme', amount: wire('5.00') }),
      release: unapplyPaymentFromInvoice({ id: 'i3', paymentId: 'p1', allocationId }),
    });
    given(advance, allocated).when(allocatePayment, ask, facts).thenNothing();
  });

  test('is no more than there is, in its currency, of a payment that stands', () => {
    const refused = (amount: object, ...history: readonly DomainEvent[]) =>
      given(...history).when(allocatePayment, { ...ask, amount } as typeof ask, facts);
    refused(wire('12.01'), advance).thenRefuses('CreditExceeded');
    refused(wire('0.01'), recorded).thenRefuses('CreditExceeded');
    refused(wire('1.00', 'EUR'), advance).thenRefuses('CurrencyMismatch');
    refused(wire('0.00'), advance).thenInvalid('/amount');
    refused(wire('1.00')).thenRefuses('NotFound');
  });

  test('cannot be used by an allocation that was given up', () => {
    const lapsed = PaymentAllocationLapsed({ allocationId });
    given(advance).when(lapsePaymentAllocation, { id: 'p1', allocationId }).thenEvents(lapsed);
    given(advance, lapsed).when(allocatePayment, ask, facts).thenRefuses('AllocationLapsed');
    given(advance, allocated).when(lapsePaymentAllocation, { id: 'p1', allocationId }).thenNothing();
  });

  test('is paid back, once, on a day that has come and is open', () => {
    const back = (changes: object = {}, facts_ = facts) =>
      given(advance).when(refundPayment, { id: 'p1', amount: wire('12.00'), ...changes }, facts_);
    back().thenEvents(
      PaymentRefunded({ accountId: 'acme', amount: dollars(12_00), unallocated: dollars(0), refundedOn: '2026-03-02', method: 'bank' }),
    );
    back({ amount: wire('12.01') }).thenRefuses('CreditExceeded');
    back({ refundedOn: '2026-03-03' }).thenInvalid('/refundedOn');
    back({}, { facts: { ...told, closedThrough: '2026-03-02' } }).thenRefuses('PeriodClosed');
  });

  test('goes back with everything else when the payment is reversed, and then nothing is left to use', () => {
    const reversed = PaymentReversed({
      accountId: 'acme',
      amount: dollars(42_00),
      reversedOn: '2026-03-02',
      reason: 'Bounced',
      allocations: [...parts, { invoiceId: 'i3', amount: dollars(5_00), allocationId }],
    });
    const wanted = { id: 'p1', reason: 'Bounced' };
    given(advance, allocated).when(reversePayment, wanted, facts).thenEvents(reversed);
    expect(reversePayment.follows?.([reversed], 'p1')).toEqual([
      unapplyPaymentFromInvoice({ id: 'i1', paymentId: 'p1' }),
      unapplyPaymentFromInvoice({ id: 'i2', paymentId: 'p1' }),
      unapplyPaymentFromInvoice({ id: 'i3', paymentId: 'p1', allocationId }),
    ]);
    given(advance, allocated, reversed).when(reversePayment, wanted, facts).thenNothing();
    given(advance, allocated, reversed)
      .when(allocatePayment, { ...ask, invoiceId: 'i4' }, facts)
      .thenRefuses('InvalidTransition');
    given().when(reversePayment, wanted, facts).thenRefuses('NotFound');
    given(advance)
      .when(reversePayment, wanted, { facts: { ...told, closedThrough: '2026-03-02' } })
      .thenRefuses('PeriodClosed');
  });

  test('that was paid back shows that the payment did come', () => {
    const refunded = PaymentRefunded({
      accountId: 'acme',
      amount: dollars(2_00),
      unallocated: dollars(10_00),
      refundedOn: '2026-03-02',
      method: 'bank',
    });
    given(advance, refunded).when(reversePayment, { id: 'p1', reason: 'Bounced' }, facts).thenRefuses('PaymentRefunded');
  });
});
