import { describe, expect, test } from 'vitest';
import { cancelInvoice, draftInvoice, draftOrderInvoice } from '../../src/commands/billing/invoice.ts';
import {
  completeInvoiceIssue,
  issueInvoice,
  markInvoiceOverdue,
  takeNumber,
  withdrawInvoiceIssue,
} from '../../src/commands/billing/issue.ts';
import { applyPaymentToInvoice, unapplyPaymentFromInvoice } from '../../src/commands/billing/payment.ts';
import {
  InvoiceBecameOverdue,
  InvoiceCancelled,
  InvoiceDrafted,
  InvoiceIssued,
  InvoiceIssueStarted,
  InvoiceIssueWithdrawn,
  PaymentApplied,
  PaymentUnapplied,
} from '../../src/domain/billing/invoice.ts';
import { NumberTaken } from '../../src/domain/billing/series.ts';
import { type DocumentLine, priced, totalsOf, USUAL } from '../../src/domain/document.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { type Currency, type Money, money } from '../../src/kernel/money.ts';
import { quantity } from '../../src/kernel/quantity.ts';
import { partsOf } from '../../src/runtime/personal/sealing.ts';
import { given } from '../kernel/scenario.ts';

const usd = 'USD' as Currency;
const decimal = (text: string) => text as Decimal;
const dollars = (minor: number) => money(minor, usd);

const chai: DocumentLine = priced(
  {
    line: 1,
    itemId: 'chai',
    sku: 'CHAI',
    description: 'Chai',
    uom: 'box',
    stocked: true,
    quantity: quantity(10_000),
    unitPrice: decimal('18'),
    discount: decimal('5'),
    taxPercent: decimal('10'),
    price: { level: 4, source: 'list', priceListId: 'usual' },
  },
  usd,
);
const lines = [chai];
const ron = 'RON' as Currency;
const found = { currency: usd, to: usd, on: '2026-03-02', rate: null, ageDays: null, usable: false };
const issuing = { closedThrough: null, seller: null, buyer: null, found, rateRequired: false };
const totals = totalsOf(lines, usd);
const order = { orderId: 'o1', accountId: 'acme', currency: usd, paymentTermDays: 30, lines };
const drafted = InvoiceDrafted({ ...order, totals });
const manual = InvoiceDrafted({ accountId: 'acme', currency: usd, paymentTermDays: 30, lines, totals });
const started = InvoiceIssueStarted({ series: 'INV', year: 2026, issueDate: '2026-03-02', dueDate: '2026-04-01' });
const issued = InvoiceIssued({
  number: 'INV-2026-000007',
  series: 'INV',
  sequence: 7,
  issueDate: '2026-03-02',
  dueDate: '2026-04-01',
  accountId: 'acme',
  orderId: 'o1',
  totals,
});
const complete = { id: 'o1~1', series: 'INV', year: 2026, sequence: 7 };
const wire = (amount: string, currency = 'USD') => ({ amount, currency });

