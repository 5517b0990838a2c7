import { describe, test } from 'vitest';
import { z } from 'zod';
import { activateAccount, createAccountFromLead } from '../../src/commands/crm/account.ts';
import { addContactFromLead } from '../../src/commands/crm/contact.ts';
import { openDealFromLead } from '../../src/commands/crm/deal.ts';
import { undoDealOrder } from '../../src/commands/crm/deal-order.ts';
import { placeDealOrder } from '../../src/commands/sales/sales-order.ts';
import { DealOpened, DealOrdered, DealWon } from '../../src/domain/crm/deal.ts';
import { LeadConverted } from '../../src/domain/crm/lead.ts';
import { SalesOrderCancelled, SalesOrderDeclined, SalesOrderExpired, SalesOrderPlaced } from '../../src/domain/sales/sales-order.ts';
import type { AnyCommand, CommandMessage } from '../../src/kernel/command.ts';
import { crm } from '../../src/modules/crm.ts';
import { sales } from '../../src/modules/sales.ts';
import { accountActivation } from '../../src/sagas/crm/account-activation.ts';
import { dealOrder } from '../../src/sagas/crm/deal-order.ts';
import { leadConversion } from '../../src/sagas/crm/lead-conversion.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';

const lead = { stream: 'lead-L1' };
const deal = { stream: 'deal-D1' };
const order = { stream: 'salesOrder-O1' };

/** The command takes the message as it comes. */
function taken(...messages: readonly CommandMessage[]): readonly CommandMessage[] {
  const commands: readonly AnyCommand[] = [...crm.commands, ...sales.commands];
  for (const { command, input } of messages) z.decode(commands.find(({ type }) => type === command)?.input ?? z.never(), input);
  return messages;
}

describe('the conversion of a lead', () => {
  const converted = LeadConverted({
    from: 'InterestExpressed',
    ownerId: 'ana',
    dealId: 'D1',
    accountId: 'A1',
    contactId: 'C1',
    newAccount: { name: 'Acme', currency: 'RON', phone: '021' },
    newContact: { name: 'Ion', email: 'ion@acme.example' },
    deal: {
      name: 'Chairs',
      currency: 'RON',
      amount: { minor: 9_950, currency: 'RON' },
      requestCategory: 'Furniture',
      expectedClose: '2026-05-01',
    },
  });
  const common = { leadId: 'L1', ownerId: 'ana' };
  const account = createAccountFromLead({ ...common, id: 'A1', name: 'Acme', currency: 'RON', phone: '021' });
  const contact = { ...common, id: 'C1', accountId: 'A1', name: 'Ion', email: 'ion@acme.example' };
  const opening = openDealFromLead({
    ...common,
    id: 'D1',
    accountId: 'A1',
    contactId: 'C1',
    name: 'Chairs',
    currency: 'RON',
    amount: { amount: '99.50', currency: 'RON' },
    requestCategory: 'Furniture',
    expectedClose: '2026-05-01',
  });

  test('makes the account, then its first contact, then the deal that names both', () => {
    givenSaga(leadConversion)
      .on(converted, lead)
      .sends(taken(account, addContactFromLead({ ...contact, primary: true }), opening))
      .waitsFor({ record: { category: 'deal', id: 'D1' } });
  });

  test('makes no account where one was chosen, and no first contact of it', () => {
    const { newAccount: _, ...chosen } = converted.data;
    givenSaga(leadConversion)
      .on(LeadConverted(chosen), lead)
      .sends(taken(addContactFromLead({ ...contact, primary: false }), opening));
  });

  test('makes no contact where the lead names nobody', () => {
    const { newContact: _, contactId: _id, ...nobody } = converted.data;
    const { contactId: _contact, ...bare } = opening.input as Parameters<typeof openDealFromLead>[0];
    givenSaga(leadConversion)
      .on(LeadConverted(nobody), lead)
      .sends(taken(account, openDealFromLead(bare)));
  });

  test('is done when the deal is open', () => {
    givenSaga(leadConversion)
      .on(converted, lead)
      .on(DealOpened({ name: 'Chairs', currency: 'RON', accountId: 'A1', ownerId: 'ana', leadId: 'L1', stage: 'NotProcessed' }), deal)
      .finished();
  });

  test('is no matter of deals that come from no lead', () => {
    givenSaga(leadConversion)
      .on(DealOpened({ name: 'Chairs', currency: 'RON', accountId: 'A1', ownerId: 'ana', stage: 'NotProcessed' }), deal)
      .begins();
  });
});

