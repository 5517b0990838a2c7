const FIRST_MS = 500;
const MAX_MS = 30_000;
const WINDOW_MS = 60_000;
const RESTARTS_PER_WINDOW_MAX = 6;

/**
 * How long to wait before a restart: twice as long each time, and never more than six restarts in a minute, so that what
 * cannot run (a full disk) is tried without a storm. A minute without a restart makes it quick again.
 */
export class RestartPace {
  #restarts: readonly number[] = [];

  /** Milliseconds to wait before the restart that follows; counts it. `now` in milliseconds on a monotonic clock. */
  next(now: number): number {
    this.#restarts = this.#restarts.filter(at => at > now - WINDOW_MS);
    const doubled = Math.min(MAX_MS, FIRST_MS * 2 ** this.#restarts.length);
    const oldest = this.#restarts.at(-RESTARTS_PER_WINDOW_MAX);
    const untilAllowed = oldest === undefined ? 0 : oldest + WINDOW_MS - now;
    const wait = Math.max(doubled, untilAllowed);
    this.#restarts = [...this.#restarts, now + wait].slice(-RESTARTS_PER_WINDOW_MAX);
    return wait;
  }
}
