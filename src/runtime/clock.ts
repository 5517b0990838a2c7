/** The one clock of the house; tests hand in another. */
export interface Clock {
  /** ISO 8601 instant in UTC with milliseconds. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };

/** ISO 8601 date of an instant in a time zone (IANA name). */
export function dayIn(timeZone: string, instant: string): string {
  const minute = MINUTE_IN_UTC.exec(instant)?.[0];
  if (minute === undefined) return computed(timeZone, instant);
  const key = `${timeZone} ${minute}`;
  if (last?.key !== key) last = { key, day: computed(timeZone, instant) };
  return last.day;
}

/** Days begin at whole minutes everywhere since 1972, so the instants of one minute are of one day. */
const MINUTE_IN_UTC = /^(?:19[89]|[2-9]\d\d)\d-\d\d-\d\dT\d\d:\d\d(?=:[0-5]\d(?:\.\d+)?Z$)/;
/** Most instants asked about are of this very minute. */
let last: { readonly key: string; readonly day: string } | undefined;

const computed = (timeZone: string, instant: string): string =>
  Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();
