/** When a failed effect is tried again, and when no more. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

export interface Pace {
  /** Pauses after the first, second … failed try; after the last of them the effect is given up. */
  readonly pausesMs: readonly number[];
  /** How long a destination rests after its first failure, doubled with each further one up to the longest. */
  readonly restFirstMs: number;
  readonly restMaxMs: number;
  /** A destination without a success for so long counts as failing when one of its effects is given up. */
  readonly failingMs: number;
}

/** About three and a half days, as Standard Webhooks recommends: whoever is away over a weekend finds everything on Monday. */
export const usualPace: Pace = {
  pausesMs: [
    5 * SECOND_MS,
    30 * SECOND_MS,
    2 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    24 * HOUR_MS,
    24 * HOUR_MS,
  ],
  restFirstMs: SECOND_MS,
  restMaxMs: 30 * MINUTE_MS,
  failingMs: 72 * HOUR_MS,
};

const RETRY_AFTER_MAX_MS = 24 * HOUR_MS;

/** Up to a fifth longer, so that what failed together does not come back together. */
const jittered = (milliseconds: number): number => milliseconds * (1 + Math.random() / 5);

/** The pause after so many failed tries, at least what the receiver asked for; undefined when there is no further try. */
export function pauseOf({ pausesMs }: Pace, tries: number, retryAfterMs = 0): number | undefined {
  const pause = pausesMs[tries - 1];
  return pause === undefined ? undefined : Math.max(jittered(pause), Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
}

/** How long a destination rests after so many failures in a row. */
export function restOf({ restFirstMs, restMaxMs }: Pace, failures: number, retryAfterMs = 0): number {
  const rest = Math.min(restFirstMs * 2 ** (failures - 1), restMaxMs);
  return Math.max(jittered(rest), Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
}