describe('an invoice', () => {
  test('is drafted with the prices of its order, and only once', () => {
    expect(totals.gross).toEqual(dollars(188_10));
    given()
      .when(draftOrderInvoice, { id: 'o1~1', ...order })
      .thenEvents(drafted);
    given(drafted)
      .when(draftOrderInvoice, { id: 'o1~1', ...order })
      .thenNothing();
  });

  test('of a delivery is of its part of the order: what has been invoiced so far less what was before', () => {
    const share = (quantityOf: number, before: number) => ({ line: 1, quantity: quantity(quantityOf), before: quantity(before) });
    const wish = (id: string, part: ReturnType<typeof share>) => ({ id, deliveryId: id, ...order, parts: [part] });
    const gross = (id: string, part: ReturnType<typeof share>) =>
      given()
        .when(draftOrderInvoice, wish(id, part))
        .events()
        .map(({ data }) => (data as { totals: { net: Money } }).totals.net.minor);
    expect([gross('o1~1', share(3_000, 0)), gross('o1~2', share(3_000, 3_000)), gross('o1~3', share(4_000, 6_000))]).toEqual([
      [51_30],
      [51_30],
      [68_40],
    ]);
    const drafted = given()
      .when(draftOrderInvoice, wish('o1~2', share(3_000, 3_000)))
      .events();
    expect(drafted).toMatchObject([{ data: { orderId: 'o1', deliveryId: 'o1~2', lines: [{ quantity: 3_000, part: { of: 10_000 } }] } }]);
    given(...drafted)
      .when(draftOrderInvoice, wish('o1~2', share(3_000, 3_000)))
      .thenNothing();
  });

  test('is of no more than was ordered', () => {
    const parts = [{ line: 1, quantity: quantity(5_000), before: quantity(5_001) }];
    given()
      .when(draftOrderInvoice, { id: 'o1~1', ...order, parts })
      .thenRefuses('MoreThanOrdered');
  });

  test('is issued today and due by its payment term', () => {
    given(drafted).when(issueInvoice, { id: 'o1~1' }, { facts: issuing }).thenEvents(started);
    given(drafted, started).when(issueInvoice, { id: 'o1~1' }).thenNothing();
    given().when(issueInvoice, { id: 'nobody' }).thenRefuses('NotFound');
    given(manual, InvoiceCancelled({ reason: 'typo' }))
      .when(issueInvoice, { id: 'o1~1' })
      .thenRefuses('InvalidTransition');
  });

  test('is due at the end of a month where its terms say so', () => {
    const toMonthEnd = InvoiceDrafted({ ...order, termEndOfMonth: true, totals });
    expect(given(toMonthEnd).when(issueInvoice, { id: 'o1~1' }, { facts: issuing }).events()).toMatchObject([
      { data: { dueDate: '2026-04-30' } },
    ]);
  });

  test('freezes seller and buyer, the buyer sealed where it is a person', () => {
    const seller = { name: 'We', taxId: 'RO1' };
    const buyer = { party: { name: 'Ana Pop', address: { city: 'Cluj' } }, individual: true };
    given(drafted)
      .when(issueInvoice, { id: 'o1~1' }, { facts: { ...issuing, seller, buyer } })
      .thenEvents(InvoiceIssueStarted({ ...started.data, seller, buyer: buyer.party, individual: true }));
    const { data } = InvoiceIssueStarted({ ...started.data, buyer: buyer.party, individual: true });
    expect(partsOf(InvoiceIssueStarted, data, 'o1~1')).toEqual([{ person: 'o1~1', leaves: ['buyer.name', 'buyer.address.city'] }]);
    expect(partsOf(InvoiceIssueStarted, { ...data, individual: false }, 'o1~1')).toEqual([]);
  });

  /** Our own example: 188.10 USD at 4.5050 are 770.36 net and 77.04 tax in lei, rounded each. */
  test('in another currency freezes the rate of its day and what it comes to in the books (EN 16931, BT-111)', () => {
    const rate = { currency: usd, rate: decimal('4.505'), multiplier: 1, to: ron, day: '2026-02-27', source: 'bnr' as const };
    const banked = { ...found, to: ron, rate, ageDays: 3, usable: true };
    const lei = (minor: number) => money(minor, ron);
    const issue = (asked: object, facts: object) =>
      given(drafted).when(issueInvoice, { id: 'o1~1', ...asked }, { facts: { ...issuing, ...facts } });
    expect(issue({}, { found: banked }).events()).toMatchObject([
      { data: { exchange: { ...rate, net: lei(770_36), tax: lei(77_04), gross: lei(847_40) } } },
    ]);
    expect(issue({ rate: { rate: '4.6', reason: 'As agreed' } }, { found: banked }).events()).toMatchObject([
      { data: { exchange: { source: 'manual', reason: 'As agreed', day: '2026-03-02', net: lei(786_60) } } },
    ]);
    issue({}, { found: { ...found, to: ron }, rateRequired: true }).thenRefuses('NoExchangeRate');
    issue({}, { found: { ...found, to: ron } }).thenEvents(started);
  });

  test('is not issued into a closed period', () =>
    given(drafted)
      .when(issueInvoice, { id: 'o1~1' }, { facts: { ...issuing, closedThrough: '2026-03-02' } })
      .thenRefuses('PeriodClosed'));

  test('is overdue from the day after its last day for payment, said once while something is open', () => {
    const overdue = InvoiceBecameOverdue({ dueDate: '2026-04-01', open: dollars(188_10) });
    const on = (now: string, ...more: readonly DomainEvent[]) =>
      given(drafted, started, issued, ...more).when(markInvoiceOverdue, { id: 'o1~1' }, { now });
    on('2026-04-01T12:00:00.000Z').thenNothing();
    on('2026-04-02T00:00:00.000Z').thenEvents(overdue);
    on('2026-04-03T00:00:00.000Z', overdue).thenNothing();
    const paid = PaymentApplied({ paymentId: 'p1', amount: dollars(188_10), open: dollars(0) });
    on('2026-04-03T00:00:00.000Z', overdue, paid).thenNothing();
    const back = PaymentUnapplied({ paymentId: 'p1', amount: dollars(188_10), open: dollars(188_10) });
    on('2026-04-03T00:00:00.000Z', overdue, paid, back).thenEvents(overdue);
  });

  test('refuses nothing once its number is taken', () => {
    given(drafted, started).when(completeInvoiceIssue, complete).thenEvents(issued);
    given(drafted, started, issued).when(completeInvoiceIssue, complete).thenNothing();
  });

  test('becomes a draft again when its number is refused', () => {
    given(drafted, started)
      .when(withdrawInvoiceIssue, { id: 'o1~1', because: 'too early' })
      .thenEvents(InvoiceIssueWithdrawn({ because: 'too early' }));
    given(drafted, started, issued).when(withdrawInvoiceIssue, { id: 'o1~1', because: 'too early' }).thenNothing();
    given(drafted, started, InvoiceIssueWithdrawn({ because: 'too early' }))
      .when(issueInvoice, { id: 'o1~1' }, { facts: issuing })
      .thenEvents(started);
  });

  test('cannot be cancelled once it is being issued, nor when its goods are shipped', () => {
    given(manual)
      .when(cancelInvoice, { id: 'i', reason: 'typo' })
      .thenEvents(InvoiceCancelled({ reason: 'typo' }));
    given(manual, started).when(cancelInvoice, { id: 'i', reason: 'typo' }).thenRefuses('DocumentLocked');
    given(manual, started, issued).when(cancelInvoice, { id: 'i', reason: 'typo' }).thenRefuses('DocumentLocked');
    given(drafted).when(cancelInvoice, { id: 'i', reason: 'typo' }).thenRefuses('DocumentLocked');
  });
});

