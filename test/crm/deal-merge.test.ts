import { describe, expect, test } from 'vitest';
import { changeDealStage, editDeal, relocateDeal } from '../../src/commands/crm/deal.ts';
import {
  mergeDeal,
  splitOffDeal,
  splittingOff,
  takeInDeal,
  takingIn,
  undoDealMerge,
  withdrawDealMerge,
} from '../../src/commands/crm/deal-merge.ts';
import {
  DealEdited,
  DealLineAdded,
  DealLost,
  DealMerged,
  DealMergeUndone,
  DealOpened,
  DealOrdered,
  DealSplitOff,
  DealStageChanged,
  DealTakenIn,
  DealWon,
} from '../../src/domain/crm/deal.ts';
import { delivered, type Pipeline } from '../../src/domain/crm/pipeline.ts';
import { usualStanding } from '../../src/domain/crm/stages.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { dealMerges } from '../../src/projections/crm/deal-merges.ts';
import { deals } from '../../src/projections/crm/deals.ts';
import { dealMerge } from '../../src/sagas/crm/deal-merge.ts';
import { rowsAfter } from '../kernel/fold.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

const id = 'D1';
const ron = (minor: number) => ({ minor, currency: 'RON' });
const line = { line: 1, itemId: 'I1', quantity: 10_000, discount: '0' };
const standing = usualStanding('NotProcessed');
const card = { name: 'Ten chairs', currency: 'RON', amount: ron(100_000), description: 'With arms' };
const opened = DealOpened({ ...card, contactId: 'C1', accountId: 'A1', ownerId: 'ana', leadId: 'L1', stage: 'NotProcessed', standing });
const source = [opened, DealLineAdded(line)];
const summary = { ...card, accountId: 'A1', ownerId: 'ana', leadId: 'L1', stage: 'NotProcessed', lines: [line] };
const UNTIL = '2026-04-01T09:00:00.000Z';
const merged = DealMerged({ into: 'D2', summary, contactIds: ['C1'], undoUntil: UNTIL });
const withAmount = DealMerged({ into: 'D2', summary, contactIds: ['C1'], undoUntil: UNTIL, amount: ron(100_000) });
const undone = DealMergeUndone({ into: 'D2', to: 'NotProcessed', standing });
const ordered = DealOrdered({ orderId: 'O1', accountId: 'A1', ownerId: 'ana', warehouseId: 'W1', currency: 'RON', lines: [] });

const other = { accountId: 'A1', currency: 'RON', kind: 'open', survivorId: null };
const facts = (more: object = {}) => ({ facts: { target: { ...other, ...more }, paid: false } });
const wish = { id, intoId: 'D2' };

