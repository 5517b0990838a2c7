import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allocateCredit,
  applyCreditToInvoice,
  creditInvoice,
  creditReturn,
  lapseCreditAllocation,
  refundCredit,
  reverseInvoice,
  startCreditNote,
  unapplyCreditFromInvoice,
  voidCreditNote,
  withdrawCreditNoteIssue,
  withdrawInvoiceCredit,
} from '../../src/commands/billing/credit-note.ts';
import { completeCreditNoteIssue, takeNumber } from '../../src/commands/billing/issue.ts';
import {
  CreditAllocated,
  CreditAllocationLapsed,
  CreditNoteIssued,
  CreditNoteIssueStarted,
  CreditNoteIssueWithdrawn,
  CreditNoteVoided,
  CreditRefunded,
} from '../../src/domain/billing/credit-note.ts';
import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../src/domain/billing/crediting.ts';
import {
  CreditApplied,
  CreditUnapplied,
  InvoiceDrafted,
  InvoiceIssued,
  InvoiceIssueStarted,
  PaymentApplied,
} from '../../src/domain/billing/invoice.ts';
import { payableOf, type Reckoning, USUAL } from '../../src/domain/document.ts';
import { type BareLine, type Discount, type Document, reckoned } from '../../src/domain/reckoning.ts';
import { creditLimits } from '../../src/invariants/billing/credit-notes.ts';
import type { Decimal } from '../../src/kernel/decimal.ts';
import type { DataOf, DomainEvent } from '../../src/kernel/event.ts';
import { type Currency, money } from '../../src/kernel/money.ts';
import { quantity, quantityText } from '../../src/kernel/quantity.ts';
import { given } from '../kernel/scenario.ts';

const usd = 'USD' as Currency;
const dollars = (minor: number) => money(minor, usd);
const wire = (amount: string, currency = 'USD') => ({ amount, currency });
const facts = { facts: { closedThrough: null } };

const bare = (line: number, pieces: number, unitPrice: string, taxPercent = '19'): BareLine => ({
  line,
  itemId: `i${line}`,
  sku: 's',
  description: 'd',
  uom: 'piece',
  stocked: true,
  quantity: quantity(pieces * 1_000),
  unitPrice: unitPrice as Decimal,
  discount: '0' as Decimal,
  taxPercent: taxPercent as Decimal,
  price: { level: 5, source: 'standard' },
});

const issuedOf = ({ lines, totals }: Document): readonly DomainEvent[] => {
  const dates = { series: 'INV', issueDate: '2026-03-02', dueDate: '2026-04-01' };
  return [
    InvoiceDrafted({ accountId: 'acme', orderId: 'o1', currency: usd, paymentTermDays: 30, lines, totals }),
    InvoiceIssueStarted({ ...dates, year: 2026 }),
    InvoiceIssued({ ...dates, number: 'INV-2026-000007', sequence: 7, accountId: 'acme', orderId: 'o1', totals }),
  ];
};

/** Three pieces for 30.00 and one for 10.00, at 19 %: 47.60 in all. */
const issued = issuedOf(reckoned([bare(1, 3, '10'), bare(2, 1, '10')], usd));
const ask = { id: 'inv', reason: 'Broken' };
const one = { ...ask, lines: [{ line: 1, quantity: '1' }] };

type Requested = DataOf<typeof CreditNoteRequested>;
const requested = (events: readonly DomainEvent[]) => events[0]?.data as Requested;

