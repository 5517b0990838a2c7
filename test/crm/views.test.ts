import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Account } from '../../src/domain/crm/account.ts';
import { Contact } from '../../src/domain/crm/contact.ts';
import { Deal } from '../../src/domain/crm/deal.ts';
import { Lead } from '../../src/domain/crm/lead.ts';
import { type AnyDecider, evolve } from '../../src/kernel/decider.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { accounts } from '../../src/projections/crm/accounts.ts';
import { contacts } from '../../src/projections/crm/contacts.ts';
import { dealLines, deals } from '../../src/projections/crm/deals.ts';
import { leads } from '../../src/projections/crm/leads.ts';
import { rowsAfter } from '../kernel/fold.ts';

const samples = JSON.parse(readFileSync(new URL('../golden/crm.json', import.meta.url), 'utf8')) as Record<string, { 1: never }>;

/** A fact as its sample has it. */
function fact(record: AnyDecider, type: string): DomainEvent {
  const definition = record.events.find(entry => entry.type === type);
  return { type, data: definition?.decode(samples[type]?.[1], 1) };
}

const happened = (record: AnyDecider, types: readonly string[]) => types.map(type => ({ event: fact(record, type), entityId: 'R1' }));

const stateAfter = <State>(record: AnyDecider & { initial(): State }, types: readonly string[]): State =>
  types.reduce<State>((state, type) => evolve(record, state, type, fact(record, type).data), record.initial() as State);

describe('the view of leads', () => {
  const rowAfter = (...types: readonly string[]) => rowsAfter(leads, happened(Lead, types)).get('R1');

  test('shows what was captured, and what edits leave of it', () => {
    expect(rowAfter('LeadCaptured')).toMatchObject({
      company: 'Ștefan Birotică SRL',
      contact_email: 'ana@birotica.example',
      value: 1_200_000,
      value_currency: 'RON',
      source: 'web form',
      stage: 'NotProcessed',
    });
    expect(rowAfter('LeadCaptured', 'LeadEdited')).toMatchObject({
      name: 'Forty chairs',
      company: null,
      contact_email: null,
      contact_phone: '0215550100',
      value: null,
      value_currency: null,
      tags: [],
      source: 'web form',
    });
  });

  test('shows why a lead was given up, until it is taken up again', () => {
    expect(rowAfter('LeadCaptured', 'LeadDisqualified')).toMatchObject({ stage: 'Disqualified', disqualified_reason: 'No budget' });
    expect(rowAfter('LeadCaptured', 'LeadDisqualified', 'LeadReopened')).toMatchObject({
      stage: 'NotProcessed',
      disqualified_reason: null,
    });
  });

  test('shows what a lead became', () =>
    expect(rowAfter('LeadCaptured', 'LeadConverted')).toMatchObject({
      stage: 'Deal',
      deal_id: '01D',
      account_id: '01A',
      contact_id: '01C',
    }));

  test('agrees with the lead about stage and owner after every fact', () => {
    const course = ['LeadCaptured', 'LeadStageChanged', 'LeadAssigned', 'LeadEdited', 'LeadDisqualified', 'LeadReopened', 'LeadConverted'];
    expect(course.toSorted()).toEqual(Lead.events.map(({ type }) => type).toSorted());
    course.forEach((_, index) => {
      const { stage, ownerId } = stateAfter(Lead, course.slice(0, index + 1)) as Lead;
      expect(rowAfter(...course.slice(0, index + 1))).toMatchObject({ stage, owner_id: ownerId });
    });
  });
});

describe('the view of accounts', () => {
  const rowAfter = (...types: readonly string[]) => rowsAfter(accounts, happened(Account, types)).get('R1');

  test('shows an account whole, and what edits leave of it', () => {
    expect(rowAfter('AccountCreated')).toMatchObject({
      code: 'STEFB',
      credit_limit: 5_000_000,
      city: 'Brașov',
      country: 'RO',
      lead_id: '01X',
    });
    expect(rowAfter('AccountCreated', 'AccountEdited')).toMatchObject({
      name: 'Birotică',
      code: null,
      credit_limit: null,
      address: null,
      city: null,
      payment_term_days: 14,
      lead_id: '01X',
    });
  });

  test('shows who answers for it, whether it buys, and why it may not', () => {
    const life = ['AccountCreated', 'AccountAssigned', 'AccountActivated', 'AccountBlocked'] as const;
    expect(rowAfter('AccountCreated')).toMatchObject({ owner_id: '01U', active: false, blocked_reason: null });
    expect(rowAfter(...life)).toMatchObject({ owner_id: '02U', active: true, blocked_reason: 'Three invoices overdue' });
    expect(rowAfter(...life, 'AccountUnblocked')).toMatchObject({ active: true, blocked_reason: null });
  });
});