describe('an invoice by hand', () => {
  const wish = { accountId: 'acme', lines: [{ itemId: 'chai', quantity: '10', unitPrice: '18', discount: '5' }] };
  const items = new Map([['chai', { sku: 'CHAI', name: 'Chai', uom: 'box', stocked: true, taxPercent: decimal('10') }]]);
  const invoicing = { invoiceMode: 'manual' as const, termEndOfMonth: false, reckoning: USUAL };
  const facts = { account: { id: 'acme', currency: usd, paymentTermDays: 14 }, invoicing, items };
  const byHand = { ...chai, price: { level: 0, source: 'hand', reason: 'Invoiced by hand' } } as const;

  test('takes currency and terms from the account, tax from the item', () =>
    given()
      .when(draftInvoice, wish, { facts })
      .thenEvents(
        InvoiceDrafted({ accountId: 'acme', currency: usd, paymentTermDays: 14, termEndOfMonth: false, lines: [byHand], totals }),
      ));

  test('names an account and items that exist', () => {
    given()
      .when(draftInvoice, wish, { facts: { ...facts, account: null } })
      .thenRefuses('Validation');
    given()
      .when(draftInvoice, wish, { facts: { ...facts, items: new Map() } })
      .thenRefuses('Validation');
  });

  test('may be at prices that include tax, whatever the company usually does', () =>
    expect(
      given()
        .when(draftInvoice, { ...wish, pricesIncludeTax: true }, { facts })
        .events(),
    ).toMatchObject([{ data: { totals: { gross: dollars(171_00), net: dollars(155_45), reckoning: { pricesIncludeTax: true } } } }]));

  test('takes a discount off the whole, at most all of it, in its own currency', () => {
    const discounted = (discount: object) => given().when(draftInvoice, { ...wish, discount } as never, { facts });
    expect(discounted({ percent: '10' }).events()).toMatchObject([
      { data: { lines: [{ net: dollars(171_00), allowance: dollars(17_10) }], totals: { net: dollars(153_90), gross: dollars(169_29) } } },
    ]);
    expect(discounted({ amount: wire('171.00') }).events()).toMatchObject([{ data: { totals: { gross: dollars(0) } } }]);
    discounted({ amount: wire('171.01') }).thenInvalid('/discount/amount');
    discounted({ amount: wire('-1.00') }).thenInvalid('/discount/amount');
    discounted({ amount: wire('1.00', 'EUR') }).thenRefuses('CurrencyMismatch');
  });

  test('stays within what can be counted exactly', () =>
    given()
      .when(draftInvoice, { ...wish, lines: [{ itemId: 'chai', quantity: '999999999', unitPrice: '999999999999' }] }, { facts })
      .thenRefuses('AmountTooLarge'));
});

