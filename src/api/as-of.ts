/** Which past a request asks for: `asOf` and `clock` of the query string. */
import type { ClockName } from '../kernel/query.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AsOf } from '../runtime/queries/port.ts';
import { badParameters, type Problem } from './problem.ts';

export interface Times {
  readonly clock: Clock;
  /** IANA name of the company's time zone. */
  readonly timeZone: string;
}

const bad = (name: string, detail: string): Problem => badParameters([{ pointer: `/${name}`, detail }], []);

const POSITION = /^\d{1,18}$/;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** @throws Problem 400 where they do not say which past is meant, or mean the future */
export function asOfFrom(input: Readonly<Record<string, unknown>>, clocks: readonly ClockName[], times: Times): AsOf | undefined {
  const { asOf, clock = 'recorded' } = input;
  if (asOf === undefined && input['clock'] === undefined) return undefined;
  if (typeof asOf !== 'string') throw bad('asOf', 'A clock needs the instant or day it is to show.');
  if (!clocks.some(offered => offered === clock)) throw bad('clock', `One of ${clocks.join(', ')}`);
  return clock === 'happened' ? happenedBy(asOf) : recordedBy(asOf, times, 'asOf');
}

/** The instant, day or position since which a query compares. @throws Problem 400 where it is none, or in the future */
export function sinceFrom({ since }: Readonly<Record<string, unknown>>, times: Times): AsOf | undefined {
  if (since === undefined) return undefined;
  if (typeof since !== 'string') throw bad('since', 'An instant, a day or a position in the log');
  return recordedBy(since, times, 'since');
}

function happenedBy(asOf: string): AsOf {
  if (dayOf(asOf) === undefined) throw bad('asOf', 'A day such as 2026-03-31, for what had happened by its end');
  return { happened: asOf };
}

function recordedBy(asOf: string, { clock, timeZone }: Times, name: 'asOf' | 'since'): AsOf {
  if (POSITION.test(asOf)) return { position: BigInt(asOf) };
  const now = Temporal.Instant.from(clock.now());
  const instant = instantOf(asOf) ?? endOf(asOf, timeZone, now);
  if (instant === undefined) throw bad(name, 'An instant such as 2026-03-31T12:00:00Z, a day, or a position in the log');
  if (Temporal.Instant.compare(instant, now) > 0) throw bad(name, 'Nothing is known of the future.');
  return { recorded: instant.toString() };
}

function instantOf(text: string): Temporal.Instant | undefined {
  try {
    return Temporal.Instant.from(text);
  } catch {
    return undefined;
  }
}

/** The last millisecond of a day in the company's time zone; of today, the present one. */
function endOf(text: string, timeZone: string, now: Temporal.Instant): Temporal.Instant | undefined {
  const day = dayOf(text);
  if (day === undefined) return undefined;
  const end = day.add({ days: 1 }).toZonedDateTime(timeZone).toInstant().subtract({ milliseconds: 1 });
  const isToday = day.equals(now.toZonedDateTimeISO(timeZone).toPlainDate());
  return isToday ? now : end;
}

function dayOf(text: string): Temporal.PlainDate | undefined {
  try {
    return DAY.test(text) ? Temporal.PlainDate.from(text) : undefined;
  } catch {
    return undefined;
  }
}
