import { describe, expect, test } from 'vitest';
import { answerInvoiceSending, sendInvoice } from '../../src/commands/billing/sending.ts';
import { InvoiceDrafted, InvoiceIssued, InvoiceIssueStarted } from '../../src/domain/billing/invoice.ts';
import { InvoiceSendingFailed, InvoiceSendingRequested, InvoiceSent } from '../../src/domain/billing/sending.ts';
import { invoiceLetter } from '../../src/effects/billing/invoice-letter.ts';
import { type Currency, zero } from '../../src/kernel/money.ts';
import { invoiceSending } from '../../src/sagas/billing/invoice-sending.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

const usd = 'USD' as Currency;
const totals = { net: zero(usd), taxes: [], gross: zero(usd) };
const date = { series: 'INV', issueDate: '2026-03-02', dueDate: '2026-04-01' };
const drafted = InvoiceDrafted({ accountId: 'A1', currency: usd, paymentTermDays: 30, lines: [], totals });
const issued = [
  drafted,
  InvoiceIssueStarted({ ...date, year: 2026 }),
  InvoiceIssued({ ...date, number: 'INV-1', sequence: 1, accountId: 'A1', totals }),
];
const bea = { contact: { id: 'C1', accountId: 'A1', email: 'bea@buyer.example' } };
const asked = InvoiceSendingRequested({ sendingId: 'I1~I1.sending', contactId: 'C1' });
const send = { id: 'I1' };

describe('an invoice to be sent', () => {
  test('goes to the contact found', () => {
    given(...issued)
      .when(sendInvoice, send, { facts: bea })
      .thenEvents(asked);
  });

  test('is on its way to somebody once, and may be sent again afterwards', () => {
    given(...issued, asked)
      .when(sendInvoice, send, { facts: bea })
      .thenNothing();
    given(...issued, asked, InvoiceSent({ sendingId: 'I1~I1.sending' }))
      .when(sendInvoice, send, { facts: bea })
      .thenEvents(asked);
  });

  test('has to be issued', () => {
    given(drafted).when(sendInvoice, send, { facts: bea }).thenRefuses('InvalidTransition');
    given().when(sendInvoice, send, { facts: bea }).thenRefuses('NotFound');
  });

  test.each([
    ['nobody', null],
    ['somebody of another account', { ...bea.contact, accountId: 'A2' }],
    ['somebody without an address', { ...bea.contact, email: null }],
  ])('is not sent to %s', (_, contact) => {
    given(...issued)
      .when(sendInvoice, send, { facts: { contact } })
      .thenRefuses('NoAddress');
  });

  test('is answered once', () => {
    const answer = { id: 'I1', sendingId: 'I1~I1.sending' };
    given(...issued, asked)
      .when(answerInvoiceSending, answer)
      .thenEvents(InvoiceSent({ sendingId: answer.sendingId }));
    given(...issued, asked)
      .when(answerInvoiceSending, { ...answer, because: 'No mailbox' })
      .thenEvents(InvoiceSendingFailed({ sendingId: answer.sendingId, because: 'No mailbox' }));
    given(...issued, asked, InvoiceSent({ sendingId: answer.sendingId }))
      .when(answerInvoiceSending, answer)
      .thenNothing();
  });
});

describe('the sending of an invoice', () => {
  const invoice = { stream: 'invoice-I1' };
  const letter = invoiceLetter({ invoiceId: 'I1', sendingId: 'I1~I1.sending', contactId: 'C1' });

  test('asks for one letter, and waits until it is sent or given up', () => {
    const begun = () => givenSaga(invoiceSending).on(asked, invoice);
    begun()
      .asksFor(letter)
      .sendsNothing()
      .waitsFor({ record: { category: 'invoice', id: 'I1' } });
    begun()
      .on(InvoiceSent({ sendingId: 'I1~I1.sending' }), invoice)
      .asksFor()
      .finished();
    begun()
      .on(InvoiceSendingFailed({ sendingId: 'I1~I1.sending', because: 'No mailbox' }), invoice)
      .finished();
  });

  test('is answered by what became of the letter', () => {
    const payload = { invoiceId: 'I1', sendingId: 'S', contactId: 'C1' };
    expect(invoiceLetter.outcome?.(payload, { kind: 'done' })).toEqual(answerInvoiceSending({ id: 'I1', sendingId: 'S' }));
    expect(invoiceLetter.outcome?.(payload, { kind: 'givenUp', because: 'No mailbox', destination: 'well' })).toEqual(
      answerInvoiceSending({ id: 'I1', sendingId: 'S', because: 'No mailbox' }),
    );
  });
});
