import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAccount, createAccountFromLead, editAccount } from '../../src/commands/crm/account.ts';
import { addContact, addContactFromLead } from '../../src/commands/crm/contact.ts';
import { detectDuplicate, dismissDuplicate, partDuplicate, settleDuplicate } from '../../src/commands/crm/duplicate-case.ts';
import { captureLead } from '../../src/commands/crm/lead.ts';
import { uniqueKey } from '../../src/commands/platform/claim.ts';
import { AccountCreated, AccountEdited } from '../../src/domain/crm/account.ts';
import { caseId, DuplicateDetected, DuplicateDismissed, DuplicateMerged, DuplicateParted } from '../../src/domain/crm/duplicate-case.ts';
import {
  alike,
  companyKey,
  personKey,
  phoneKey,
  phoneKeys,
  type Resemblance,
  resembling,
  taxKey,
  tellingTrigrams,
} from '../../src/domain/crm/likeness.ts';
import { ERASED } from '../../src/kernel/personal.ts';
import { duplicateDetection } from '../../src/sagas/crm/duplicate-detection.ts';
import { givenSaga } from '../kernel/saga-scenario.ts';
import { given } from '../kernel/scenario.ts';

describe('keys', () => {
  test.each([
    ['Birotica Pro S.R.L.', 'SC BIROTICĂ  PRO, srl'],
    ['Müller & Söhne GmbH', 'muller sohne'],
    ['Łódź Handel', 'lodz handel'],
    ['S.R.L.', 'srl'],
  ])('of companies pass over case, legal form, punctuation and marks: %s', (one, other) => expect(companyKey(one)).toBe(companyKey(other)));
  test('of persons pass over which name comes first', () => expect(personKey('Pop, Ana-Maria')).toBe(personKey('Ana Maria POP')));
  test('of tax numbers are their digits', () => {
    expect([taxKey('RO 14399840'), taxKey('ro14399840')]).toEqual(['14399840', '14399840']);
    expect(taxKey('Exempt')).toBe('exempt');
  });
  test('of nothing, and of what was erased, tell nothing', () => {
    expect([companyKey(undefined), companyKey('—'), taxKey('-'), phoneKey('12')]).toEqual([undefined, '', '', '']);
    expect([companyKey(ERASED), phoneKey(ERASED), taxKey(ERASED)]).toEqual([ERASED, ERASED, ERASED]);
  });
  test.each([
    ['0721 123 456', '+40 721.123.456'],
    ['0040721123456', '0721-123-456'],
    ['+40 (0) 721 123 456', '721123456'],
    ['0721 123 456 ext. 12', '0721/123456'],
  ])('of telephones are one for one number, its country said or not: %s and %s', (one, other) =>
    expect(phoneKeys(phoneKey(one), '40')).toContain(phoneKey(other)),
  );
  test('of telephones in two countries are two', () => {
    expect(phoneKeys(phoneKey('+49 721 123 456'), '40')).not.toContain(phoneKey('0721 123 456'));
    expect(phoneKeys(phoneKey('0721 123 456'), '40')).not.toContain(phoneKey('+49 721 123 456'));
  });
});

