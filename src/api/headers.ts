import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { Problem } from './problem.ts';

const badHeader = (name: string, detail: string): Problem => new Problem(400, 'BadHeader', `${name}: ${detail}`);

const KEY = /^[\x20-\x7e]{1,200}$/;

export function idempotencyKey(request: Request): string | undefined {
  const key = request.get('Idempotency-Key');
  if (key !== undefined && !KEY.test(key)) throw badHeader('Idempotency-Key', 'at most 200 printable ASCII characters are expected.');
  return key;
}

const ETAG = /^"(\d{1,15})"$/;

/** The revision the sender saw. */
export function ifMatch(request: Request): number | undefined {
  const tag = request.get('If-Match');
  if (tag === undefined) return undefined;
  const revision = ETAG.exec(tag.trim())?.[1];
  if (revision === undefined) throw badHeader('If-Match', 'one revision in double quotes is expected, e.g. "3".');
  return Number(revision);
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Business time of a back-dated command. A day without a time means noon of that day in the company's time zone: far from both
 * its ends, so that the fact stays on its day, and in its month, in the company's zone for certain and in nearly every other.
 * Today as a day means now.
 */
export function occurredAt(request: Request, { now, timeZone }: { readonly now: string; readonly timeZone: string }): string | undefined {
  const text = request.get('Occurred-At');
  if (text === undefined) return undefined;
  const present = Temporal.Instant.from(now);
  const instant = instantOf(text, timeZone, present);
  if (instant === undefined) throw badHeader('Occurred-At', 'a date or an instant by ISO 8601 is expected, e.g. 1996-07-04.');
  if (Temporal.Instant.compare(instant, present) > 0) throw badHeader('Occurred-At', 'nothing can have occurred in the future.');
  return instant.round({ smallestUnit: 'millisecond', roundingMode: 'floor' }).toString({ fractionalSecondDigits: 3 });
}

function instantOf(text: string, timeZone: string, present: Temporal.Instant): Temporal.Instant | undefined {
  try {
    if (INSTANT.test(text)) return Temporal.Instant.from(text);
    if (!DAY.test(text)) return undefined;
    const day = Temporal.PlainDate.from(text);
    if (day.equals(present.toZonedDateTimeISO(timeZone).toPlainDate())) return present;
    return day.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from('12:00') }).toInstant();
  } catch {
    return undefined;
  }
}

const WAIT = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[;,]|$)/i;
const WAIT_S_MAX = 10;
const MS_PER_S = 1_000;

/** How long the sender would rather wait than hear at once, in milliseconds (RFC 7240); what else it prefers is passed over. */
export function preferredWait(request: Request): number | undefined {
  const seconds = WAIT.exec(request.get('Prefer') ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), WAIT_S_MAX) * MS_PER_S;
}

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACE_BYTES = 16;
const SPAN_BYTES = 8;

/** The trace this request belongs to (W3C Trace Context): the caller's, or a new one where there is none that can be read. */
export function traceOf(request: Request): { readonly traceparent: string; readonly traceId: string } {
  const given = request.get('traceparent');
  const traceId = given === undefined ? undefined : TRACEPARENT.exec(given)?.[1];
  if (given !== undefined && traceId !== undefined) return { traceparent: given, traceId };
  const fresh = randomBytes(TRACE_BYTES).toString('hex');
  return { traceparent: `00-${fresh}-${randomBytes(SPAN_BYTES).toString('hex')}-00`, traceId: fresh };
}
