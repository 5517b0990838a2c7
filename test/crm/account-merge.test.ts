import { describe, expect, test } from 'vitest';
import { activateAccount, assignAccount, blockAccount, editAccount, unblockAccount } from '../../src/commands/crm/account.ts';
import { absorbAccount, mergeAccount, restoreAccount, unmergeAccount } from '../../src/commands/crm/account-merge.ts';
import { partDuplicate, settleDuplicate } from '../../src/commands/crm/duplicate-case.ts';
import { releaseClaim, takeClaim, uniqueKey } from '../../src/commands/platform/claim.ts';
import {
  AccountAbsorbed,
  AccountActivated,
  AccountBlocked,
  AccountCreated,
  AccountEdited,
  AccountMerged,
  AccountReleased,
  AccountRestored,
} from '../../src/domain/crm/account.ts';
import { AccountPriceListAgreed } from '../../src/domain/crm/account-prices.ts';
import { caseId } from '../../src/domain/crm/duplicate-case.ts';
import { accountSurvivors } from '../../src/projections/crm/account-survivors.ts';
import { accountMerging } from '../../src/sagas/crm/account-merging.ts';
import { type Happened, rowsAfter } from '../kernel/fold.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

const base = { kinds: ['buyer'], currency: 'RON', paymentTermDays: 30 } as const;
const loserCard = { ...base, name: 'Acme SRL', code: 'ACME', taxId: 'RO 1', phone: '021', paymentTermDays: 60 } as const;
const survivorCard = { ...base, name: 'Acme', kinds: [...base.kinds], website: 'acme.example' };
const loser = AccountCreated({ ...loserCard, kinds: [...base.kinds], ownerId: 'ana' });
const survivor = AccountCreated({ ...survivorCard, ownerId: 'bob' });

const UNDO_UNTIL = '2026-04-01T09:00:00.000Z';
const wish = { id: 'L', survivorId: 'S', reason: 'Entered twice' };
const known = { id: 'S', card: survivorCard, personId: null, individual: false };
const facts = (newer: readonly string[] = [], more: object = {}) => ({ facts: { survivor: { ...known, ...more }, newer } });
const take = { code: 'ACME', taxId: 'RO 1', phone: '021' };
const merged = AccountMerged({
  survivorId: 'S',
  along: [],
  take,
  active: false,
  blocked: false,
  reason: wish.reason,
  undoUntil: UNDO_UNTIL,
});
const absorbing = { id: 'S', loserId: 'L', along: [], take, active: false, blocked: false, undoUntil: UNDO_UNTIL };
const edited = AccountEdited({ ...survivorCard, ...take, changed: ['code', 'taxId', 'phone'] });
const absorbed = AccountAbsorbed({ loserId: 'L', along: [], taken: ['code', 'taxId', 'phone'], before: {}, undoUntil: UNDO_UNTIL });
const released = AccountReleased({ loserId: 'L' });
const parted = AccountEdited({ ...survivorCard, changed: ['code', 'taxId', 'phone'] });