describe('names', () => {
  test('are alike from 85 % of shared trigrams on', () => {
    // 17 of 20 is 85 %: "birotica profesionala" has 22 trigrams; a letter more at the end changes one and adds one.
    expect(alike('birotica profesionala', 'birotica profesionala')).toBe(true);
    expect(alike('birotica profesionala', 'birotica profesionalaa')).toBe(true);
    expect(alike('birotica profesionala', 'birotica profesionist')).toBe(false);
    expect(alike('alfa', 'beta')).toBe(false);
  });

  const name = fc.array(fc.stringMatching(/^[a-d]{1,6}$/), { minLength: 1, maxLength: 4 }).map(words => words.join(' '));
  test('that are alike share one of their telling trigrams, so that an index finds them', () => {
    let found = 0;
    fc.assert(
      fc.property(name, fc.nat(30), fc.constantFrom('a', 'b', ''), (one, at, letter) => {
        const other = one.slice(0, at) + letter + one.slice(at + 1);
        if (other.trim() === '' || !alike(one, other.trim())) return;
        found++;
        const telling = new Set(tellingTrigrams(one));
        expect(tellingTrigrams(other.trim()).some(trigram => telling.has(trigram))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(found).toBeGreaterThan(100);
  });
});

describe('resemblance', () => {
  const acme = { taxId: '123', phone: '+40721123456', name: 'acme trading', place: 'cluj' };
  const among = (keys: object, other: object, noun: 'account' | 'contact' | 'lead' = 'account') =>
    resembling({ noun, keys, callingCode: '40' }, [{ id: 'A1', ...other }]).map(({ strength, by }) => [strength, ...by]);

  test('by tax number or e-mail address is certain, by telephone strong, by name possible', () => {
    expect(among(acme, acme)).toEqual([['certain', 'taxId', 'phone', 'name']]);
    expect(among({ email: 'a@b.example' }, { email: 'a@b.example' }, 'lead')).toEqual([['certain', 'email']]);
    expect(among({ phone: '721123456' }, acme)).toEqual([['strong', 'phone']]);
    expect(among({ name: 'acme trading' }, acme)).toEqual([['possible', 'name']]);
    expect(among({ name: 'other' }, acme)).toEqual([]);
    expect(among({}, {})).toEqual([]);
    const empty = { taxId: '', email: '', phone: '', name: '', place: '' };
    expect(among(empty, empty)).toEqual([]);
  });

  test('of a company’s name ends where both cities are known and differ', () => {
    expect(among({ name: 'acme trading', place: 'iasi' }, acme)).toEqual([]);
    expect(among({ name: 'acme trading', place: 'cluj' }, acme)).toEqual([['possible', 'name']]);
  });

  test('of a person’s name counts within one company only', () => {
    const ana = { name: 'ana pop', place: 'A1' };
    expect(among(ana, ana, 'contact')).toEqual([['possible', 'name']]);
    expect(among({ name: 'ana pop' }, { name: 'ana pop' }, 'contact')).toEqual([]);
    expect(among(ana, { ...ana, place: 'A2' }, 'lead')).toEqual([]);
  });

  test('is told for ten records at most, the surest first', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({
      id: `A${index}`,
      name: 'acme trading',
      ...(index === 11 ? { taxId: '123' } : {}),
    }));
    const found = resembling({ noun: 'account', keys: acme, callingCode: '40' }, many);
    expect([found.length, found[0]?.id]).toEqual([10, 'A11']);
  });
});

const certain = (by: 'taxId' | 'email'): Resemblance => ({ id: 'OLD', strength: 'certain', by: [by] });
const strong: Resemblance = { id: 'OLD', strength: 'strong', by: ['phone'] };
const facts = (...found: readonly Resemblance[]) => ({ facts: { priceListKnown: undefined, accountKnown: undefined, resembling: found } });
const force = { force: { reason: 'A branch with books of its own' } };
const acme = { name: 'Acme', currency: 'RON', taxId: 'RO 123' } as const;

describe('what is certainly there', () => {
  test.each([
    ['an account', createAccount, acme, 'taxId'],
    ['a contact', addContact, { name: 'Ana', email: 'ana@acme.example' }, 'email'],
    ['a lead', captureLead, { name: 'Ten', source: 'web', contact: { email: 'ana@acme.example' } }, 'email'],
  ] as const)('refuses %s as Duplicate with the id of the other', (_, command, wish, key) => {
    const when = (more: object, grants?: readonly string[]) =>
      given().when(command as typeof createAccount, { ...wish, ...more } as never, {
        ...facts(certain(key)),
        ...(grants ? { grants } : {}),
      });
    expect(when({}).refusal()).toMatchObject({ refused: 'Duplicate', details: { existingId: 'OLD', key } });
    when(force, ['crm:edit']).thenRefuses('Forbidden');
    expect(when(force).events()[0]?.data).toMatchObject({ resembles: [certain(key)], forcedBecause: force.force.reason });
    expect(() => when({ force: {} })).toThrow();
  });

  test('leaves the tax number with the account that has it; one of its own is taken later', () => {
    const forced = given().when(createAccount, { ...acme, ...force }, { ...facts(certain('taxId')), entityId: 'NEW' });
    forced.thenHolds();
    given()
      .when(createAccount, acme, { ...facts(strong), entityId: 'NEW' })
      .thenHolds(uniqueKey('taxId', '123', 'NEW'));
    const created = forced.events()[0] as ReturnType<typeof AccountCreated>;
    const own = given(created).when(editAccount, { id: 'NEW', taxId: 'RO 124' }, facts());
    own.thenHolds(uniqueKey('taxId', '124', 'NEW'));
    given(created).when(editAccount, { id: 'NEW', name: 'Acme East' }, facts()).thenHolds();
  });

  test('is one however the tax number is written', () => {
    const created = AccountCreated({ ...acme, kinds: ['buyer'], paymentTermDays: 30, ownerId: 'ana' });
    const respelt = given(created).when(editAccount, { id: 'NEW', taxId: '123' }, facts());
    expect(respelt.events()).toMatchObject([{ type: AccountEdited.type }]);
    respelt.thenHolds();
  });

  test('is made of a converted lead all the same, and noted', () => {
    const fromLead = { id: 'NEW', leadId: 'L1', ownerId: 'bob', name: 'Ana' };
    for (const made of [
      given().when(createAccountFromLead, { ...fromLead, currency: 'RON' }, facts(strong)),
      given().when(addContactFromLead, { ...fromLead, accountId: 'A1', primary: true }, facts(certain('email'))),
    ])
      expect(made.events()).toMatchObject([{ data: { resembles: [{ id: 'OLD' }] } }]);
  });
});

describe('a duplicate case', () => {
  const found = { noun: 'contact', records: ['OLD', 'NEW'], strength: 'strong', by: ['phone'], ownerId: 'ana' } as const;
  const detected = DuplicateDetected({ ...found, records: [...found.records], by: [...found.by] });
  const id = caseId('OLD', 'NEW');

  test('is noted once for two records, whichever comes first', () => {
    expect(id).toBe(caseId('NEW', 'OLD'));
    given()
      .when(detectDuplicate, { id, ...detected.data })
      .thenEvents(detected);
    given(detected)
      .when(detectDuplicate, { id, ...detected.data })
      .thenNothing();
  });

  test('is dismissed with a reason, once', () => {
    const dismissed = DuplicateDismissed({ reason: 'Father and son' });
    given(detected).when(dismissDuplicate, { id, reason: 'Father and son' }).thenEvents(dismissed);
    given(detected, dismissed).when(dismissDuplicate, { id, reason: 'Again' }).thenNothing();
    expect(() => given(detected).when(dismissDuplicate, { id } as never)).toThrow();
    given().when(dismissDuplicate, { id, reason: 'so' }).thenRefuses('NotFound');
  });

  test('is settled when the two are merged, be it silently, and open again when they are parted', () => {
    const merged = DuplicateMerged({ survivorId: 'OLD' });
    const survivor = { id, survivorId: 'OLD' };
    given(detected).when(settleDuplicate, survivor).thenEvents(merged);
    given(detected, merged).when(settleDuplicate, survivor).thenNothing();
    given().when(settleDuplicate, survivor).thenNothing();
    given(detected, merged).when(dismissDuplicate, { id, reason: 'so' }).thenRefuses('InvalidTransition');
    given(detected, merged).when(partDuplicate, { id }).thenEvents(DuplicateParted({}));
    given(detected, merged, DuplicateParted({})).when(partDuplicate, { id }).thenNothing();
    given(detected, merged, DuplicateParted({}))
      .when(dismissDuplicate, { id, reason: 'so' })
      .thenEvents(DuplicateDismissed({ reason: 'so' }));
  });

  test('follows from what a new record resembles, one for each', () => {
    const created = (resembles?: Resemblance[]) =>
      AccountCreated({ ...acme, kinds: ['buyer'], paymentTermDays: 30, ownerId: 'ana', ...(resembles ? { resembles } : {}) });
    const about = { stream: 'account-NEW' };
    givenSaga(duplicateDetection).on(created(), about).begins();
    const common = { noun: 'account', ownerId: 'ana' } as const;
    givenSaga(duplicateDetection)
      .on(created([strong, { id: 'ELSE', strength: 'possible', by: ['name'] }]), about)
      .sends([
        detectDuplicate({ ...common, id: caseId('OLD', 'NEW'), records: ['OLD', 'NEW'], strength: 'strong', by: ['phone'] }),
        detectDuplicate({ ...common, id: caseId('ELSE', 'NEW'), records: ['ELSE', 'NEW'], strength: 'possible', by: ['name'] }),
      ])
      .finished();
  });
});