test('the view of contacts shows a person, what edits leave, and who answers for them', () => {
  const rowAfter = (...types: readonly string[]) => rowsAfter(contacts, happened(Contact, types)).get('R1');
  expect(rowAfter('ContactAdded')).toMatchObject({ account_id: '01A', primary_contact: true, role: 'decides', lead_id: '01X' });
  expect(rowAfter('ContactAdded', 'ContactEdited', 'ContactAssigned')).toMatchObject({
    name: 'Ana Popescu',
    account_id: null,
    primary_contact: false,
    owner_id: '02U',
  });
});

describe('the view of deals', () => {
  const rowAfter = (...types: readonly string[]) => rowsAfter(deals, happened(Deal, types)).get('R1');

  test('shows a deal with the chance of its stage', () => {
    expect(rowAfter('DealOpened')).toMatchObject({ stage: 'NotProcessed', percent: 0, amount: 1_200_000, expected_close: '2026-05-01' });
    expect(rowAfter('DealOpened', 'DealWon')).toMatchObject({ stage: 'Completed', percent: 100, closed_reason: 'Best price' });
    expect(rowAfter('DealOpened', 'DealReopened')).toMatchObject({ stage: 'Presentation', percent: 40 });
  });

  test('shows when a pause ends, as long as it lasts', () => {
    expect(rowAfter('DealOpened', 'DealStageChanged')).toMatchObject({ stage: 'Paused', resume_on: '2026-04-01' });
    for (const end of ['DealWon', 'DealLost']) expect(rowAfter('DealOpened', 'DealStageChanged', end)).toMatchObject({ resume_on: null });
  });

  test('shows why a deal was lost, until it is opened again', () => {
    const lost = { stage: 'DroppedOut', closed_reason: 'Chose another', competitor: 'Scaune SA' };
    expect(rowAfter('DealOpened', 'DealLost')).toMatchObject(lost);
    expect(rowAfter('DealOpened', 'DealLost', 'DealReopened')).toMatchObject({ closed_reason: null, competitor: null });
  });

  test('shows its order, or why that came to nothing', () => {
    expect(rowAfter('DealOpened', 'DealOrdered')).toMatchObject({ order_id: '01O', order_undone: null });
    const undone = ['DealOpened', 'DealOrdered', 'DealOrderUndone'];
    expect(rowAfter(...undone)).toMatchObject({ order_id: null, order_undone: 'CHAIR-1 is no longer sold.' });
    expect(rowAfter(...undone, 'DealOrdered')).toMatchObject({ order_id: '01O', order_undone: null });
  });

  test('agrees with the deal about stage, owner, observers and order after every fact', () => {
    const watched = ['DealOpened', 'DealObserverAdded', 'DealEdited', 'DealLineAdded', 'DealObserverRemoved'];
    const worked = [...watched, 'DealStageChanged', 'DealAssigned', 'DealLineRemoved'];
    const course = [
      ...worked,
      'DealOrdered',
      'DealOrderUndone',
      'DealTakenIn',
      'DealSplitOff',
      'DealMerged',
      'DealMergeUndone',
      'DealLost',
      'DealReopened',
      'DealWon',
    ];
    expect(course.toSorted()).toEqual(Deal.events.map(({ type }) => type).toSorted());
    course.forEach((_, index) => {
      const { stage, ownerId, observers, orderId } = stateAfter(Deal, course.slice(0, index + 1)) as Deal;
      const told = { stage, owner_id: ownerId, observers, order_id: orderId ?? null };
      expect(rowAfter(...course.slice(0, index + 1))).toMatchObject(told);
    });
  });

  test('shows the lines there are', () => {
    const added = [...rowsAfter(dealLines, happened(Deal, ['DealLineAdded']))];
    expect(added).toEqual([
      [
        'R1~1',
        { deal_id: 'R1', line: 1, item_id: '01I', quantity: 40_000, unit_price: '299.5', price_reason: 'Agreed by phone', discount: '5' },
      ],
    ]);
    expect([...rowsAfter(dealLines, happened(Deal, ['DealLineAdded', 'DealLineRemoved']))]).toEqual([]);
  });
});