describe('crediting an invoice', () => {
  test('takes back a part of a line with its tax, and sets it against the invoice', () => {
    const { lines, totals, ...rest } = requested(
      given(...issued)
        .when(creditInvoice, one, facts)
        .events(),
    );
    expect(lines).toMatchObject([{ line: 1, quantity: 1_000, net: dollars(10_00) }]);
    expect(totals).toMatchObject({ net: dollars(10_00), gross: dollars(11_90) });
    expect(rest).toMatchObject({
      invoiceNumber: 'INV-2026-000007',
      orderId: 'o1',
      series: 'CN',
      applied: dollars(11_90),
      open: dollars(35_70),
    });
  });

  test('may keep it as the client’s credit, as does what the invoice has been paid', () => {
    expect(
      requested(
        given(...issued)
          .when(creditInvoice, { ...one, keep: true }, facts)
          .events(),
      ),
    ).toMatchObject({
      applied: dollars(0),
      open: dollars(47_60),
    });
    const paid = PaymentApplied({ paymentId: 'p1', amount: dollars(40_00), open: dollars(7_60) });
    expect(
      requested(
        given(...issued, paid)
          .when(creditInvoice, one, facts)
          .events(),
      ),
    ).toMatchObject({
      applied: dollars(7_60),
      open: dollars(0),
    });
  });

  test('gives back no more than was invoiced and not credited yet', () => {
    const first = given(...issued)
      .when(creditInvoice, { ...ask, lines: [{ line: 1, quantity: '2' }] }, facts)
      .events();
    const again = (lines: object) =>
      given(...issued, ...first).when(creditInvoice, { ...ask, ...lines } as typeof one, { ...facts, entityId: 'inv2' });
    const refusal = again({ lines: [{ line: 1, quantity: '1.001' }] }).refusal();
    expect(refusal).toMatchObject({ refused: 'CreditExceedsInvoice', details: { line: 1, left: '1' } });
    again({ lines: [{ line: 3, quantity: '1' }] }).thenRefuses('CreditExceedsInvoice');
    again({
      lines: [
        { line: 1, quantity: '1' },
        { line: 1, quantity: '1' },
      ],
    }).thenInvalid('/lines');
    const rest = requested(again({}).events());
    expect(rest.lines.map(({ line, quantity: left }) => [line, left])).toEqual([
      [1, 1_000],
      [2, 1_000],
    ]);
    given(...issued, ...first, CreditNoteRequested({ ...rest, creditNoteId: 'rest' }))
      .when(creditInvoice, { ...ask }, { ...facts, entityId: 'inv3' })
      .thenRefuses('CreditExceedsInvoice');
  });

  test('is of issued invoices, on days that are open', () => {
    given(issued[0] as DomainEvent)
      .when(creditInvoice, one, facts)
      .thenRefuses('InvalidTransition');
    given().when(creditInvoice, one, facts).thenRefuses('NotFound');
    given(...issued)
      .when(creditInvoice, one, { facts: { closedThrough: '2026-03-02' } })
      .thenRefuses('PeriodClosed');
  });

  test('for a return is done once, however often it is asked', () => {
    const wish = { ...one, returnId: 'r1', creditNoteId: 'r1', lines: [{ line: 1, quantity: '1' }] };
    const events = given(...issued)
      .when(creditReturn, wish, facts)
      .events();
    expect(requested(events)).toMatchObject({ creditNoteId: 'r1', returnId: 'r1' });
    given(...issued, ...events)
      .when(creditReturn, wish, facts)
      .thenNothing();
  });

  /** Our own example: a third of 10.00 at 19 % is 3.33 and bears 0.63; the last takes 3.34 and 0.63, and one cent as its rounding. */
  test('in parts gives back the invoice to the cent: the last bears what is left as its rounding (EN 16931, BT-114)', () => {
    const thirds = issuedOf(reckoned([bare(1, 3, '3.333333')], usd));
    const history = [...thirds];
    const payable: number[] = [];
    for (const part of ['a', 'b', 'c']) {
      const events = given(...history)
        .when(creditReturn, { ...one, returnId: part, creditNoteId: part }, facts)
        .events();
      history.push(...events);
      payable.push(payableOf(requested(events).totals).minor);
    }
    expect(payable).toEqual([3_96, 3_97, 3_97]);
    expect(payable.reduce((all, each) => all + each)).toBe(11_90);
  });

  test('in any parts, some withdrawn on the way, adds up to the invoice', () => {
    const line = fc.record({
      pieces: fc.integer({ min: 1, max: 20 }),
      price: fc.integer({ min: 0, max: 10_000_000 }),
      rate: fc.constantFrom('0', '9', '19'),
    });
    const how = fc.record({ taxRounding: fc.constantFrom('document' as const, 'line' as const), pricesIncludeTax: fc.boolean() });
    const cuts = fc.array(fc.record({ line: fc.nat(), share: fc.integer({ min: 1, max: 1_000 }), withdrawn: fc.boolean() }), {
      maxLength: 8,
    });
    const off = fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), how, off, cuts, (drawn, reckoning, percent, parts) =>
        creditedWhole(drawn, reckoning, percent, parts),
      ),
    );
  });

  test('of everything cancels an invoice that nobody has paid, once', () => {
    const events = given(...issued)
      .when(reverseInvoice, ask, facts)
      .events();
    expect(requested(events)).toMatchObject({ cancels: true, applied: dollars(47_60), open: dollars(0) });
    given(...issued, ...events)
      .when(reverseInvoice, ask, facts)
      .thenNothing();
    const paid = PaymentApplied({ paymentId: 'p1', amount: dollars(1), open: dollars(47_59) });
    given(...issued, paid)
      .when(reverseInvoice, ask, facts)
      .thenRefuses('InvoiceSettled');
    given(
      ...issued,
      ...given(...issued)
        .when(creditInvoice, one, facts)
        .events(),
    )
      .when(reverseInvoice, ask, facts)
      .thenRefuses('InvoiceSettled');
  });

  test('is taken back when no credit note came of it', () => {
    const events = given(...issued)
      .when(creditInvoice, one, facts)
      .events();
    const { creditNoteId } = requested(events);
    const withdrawn = CreditNoteRequestWithdrawn({ creditNoteId, open: dollars(47_60) });
    given(...issued, ...events)
      .when(withdrawInvoiceCredit, { id: 'inv', creditNoteId })
      .thenEvents(withdrawn);
    given(...issued, ...events, withdrawn)
      .when(withdrawInvoiceCredit, { id: 'inv', creditNoteId })
      .thenNothing();
    given(...issued, ...events, withdrawn)
      .when(creditInvoice, one, facts)
      .thenEvents(...events);
  });
});

