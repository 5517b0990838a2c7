import { describe, expect, test } from 'vitest';
import {
  assignLead,
  captureLead,
  changeLeadStage,
  convertLead,
  disqualifyLead,
  editLead,
  reopenLead,
} from '../../src/commands/crm/lead.ts';
import {
  LEAD_PERMITS,
  LeadAssigned,
  LeadCaptured,
  LeadConverted,
  LeadDisqualified,
  LeadEdited,
  LeadReopened,
  LeadStageChanged,
  leadStages,
} from '../../src/domain/crm/lead.ts';
import { crm } from '../../src/modules/crm.ts';
import { given } from '../kernel/scenario.ts';

const id = 'L1';
const contact = { name: 'Ion', email: 'ion@acme.example' };
const card = { name: 'Ten chairs', company: 'Acme', contact, requestCategory: 'Furniture', tags: ['office'] };
const captured = LeadCaptured({ ...card, source: 'web', ownerId: 'ana' });
const bare = LeadCaptured({ name: 'A call', tags: [], source: 'phone', ownerId: 'ana' });

const interested = LeadStageChanged({ from: 'NotProcessed', to: 'InterestExpressed' });
const paused = LeadStageChanged({ from: 'NotProcessed', to: 'Paused' });
const disqualified = LeadDisqualified({ from: 'NotProcessed', reason: 'No budget' });

const conversion = {
  from: 'InterestExpressed' as const,
  ownerId: 'ana',
  dealId: 'L1.deal',
  accountId: 'L1.account',
  contactId: 'L1.contact',
  newAccount: { name: 'Acme', currency: 'RON' },
  newContact: contact,
  deal: { name: 'Ten chairs', currency: 'RON', requestCategory: 'Furniture' },
};
const converted = LeadConverted(conversion);

describe('capturing a lead', () => {
  const wish = { ...card, source: 'web' };

  test('gives it to the caller', () => given().when(captureLead, wish, { facts: {} }).thenEvents(captured));

  test('gives it to somebody else when the caller may assign', () =>
    given()
      .when(captureLead, { ...wish, ownerId: 'bob' }, { facts: { ownerKnown: true }, grants: ['crm:edit', 'crm:assign'] })
      .thenEvents(LeadCaptured({ ...card, source: 'web', ownerId: 'bob' })));

  test('is refused to who may not assign and names somebody else', () =>
    given()
      .when(captureLead, { ...wish, ownerId: 'bob' }, { grants: ['crm:edit', 'crm:assign:own'] })
      .thenRefuses('Forbidden'));

  test('admits naming oneself without a right to assign', () =>
    given()
      .when(captureLead, { ...wish, ownerId: 'ana' }, { facts: {}, grants: ['crm:edit:own'] })
      .thenEvents(captured));

  test('is refused for an owner who is no user', () =>
    given()
      .when(captureLead, { ...wish, ownerId: 'bob' }, { facts: { ownerKnown: false } })
      .thenInvalid('/ownerId'));

  test('needs neither company nor person', () =>
    given().when(captureLead, { name: 'A call', source: 'phone' }, { facts: {} }).thenEvents(bare));
});

describe('editing a lead', () => {
  test('changes what is said and keeps the rest', () =>
    given(captured)
      .when(editLead, { id, company: 'Acme SRL', tags: [] })
      .thenEvents(LeadEdited({ ...card, company: 'Acme SRL', tags: [], changed: ['company', 'tags'] })));

  test('empties a field by null', () =>
    given(captured)
      .when(editLead, { id, company: null })
      .thenEvents(LeadEdited({ name: 'Ten chairs', contact, requestCategory: 'Furniture', tags: ['office'], changed: ['company'] })));

  test('is silent when it says what is so already', () =>
    given(captured).when(editLead, { id, name: 'Ten chairs', contact, description: null }).thenNothing());

  test('builds on what earlier edits said', () =>
    given(captured, LeadEdited({ name: 'Nine chairs', tags: [], changed: ['name', 'company', 'contact', 'requestCategory', 'tags'] }))
      .when(editLead, { id, company: 'Acme' })
      .thenEvents(LeadEdited({ name: 'Nine chairs', company: 'Acme', tags: [], changed: ['company'] })));

  test.each([[disqualified], [converted]])('is refused once the lead is closed (%#)', closing =>
    given(captured, closing).when(editLead, { id, name: 'Nine chairs' }).thenRefuses('InvalidTransition'),
  );

  test('is refused for a lead that does not exist', () => given().when(editLead, { id, name: 'x' }).thenRefuses('NotFound'));
});

