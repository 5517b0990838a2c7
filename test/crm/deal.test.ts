import { describe, expect, test } from 'vitest';
import {
  addDealObserver,
  assignDeal,
  changeDealPipeline,
  changeDealStage,
  editDeal,
  loseDeal,
  openDeal,
  openDealFromLead,
  relocateDeal,
  removeDealObserver,
  reopenDeal,
  winDeal,
  winDealByPayment,
} from '../../src/commands/crm/deal.ts';
import {
  DealAssigned,
  DealEdited,
  DealLineAdded,
  DealLost,
  DealObserverAdded,
  DealObserverRemoved,
  DealOpened,
  DealOrdered,
  DealReopened,
  DealStageChanged,
  DealWon,
  permitted,
} from '../../src/domain/crm/deal.ts';
import { delivered, type Pipeline } from '../../src/domain/crm/pipeline.ts';
import { stageKinds, standingIn, TEMPLATES, usualStanding } from '../../src/domain/crm/stages.ts';
import { authorise, caller } from '../../src/kernel/authority.ts';
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
const begun = { accountId: 'A1', ownerId: 'ana', stage: 'NotProcessed', standing: usualStanding('NotProcessed') };
const bare = DealOpened({ ...card, ...begun });
const opened = DealOpened({ ...full, ...begun });
const line = DealLineAdded({ line: 1, itemId: 'I1', quantity: 10_000, discount: '0' });
const ordered = DealOrdered({ orderId: 'O1', accountId: 'A1', ownerId: 'ana', warehouseId: 'W1', currency: 'RON', lines: [] });
const to = (stage: string) => ({ to: stage, standing: usualStanding(stage) });
const in_ = (stage: string, from = 'NotProcessed') => DealStageChanged({ from, ...to(stage) });
const paused = DealStageChanged({ from: 'Presentation', ...to('Paused'), resumeOn: '2026-04-01' });
const lost = DealLost({ from: 'Presentation', ...to('Rejected'), reason: 'Price' });
const won = DealWon({ from: 'DecisionMaking', ...to('Completed'), accountId: 'A1', reason: 'Price', orderId: 'O1' });

const usual = delivered('default') as Pipeline;
const openStages = usual.stages.filter(({ kind }) => kind === 'open').map(({ key }) => key);
const course = { facts: { pipeline: usual } };
const facts = { accountKnown: true, pipeline: usual };

/** The usual pipeline with other words about one of its stages. */
const with_ = (key: string, terms: object): Pipeline => ({
  ...usual,
  stages: usual.stages.map(stage => (stage.key === key ? { ...stage, ...terms } : stage)),
});

