import { describe, expect, test } from 'vitest';
import {
  assignDeal,
  changeDealStage,
  editDeal,
  loseDeal,
  openDeal,
  openDealFromLead,
  reopenDeal,
  winDeal,
  winDealByPayment,
} from '../../src/commands/crm/deal.ts';
import {
  type Deal,
  DealAssigned,
  DealEdited,
  DealLineAdded,
  DealLost,
  DealOpened,
  DealOrdered,
  DealReopened,
  DealStageChanged,
  DealWon,
  permitted,
} from '../../src/domain/crm/deal.ts';
import { DEAL_STAGES, type DealStage, dealStages, type OpenStage, openStages } from '../../src/domain/crm/deal-stages.ts';
import { crm } from '../../src/modules/crm.ts';
import { given } from '../kernel/scenario.ts';

const id = 'D1';
const card = { name: 'Ten chairs', currency: 'RON' };
const full = {
  ...card,
  contactId: 'C1',
  amount: { minor: 100_000, currency: 'RON' },
  description: 'Chairs with arms',
  expectedClose: '2026-05-01',
};
const bare = DealOpened({ ...card, accountId: 'A1', ownerId: 'ana', stage: 'NotProcessed' });
const opened = DealOpened({ ...full, accountId: 'A1', ownerId: 'ana', stage: 'NotProcessed' });
const line = DealLineAdded({ line: 1, itemId: 'I1', quantity: 10_000, discount: '0' });
const ordered = DealOrdered({ orderId: 'O1', accountId: 'A1', ownerId: 'ana', warehouseId: 'W1', currency: 'RON', lines: [] });
const in_ = (stage: DealStage, from: DealStage = 'NotProcessed') => DealStageChanged({ from, to: stage });
const paused = DealStageChanged({ from: 'Presentation', to: 'Paused', resumeOn: '2026-04-01' });
const lost = DealLost({ from: 'Presentation', to: 'Rejected', reason: 'Price' });
const won = DealWon({ from: 'DecisionMaking', accountId: 'A1', reason: 'Price', orderId: 'O1' });
const facts = { accountKnown: true };

describe('opening a deal', () => {
  test('puts it into the first stage', () =>
    given()
      .when(openDeal, { ...card, accountId: 'A1' }, { facts })
      .thenEvents(bare));

  test('needs an account that exists', () =>
    given()
      .when(openDeal, { ...card, accountId: 'A9' }, { facts: { accountKnown: false } })
      .thenInvalid('/accountId'));

  test('needs a contact that exists, where one is named', () =>
    given()
      .when(openDeal, { ...card, accountId: 'A1', contactId: 'C9' }, { facts: { accountKnown: true, contactKnown: false } })
      .thenInvalid('/contactId'));

  test('needs an amount in its own currency', () =>
    given()
      .when(openDeal, { ...card, accountId: 'A1', amount: { amount: '1.00', currency: 'EUR' } }, { facts })
      .thenRefuses('CurrencyMismatch'));

  test('happens once for a lead, however often the process asks', () => {
    const wish = { id, leadId: 'L1', accountId: 'A1', ownerId: 'bob', ...card };
    given()
      .when(openDealFromLead, wish)
      .thenEvents(DealOpened({ ...card, accountId: 'A1', ownerId: 'bob', leadId: 'L1', stage: 'NotProcessed' }));
    given(bare).when(openDealFromLead, wish).thenNothing();
  });

  test('continues the thread of the lead', () =>
    expect(openDealFromLead.parent?.({ id, leadId: 'L1' } as never)).toEqual({ category: 'lead', id: 'L1' }));
});

describe('editing a deal', () => {
  test('changes what is said and keeps the rest', () =>
    given(opened)
      .when(editDeal, { id, name: 'Twelve chairs', contactId: null }, { facts: {} })
      .thenEvents(DealEdited({ ...full, contactId: undefined, name: 'Twelve chairs', changed: ['name', 'contactId'] })));

  test('is silent when nothing changes', () => given(opened).when(editDeal, { id, name: 'Ten chairs' }, { facts: {} }).thenNothing());

  test('keeps the currency while there are lines in it', () =>
    given(bare, line).when(editDeal, { id, currency: 'EUR' }, { facts: {} }).thenRefuses('DocumentLocked'));

  test('changes the currency of a deal without lines', () =>
    given(bare)
      .when(editDeal, { id, currency: 'EUR' }, { facts: {} })
      .thenEvents(DealEdited({ name: 'Ten chairs', currency: 'EUR', changed: ['currency'] })));

  test.each([[lost], [won]])('is refused once it is closed (%#)', end =>
    given(opened, end).when(editDeal, { id, name: 'x' }, { facts: {} }).thenRefuses('InvalidTransition'),
  );
});

