import { describe, expect, test } from 'vitest';
import { chooseBillingTerms } from '../../src/commands/billing/billing-terms.ts';
import { BillingTermsChosen } from '../../src/domain/billing/billing-terms.ts';
import { dueDateOf } from '../../src/domain/invoicing.ts';
import { given } from '../kernel/scenario.ts';

describe('the last day for payment', () => {
  const due = (issueDate: string, paymentTermDays: number, termEndOfMonth = false) =>
    dueDateOf(issueDate, { paymentTermDays, termEndOfMonth });

  test('of net terms is so many days later', () => {
    expect([due('2026-01-31', 30), due('2026-03-02', 0), due('2028-02-28', 1)]).toEqual(['2026-03-02', '2026-03-02', '2028-02-29']);
  });

  /** Our own rule: terms to the end of the month count multiples of 30 days as months, so that February is not passed over. */
  test('of terms to the end of the month counts in months, also from the last day of a long one', () => {
    expect([due('2026-01-31', 30, true), due('2026-01-15', 30, true), due('2028-01-31', 30, true)]).toEqual([
      '2026-02-28',
      '2026-02-28',
      '2028-02-29',
    ]);
    expect([due('2026-03-31', 60, true), due('2026-12-01', 90, true), due('2026-04-30', 0, true)]).toEqual([
      '2026-05-31',
      '2027-03-31',
      '2026-04-30',
    ]);
  });

  test('of other terms to the end of the month is the end of the month the days lead to', () => {
    expect([due('2026-01-20', 10, true), due('2026-01-25', 10, true), due('2026-01-31', 45, true)]).toEqual([
      '2026-01-31',
      '2026-02-28',
      '2026-03-31',
    ]);
  });
});

describe('how an account is invoiced', () => {
  const known = { facts: { accountKnown: true } };
  const chosen = BillingTermsChosen({ invoiceMode: 'atAcceptance' });

  test('is said for it alone, kept where it is said again, and taken back', () => {
    given().when(chooseBillingTerms, { id: 'A1', invoiceMode: 'atAcceptance' }, known).thenEvents(chosen);
    given(chosen).when(chooseBillingTerms, { id: 'A1', invoiceMode: 'atAcceptance' }, known).thenNothing();
    given(chosen)
      .when(chooseBillingTerms, { id: 'A1', termEndOfMonth: true }, known)
      .thenEvents(BillingTermsChosen({ invoiceMode: 'atAcceptance', termEndOfMonth: true }));
    given(chosen).when(chooseBillingTerms, { id: 'A1', invoiceMode: null }, known).thenEvents(BillingTermsChosen({}));
  });

  test('cannot be said of an account that there is not', () =>
    given()
      .when(chooseBillingTerms, { id: 'A1', invoiceMode: 'manual' }, { facts: { accountKnown: false } })
      .thenInvalid('/id'));
});