interface Drawn {
  readonly pieces: number;
  readonly price: number;
  readonly rate: string;
}
interface Cut {
  readonly line: number;
  readonly share: number;
  readonly withdrawn: boolean;
}

function creditedWhole(drawn: readonly Drawn[], reckoning: Reckoning, percent: number | undefined, cuts: readonly Cut[]): void {
  const bares = drawn.map(({ pieces, price, rate }, index) => bare(index + 1, pieces, String(price / 1_000_000), rate));
  const discount: Discount | undefined = percent === undefined ? undefined : { percent: String(percent) as Decimal };
  const plain = bares.filter(({ unitPrice }) => /^\d+(\.\d{1,6})?$/.test(unitPrice));
  if (plain.length < bares.length) return;
  const history = [...issuedOf(reckoned(bares, usd, reckoning, discount))];
  const left = new Map(bares.map(({ line, quantity: all }) => [line, all as number]));
  for (const [index, { line, share, withdrawn }] of cuts.entries()) {
    const number = (line % bares.length) + 1;
    const pieces = Math.min(left.get(number) ?? 0, Math.ceil(((left.get(number) ?? 0) * share) / 1_000));
    if (pieces === 0) continue;
    const creditNoteId = `c${index}`;
    const lines = [{ line: number, quantity: quantityText(pieces) }];
    history.push(
      ...given(...history)
        .when(creditReturn, { ...ask, returnId: creditNoteId, creditNoteId, lines }, facts)
        .events(),
    );
    if (withdrawn)
      history.push(
        ...given(...history)
          .when(withdrawInvoiceCredit, { id: 'inv', creditNoteId })
          .events(),
      );
    else left.set(number, (left.get(number) ?? 0) - pieces);
  }
  if ([...left.values()].some(pieces => pieces > 0))
    history.push(
      ...given(...history)
        .when(creditInvoice, ask, { ...facts, entityId: 'last' })
        .events(),
    );
  const state = history.reduce<ReturnType<typeof creditLimits.initial>>((folded, { type, data }) => {
    const step = creditLimits.on[type as keyof typeof creditLimits.on] as ((state: unknown, data: unknown) => unknown) | undefined;
    return (step === undefined ? folded : step(folded, data)) as typeof folded;
  }, creditLimits.initial());
  expect([...(creditLimits.always?.(state, 'inv') ?? [])]).toEqual([]);
}

const {
  creditNoteId,
  open: _,
  ...said
} = requested(
  given(...issued)
    .when(creditInvoice, { ...one, keep: true }, facts)
    .events(),
);
const begun = CreditNoteIssueStarted({ ...said, invoiceId: 'inv', year: 2026, issueDate: '2026-03-02' });
const note = CreditNoteIssued({
  number: 'CN-2026-000001',
  series: 'CN',
  sequence: 1,
  issueDate: '2026-03-02',
  accountId: 'acme',
  invoiceId: 'inv',
  orderId: 'o1',
  totals: said.totals,
  applied: dollars(0),
  open: dollars(11_90),
});

