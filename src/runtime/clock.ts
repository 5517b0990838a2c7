/** The one clock of the house; tests hand in another. */
export interface Clock {
  /** ISO 8601 instant in UTC with milliseconds. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };

/** ISO 8601 date of an instant in a time zone (IANA name). */
export const dayIn = (timeZone: string, instant: string): string =>
  Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();
