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

/** The promise's outcome, or Overdue after so many milliseconds. The client does not honour its deadlines when the node is frozen. */
export async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const alarm = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Overdue(`${what}: no answer within ${Math.round(milliseconds)} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, alarm]);
  } finally {
    clearTimeout(timer);
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