describe('merging an account into another', () => {
  test('takes what the survivor lacks, for 30 days', () => given(loser).when(mergeAccount, wish, facts()).thenEvents(merged));

  test('takes of each field the newer value that is not empty, unless somebody says whose', () => {
    const taken = (newer: readonly string[], keep: object = {}) =>
      given(loser)
        .when(mergeAccount, { ...wish, keep }, facts(newer))
        .events()[0]?.data;
    expect(taken(['name', 'website'])).toMatchObject({ take: { ...take, name: 'Acme SRL' } });
    expect(taken(['name'], { name: 'survivor', code: 'survivor' })).toMatchObject({ take: { taxId: 'RO 1', phone: '021' } });
    expect(taken([], { paymentTermDays: 'loser', website: 'loser' })).toMatchObject({ take: { ...take, paymentTermDays: 60 } });
    expect(() => taken([], { currency: 'loser' })).toThrow();
  });

  test('takes no credit limit in another currency than the survivor’s', () => {
    const rich = AccountCreated({ ...survivorCard, currency: 'EUR', creditLimit: { minor: 100, currency: 'EUR' }, ownerId: 'ana' });
    expect(
      given(rich)
        .when(mergeAccount, wish, facts(['creditLimit']))
        .events()[0]?.data,
    ).toMatchObject({ take: {} });
  });

  test('takes nothing that is a person’s, of either', () => {
    const oflead = AccountCreated({ ...loserCard, kinds: [...base.kinds], ownerId: 'ana', personId: 'P1' });
    const person = AccountCreated({ ...loserCard, kinds: [...base.kinds], ownerId: 'ana', personId: 'P1', individual: true });
    const taken = (one: typeof loser, more = {}) => given(one).when(mergeAccount, wish, facts([], more)).events()[0]?.data;
    expect(taken(oflead)).toMatchObject({ take: { code: 'ACME', taxId: 'RO 1' } });
    expect(Object.keys((taken(person) as { take: object }).take)).toEqual(['code']);
    expect(Object.keys((taken(loser, { personId: 'P2', individual: true }) as { take: object }).take)).toEqual(['code']);
  });

  test('is done once, never to two, and to none that lives on in another itself', () => {
    given(loser, merged).when(mergeAccount, wish, facts()).thenNothing();
    expect(
      given(loser, merged)
        .when(mergeAccount, { ...wish, survivorId: 'X' }, facts())
        .refusal(),
    ).toMatchObject({
      refused: 'AccountMerged',
      details: { survivorId: 'S' },
    });
    expect(
      given(loser)
        .when(mergeAccount, wish, facts([], { id: 'T' }))
        .refusal(),
    ).toMatchObject({ details: { survivorId: 'T' } });
    given(loser)
      .when(mergeAccount, { ...wish, survivorId: 'L' }, facts([], { id: 'L' }))
      .thenRefuses('SameAccount');
    // The survivor lives on in the loser: that would be a circle.
    given(loser)
      .when(mergeAccount, wish, facts([], { id: 'L' }))
      .thenRefuses('SameAccount');
    given(loser)
      .when(mergeAccount, wish, { facts: { survivor: null, newer: [] } })
      .thenInvalid('/survivorId');
    expect(() => given(loser).when(mergeAccount, { id: 'L', survivorId: 'S' } as never, facts())).toThrow();
  });

  test('takes along what was merged into it before', () =>
    expect(
      given(loser, AccountAbsorbed({ loserId: 'K', along: ['J'], taken: [], before: {}, undoUntil: UNDO_UNTIL }))
        .when(mergeAccount, wish, facts())
        .events(),
    ).toMatchObject([{ data: { along: ['K', 'J'] } }]));

  test('frees the keys of the loser, which the survivor takes', () => {
    const back = (kind: string, key: string) => ({
      take: releaseClaim({ kind, key, holder: 'L' }),
      release: takeClaim({ kind, key, holder: 'L' }),
    });
    given(loser).when(mergeAccount, wish, facts()).thenHolds(back('accountCode', 'ACME'), back('taxId', '1'));
    given(survivor)
      .when(absorbAccount, absorbing)
      .thenHolds(uniqueKey('accountCode', 'ACME', 'S'), uniqueKey('taxId', '1', 'S'));
    given(loser, merged)
      .when(restoreAccount, { id: 'L', survivorId: 'S' })
      .thenHolds(uniqueKey('accountCode', 'ACME', 'L'), uniqueKey('taxId', '1', 'L'));
  });
});

describe('the survivor', () => {
  test('takes the loser in, once', () => {
    given(survivor).when(absorbAccount, absorbing).thenEvents(edited, absorbed);
    given(survivor, edited, absorbed).when(absorbAccount, absorbing).thenNothing();
  });

  test('is a customer where the loser was one, and blocked where the loser was blocked', () =>
    given(survivor)
      .when(absorbAccount, { ...absorbing, take: {}, active: true, blocked: true })
      .thenEvents(
        AccountAbsorbed({ ...absorbed.data, taken: [] }),
        AccountActivated({}),
        AccountBlocked({ reason: 'An account that is blocked was merged into it' }),
      ));

  test('takes no price list where lists were agreed with it for certain days', () => {
    const agreed = AccountPriceListAgreed({ priceListId: 'P1', from: '2026-01-01' });
    given(survivor, agreed)
      .when(absorbAccount, { ...absorbing, take: { priceListId: 'P2' } })
      .thenEvents(AccountAbsorbed({ ...absorbed.data, taken: [] }));
  });

  test('takes nobody in once it lives on in another itself', () => {
    const gone = AccountMerged({ ...merged.data, survivorId: 'T' });
    expect(given(survivor, gone).when(absorbAccount, absorbing).refusal()).toMatchObject({
      refused: 'AccountMerged',
      details: { survivorId: 'T' },
    });
  });
});

