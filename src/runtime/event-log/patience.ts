import { setTimeout as sleep } from 'node:timers/promises';

/** A moment on the monotonic clock until which a caller is willing to wait. */
export class Deadline {
  readonly #at: number;

  constructor(milliseconds: number) {
    this.#at = performance.now() + milliseconds;
  }

  /** Milliseconds left; 0 when the deadline has passed. */
  get left(): number {
    return Math.max(0, this.#at - performance.now());
  }
}

/** Nothing came in time. The work itself may still be going on: its outcome is unknown. */
export class Overdue extends Error {
  override readonly name = 'Overdue';
}

/**
 * The promise's outcome, or Overdue after so many milliseconds or when the signal fires. The client does not honour its own
 * deadlines when the node is frozen.
 */
export async function within<T>(milliseconds: number, what: string, promise: Promise<T>, givenUp?: AbortSignal): Promise<T> {
  const { promise: alarm, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Overdue(`${what}: no answer within ${Math.round(milliseconds)} ms`)), milliseconds);
  const onGivenUp = (): void => reject(new Overdue(`${what}: the connection was given up`));
  givenUp?.addEventListener('abort', onGivenUp);
  try {
    return await Promise.race([promise, alarm]);
  } finally {
    clearTimeout(timer);
    givenUp?.removeEventListener('abort', onGivenUp);
  }
}

const PAUSE_FIRST_MS = 50;
const PAUSE_MAX_MS = 1_000;

/** Exponential back-off with jitter, so that many processes do not come back in step. `failures` counts from 1. */
export function pauseAfter(failures: number): number {
  const full = Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** (failures - 1));
  return full * (0.5 + Math.random() / 2);
}

/** Sleeps, or returns early when the signal fires. */
export async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
