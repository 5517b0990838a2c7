/** A use of a session or key is written down at most this often. */
export const USE_NOTED_MS = 60_000;

/** The ISO 8601 instant so many milliseconds before another. */
export const before = (instant: string, milliseconds: number): string => new Date(Date.parse(instant) - milliseconds).toISOString();