describe('assigning a deal', () => {
  test('says from whom to whom, also of a closed deal', () =>
    given(opened, lost)
      .when(assignDeal, { id, ownerId: 'bob' }, { facts: { ownerKnown: true } })
      .thenEvents(DealAssigned({ from: 'ana', to: 'bob' })));

  test('is silent for the owner it has', () =>
    given(opened)
      .when(assignDeal, { id, ownerId: 'ana' }, { facts: { ownerKnown: true } })
      .thenNothing());
});

describe('moving a deal forward', () => {
  const moved = (from: OpenStage, to: OpenStage) => given(opened, line, in_(from)).when(changeDealStage, { id, stage: to });

  const forward = openStages.flatMap((from, index) => openStages.slice(index + 1).map(to => [from, to] as const));

  test.each(forward)('is permitted from %s to %s when all that is needed is there', (from, to) =>
    moved(from, to).thenEvents(DealStageChanged({ from, to })),
  );

  const needs = [
    ['InitialContact', ['/contactId']],
    ['NeedsAssessment', ['/contactId', '/description', '/expectedClose']],
    ['Presentation', ['/contactId', '/description', '/expectedClose', '/amount']],
    ['ProposalPreparation', ['/contactId', '/description', '/expectedClose', '/amount', '/lines']],
    ['Prototype', ['/contactId', '/description', '/expectedClose', '/amount', '/lines']],
    ['DecisionMaking', ['/contactId', '/description', '/expectedClose', '/amount', '/lines', '/expectedClose']],
  ] as const;

  test.each(needs)('to %s needs what every stage on the way needs', (stage, pointers) =>
    given(bare)
      .when(changeDealStage, { id, stage })
      .thenInvalid(...pointers),
  );

  test('does not ask again for what a stage already passed needs', () =>
    given(bare, in_('ProposalPreparation'))
      .when(changeDealStage, { id, stage: 'Prototype' })
      .thenEvents(in_('Prototype', 'ProposalPreparation')));

  test('to DecisionMaking needs a day of closing still to come', () =>
    given(opened, line)
      .when(changeDealStage, { id, stage: 'DecisionMaking' }, { now: '2026-05-01T08:00:00.000Z' })
      .thenInvalid('/expectedClose'));

  test('is silent where it is already', () => moved('Presentation', 'Presentation').thenNothing());
});

describe('moving a deal back', () => {
  test('needs a reason', () =>
    given(opened, in_('Presentation')).when(changeDealStage, { id, stage: 'InitialContact' }).thenInvalid('/reason'));

  test('needs nothing else', () =>
    given(bare, in_('Presentation'))
      .when(changeDealStage, { id, stage: 'InitialContact', reason: 'Too early' })
      .thenEvents(DealStageChanged({ from: 'Presentation', to: 'InitialContact', reason: 'Too early' })));
});

describe('pausing a deal', () => {
  test('needs a day to resume that is still to come', () => {
    given(opened).when(changeDealStage, { id, stage: 'Paused' }).thenInvalid('/resumeOn');
    given(opened).when(changeDealStage, { id, stage: 'Paused', resumeOn: '2026-03-02' }).thenInvalid('/resumeOn');
    given(opened)
      .when(changeDealStage, { id, stage: 'Paused', resumeOn: '2026-03-03' })
      .thenEvents(DealStageChanged({ from: 'NotProcessed', to: 'Paused', resumeOn: '2026-03-03' }));
  });

  test('is the only move that has a day to resume', () =>
    given(opened).when(changeDealStage, { id, stage: 'InitialContact', resumeOn: '2026-04-01' }).thenEvents(in_('InitialContact')));

  test('leads back to where it was, and nowhere else', () => {
    const history = [opened, in_('Presentation'), paused];
    given(...history)
      .when(changeDealStage, { id, stage: 'Presentation' })
      .thenEvents(in_('Presentation', 'Paused'));
    given(...history)
      .when(changeDealStage, { id, stage: 'NotProcessed', reason: 'x' })
      .thenRefuses('InvalidTransition');
    given(...history)
      .when(changeDealStage, { id, stage: 'DecisionMaking' })
      .thenRefuses('InvalidTransition');
  });
});