describe('merging a deal into another', () => {
  test('tells the other one all it said, with its contacts, and adds no amount', () =>
    given(...source)
      .when(mergeDeal, wish, facts())
      .thenEvents(merged));

  test('adds the amount where that is asked for', () =>
    given(...source)
      .when(mergeDeal, { ...wish, addAmount: true }, facts())
      .thenEvents(withAmount));

  test('is refused into itself', () =>
    given(...source)
      .when(mergeDeal, { id, intoId: id }, facts())
      .thenRefuses('SameDeal'));

  test('needs a deal there is', () =>
    given(...source)
      .when(mergeDeal, wish, { facts: { target: null, paid: false } })
      .thenInvalid('/intoId'));

  test.each(['won', 'lost', 'archive'])('is refused into a deal that is closed (%s)', kind =>
    given(...source)
      .when(mergeDeal, wish, facts({ kind }))
      .thenRefuses('TargetClosed'),
  );

  test('is refused into a deal that was merged: into this one as MergeCycle, into another with where it went', () => {
    given(...source)
      .when(mergeDeal, wish, facts({ kind: 'merged', survivorId: id }))
      .thenRefuses('MergeCycle');
    const refusal = given(...source)
      .when(mergeDeal, wish, facts({ kind: 'merged', survivorId: 'D3' }))
      .refusal();
    expect(refusal).toMatchObject({ refused: 'DealMerged', details: { survivorId: 'D3' } });
  });

  test('is refused where something was paid for its order, and where it has one', () => {
    given(...source, ordered)
      .when(mergeDeal, wish, { facts: { target: other, paid: true } })
      .thenRefuses('MergeHasPayments');
    given(...source, ordered)
      .when(mergeDeal, wish, facts())
      .thenRefuses('MergeHasOrder');
  });

  test('is refused for a deal that is won, and not for one that is lost', () => {
    const won = DealWon({ from: 'DecisionMaking', accountId: 'A1', reason: 'x' });
    given(...source, won)
      .when(mergeDeal, wish, facts())
      .thenRefuses('InvalidTransition');
    const lost = DealLost({ from: 'NotProcessed', to: 'Rejected', reason: 'Twice here' });
    expect(
      given(...source, lost)
        .when(mergeDeal, wish, facts())
        .events(),
    ).toMatchObject([{ type: 'DealMerged', data: { summary: { stage: 'Rejected' } } }]);
  });

  test('between accounts takes an approval', () => {
    const from = given(...source);
    from.when(mergeDeal, wish, facts({ accountId: 'A2' })).thenRefuses('OverrideRequired');
    from.when(mergeDeal, { ...wish, approvals: { mergeAcrossAccounts: 'P1' } }, facts({ accountId: 'A2' })).thenEvents(merged);
  });

  test('adds no amount of another currency', () =>
    given(...source)
      .when(mergeDeal, { ...wish, addAmount: true }, facts({ currency: 'EUR' }))
      .thenRefuses('CurrencyMismatch'));

  test('happens once, and leaves a deal that is read-only and says where it went', () => {
    const from = given(...source, merged);
    from.when(mergeDeal, wish, facts()).thenNothing();
    for (const verdict of [
      from.when(mergeDeal, { id, intoId: 'D3' }, facts()),
      from.when(editDeal, { id, name: 'x' }, { facts: {} }),
      from.when(changeDealStage, { id, stage: 'InitialContact' }, { facts: { pipeline: delivered('default') } }),
    ])
      expect(verdict.refusal()).toMatchObject({ refused: 'DealMerged', details: { survivorId: 'D2' } });
    const pipeline = { ...(delivered('default') as Pipeline), targets: { NotProcessed: 'InitialContact' } };
    from.when(relocateDeal, { id, from: 'NotProcessed' }, { facts: { pipeline } }).thenNothing();
  });
});

const target = DealOpened({
  ...{ name: 'Chairs', currency: 'RON', amount: ron(50_000), contactId: 'C2' },
  ...{ accountId: 'A1', ownerId: 'bob', stage: 'NotProcessed', standing },
});
const taking = { id: 'D2', sourceId: id, summary, contactIds: ['C1', 'C2'] };
const taken = DealTakenIn({ sourceId: id, summary, contactIds: ['C1'] });
const takenAmount = DealTakenIn({ sourceId: id, summary, contactIds: ['C1'], amount: ron(100_000) });

describe('the deal that another was merged into', () => {
  test('takes in what it did not have, once', () => {
    given(target).when(takeInDeal, taking).thenEvents(taken);
    given(target, taken).when(takeInDeal, taking).thenNothing();
    given(target)
      .when(takeInDeal, { ...taking, amount: ron(100_000) })
      .thenEvents(takenAmount);
    const edited = DealEdited({ name: 'Chairs', currency: 'EUR', changed: ['currency', 'amount'] });
    expect(
      given(target, edited)
        .when(takeInDeal, { ...taking, amount: ron(100_000) })
        .events()[0]?.data,
    ).not.toHaveProperty('amount.minor');
  });

  test('refuses when it was closed or merged meanwhile', () => {
    given(target, DealLost({ from: 'NotProcessed', to: 'Rejected', reason: 'x' }))
      .when(takeInDeal, taking)
      .thenRefuses('InvalidTransition');
    given(target, merged).when(takeInDeal, taking).thenRefuses('InvalidTransition');
  });

  test('gives back what it got, and nothing twice', () => {
    given(target, takenAmount)
      .when(splitOffDeal, { id: 'D2', sourceId: id })
      .thenEvents(DealSplitOff({ sourceId: id, contactIds: ['C1'], amount: ron(100_000) }));
    given(target).when(splitOffDeal, { id: 'D2', sourceId: id }).thenNothing();
  });

  const happened = (...events: readonly DomainEvent[]) => events.map(event => ({ event, entityId: 'D2' }));
  const back = DealSplitOff({ sourceId: id, contactIds: ['C1'], amount: ron(100_000) });

  test('is worth what both are, until one is taken out again; never less than nothing', () => {
    const row = (...events: readonly DomainEvent[]) => rowsAfter(deals, happened(target, ...events)).get('D2');
    expect(row(takenAmount)).toMatchObject({ amount: 150_000, contact_id: 'C2', contact_ids: ['C1'] });
    expect(row(takenAmount, back)).toMatchObject({ amount: 50_000, contact_ids: [] });
    const lowered = DealEdited({ name: 'Chairs', currency: 'RON', amount: ron(30_000), changed: ['amount'] });
    expect(row(takenAmount, lowered, back)).toMatchObject({ amount: 0 });
    const saying = given(target, takenAmount).when(editDeal, { id: 'D2', name: 'More chairs' }, { facts: {} });
    expect(saying.events()).toMatchObject([{ data: { amount: ron(150_000) } }]);
  });

  test('shows all that the other one said, as long as it is in it', () => {
    expect(rowsAfter(dealMerges, happened(takenAmount)).get('D2~D1')).toMatchObject({
      name: 'Ten chairs',
      description: 'With arms',
      amount: 100_000,
      amount_added: 100_000,
      lines: [{ line: 1, itemId: 'I1', quantity: '10', unitPrice: null, discount: '0' }],
    });
    expect([...rowsAfter(dealMerges, happened(takenAmount, back))]).toEqual([]);
  });
});

