import { describe, expect, test } from 'vitest';
import { daysBefore, daysIn, Period } from '../../src/projections/periods.ts';

describe('a period of the calendar', () => {
  test.each([
    ['2026', '2026-01-01', '2026-12-31', 365, '2025-01-01', '2025-12-31'],
    ['2026-Q1', '2026-01-01', '2026-03-31', 90, '2025-10-01', '2025-12-31'],
    ['2028-Q1', '2028-01-01', '2028-03-31', 91, '2027-10-01', '2027-12-31'],
    ['2026-03', '2026-03-01', '2026-03-31', 31, '2026-02-01', '2026-02-28'],
    ['2026-01', '2026-01-01', '2026-01-31', 31, '2025-12-01', '2025-12-31'],
  ])('%s has its days, and one before it of the same kind', (period, from, to, count, fromBefore, toBefore) => {
    expect(daysIn(period)).toEqual({ from, to, count });
    expect(daysBefore(period)).toMatchObject({ from: fromBefore, to: toBefore });
  });

  test.each(['26', '2026-13', '2026-Q5', '2026-1', '2026-01-01', ''])('%j is none', text =>
    expect(Period.safeParse(text).success).toBe(false),
  );
});