describe('assigning a lead', () => {
  test('says from whom to whom and why', () =>
    given(captured)
      .when(assignLead, { id, ownerId: 'bob', reason: 'On leave' }, { facts: { ownerKnown: true } })
      .thenEvents(LeadAssigned({ from: 'ana', to: 'bob', reason: 'On leave' })));

  test('is silent for the owner it has', () =>
    given(captured)
      .when(assignLead, { id, ownerId: 'ana' }, { facts: { ownerKnown: true } })
      .thenNothing());

  test('is refused for an owner who is no user', () =>
    given(captured)
      .when(assignLead, { id, ownerId: 'bob' }, { facts: { ownerKnown: false } })
      .thenInvalid('/ownerId'));

  test('is refused once it is a deal', () =>
    given(captured, converted)
      .when(assignLead, { id, ownerId: 'bob' }, { facts: { ownerKnown: true } })
      .thenRefuses('InvalidTransition'));

  test('moves on from the last owner', () =>
    given(captured, LeadAssigned({ from: 'ana', to: 'bob' }))
      .when(assignLead, { id, ownerId: 'ana' }, { facts: { ownerKnown: true } })
      .thenEvents(LeadAssigned({ from: 'bob', to: 'ana' })));

  test('relates the lead to its owner', () =>
    expect(assignLead.relations?.({ stage: 'NotProcessed', ownerId: 'ana', card: { name: 'x', tags: [] } })).toEqual({ owner: 'ana' }));
});

describe('the stages of a lead', () => {
  const permitted = [
    ['NotProcessed', 'InterestExpressed'],
    ['NotProcessed', 'Paused'],
    ['InterestExpressed', 'Paused'],
    ['Paused', 'NotProcessed'],
    ['Paused', 'InterestExpressed'],
  ] as const;

  const inStage = {
    NotProcessed: [captured],
    InterestExpressed: [captured, interested],
    Paused: [captured, paused],
    Disqualified: [captured, disqualified],
    Deal: [captured, converted],
  } as const;

  test.each(permitted)('lead from %s to %s', (from, to) =>
    given(...inStage[from])
      .when(changeLeadStage, { id, stage: to })
      .thenEvents(LeadStageChanged({ from, to })),
  );

  const all = leadStages.flatMap(from => leadStages.map(to => [from, to] as const));
  const refused = all.filter(([from, to]) => from !== to && !permitted.some(pair => pair[0] === from && pair[1] === to));

  test.each(refused)('do not lead from %s to %s', (from, to) =>
    given(...inStage[from])
      .when(changeLeadStage, { id, stage: to })
      .thenRefuses('InvalidTransition'),
  );

  test.each(leadStages)('stay as they are when %s is asked for again', stage =>
    given(...inStage[stage])
      .when(changeLeadStage, { id, stage })
      .thenNothing(),
  );

  test('need a channel before an interest counts as expressed', () =>
    given(bare).when(changeLeadStage, { id, stage: 'InterestExpressed' }).thenInvalid('/contact'));

  test('take a telephone number for a channel', () =>
    given(LeadCaptured({ name: 'A call', contact: { phone: '0215550100' }, tags: [], source: 'phone', ownerId: 'ana' }))
      .when(changeLeadStage, { id, stage: 'InterestExpressed' })
      .thenEvents(interested));

  test('permit only commands that there are', () => {
    const known = crm.commands.map(({ type }) => type);
    expect(known).toEqual(expect.arrayContaining([...new Set(Object.values(LEAD_PERMITS).flat())]));
  });
});

describe('disqualifying a lead', () => {
  test('keeps the reason and where it stood', () =>
    given(captured, paused)
      .when(disqualifyLead, { id, reason: 'No budget' })
      .thenEvents(LeadDisqualified({ from: 'Paused', reason: 'No budget' })));

  test('is silent the second time', () => given(captured, disqualified).when(disqualifyLead, { id, reason: 'Again' }).thenNothing());

  test('is refused once it is a deal', () =>
    given(captured, converted).when(disqualifyLead, { id, reason: 'x' }).thenRefuses('InvalidTransition'));

  test('is taken back by reopening', () =>
    given(captured, disqualified)
      .when(reopenLead, { id, reason: 'Budget found' })
      .thenEvents(LeadReopened({ reason: 'Budget found' })));

  test('leaves a lead that can be worked on again', () =>
    given(captured, disqualified, LeadReopened({ reason: 'x' }))
      .when(changeLeadStage, { id, stage: 'InterestExpressed' })
      .thenEvents(interested));

  test.each([[[]], [[converted]]])('has nothing to take back elsewhere (%#)', more =>
    given(captured, ...more)
      .when(reopenLead, { id, reason: 'x' })
      .thenRefuses('InvalidTransition'),
  );
});

