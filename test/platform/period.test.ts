import { describe, expect, test } from 'vitest';
import { closePeriod, reopenPeriod } from '../../src/commands/platform/period.ts';
import { closedOn } from '../../src/domain/closed-period.ts';
import { PeriodClosed, PeriodReopened } from '../../src/domain/platform/period.ts';
import { given } from '../kernel/scenario.ts';

const ledger = 'books';
const closed = PeriodClosed({ through: '2026-01-31' });

describe('a ledger', () => {
  test('is closed up to a day that is over', () => {
    given()
      .when(closePeriod, { ledger, through: '2026-03-01' })
      .thenEvents(PeriodClosed({ through: '2026-03-01' }));
    given().when(closePeriod, { ledger, through: '2026-03-02' }).thenInvalid('/through');
  });

  test('closes further, and what is closed already stays closed in silence', () => {
    given(closed)
      .when(closePeriod, { ledger, through: '2026-02-28' })
      .thenEvents(PeriodClosed({ through: '2026-02-28' }));
    given(closed).when(closePeriod, { ledger, through: '2026-01-31' }).thenNothing();
    given(closed).when(closePeriod, { ledger, through: '2025-12-31' }).thenNothing();
  });

  test('is opened again down to a day, or whole, with a reason', () => {
    const reason = 'An invoice was missing';
    given(closed)
      .when(reopenPeriod, { ledger, through: '2025-12-31', reason })
      .thenEvents(PeriodReopened({ through: '2025-12-31', reason }));
    given(closed)
      .when(reopenPeriod, { ledger, through: null, reason })
      .thenEvents(PeriodReopened({ through: null, reason }));
    given(closed).when(reopenPeriod, { ledger, through: '2026-01-31', reason }).thenNothing();
    given().when(reopenPeriod, { ledger, through: null, reason }).thenNothing();
  });

  test('refuses what is dated within its closed period, its last day included', () => {
    expect(closedOn('2026-01-31', '2026-01-31')).toMatchObject({ refused: 'PeriodClosed', details: { closedThrough: '2026-01-31' } });
    expect(closedOn('2026-02-01', '2026-01-31')).toBeUndefined();
    expect(closedOn('2020-01-01', null)).toBeUndefined();
  });
});
