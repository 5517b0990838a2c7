import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uniqueKey } from '../../src/commands/platform/claim.ts';
import { ClaimReleased, ClaimStream, ClaimTaken, claimId, release, take } from '../../src/domain/platform/claim.ts';
import { evolve } from '../../src/kernel/decider.ts';
import type { DomainEvent } from '../../src/kernel/event.ts';
import { recordNamed } from '../../src/runtime/executor/naming.ts';

const wish = { kind: 'sku', key: 'A-1', holder: 'U1' };
const onEmail = { kind: 'email', key: 'Ana@firm.ro', holder: 'U1' };
const given = (...past: readonly DomainEvent[]) =>
  past.reduce((state, { type, data }) => evolve(ClaimStream, state, type, data), ClaimStream.initial());

describe('a claim', () => {
  test('is taken by the first who asks', () => expect(take(given(), wish)).toEqual([ClaimTaken(wish)]));

  test('is taken again by its holder without a word', () => expect(take(given(ClaimTaken(wish)), wish)).toEqual([]));

  test('is refused to others, naming the record that holds it', () =>
    expect(take(given(ClaimTaken(wish)), { ...wish, holder: 'U2' })).toMatchObject({
      refused: 'Duplicate',
      details: { existingId: 'U1' },
    }));

  test('is free again once its holder released it', () =>
    expect(take(given(ClaimTaken(wish), ClaimReleased(wish)), { ...wish, holder: 'U2' })).toEqual([ClaimTaken({ ...wish, holder: 'U2' })]));

  test('of a key that tells of somebody says nowhere which key it is', () => {
    const said = [
      take(given(), onEmail),
      release(given(ClaimTaken(onEmail)), onEmail),
      take(given(ClaimTaken(onEmail)), { ...onEmail, holder: 'U2' }),
    ];
    expect(said).toHaveLength(3);
    expect(JSON.stringify(said)).not.toMatch(/ana@firm/i);
    expect(JSON.stringify(take(given(ClaimTaken(wish)), { ...wish, holder: 'U2' }))).toContain('A-1');
  });

  test('is not released by who does not hold it', () => expect(release(given(ClaimTaken(wish)), { ...wish, holder: 'U2' })).toEqual([]));
});

describe('the id of a claim', () => {
  test('is the same however the key is spelt', () =>
    expect(claimId({ kind: 'email', key: '  ANA@Firm.ro ' })).toBe(claimId({ kind: 'email', key: 'ana@firm.ro' })));

  test('differs for different keys, whatever signs they are made of', () => {
    const signs = fc.string({ unit: fc.constantFrom('a', '4', '0', '_', '@', '~', '-', '.', 'ș') });
    fc.assert(
      fc.property(
        signs,
        signs,
        (one, other) => (one === other) === (claimId({ kind: 'x', key: one }) === claimId({ kind: 'x', key: other })),
      ),
    );
  });

  test('of a key that tells of somebody becomes a keyed hash in the name of the stream', () => {
    const id = claimId(onEmail);
    const hashed = recordNamed(ClaimStream, id, text => `hash of ${text}`);
    expect(hashed).toEqual({ category: 'claim', id: `email~hash of ${id}` });
    expect(recordNamed(ClaimStream, claimId(wish), () => 'hashed').id).toBe(claimId(wish));
  });

  test('is fit for a stream name', () => expect(claimId({ kind: 'sku', key: 'A-1 ~ș%' })).toMatch(/^[A-Za-z0-9_~]+$/));
});

test('a unique key is a hold that can be taken back', () =>
  expect(uniqueKey('sku', 'A-1', 'I1')).toEqual({
    take: { command: 'TakeClaim', input: { kind: 'sku', key: 'A-1', holder: 'I1' } },
    release: { command: 'ReleaseClaim', input: { kind: 'sku', key: 'A-1', holder: 'I1' } },
  }));
