import { describe, expect, test } from 'vitest';
import { handOverAccount, handOverContact, handOverDeal, handOverLead, orderHandover } from '../../src/commands/crm/handover.ts';
import { AccountAssigned, AccountCreated } from '../../src/domain/crm/account.ts';
import { ContactAdded, ContactAssigned } from '../../src/domain/crm/contact.ts';
import { DealAssigned, DealLost, DealOpened } from '../../src/domain/crm/deal.ts';
import { HandoverOrdered } from '../../src/domain/crm/handover.ts';
import { LeadAssigned, LeadCaptured, LeadDisqualified } from '../../src/domain/crm/lead.ts';
import { handoverCourse } from '../../src/sagas/crm/handover-course.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

const wish = { ownerId: 'bob', reason: 'Ana leaves' };
const facts = { facts: { ownerKnown: true, unknown: [] } };
const records = [
  { category: 'lead', id: 'L1' },
  { category: 'deal', id: 'D1' },
] as const;
const ordered = HandoverOrdered({ to: 'bob', reason: 'Ana leaves', by: 'eva', records: [...records] });

describe('a handover', () => {
  test('names every record it gives away, each once', () =>
    given()
      .when(orderHandover, { ...wish, leads: ['L1', 'L1'], deals: ['D1'] }, { ...facts, actorId: 'eva' })
      .thenEvents(ordered));

  test('is ordered once', () =>
    given(ordered)
      .when(orderHandover, { ...wish, leads: ['L1'] }, facts)
      .thenNothing());

  test('needs a new owner there is and records there are', () =>
    given()
      .when(orderHandover, { ...wish, leads: ['L1', 'L9'], deals: ['D9'] }, { facts: { ownerKnown: false, unknown: ['L9', 'D9'] } })
      .thenInvalid('/ownerId', '/leads/1', '/deals/0'));

  test('is of one record at least and two hundred at most', () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `R${index}`);
    given().when(orderHandover, wish, facts).thenInvalid('');
    given()
      .when(orderHandover, { ...wish, leads: ids(150), deals: ids(51) }, facts)
      .thenInvalid('');
    expect(
      given()
        .when(orderHandover, { ...wish, leads: ids(150), deals: ids(50) }, facts)
        .events(),
    ).toHaveLength(1);
  });

  test('gives each record by a process of its own, so that one that cannot be given stops no other', () => {
    const said = { ownerId: 'bob', reason: 'Ana leaves', by: 'eva' };
    givenSaga(handoverCourse)
      .on(ordered, { stream: 'handover-H1' })
      .begins('H1~lead~L1', 'H1~deal~D1')
      .sends([handOverLead({ ...said, id: 'L1' }), handOverDeal({ ...said, id: 'D1' })])
      .refused(handOverLead, 'NotFound')
      .of('H1~lead~L1')
      .parked('HandOverLead was refused')
      .of('H1~deal~D1')
      .finished();
  });

  const change = { from: 'ana', to: 'bob', reason: 'Ana leaves', by: 'eva' };
  const card = { name: 'Acme', currency: 'RON' };
  const lead = LeadCaptured({ name: 'Chairs', tags: [], source: 'web', ownerId: 'ana' });
  const deal = DealOpened({ ...card, accountId: 'A1', ownerId: 'ana', stage: 'NotProcessed' });

  test('is told in each record with from, to, reason and who ordered it, whatever the stage', () => {
    const said = { ownerId: 'bob', reason: 'Ana leaves', by: 'eva' };
    given(lead, LeadDisqualified({ from: 'NotProcessed', reason: 'x' }))
      .when(handOverLead, { ...said, id: 'L1' })
      .thenEvents(LeadAssigned(change));
    given(deal, DealLost({ from: 'NotProcessed', to: 'Rejected', reason: 'x' }))
      .when(handOverDeal, { ...said, id: 'D1' })
      .thenEvents(DealAssigned(change));
    given(AccountCreated({ ...card, kinds: ['buyer'], paymentTermDays: 30, ownerId: 'ana' }))
      .when(handOverAccount, { ...said, id: 'A1' })
      .thenEvents(AccountAssigned(change));
    given(ContactAdded({ name: 'Ion', primary: false, ownerId: 'ana' }))
      .when(handOverContact, { ...said, id: 'C1' })
      .thenEvents(ContactAssigned(change));
    given(deal, DealAssigned(change))
      .when(handOverDeal, { ...said, id: 'D1' })
      .thenNothing();
  });
});
