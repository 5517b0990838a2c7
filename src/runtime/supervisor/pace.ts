const FIRST_MS = 500;
const MAX_MS = 30_000;
const WINDOW_MS = 60_000;

/**
 * How long to wait before a restart: twice as long for each restart of the last minute. Six of them take 31 seconds and the
 * next waits 30, so there are never more than six in a minute: what cannot run (a full disk) is tried without a storm.
 */
export class RestartPace {
  #restarts: readonly number[] = [];

  /** Milliseconds to wait before the restart that follows; counts it. `now` in milliseconds on a monotonic clock. */
  next(now: number): number {
    const recent = this.#restarts.filter(at => at > now - WINDOW_MS);
    const wait = Math.min(MAX_MS, FIRST_MS * 2 ** recent.length);
    this.#restarts = [...recent, now + wait];
    return wait;
  }
}
