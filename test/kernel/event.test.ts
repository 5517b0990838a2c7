import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { event } from '../../src/kernel/event.ts';

/** Once a price was a number of cents, then an amount without a currency, now both. */
const PriceAgreed = event(
  'PriceAgreed',
  { amount: z.string(), currency: z.string() },
  {
    upcasters: [({ cents, ...rest }) => ({ ...rest, amount: (Number(cents) / 100).toFixed(2) }), old => ({ ...old, currency: 'RON' })],
  },
);

describe('an event', () => {
  test('is read as today’s shape, whichever version it was written in', () => {
    expect(PriceAgreed.version).toBe(3);
    const today = { amount: '12.30', currency: 'RON' };
    expect(PriceAgreed.decode({ cents: 1230 }, 1)).toEqual(today);
    expect(PriceAgreed.decode({ amount: '12.30' }, 2)).toEqual(today);
    expect(PriceAgreed.decode(today, 3)).toEqual(today);
  });

  test('leaves the stored data of old versions as they are', () => {
    const stored = Object.freeze({ cents: 1230 });
    PriceAgreed.decode(stored, 1);
    expect(stored).toEqual({ cents: 1230 });
  });

  test('of a version from the future, or of no known shape, is not guessed at', () => {
    expect(() => PriceAgreed.decode({ amount: '12.30', currency: 'RON' }, 4)).toThrow('version 4 is not known here');
    expect(() => PriceAgreed.decode({ amount: '12.30', currency: 'RON' }, 0)).toThrow('version 0 is not known here');
    expect(() => PriceAgreed.decode({ amount: 12.3, currency: 'RON' }, 3)).toThrow();
    expect(() => PriceAgreed.decode({ amount: '1', currency: 'RON', extra: 1 }, 3)).toThrow();
  });

  test('is never built of data that do not fit', () => {
    expect(PriceAgreed({ amount: '1', currency: 'RON' })).toEqual({ type: 'PriceAgreed', data: { amount: '1', currency: 'RON' } });
    expect(() => PriceAgreed({ amount: '1' } as never)).toThrow();
  });
});
