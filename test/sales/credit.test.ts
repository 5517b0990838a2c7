import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  approveCreditRaise,
  changeReceivableOfAccount,
  endCreditRaise,
  openReceivableOfAccount,
  releaseCredit,
  requestCreditRaise,
  reserveCredit,
} from '../../src/commands/sales/credit.ts';
import { lapseSalesOrderHold } from '../../src/commands/sales/sales-order.ts';
import { InvoiceIssued, PaymentApplied, PaymentUnapplied } from '../../src/domain/billing/invoice.ts';
import { PaymentRecorded } from '../../src/domain/billing/payment.ts';
import {
  Credit,
  CreditRaised,
  CreditRaiseEnded,
  CreditRaiseRequested,
  CreditReleased,
  CreditReserved,
  changeReceivable,
  exposureOf,
  OPEN_MAX,
  openReceivable,
  ReceivableChanged,
  ReceivableOpened,
  releaseCredit as release,
  reserveCredit as reserve,
} from '../../src/domain/sales/credit.ts';
import { SalesOrderAccepted, SalesOrderCancelled, SalesOrderClosed, SalesOrderClosedShort } from '../../src/domain/sales/sales-order.ts';
import { type Decision, evolve, isRefusal } from '../../src/kernel/decider.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { HoldLapsed } from '../../src/kernel/hold.ts';
import { type Currency, money, sum } from '../../src/kernel/money.ts';
import { creditRaise } from '../../src/sagas/sales/credit-raise.ts';
import { orderCredit } from '../../src/sagas/sales/order-credit.ts';
import { receivables } from '../../src/sagas/sales/receivables.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

const RON = 'RON' as Currency;
const EUR = 'EUR' as Currency;
const ron = (minor: number) => money(minor, RON);
const text = (minor: number) => ({ amount: (minor / 100).toFixed(2), currency: 'RON' });
const id = { id: 'A1' };

const reserved = (orderId: string, amount: number, exposure: number) =>
  CreditReserved({ orderId, amount: ron(amount), limit: ron(100_000), exposure: ron(exposure) });
const opened = (invoiceId: string, orderId: string, amount: number, exposure: number) =>
  ReceivableOpened({ invoiceId, orderId, amount: ron(amount), exposure: ron(exposure) });
const wish = (orderId: string, amount: number) => ({ ...id, orderId, amount: text(amount), limit: text(100_000) });

describe('the credit of an account', () => {
  test('is taken by an order up to the limit', () =>
    given()
      .when(reserveCredit, wish('O1', 100_000))
      .thenEvents(reserved('O1', 100_000, 100_000)));
  test('is taken once', () =>
    given(reserved('O1', 100, 100))
      .when(reserveCredit, wish('O1', 100))
      .thenNothing());
  test('is not taken beyond the limit: orders and unpaid invoices count', () => {
    const history = [reserved('O1', 60_000, 60_000), opened('O1~1', 'O1', 40_000, 60_000)];
    given(...history)
      .when(reserveCredit, wish('O2', 40_000))
      .thenEvents(reserved('O2', 40_000, 100_000));
    expect(
      given(...history)
        .when(reserveCredit, wish('O2', 40_001))
        .refusal(),
    ).toMatchObject({ refused: 'CreditLimitExceeded', details: { exposure: '600.00', wanted: '400.01', limit: '1000.00' } });
  });
  test('without a limit is counted all the same', () => {
    const { limit: _, ...unlimited } = wish('O2', 5);
    given(reserved('O1', 100_000, 100_000))
      .when(reserveCredit, unlimited)
      .thenEvents(CreditReserved({ orderId: 'O2', amount: ron(5), exposure: ron(100_005) }));
  });
  test('passes its limit by an approval', () =>
    expect(
      given(reserved('O1', 100_000, 100_000))
        .when(reserveCredit, { ...wish('O2', 5), overridden: true })
        .events()[0]?.data,
    ).toMatchObject({ overridden: true, exposure: { minor: 100_005 } }));
  test('of other currencies is no part of it', () =>
    given(CreditReserved({ orderId: 'O1', amount: money(99_999, EUR), exposure: money(99_999, EUR) }))
      .when(reserveCredit, wish('O2', 100_000))
      .thenEvents(reserved('O2', 100_000, 100_000)));

  test('goes from the order to its invoice when that is issued', () =>
    given(reserved('O1', 60_000, 60_000))
      .when(openReceivableOfAccount, { ...id, invoiceId: 'O1~1', orderId: 'O1', amount: text(40_000) })
      .thenEvents(opened('O1~1', 'O1', 40_000, 60_000)));
  test('falls with a payment and is as before when that is taken back', () => {
    const history = [opened('I1', 'O1', 40_000, 40_000)];
    const paid = ReceivableChanged({ invoiceId: 'I1', open: ron(10_000), exposure: ron(10_000) });
    given(...history)
      .when(changeReceivableOfAccount, { ...id, invoiceId: 'I1', open: text(10_000) })
      .thenEvents(paid);
    given(...history, paid)
      .when(changeReceivableOfAccount, { ...id, invoiceId: 'I1', open: text(10_000) })
      .thenNothing();
    given(...history, paid)
      .when(changeReceivableOfAccount, { ...id, invoiceId: 'I1', open: text(40_000) })
      .thenEvents(ReceivableChanged({ invoiceId: 'I1', open: ron(40_000), exposure: ron(40_000) }));
  });
  test('is given back whole or in part, and no more than was taken', () => {
    const history = [reserved('O1', 60_000, 60_000)];
    given(...history)
      .when(releaseCredit, { ...id, orderId: 'O1' })
      .thenEvents(CreditReleased({ orderId: 'O1', amount: ron(60_000), exposure: ron(0) }));
    given(...history)
      .when(releaseCredit, { ...id, orderId: 'O1', amount: text(70_000) })
      .thenEvents(CreditReleased({ orderId: 'O1', amount: ron(60_000), exposure: ron(0) }));
    given()
      .when(releaseCredit, { ...id, orderId: 'O1' })
      .thenNothing();
  });
});

