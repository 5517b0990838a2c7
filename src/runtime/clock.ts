/** The one clock of the house; tests hand in another. */
export interface Clock {
  /** ISO 8601 instant in UTC with milliseconds. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };

/** ISO 8601 date of an instant in a time zone (IANA name). */
export const dayIn = (timeZone: string, instant: string): string =>
  Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();

/** The instant a business day begins in a time zone, as ISO 8601 with milliseconds. */
export const startOfDay = (timeZone: string, day: string): string =>
  Temporal.PlainDate.from(day).toZonedDateTime(timeZone).toInstant().toString({ fractionalSecondDigits: 3 });