describe('undoing a merge', () => {
  const course = { pipeline: delivered('default'), target: other };

  test('puts the deal where it was, for thirty days', () => {
    const from = given(...source, merged);
    from.when(undoDealMerge, { id }, { facts: course, now: UNTIL }).thenEvents(undone);
    from.when(undoDealMerge, { id }, { facts: course, now: '2026-04-01T09:00:00.001Z' }).thenRefuses('TooLate');
    given(...source)
      .when(undoDealMerge, { id }, { facts: course })
      .thenRefuses('InvalidTransition');
  });

  test('waits for the undoing of what the other one was merged into', () =>
    given(...source, merged)
      .when(undoDealMerge, { id }, { facts: { ...course, target: { ...other, kind: 'merged', survivorId: 'D3' } } })
      .thenRefuses('DealMerged'));

  test('puts the deal where its stage was moved, if that is gone', () => {
    const pipeline = { ...(delivered('default') as Pipeline), targets: { Presentation: 'InitialContact' } };
    const elsewhere = DealMergeUndone({ into: 'D2', to: 'InitialContact', standing: usualStanding('InitialContact') });
    given(...source, DealStageChanged({ from: 'NotProcessed', to: 'Presentation' }), merged)
      .when(undoDealMerge, { id }, { facts: { pipeline, target: other } })
      .thenEvents(elsewhere);
    given(...source, merged, elsewhere)
      .when(changeDealStage, { id, stage: 'InitialContact' }, { facts: { pipeline } })
      .thenNothing();
  });

  test('lets it be worked on, and merged again', () => {
    const from = given(...source, merged, undone);
    expect(from.when(editDeal, { id, name: 'Twelve chairs' }, { facts: {} }).events()).toHaveLength(1);
    from.when(mergeDeal, wish, facts()).thenEvents(merged);
    from.when(withdrawDealMerge, { id, intoId: 'D2' }, { facts: course }).thenNothing();
  });

  test('keeps in the view the stage it was in, and since when', () => {
    const row = (...events: readonly DomainEvent[]) =>
      rowsAfter(
        deals,
        [...source, ...events].map(event => ({ event, entityId: id })),
      ).get(id);
    expect(row(merged)).toMatchObject({ kind: 'merged', merged_into: 'D2', merge_undo_until: UNTIL, stage: 'NotProcessed' });
    expect(row(merged, undone)).toEqual(row());
  });
});

describe('the process of a merge', () => {
  const at = { stream: 'deal-D1' };

  test('has the other deal take the source in', () =>
    givenSaga(dealMerge)
      .on(merged, at)
      .sends([takingIn(id, merged.data)])
      .waitsFor({ reason: 'The other deal is taking in what this one said.' })
      .on(taken, { stream: 'deal-D2' })
      .sendsNothing()
      .begins());

  test('undoes the merge when the other deal cannot', () =>
    givenSaga(dealMerge)
      .on(merged, at)
      .refused(takeInDeal, 'InvalidTransition')
      .sends([withdrawDealMerge({ id, intoId: 'D2' })])
      .on(undone, at)
      .sends([splittingOff(id, undone.data)])
      .begins());

  test('has the other deal give back what it got, and begins anew for the next merge', () =>
    givenSaga(dealMerge)
      .on(undone, at)
      .sends([splittingOff(id, undone.data)])
      .on(merged, at)
      .sends([takingIn(id, merged.data)]));
});