describe('a number series', () => {
  const first = { series: 'INV', year: 2026, documentId: 'a', issueDate: '2026-03-02' };
  const taken = NumberTaken({ ...first, sequence: 1 });

  test('counts without gaps', () => {
    given().when(takeNumber, first).thenEvents(taken);
    given(taken)
      .when(takeNumber, { ...first, documentId: 'b' })
      .thenEvents(NumberTaken({ ...first, documentId: 'b', sequence: 2 }));
  });

  test('gives a document one number, however often it asks', () => given(taken).when(takeNumber, first).thenNothing());

  test('numbers one kind of documents', () => {
    const note = { ...first, kind: 'creditNote' as const, documentId: 'c' };
    given(taken).when(takeNumber, note).thenRefuses('SeriesMismatch');
    given(NumberTaken({ ...note, sequence: 1 }))
      .when(takeNumber, first)
      .thenRefuses('SeriesMismatch');
  });

  test('never goes back in time', () =>
    given(taken)
      .when(takeNumber, { ...first, documentId: 'b', issueDate: '2026-03-01' })
      .thenRefuses('IssueDateTooEarly'));

  test('remembers enough documents for any crash, and no more', () => {
    const history = Array.from({ length: 1_000 }, (_, index) => NumberTaken({ ...first, documentId: `d${index}`, sequence: index + 1 }));
    given(...history)
      .when(takeNumber, { ...first, documentId: 'd701' })
      .thenNothing();
    given(...history)
      .when(takeNumber, { ...first, documentId: 'new' })
      .thenEvents(NumberTaken({ ...first, documentId: 'new', sequence: 1_001 }));
  });
});

describe('a payment on an invoice', () => {
  const pay = (amount: string, currency?: string) => ({ id: 'o1~1', paymentId: 'p1', accountId: 'acme', amount: wire(amount, currency) });
  const partly = PaymentApplied({ paymentId: 'p1', amount: dollars(100_00), open: dollars(88_10) });

  test('lowers what is open', () => {
    given(drafted, started, issued).when(applyPaymentToInvoice, pay('100.00')).thenEvents(partly);
    given(drafted, started, issued, partly).when(applyPaymentToInvoice, pay('100.00')).thenNothing();
  });

  test('never exceeds what is open', () => {
    given(drafted, started, issued).when(applyPaymentToInvoice, pay('188.11')).thenRefuses('PaymentExceedsBalance');
    given(drafted, started, issued, partly)
      .when(applyPaymentToInvoice, { ...pay('88.11'), paymentId: 'p2' })
      .thenRefuses('PaymentExceedsBalance');
  });

  test('is in the invoice’s currency, and for issued invoices only', () => {
    given(drafted, started, issued).when(applyPaymentToInvoice, pay('1.00', 'EUR')).thenRefuses('CurrencyMismatch');
    given(drafted).when(applyPaymentToInvoice, pay('1.00')).thenRefuses('InvalidTransition');
    given().when(applyPaymentToInvoice, pay('1.00')).thenRefuses('NotFound');
  });

  test('comes from the account that owes it', () =>
    given(drafted, started, issued)
      .when(applyPaymentToInvoice, { ...pay('1.00'), accountId: 'another' })
      .thenRefuses('AccountMismatch'));

  test('can be taken back whole, once', () => {
    given(drafted, started, issued, partly)
      .when(unapplyPaymentFromInvoice, { id: 'o1~1', paymentId: 'p1' })
      .thenEvents(PaymentUnapplied({ paymentId: 'p1', amount: dollars(100_00), open: dollars(188_10), dueDate: '2026-04-01' }));
    given(drafted, started, issued).when(unapplyPaymentFromInvoice, { id: 'o1~1', paymentId: 'p1' }).thenNothing();
  });
});