describe('a raise of the limit', () => {
  const asked = { ...id, amount: text(50_000), until: '2026-03-10', reason: 'A large site' };
  const raise = { raiseId: 'A1.raise', amount: ron(50_000), until: '2026-03-10' };
  const requested = CreditRaiseRequested({ ...raise, reason: 'A large site', requestedBy: 'ana' });
  const raised = CreditRaised({ ...raise, approvedBy: 'ion' });

  test('is asked for by one and granted by another', () => {
    given().when(requestCreditRaise, asked).thenEvents(requested);
    given(requested).when(approveCreditRaise, id, { actorId: 'ana' }).thenRefuses('SelfApproval');
    given(requested).when(approveCreditRaise, id, { actorId: 'ion' }).thenEvents(raised);
    given(requested, raised).when(approveCreditRaise, id, { actorId: 'ion' }).thenNothing();
    given().when(approveCreditRaise, id).thenRefuses('NothingRequested');
    given(requested).when(requestCreditRaise, asked).thenRefuses('Duplicate');
  });
  test('lets orders pass up to its last day, and not after it', () => {
    const more = wish('O1', 150_000);
    expect(given(requested, raised).when(reserveCredit, more, { now: '2026-03-10T20:00:00.000Z' }).events()).toHaveLength(1);
    given(requested, raised).when(reserveCredit, more, { now: '2026-03-11T01:00:00.000Z' }).thenRefuses('CreditLimitExceeded');
    given(requested).when(reserveCredit, more).thenRefuses('CreditLimitExceeded');
  });
  test('is ended before its time, or not granted, once', () => {
    const ended = CreditRaiseEnded({ raiseId: 'A1.raise', reason: 'so' });
    given(requested)
      .when(endCreditRaise, { ...id, reason: 'so' })
      .thenEvents(ended);
    given(requested, raised)
      .when(endCreditRaise, { ...id, reason: 'so' })
      .thenEvents(ended);
    given(requested, raised, ended)
      .when(endCreditRaise, { ...id, reason: 'so' })
      .thenNothing();
    given(requested, raised, ended).when(reserveCredit, wish('O1', 150_000)).thenRefuses('CreditLimitExceeded');
  });
  test.each([
    [{ until: '2026-03-01' }, '/until'],
    [{ amount: text(-1) }, '/amount'],
  ])('is not asked for in vain: %o', (change, pointer) =>
    given()
      .when(requestCreditRaise, { ...asked, ...change })
      .thenInvalid(pointer),
  );
  test('ends by itself when its last day is over everywhere', () => {
    const credit = { stream: 'credit-A1' };
    givenSaga(creditRaise)
      .on(requested, credit)
      .waitsFor({ movedBy: { command: 'ApproveCreditRaise', permission: 'sales:credit' } })
      .on(raised, credit)
      .wakes('past', 'PT219H')
      .waitsFor({ movedBy: { command: 'EndCreditRaise', permission: 'sales:credit' } })
      .rings('past')
      .sends([endCreditRaise({ id: 'A1', raiseId: 'A1.raise', reason: 'Its last day has passed' })])
      .on(CreditRaiseEnded({ raiseId: 'A1.raise', reason: 'so' }), credit)
      .begins();
  });
});