describe('the end of a deal', () => {
  test.each(['Completed', 'Rejected', 'DroppedOut', 'HistoricalApplications'] as const)('is not reached by moving to %s', stage =>
    given(opened, line, in_('DecisionMaking')).when(changeDealStage, { id, stage, reason: 'x' }).thenRefuses('InvalidTransition'),
  );

  const decided = [opened, line, in_('DecisionMaking'), ordered];

  test('is won from DecisionMaking with an amount and an order', () =>
    given(...decided)
      .when(winDeal, { id, reason: 'Price' })
      .thenEvents(won));

  test('is not won from an earlier stage', () =>
    given(opened, line, in_('Prototype'), ordered).when(winDeal, { id, reason: 'x' }).thenRefuses('InvalidTransition'));

  test('is not won without amount and order, and says both', () =>
    given(bare, in_('DecisionMaking')).when(winDeal, { id, reason: 'x' }).thenInvalid('/amount', '/orderId'));

  test('is won once', () =>
    given(...decided, won)
      .when(winDeal, { id, reason: 'x' })
      .thenNothing());

  test('is lost with a reason, and to whom', () =>
    given(opened, in_('Presentation'))
      .when(loseDeal, { id, stage: 'DroppedOut', reason: 'Price', competitor: 'Scaune SA' })
      .thenEvents(DealLost({ from: 'Presentation', to: 'DroppedOut', reason: 'Price', competitor: 'Scaune SA' })));

  test('is a rejection unless said otherwise', () =>
    given(opened, in_('Presentation')).when(loseDeal, { id, reason: 'Price' }).thenEvents(lost));

  test('is also reached from a pause', () =>
    given(opened, in_('Presentation'), paused)
      .when(loseDeal, { id, reason: 'Price' })
      .thenEvents(DealLost({ from: 'Paused', to: 'Rejected', reason: 'Price' })));

  test('is final for losing and winning', () => {
    given(opened, lost).when(loseDeal, { id, reason: 'x' }).thenNothing();
    given(opened, lost).when(loseDeal, { id, stage: 'DroppedOut', reason: 'x' }).thenRefuses('InvalidTransition');
    given(opened, won).when(loseDeal, { id, reason: 'x' }).thenRefuses('InvalidTransition');
    given(opened, lost).when(winDeal, { id, reason: 'x' }).thenRefuses('InvalidTransition');
  });
});

describe('the payment of the order', () => {
  test.each([[[]], [[in_('Presentation')]], [[in_('Presentation'), paused]]])('wins the deal wherever it stands (%#)', history =>
    expect(
      given(opened, ...history, ordered)
        .when(winDealByPayment, { id, orderId: 'O1' })
        .events(),
    ).toMatchObject([{ type: 'DealWon', data: { orderId: 'O1', accountId: 'A1' } }]),
  );

  test.each([[won], [lost]])('leaves a closed deal as it is (%#)', end =>
    given(opened, ordered, end).when(winDealByPayment, { id, orderId: 'O1' }).thenNothing(),
  );

  test('of another order wins nothing', () => given(opened, ordered).when(winDealByPayment, { id, orderId: 'O2' }).thenNothing());
});

describe('reopening a deal', () => {
  test('puts it where it was when it closed', () =>
    given(opened, in_('Presentation'), lost)
      .when(reopenDeal, { id, reason: 'They came back' })
      .thenEvents(DealReopened({ from: 'Rejected', to: 'Presentation', reason: 'They came back' })));

  test('puts a deal that was paused where it was before the pause', () =>
    given(opened, in_('Presentation'), paused, DealLost({ from: 'Paused', to: 'Rejected', reason: 'x' }))
      .when(reopenDeal, { id, reason: 'x' })
      .thenEvents(DealReopened({ from: 'Rejected', to: 'Presentation', reason: 'x' })));

  test('is refused for a deal that is open', () => given(opened).when(reopenDeal, { id, reason: 'x' }).thenRefuses('InvalidTransition'));
});

describe('the pipeline', () => {
  test('has the stages, phases and chances of the usual pipeline', () =>
    expect(Object.entries(DEAL_STAGES).map(([stage, { phase, percent }]) => `${phase} ${percent} ${stage}`)).toEqual([
      'Processing 0 NotProcessed',
      'Qualification 20 InitialContact',
      'Qualification 20 NeedsAssessment',
      'Development 40 Presentation',
      'Development 40 ProposalPreparation',
      'Development 40 Prototype',
      'Confirmation 60 DecisionMaking',
      'Win 100 Completed',
      'Rejection 0 Rejected',
      'Rejection 0 Paused',
      'Rejection 0 DroppedOut',
      'Archive 0 HistoricalApplications',
    ]));

  test('permits only commands that there are', () => {
    const known = crm.commands.map(({ type }) => type);
    const named = dealStages.flatMap(stage => permitted({ stage } as Deal));
    expect(named.length).toBeGreaterThan(20);
    expect(known).toEqual(expect.arrayContaining(named));
  });
});