describe('opening a deal', () => {
  test('puts it into the first stage', () =>
    given()
      .when(openDeal, { ...card, accountId: 'A1' }, { facts })
      .thenEvents(bare));

  test('needs an account that exists', () =>
    given()
      .when(openDeal, { ...card, accountId: 'A9' }, { facts: { ...facts, accountKnown: false } })
      .thenInvalid('/accountId'));

  test('needs a contact that exists, where one is named', () =>
    given()
      .when(openDeal, { ...card, accountId: 'A1', contactId: 'C9' }, { facts: { ...facts, contactKnown: false } })
      .thenInvalid('/contactId'));

  test('needs an amount in its own currency', () =>
    given()
      .when(openDeal, { ...card, accountId: 'A1', amount: { amount: '1.00', currency: 'EUR' } }, { facts })
      .thenRefuses('CurrencyMismatch'));

  test('happens once for a lead, however often the process asks', () => {
    const wish = { id, leadId: 'L1', accountId: 'A1', ownerId: 'bob', ...card };
    given()
      .when(openDealFromLead, wish, course)
      .thenEvents(DealOpened({ ...card, ...begun, ownerId: 'bob', leadId: 'L1' }));
    given(bare).when(openDealFromLead, wish, course).thenNothing();
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

describe('observing a deal', () => {
  const watched = DealObserverAdded({ userId: 'eva' });
  const known = { facts: { userKnown: true } };

  test('begins and ends for a user, once', () => {
    given(opened).when(addDealObserver, { id, userId: 'eva' }, known).thenEvents(watched);
    given(opened, watched).when(addDealObserver, { id, userId: 'eva' }, known).thenNothing();
    given(opened, watched)
      .when(removeDealObserver, { id, userId: 'eva' })
      .thenEvents(DealObserverRemoved({ userId: 'eva' }));
    given(opened).when(removeDealObserver, { id, userId: 'eva' }).thenNothing();
  });

  test('is open to users there are, fifty at most, and goes without saying for the owner', () => {
    given(opened)
      .when(addDealObserver, { id, userId: 'eva' }, { facts: { userKnown: false } })
      .thenInvalid('/userId');
    given(opened).when(addDealObserver, { id, userId: 'ana' }, known).thenNothing();
    const crowd = Array.from({ length: 50 }, (_, index) => DealObserverAdded({ userId: `u${index}` }));
    given(opened, ...crowd)
      .when(addDealObserver, { id, userId: 'eva' }, known)
      .thenRefuses('TooManyObservers');
  });

  test('shows a deal as one that is there and forbidden, not as one that is not there', () => {
    const eva = caller({ kind: 'staff', id: 'eva' }, new Set(['crm:edit:own']));
    const relations = (observers: readonly string[]) => editDeal.relations?.({ ownerId: 'ana', observers } as never);
    expect(authorise(eva, 'crm:edit', relations(['eva']))).toBe('forbidden');
    expect(authorise(eva, 'crm:edit', relations([]))).toBe('hidden');
  });
});

describe('moving a deal forward', () => {
  const moved = (from: string, stage: string) => given(opened, line, in_(from)).when(changeDealStage, { id, stage }, course);

  const forward = openStages.flatMap((from, index) => openStages.slice(index + 1).map(stage => [from, stage] as const));

  test.each(forward)('is permitted from %s to %s when all that is needed is there', (from, stage) =>
    moved(from, stage).thenEvents(in_(stage, from)),
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
      .when(changeDealStage, { id, stage }, course)
      .thenInvalid(...pointers),
  );

  test('does not ask again for what a stage already passed needs', () =>
    given(bare, in_('ProposalPreparation'))
      .when(changeDealStage, { id, stage: 'Prototype' }, course)
      .thenEvents(in_('Prototype', 'ProposalPreparation')));

  test('to DecisionMaking needs a day of closing still to come', () =>
    given(opened, line)
      .when(changeDealStage, { id, stage: 'DecisionMaking' }, { ...course, now: '2026-05-01T08:00:00.000Z' })
      .thenInvalid('/expectedClose'));

  test('is silent where it is already', () => moved('Presentation', 'Presentation').thenNothing());
});

describe('moving a deal back', () => {
  test('needs a reason', () =>
    given(opened, in_('Presentation')).when(changeDealStage, { id, stage: 'InitialContact' }, course).thenInvalid('/reason'));

  test('needs nothing else', () =>
    given(bare, in_('Presentation'))
      .when(changeDealStage, { id, stage: 'InitialContact', reason: 'Too early' }, course)
      .thenEvents(DealStageChanged({ from: 'Presentation', ...to('InitialContact'), reason: 'Too early' })));
});

describe('pausing a deal', () => {
  test('needs a day to resume that is still to come', () => {
    given(opened).when(changeDealStage, { id, stage: 'Paused' }, course).thenInvalid('/resumeOn');
    given(opened).when(changeDealStage, { id, stage: 'Paused', resumeOn: '2026-03-02' }, course).thenInvalid('/resumeOn');
    given(opened)
      .when(changeDealStage, { id, stage: 'Paused', resumeOn: '2026-03-03' }, course)
      .thenEvents(DealStageChanged({ from: 'NotProcessed', ...to('Paused'), resumeOn: '2026-03-03' }));
  });

  test('is the only move that has a day to resume', () =>
    given(opened).when(changeDealStage, { id, stage: 'InitialContact', resumeOn: '2026-04-01' }, course).thenEvents(in_('InitialContact')));

  test('leads back to where it was, and nowhere else', () => {
    const history = [opened, in_('Presentation'), paused];
    given(...history)
      .when(changeDealStage, { id, stage: 'Presentation' }, course)
      .thenEvents(in_('Presentation', 'Paused'));
    given(...history)
      .when(changeDealStage, { id, stage: 'NotProcessed', reason: 'x' }, course)
      .thenRefuses('InvalidTransition');
    given(...history)
      .when(changeDealStage, { id, stage: 'DecisionMaking' }, course)
      .thenRefuses('InvalidTransition');
  });
});

describe('the end of a deal', () => {
  test.each(['Completed', 'Rejected', 'DroppedOut', 'HistoricalApplications'] as const)('is not reached by moving to %s', stage =>
    given(opened, line, in_('DecisionMaking')).when(changeDealStage, { id, stage, reason: 'x' }, course).thenRefuses('InvalidTransition'),
  );

  const decided = [opened, line, in_('DecisionMaking'), ordered];

  test('is won from DecisionMaking with an amount and an order', () =>
    given(...decided)
      .when(winDeal, { id, reason: 'Price' }, course)
      .thenEvents(won));

  test('is not won from an earlier stage, unless that is approved', () =>
    expect(given(opened, line, in_('Prototype'), ordered).when(winDeal, { id, reason: 'x' }, course).refusal()).toMatchObject({
      refused: 'OverrideRequired',
      details: { rule: 'stageSkip' },
    }));

  test('is not won without amount and order, and says both', () =>
    given(bare, in_('DecisionMaking')).when(winDeal, { id, reason: 'x' }, course).thenInvalid('/amount', '/orderId'));

  test('is won once', () =>
    given(...decided, won)
      .when(winDeal, { id, reason: 'x' }, course)
      .thenNothing());

  test('is lost with a reason, and to whom', () =>
    given(opened, in_('Presentation'))
      .when(loseDeal, { id, stage: 'DroppedOut', reason: 'Price', competitor: 'Scaune SA' }, course)
      .thenEvents(DealLost({ from: 'Presentation', ...to('DroppedOut'), reason: 'Price', competitor: 'Scaune SA' })));

  test('is lost to a named competitor, where that is the reason', () => {
    given(opened, in_('Presentation')).when(loseDeal, { id, reason: 'competitor' }, course).thenInvalid('/competitor');
    given(opened, in_('Presentation'))
      .when(loseDeal, { id, reason: 'Competitor', competitor: 'Scaune SA' }, course)
      .thenEvents(DealLost({ from: 'Presentation', ...to('Rejected'), reason: 'Competitor', competitor: 'Scaune SA' }));
  });

  test('is a rejection unless said otherwise', () =>
    given(opened, in_('Presentation')).when(loseDeal, { id, reason: 'Price' }, course).thenEvents(lost));

  test('is also reached from a pause', () =>
    given(opened, in_('Presentation'), paused)
      .when(loseDeal, { id, reason: 'Price' }, course)
      .thenEvents(DealLost({ from: 'Paused', ...to('Rejected'), reason: 'Price' })));

  test('is final for losing and winning', () => {
    given(opened, lost).when(loseDeal, { id, reason: 'x' }, course).thenNothing();
    given(opened, lost).when(loseDeal, { id, stage: 'DroppedOut', reason: 'x' }, course).thenRefuses('InvalidTransition');
    given(opened, won).when(loseDeal, { id, reason: 'x' }, course).thenRefuses('InvalidTransition');
    given(opened, lost).when(winDeal, { id, reason: 'x' }, course).thenRefuses('InvalidTransition');
  });
});

describe('the payment of the order', () => {
  const paid = { facts: { ...course.facts, winOnPayment: true } };

  test('wins nothing where the company does not have it so', () =>
    given(opened, ordered)
      .when(winDealByPayment, { id, orderId: 'O1' }, { facts: { ...course.facts, winOnPayment: false } })
      .thenNothing());

  test.each([[[]], [[in_('Presentation')]], [[in_('Presentation'), paused]]])('wins the deal wherever it stands (%#)', history =>
    expect(
      given(opened, ...history, ordered)
        .when(winDealByPayment, { id, orderId: 'O1' }, paid)
        .events(),
    ).toMatchObject([{ type: 'DealWon', data: { orderId: 'O1', accountId: 'A1' } }]),
  );

  test.each([[won], [lost]])('leaves a closed deal as it is (%#)', end =>
    given(opened, ordered, end).when(winDealByPayment, { id, orderId: 'O1' }, paid).thenNothing(),
  );

  test('of another order wins nothing', () => given(opened, ordered).when(winDealByPayment, { id, orderId: 'O2' }, paid).thenNothing());
});

describe('reopening a deal', () => {
  test('puts it where it was when it closed', () =>
    given(opened, in_('Presentation'), lost)
      .when(reopenDeal, { id, reason: 'They came back' }, course)
      .thenEvents(DealReopened({ from: 'Rejected', ...to('Presentation'), reason: 'They came back' })));

  test('puts a deal that was paused where it was before the pause', () =>
    given(opened, in_('Presentation'), paused, DealLost({ from: 'Paused', ...to('Rejected'), reason: 'x' }))
      .when(reopenDeal, { id, reason: 'x' }, course)
      .thenEvents(DealReopened({ from: 'Rejected', ...to('Presentation'), reason: 'x' })));

  test('is refused for a deal that is open', () =>
    given(opened).when(reopenDeal, { id, reason: 'x' }, course).thenRefuses('InvalidTransition'));
});

describe('an approval', () => {
  const all = { stageSkip: 'P1', missingMandatoryField: 'P2', winWithoutContract: 'P3' };

  test('lets a move pass that what follows the stage does not name', () => {
    const skipping = { facts: { pipeline: with_('InitialContact', { next: ['Presentation'] }) } };
    const move = { id, stage: 'Prototype' };
    const from = given(opened, line, in_('InitialContact'));
    expect(from.when(changeDealStage, move, skipping).refusal()).toMatchObject({
      refused: 'OverrideRequired',
      details: {
        rule: 'stageSkip',
        command: 'ChangeDealStage',
        terms: 'A move from InitialContact to Prototype, which does not follow it',
      },
    });
    from.when(changeDealStage, { ...move, approvals: { stageSkip: 'P1' } }, skipping).thenEvents(in_('Prototype', 'InitialContact'));
  });

  test('lets a move pass for which something is missing, and is asked for with the very fields', () => {
    const move = given(bare).when(changeDealStage, { id, stage: 'NeedsAssessment' }, course);
    move.thenInvalid('/contactId', '/description', '/expectedClose');
    const terms =
      'Going on though InitialContact needs a contact person, NeedsAssessment needs a description of the need, NeedsAssessment needs an expected day of closing';
    expect(move.refusal()?.details).toMatchObject({ approvable: [{ rule: 'missingMandatoryField', terms }] });
    given(bare)
      .when(changeDealStage, { id, stage: 'NeedsAssessment', approvals: { missingMandatoryField: 'P2' } }, course)
      .thenEvents(in_('NeedsAssessment'));
  });

  test('lets a deal be won from any stage without an order, each rule by an approval of its own', () => {
    const from = given(bare, in_('Prototype'));
    const wish = { id, reason: 'They signed on paper' };
    from.when(winDeal, { ...wish, approvals: { stageSkip: 'P1' } }, course).thenInvalid('/amount', '/orderId');
    from.when(winDeal, { ...wish, approvals: { stageSkip: 'P1', missingMandatoryField: 'P2' } }, course).thenInvalid('/orderId');
    expect(from.when(winDeal, { ...wish, approvals: all }, course).events()).toMatchObject([
      { type: 'DealWon', data: { from: 'Prototype' } },
    ]);
  });

  test('takes up a closed deal for who has no right to', () => {
    const seller = { ...course, grants: ['crm:edit:own'] };
    const from = given(opened, in_('Presentation'), lost);
    from.when(reopenDeal, { id, reason: 'x' }, seller).thenRefuses('OverrideRequired');
    const reopened = DealReopened({ from: 'Rejected', ...to('Presentation'), reason: 'x' });
    from.when(reopenDeal, { id, reason: 'x', approvals: { reopen: 'P4' } }, seller).thenEvents(reopened);
    from.when(reopenDeal, { id, reason: 'x' }, { ...course, grants: ['crm:edit', 'crm:reopen'] }).thenEvents(reopened);
  });
});

describe('a pipeline of the house', () => {
  test('has the stages, phases and chances of the usual pipeline', () =>
    expect(usual.stages.map(({ key, kind, phase, percent }) => `${phase} ${percent} ${key} ${kind}`)).toEqual([
      'Processing 0 NotProcessed open',
      'Qualification 20 InitialContact open',
      'Qualification 20 NeedsAssessment open',
      'Development 40 Presentation open',
      'Development 40 ProposalPreparation open',
      'Development 40 Prototype open',
      'Confirmation 60 DecisionMaking open',
      'Win 100 Completed won',
      'Rejection 0 Rejected lost',
      'Rejection 0 Paused paused',
      'Rejection 0 DroppedOut lost',
      'Archive 0 HistoricalApplications archive',
    ]));

  test('permits only commands that there are', () => {
    const known = crm.commands.map(({ type }) => type);
    const named = stageKinds.flatMap(kind => permitted({ kind }));
    expect(named.length).toBeGreaterThan(15);
    expect(known).toEqual(expect.arrayContaining(named));
  });

  test('reads a fact that does not say where its stage stood as one of the usual pipeline', () => {
    const before = [DealOpened({ ...full, accountId: 'A1', ownerId: 'ana', stage: 'NotProcessed' }), line];
    given(...before, DealStageChanged({ from: 'NotProcessed', to: 'DecisionMaking' }), ordered)
      .when(winDeal, { id, reason: 'Price' }, course)
      .thenEvents(won);
    given(...before, DealWon({ from: 'DecisionMaking', accountId: 'A1', reason: 'Price' }))
      .when(loseDeal, { id, reason: 'x' }, course)
      .thenRefuses('InvalidTransition');
  });
});

describe('the pipeline of a deal', () => {
  const simple: Pipeline = { name: 'Small sales', status: 'Active', stages: TEMPLATES.simple, targets: {} };
  const inSimple = { facts: { ...facts, pipeline: simple } };
  const standing = (key: string) => standingIn('P2', simple.stages.find(stage => stage.key === key) as never);
  const small = DealOpened({ ...full, accountId: 'A1', ownerId: 'ana', stage: 'New', standing: standing('New') });
  const inProposal = DealStageChanged({ from: 'New', to: 'Proposal', standing: standing('Proposal') });

  test('is the one named, which is in use', () => {
    const wish = { ...card, accountId: 'A1', pipelineId: 'P2' };
    given()
      .when(openDeal, wish, inSimple)
      .thenEvents(DealOpened({ ...card, accountId: 'A1', ownerId: 'ana', stage: 'New', standing: standing('New') }));
    for (const pipeline of [null, { ...simple, status: 'Draft' }, { ...simple, status: 'Archived' }])
      given()
        .when(openDeal, wish, { facts: { ...facts, pipeline } })
        .thenInvalid('/pipelineId');
  });

  test('says which stages there are, what they need and where deals are won and lost', () => {
    given(small).when(changeDealStage, { id, stage: 'Presentation' }, inSimple).thenInvalid('/stage');
    given(small).when(changeDealStage, { id, stage: 'Proposal' }, inSimple).thenEvents(inProposal);
    given(small, inProposal).when(winDeal, { id, reason: 'x' }, inSimple).thenInvalid('/orderId');
    given(small, inProposal, ordered)
      .when(winDeal, { id, reason: 'x' }, inSimple)
      .thenEvents(DealWon({ from: 'Proposal', to: 'Won', standing: standing('Won'), accountId: 'A1', orderId: 'O1', reason: 'x' }));
    given(small)
      .when(loseDeal, { id, reason: 'x' }, inSimple)
      .thenEvents(DealLost({ from: 'New', to: 'Lost', standing: standing('Lost'), reason: 'x' }));
    given(small).when(loseDeal, { id, stage: 'Won', reason: 'x' }, inSimple).thenInvalid('/stage');
  });

  test('may name what follows a stage: another move is to be approved, a pause is not', () => {
    const pipeline = with_('InitialContact', { next: ['Presentation', 'Completed'] });
    const from = given(opened, line, in_('InitialContact'), ordered);
    const move = (stage: string, more = {}) => from.when(changeDealStage, { id, stage, ...more }, { facts: { pipeline } });
    move('Presentation').thenEvents(in_('Presentation', 'InitialContact'));
    expect(move('NeedsAssessment').refusal()).toMatchObject({ refused: 'OverrideRequired', details: { rule: 'stageSkip' } });
    move('NotProcessed', { reason: 'x' }).thenRefuses('OverrideRequired');
    expect(move('Paused', { resumeOn: '2026-04-01' }).events()).toHaveLength(1);
    expect(from.when(winDeal, { id, reason: 'x' }, { facts: { pipeline } }).events()).toMatchObject([{ type: 'DealWon' }]);
  });

  test('may have a stage of any name', () => {
    const odd = { ...simple, stages: simple.stages.map(stage => (stage.key === 'Qualified' ? { ...stage, key: 'constructor' } : stage)) };
    const there = DealStageChanged({ from: 'New', to: 'constructor', standing: standing('Qualified') });
    given(small, there)
      .when(changeDealStage, { id, stage: 'Proposal' }, { facts: { pipeline: odd } })
      .thenEvents(DealStageChanged({ from: 'constructor', to: 'Proposal', standing: standing('Proposal') }));
  });

  test('is changed for another in use, with the reason', () => {
    const into = (stage: string) => DealStageChanged({ from: 'Presentation', to: stage, standing: standing(stage), reason: 'A small one' });
    const wish = { id, pipelineId: 'P2', reason: 'A small one' };
    const from = given(opened, line, in_('Presentation'));
    from.when(changeDealPipeline, wish, inSimple).thenEvents(into('New'));
    from.when(changeDealPipeline, { ...wish, stage: 'Proposal' }, inSimple).thenEvents(into('Proposal'));
    for (const stage of ['Won', 'Presentation']) from.when(changeDealPipeline, { ...wish, stage }, inSimple).thenInvalid('/stage');
    for (const pipeline of [null, { ...simple, status: 'Archived' }])
      from.when(changeDealPipeline, wish, { facts: { pipeline } }).thenInvalid('/pipelineId');
    from.when(changeDealPipeline, { ...wish, pipelineId: 'default' }, course).thenNothing();
    for (const end of [paused, won, lost])
      given(opened, in_('Presentation'), end).when(changeDealPipeline, wish, inSimple).thenRefuses('InvalidTransition');
    given(opened, in_('Presentation'), into('New')).when(changeDealStage, { id, stage: 'Proposal' }, inSimple).thenEvents(inProposal);
  });

  test('is not entered beyond what is filled in', () => {
    const wish = { id, pipelineId: 'P3', stage: 'Presentation', reason: 'x' };
    given(small)
      .when(changeDealPipeline, wish, { facts: { pipeline: usual } })
      .thenEvents(
        DealStageChanged({
          from: 'New',
          to: 'Presentation',
          standing: { ...usualStanding('Presentation'), pipelineId: 'P3' },
          reason: 'x',
        }),
      );
    const empty = DealOpened({ ...card, accountId: 'A1', ownerId: 'ana', stage: 'New', standing: standing('New') });
    const pointers = ['/contactId', '/description', '/expectedClose', '/amount'];
    given(empty)
      .when(changeDealPipeline, wish, { facts: { pipeline: usual } })
      .thenInvalid(...pointers);
    const approvals = { missingMandatoryField: 'P1' };
    expect(
      given(empty)
        .when(changeDealPipeline, { ...wish, approvals }, { facts: { pipeline: usual } })
        .events(),
    ).toHaveLength(1);
  });

  test('leads a deal out of a stage that is being removed, once', () => {
    const pipeline = { ...usual, targets: { Presentation: 'NeedsAssessment' } };
    const reason = 'The stage Presentation was removed from the pipeline.';
    const here = { facts: { pipeline } };
    given(opened, in_('Presentation'))
      .when(relocateDeal, { id, from: 'Presentation' }, here)
      .thenEvents(DealStageChanged({ from: 'Presentation', ...to('NeedsAssessment'), reason }));
    given(opened, in_('Prototype')).when(relocateDeal, { id, from: 'Presentation' }, here).thenNothing();
    given(opened, in_('Presentation')).when(relocateDeal, { id, from: 'Presentation' }, course).thenNothing();
    given(opened).when(changeDealStage, { id, stage: 'Presentation' }, here).thenInvalid('/stage');
  });

  test('takes a paused or closed deal back to where its stage was moved', () => {
    const stages = usual.stages.filter(({ key }) => key !== 'Presentation' && key !== 'NeedsAssessment');
    const pipeline = { ...usual, stages, targets: { Presentation: 'NeedsAssessment', NeedsAssessment: 'InitialContact' } };
    given(opened, in_('Presentation'), paused)
      .when(changeDealStage, { id, stage: 'InitialContact' }, { facts: { pipeline } })
      .thenEvents(DealStageChanged({ from: 'Paused', ...to('InitialContact') }));
    given(opened, in_('Presentation'), lost)
      .when(reopenDeal, { id, reason: 'x' }, { facts: { pipeline } })
      .thenEvents(DealReopened({ from: 'Rejected', ...to('InitialContact'), reason: 'x' }));
  });
});