describe('what an order takes', () => {
  const credit = { stream: 'credit-A1', causationId: 'C1' };
  const order = { stream: 'salesOrder-O1' };
  const taken = () => givenSaga(orderCredit).on(reserved('O1', 60_000, 60_000), credit);
  const accepted = () => taken().on(SalesOrderAccepted({}), order).sleeps('vanished');
  const back = [releaseCredit({ id: 'A1', orderId: 'O1' })];

  test('is given back when the acceptance died before it was done, and whoever sleeps is told first', () =>
    taken()
      .wakes('vanished', 'PT10M')
      .rings('vanished')
      .sends([lapseSalesOrderHold({ id: 'O1', commandId: 'C1' })])
      .on(HoldLapsed({ commandId: 'C1' }), order)
      .sends(back));
  test('stays when the order was accepted before anybody gave it up', () => {
    accepted()
      .on(HoldLapsed({ commandId: 'C1' }), order)
      .sendsNothing();
  });
  test('leaves no trace when the refused acceptance gave it back itself', () => {
    taken()
      .on(CreditReleased({ orderId: 'O1', amount: ron(60_000), exposure: ron(0) }), credit)
      .begins();
  });
  test.each([SalesOrderCancelled({ reason: 'so' }), SalesOrderClosed({})])('is given back in the end: $type', end => {
    accepted().on(end, order).sends(back).finished();
  });
  test('is less by what is cancelled of it', () => {
    accepted()
      .on(SalesOrderClosedShort({ reason: 'so', lines: [], worth: ron(20_000) }), order)
      .sends([releaseCredit({ id: 'A1', orderId: 'O1', amount: text(20_000) })]);
  });
});

test('an invoice takes credit from its issue to its last payment', () => {
  const invoice = { stream: 'invoice-O1~1' };
  const totals = { net: ron(100), taxes: [], gross: ron(100) };
  const number = { number: 'INV-1', series: 'INV', sequence: 1, issueDate: '2026-03-02', dueDate: '2026-04-01' };
  const part = { paymentId: 'P1', amount: ron(60) };
  const payment = { accountId: 'A1', amount: ron(100), receivedOn: '2026-03-02', method: 'bank' };
  givenSaga(receivables)
    .on(InvoiceIssued({ ...number, accountId: 'A1', orderId: 'O1', totals }), invoice)
    .sends([openReceivableOfAccount({ id: 'A1', invoiceId: 'O1~1', orderId: 'O1', amount: text(100) })])
    .on(PaymentApplied({ ...part, open: ron(0) }), invoice)
    .sends([changeReceivableOfAccount({ id: 'A1', invoiceId: 'O1~1', open: text(0) })])
    .on(PaymentUnapplied({ ...part, open: ron(100) }), invoice)
    .sends([changeReceivableOfAccount({ id: 'A1', invoiceId: 'O1~1', open: text(100) })])
    .on(PaymentApplied({ ...part, open: ron(0) }), invoice)
    .on(PaymentRecorded({ ...payment, allocations: [{ invoiceId: 'O1~1', amount: ron(100) }] }), { stream: 'payment-P1' })
    .finished();
});

const next = (state: ReturnType<typeof Credit.initial>, { type, data }: DomainEvent) => evolve(Credit, state, type, data);
const name = fc.constantFrom('1', '2', '3', '4');
const minor = fc.integer({ min: 0, max: 60_000 });
const asked = fc.record({ does: fc.constantFrom('reserve', 'release', 'part', 'open', 'change'), name, minor });

test('whatever happens, the exposure is the sum of its parts and no order without an approval lifts it over the limit', () =>
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 60, size: 'max' }), wishes => {
      let state = Credit.initial();
      for (const { does, name, minor } of wishes) {
        const amount = ron(minor);
        const decisions: Record<string, () => Decision<DomainEvent>> = {
          reserve: () => reserve(state, { orderId: name, amount, limit: ron(100_000) }, { today: '2026-03-02' }),
          release: () => release(state, { orderId: name }),
          part: () => release(state, { orderId: name, amount }),
          open: () => openReceivable(state, { invoiceId: name, orderId: name, amount }),
          change: () => changeReceivable(state, { invoiceId: name, open: amount }),
        };
        const decision = decisions[does]?.() ?? [];
        const facts = isRefusal(decision) ? [] : decision;
        state = facts.reduce(next, state);
        const parts = sum([...Object.values(state.orders), ...Object.values(state.invoices)], RON);
        for (const { data } of facts) expect((data as { exposure: unknown }).exposure).toEqual(parts);
        if (does === 'reserve' && facts.length > 0) expect(exposureOf(state, RON).minor).toBeLessThanOrEqual(100_000);
      }
    }),
  ));

test('credit that many orders take stays under 64 kB, and says when it is full', () => {
  const full = Array.from({ length: OPEN_MAX }, (_, number) => reserved(`0198-${'a'.repeat(28)}-${number}`, 9_999_999, 1));
  const state = full.reduce(next, Credit.initial());
  expect(JSON.stringify(state).length).toBeLessThan(64 * 1024);
  expect(reserve(state, { orderId: 'O1', amount: ron(1) }, { today: '2026-03-02' })).toMatchObject({ refused: 'TooManyOpenDocuments' });
});