describe('the order of a deal', () => {
  const ordered = DealOrdered({
    orderId: 'O1',
    accountId: 'A1',
    ownerId: 'ana',
    warehouseId: 'W1',
    currency: 'RON',
    requiredOn: '2026-05-01',
    shipTo: { city: 'Cluj' },
    lines: [
      { line: 1, itemId: 'I1', quantity: 2_500, discount: '5' },
      { line: 3, itemId: 'I2', quantity: 1_000, unitPrice: '9.9', priceReason: 'Agreed', discount: '0' },
    ],
  });
  const money = { minor: 0, currency: 'RON' };
  const placed = SalesOrderPlaced({
    accountId: 'A1',
    warehouseId: 'W1',
    ownerId: 'ana',
    dealId: 'D1',
    channel: 'deal',
    orderedOn: '2026-03-02',
    paymentTermDays: 30,
    currency: 'RON',
    lines: [],
    totals: { net: money, taxes: [], gross: money },
  });
  const placing = placeDealOrder({
    id: 'O1',
    dealId: 'D1',
    accountId: 'A1',
    ownerId: 'ana',
    warehouseId: 'W1',
    currency: 'RON',
    requiredOn: '2026-05-01',
    shipTo: { city: 'Cluj' },
    lines: [
      { line: 1, itemId: 'I1', quantity: '2.5', discount: '5' },
      { line: 3, itemId: 'I2', quantity: '1', unitPrice: '9.9', priceReason: 'Agreed', discount: '0' },
    ],
  });
  const begun = () => givenSaga(dealOrder).on(ordered, deal);
  const undo = (because: string) => taken(undoDealOrder({ id: 'D1', orderId: 'O1', because }));

  test('is placed as the deal says', () => {
    begun()
      .sends(taken(placing))
      .waitsFor({ record: { category: 'deal', id: 'D1' } });
  });

  test('is refused: the deal learns why and is free again', () => {
    begun().refused(placeDealOrder, 'AccountBlocked', 'Acme is blocked.').sends(undo('Acme is blocked.')).finished();
  });

  test('is refused at length: the deal learns as much as fits', () => {
    begun()
      .refused(placeDealOrder, 'Validation', 'x'.repeat(900))
      .sends(undo('x'.repeat(500)));
  });

  test.each([
    [SalesOrderDeclined({ reason: 'Too late' }), 'The order was declined: Too late'],
    [SalesOrderExpired({}), 'The order expired: nobody accepted it in time.'],
    [SalesOrderCancelled({ reason: 'Too late' }), 'The order was cancelled: Too late'],
  ])('comes to nothing: the deal learns why and is free again (%#)', (end, because) => {
    begun().on(placed, order).on(end, order).sends(undo(because)).finished();
  });

  test('is on its way once it is placed', () => {
    begun()
      .on(placed, order)
      .sendsNothing()
      .waitsFor({ record: { category: 'salesOrder', id: 'O1' } });
  });

  test('is the end of the matter when the deal is won', () => {
    begun()
      .on(placed, order)
      .on(DealWon({ from: 'NotProcessed', accountId: 'A1', reason: 'x', orderId: 'O1' }), deal)
      .sendsNothing()
      .finished();
  });

  test('is no matter of orders without a deal', () => {
    givenSaga(dealOrder).on(placed, order).begins();
  });
});

test('the first deal won makes a customer of its account', () => {
  givenSaga(accountActivation)
    .on(DealWon({ from: 'NotProcessed', accountId: 'A1', reason: 'x' }), deal)
    .sends(taken(activateAccount({ id: 'A1', dealId: 'D1' })))
    .finished();
});