describe('a credit note', () => {
  const wish = { id: creditNoteId, invoiceId: 'inv', ...said };

  test('is written, numbered in its own series, and issued; each once', () => {
    given().when(startCreditNote, wish).thenEvents(begun);
    given(begun).when(startCreditNote, wish).thenNothing();
    expect(startCreditNote.follows?.([begun], 'c1')).toEqual([
      takeNumber({ kind: 'creditNote', series: 'CN', year: 2026, documentId: 'c1', issueDate: '2026-03-02' }),
    ]);
    const complete = { id: creditNoteId, series: 'CN', year: 2026, sequence: 1 };
    given(begun).when(completeCreditNoteIssue, complete).thenEvents(note);
    given(begun, note).when(completeCreditNoteIssue, complete).thenNothing();
  });

  test('whose number was refused is withdrawn, and may be written anew', () => {
    const withdrawn = CreditNoteIssueWithdrawn({ because: 'Too early' });
    given(begun).when(withdrawCreditNoteIssue, { id: creditNoteId, because: 'Too early' }).thenEvents(withdrawn);
    given(begun, note).when(withdrawCreditNoteIssue, { id: creditNoteId, because: 'Too early' }).thenNothing();
    given(begun, withdrawn).when(startCreditNote, wish).thenEvents(begun);
  });

  test('is set against another invoice, which is held first', () => {
    const asked = { id: 'c1', invoiceId: 'i2', amount: wire('10.00') };
    const allocationId = 'c1~c1.allocation';
    const allocated = CreditAllocated({
      allocationId,
      accountId: 'acme',
      invoiceId: 'i2',
      amount: dollars(10_00),
      open: dollars(1_90),
      allocatedOn: '2026-03-02',
    });
    const verdict = given(begun, note).when(allocateCredit, asked);
    verdict.thenEvents(allocated);
    verdict.thenHolds({
      take: applyCreditToInvoice({ id: 'i2', creditNoteId: 'c1', allocationId, accountId: 'acme', amount: wire('10.00') }),
      release: unapplyCreditFromInvoice({ id: 'i2', creditNoteId: 'c1', allocationId }),
    });
    given(begun, note, allocated).when(allocateCredit, asked).thenNothing();
    given(begun, note)
      .when(allocateCredit, { ...asked, amount: wire('11.91') })
      .thenRefuses('CreditExceeded');
    const lapsed = CreditAllocationLapsed({ allocationId });
    given(begun, note).when(lapseCreditAllocation, { id: 'c1', allocationId }).thenEvents(lapsed);
    given(begun, note, lapsed).when(allocateCredit, asked).thenRefuses('AllocationLapsed');
  });

  test('is set against an invoice as a payment is: never more than is open, by the account that owes it, and can be taken back', () => {
    const part = { id: 'inv', creditNoteId: 'c9', allocationId: 'c9~1', accountId: 'acme', amount: wire('40.00') };
    const applied = CreditApplied({ creditNoteId: 'c9', allocationId: 'c9~1', amount: dollars(40_00), open: dollars(7_60) });
    given(...issued)
      .when(applyCreditToInvoice, part)
      .thenEvents(applied);
    given(...issued, applied)
      .when(applyCreditToInvoice, part)
      .thenNothing();
    given(...issued)
      .when(applyCreditToInvoice, { ...part, amount: wire('47.61') })
      .thenRefuses('PaymentExceedsBalance');
    given(...issued)
      .when(applyCreditToInvoice, { ...part, accountId: 'other' })
      .thenRefuses('AccountMismatch');
    given(...issued, applied)
      .when(unapplyCreditFromInvoice, { id: 'inv', creditNoteId: 'c9', allocationId: 'c9~1' })
      .thenEvents(
        CreditUnapplied({ creditNoteId: 'c9', allocationId: 'c9~1', amount: dollars(40_00), open: dollars(47_60), dueDate: '2026-04-01' }),
      );
  });

  test('is paid out, as far as something is left', () => {
    given(begun, note)
      .when(refundCredit, { id: 'c1', amount: wire('11.90') }, facts)
      .thenEvents(
        CreditRefunded({ accountId: 'acme', amount: dollars(11_90), open: dollars(0), refundedOn: '2026-03-02', method: 'bank' }),
      );
    given(begun, note)
      .when(refundCredit, { id: 'c1', amount: wire('11.91') }, facts)
      .thenRefuses('CreditExceeded');
  });

  test('is void where nothing of it is used, and then leaves nothing to use', () => {
    const voided = CreditNoteVoided({
      accountId: 'acme',
      invoiceId: 'inv',
      amount: dollars(11_90),
      voidedOn: '2026-03-02',
      reason: 'Typo',
    });
    given(begun, note).when(voidCreditNote, { id: 'c1', reason: 'Typo' }).thenEvents(voided);
    given(begun, note, voided).when(voidCreditNote, { id: 'c1', reason: 'Typo' }).thenNothing();
    given(begun, note, voided)
      .when(refundCredit, { id: 'c1', amount: wire('1.00') }, facts)
      .thenRefuses('InvalidTransition');
    const used = CreditRefunded({ accountId: 'acme', amount: dollars(1), open: dollars(11_89), refundedOn: '2026-03-02', method: 'bank' });
    given(begun, note, used).when(voidCreditNote, { id: 'c1', reason: 'Typo' }).thenRefuses('DocumentLocked');
  });
});

test('an invoice at other prices is credited in their terms', () => {
  const withTax = issuedOf(reckoned([bare(1, 1, '119'), bare(2, 1, '0.03')], usd, { ...USUAL, pricesIncludeTax: true }));
  const { totals } = requested(
    given(...withTax)
      .when(creditInvoice, { ...ask, lines: [{ line: 1, quantity: '1' }] }, facts)
      .events(),
  );
  expect(totals).toMatchObject({ net: dollars(100_00), gross: dollars(119_00), reckoning: { pricesIncludeTax: true } });
});