describe('a merge', () => {
  const undo = { id: 'S', loserId: 'L' };

  test('is taken back within 30 days, once', () => {
    given(survivor, edited, absorbed).when(unmergeAccount, undo, { now: UNDO_UNTIL }).thenEvents(released, parted);
    given(survivor, edited, absorbed, released, parted).when(unmergeAccount, undo).thenNothing();
    given(survivor, edited, absorbed).when(unmergeAccount, undo, { now: '2026-04-01T09:00:00.001Z' }).thenRefuses('TooLate');
  });

  test('that is taken back leaves what was edited since', () => {
    const later = AccountEdited({ ...survivorCard, ...take, phone: '022', changed: ['phone'] });
    given(survivor, edited, absorbed, later)
      .when(unmergeAccount, undo)
      .thenEvents(released, AccountEdited({ ...survivorCard, phone: '022', changed: ['code', 'taxId'] }));
  });

  test('is taken back by the survivor it came to, not while that lives on in another', () =>
    given(survivor, edited, absorbed, AccountMerged({ ...merged.data, survivorId: 'T' }))
      .when(unmergeAccount, undo)
      .thenRefuses('AccountMerged'));

  test('that is taken back lets the loser stand for itself again, with those that came along', () => {
    const withOthers = AccountMerged({ ...merged.data, along: ['K'] });
    given(loser, withOthers)
      .when(restoreAccount, { id: 'L', survivorId: 'S' })
      .thenEvents(AccountRestored({ along: ['K'] }));
    given(loser, withOthers).when(restoreAccount, { id: 'L', survivorId: 'T' }).thenNothing();
    given(loser).when(restoreAccount, { id: 'L', survivorId: 'S' }).thenNothing();
  });
});

describe('an account that was merged', () => {
  test.each([
    ['edited', editAccount, { name: 'x' }],
    ['assigned', assignAccount, { ownerId: 'eva' }],
    ['blocked', blockAccount, { reason: 'x' }],
    ['unblocked', unblockAccount, {}],
  ])('is not %s: the refusal names the survivor', (_, command, more) =>
    expect(
      given(loser, merged)
        .when(command as typeof blockAccount, { id: 'L', ...more } as never, { facts: {} })
        .refusal(),
    ).toMatchObject({ refused: 'AccountMerged', details: { survivorId: 'S' } }),
  );

  test('is made a customer by no deal any more', () => given(loser, merged).when(activateAccount, { id: 'L', dealId: 'D1' }).thenNothing());

  test('is read as its survivor, through all merges, and as itself when parted', () => {
    const rows = (...facts: readonly (readonly [string, Happened['event']])[]) =>
      Object.fromEntries(
        rowsAfter(
          accountSurvivors,
          facts.map(([entityId, event]) => ({ event, entityId })),
        ),
      );
    const second = AccountMerged({ ...merged.data, survivorId: 'T', along: ['L'] });
    expect(rows(['L', merged], ['S', second])).toEqual({ L: { survivor_id: 'T' }, S: { survivor_id: 'T' } });
    expect(rows(['L', merged], ['S', second], ['S', AccountRestored({ along: ['L'] })])).toEqual({ L: { survivor_id: 'S' } });
  });
});

describe('the process of a merge', () => {
  const about = { stream: 'account-L' };
  const onSurvivor = { stream: 'account-S' };
  const restore = restoreAccount({ id: 'L', survivorId: 'S' });

  test('has the survivor take the loser in', () => {
    const merging = givenSaga(accountMerging)
      .on(merged, about)
      .sends([absorbAccount(absorbing)]);
    merging
      .on(absorbed, onSurvivor)
      .sends([settleDuplicate({ id: caseId('L', 'S'), survivorId: 'S' })])
      .begins();
  });

  test('lets the loser stand for itself again where the survivor takes nobody in', () => {
    const refused = givenSaga(accountMerging).on(merged, about).refused(absorbAccount, 'AccountMerged').sends([restore]);
    refused.on(AccountRestored({ along: [] }), about).begins();
  });

  test('parts them, and asks again each day while the loser’s keys are another’s', () => {
    const parting = givenSaga(accountMerging).on(released, onSurvivor).sends([restore]);
    parting.refused(restoreAccount, 'Duplicate').wakes('again', 'P1D').rings('again').sends([restore]);
    parting
      .on(AccountRestored({ along: [] }), about)
      .sends([partDuplicate({ id: caseId('L', 'S') })])
      .begins();
  });
});
