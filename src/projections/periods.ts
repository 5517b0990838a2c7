/** Periods of the calendar by name: a year, a quarter or a month. */
import { z } from 'zod';

/** `2026`, `2026-Q1` or `2026-03`. */
export const Period = z.string().regex(/^\d{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?$/, 'A year, quarter or month such as 2026, 2026-Q1 or 2026-03');

/** First and last day, and how many there are. */
export interface Days {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

interface Months {
  readonly first: Temporal.PlainYearMonth;
  readonly count: number;
}

const MONTHS_OF_QUARTER = 3;
const MONTHS_OF_YEAR = 12;

function monthsOf(period: string): Months {
  const [year = '', part = ''] = period.split('-');
  if (part === '') return { first: Temporal.PlainYearMonth.from(`${year}-01`), count: MONTHS_OF_YEAR };
  if (!part.startsWith('Q')) return { first: Temporal.PlainYearMonth.from(period), count: 1 };
  const month = (Number(part.slice(1)) - 1) * MONTHS_OF_QUARTER + 1;
  return { first: Temporal.PlainYearMonth.from({ year: Number(year), month }), count: MONTHS_OF_QUARTER };
}

function daysOf({ first, count }: Months): Days {
  const from = first.toPlainDate({ day: 1 });
  const after = from.add({ months: count });
  return { from: from.toString(), to: after.subtract({ days: 1 }).toString(), count: from.until(after, { largestUnit: 'day' }).days };
}

export const daysIn = (period: string): Days => daysOf(monthsOf(period));

/** The period of the same kind that ends where this one begins. */
export function daysBefore(period: string): Days {
  const { first, count } = monthsOf(period);
  return daysOf({ first: first.subtract({ months: count }), count });
}