describe('converting a lead', () => {
  const account = { currency: 'EUR' };

  test('makes account, contact and deal under ids of its own', () =>
    given(captured, interested).when(convertLead, { id, currency: 'RON' }, { facts: {} }).thenEvents(converted));

  test('takes the account chosen, its currency, and only adds the person', () =>
    given(captured, interested)
      .when(convertLead, { id, accountId: 'A1' }, { facts: { account } })
      .thenEvents(
        LeadConverted({
          from: 'InterestExpressed',
          ownerId: 'ana',
          dealId: 'L1.deal',
          accountId: 'A1',
          contactId: 'L1.contact',
          newContact: contact,
          deal: { name: 'Ten chairs', currency: 'EUR', requestCategory: 'Furniture' },
        }),
      ));

  test('takes what is said over what the lead says', () =>
    given(LeadCaptured({ ...card, value: { minor: 100, currency: 'RON' }, source: 'web', ownerId: 'ana' }))
      .when(
        convertLead,
        {
          id,
          dealName: 'Chairs for Acme',
          requestCategory: 'Chairs',
          amount: { amount: '99.50', currency: 'EUR' },
          expectedClose: '2026-05-01',
        },
        { facts: {} },
      )
      .thenEvents(
        LeadConverted({
          ...conversion,
          from: 'NotProcessed',
          newAccount: { name: 'Acme', currency: 'EUR' },
          deal: {
            name: 'Chairs for Acme',
            currency: 'EUR',
            amount: { minor: 9950, currency: 'EUR' },
            requestCategory: 'Chairs',
            expectedClose: '2026-05-01',
          },
        }),
      ));

  test('names the account after the person where there is no company', () =>
    expect(
      given(LeadCaptured({ name: 'A chair', contact, requestCategory: 'x', tags: [], source: 'web', ownerId: 'ana' }))
        .when(convertLead, { id, currency: 'RON' }, { facts: {} })
        .events()[0]?.data,
    ).toMatchObject({ newAccount: { name: 'Ion' } }));

  test('names everything that is missing at once', () =>
    given(bare).when(convertLead, { id }, { facts: {} }).thenInvalid('/accountId', '/contact', '/requestCategory', '/currency'));

  test('needs neither person nor channel with an account chosen', () =>
    expect(
      given(bare).when(convertLead, { id, accountId: 'A1', requestCategory: 'x' }, { facts: { account } }).events()[0]?.data,
    ).not.toHaveProperty('contactId'));

  test('is refused for an account that does not exist', () =>
    given(captured)
      .when(convertLead, { id, accountId: 'A9' }, { facts: { account: null } })
      .thenInvalid('/accountId'));

  test('goes into the pipeline named, which is in use', () => {
    const wish = { id, accountId: 'A1', pipelineId: 'P2' };
    const from = given(captured, interested);
    const converts = from.when(convertLead, wish, { facts: { account, pipelineInUse: true } });
    expect(converts.events()).toMatchObject([{ data: { deal: { pipelineId: 'P2' } } }]);
    from.when(convertLead, wish, { facts: { account, pipelineInUse: false } }).thenInvalid('/pipelineId');
  });

  test('is refused when the amount is in another currency than the deal', () =>
    given(captured)
      .when(convertLead, { id, currency: 'RON', amount: { amount: '1.00', currency: 'EUR' } }, { facts: {} })
      .thenRefuses('CurrencyMismatch'));

  test('happens once', () =>
    given(captured, converted).when(convertLead, { id, currency: 'RON' }, { facts: {} }).thenRefuses('LeadAlreadyConverted'));

  test.each([[paused], [disqualified]])('is refused from a stage that does not permit it (%#)', stage =>
    given(captured, stage).when(convertLead, { id, currency: 'RON' }, { facts: {} }).thenRefuses('InvalidTransition'),
  );
});
