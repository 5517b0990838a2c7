import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { editable, edited } from '../../src/domain/records.ts';
import { MoneyText } from '../../src/kernel/money.ts';

const Card = z.strictObject({ name: z.string(), tags: z.array(z.string()), note: z.string().optional() });
const card = { name: 'a', tags: ['x'], note: 'n' };

describe('an edit', () => {
  test('leaves what it does not say', () => expect(edited(Card, card, {})).toEqual({ card, changed: [] }));

  test('takes undefined for not said, and null for emptied', () =>
    expect(edited(Card, card, { name: undefined, note: null })).toEqual({ card: { name: 'a', tags: ['x'] }, changed: ['note'] }));

  test('counts as a change only what becomes different', () =>
    expect(edited(Card, card, { name: 'b', tags: ['x'] }).changed).toEqual(['name']));

  test('passes over names that are no fields of the card', () =>
    expect(edited(Card, card, { id: '1', name: 'a' } as never)).toEqual({ card, changed: [] }));
});

describe('the input of an edit', () => {
  const input = z.strictObject(
    editable({ name: z.string().min(1), days: z.int().default(30), note: z.string().optional(), worth: MoneyText.optional() }),
  );

  test('may say nothing, and then fills nothing in', () => expect(z.decode(input, {})).toEqual({}));

  test('admits null only where nothing may be', () => {
    expect(z.decode(input, { note: null, worth: null })).toEqual({ note: null, worth: null });
    expect(input.safeParse({ name: null }).success).toBe(false);
    expect(input.safeParse({ days: null }).success).toBe(false);
  });

  test('keeps the limits and forms of the fields', () => {
    expect(input.safeParse({ name: '' }).success).toBe(false);
    expect(z.decode(input, { worth: { amount: '1.50', currency: 'RON' } })).toEqual({ worth: { minor: 150, currency: 'RON' } });
  });
});
