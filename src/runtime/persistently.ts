import { pauseAfter, rest } from './event-log/patience.ts';

/** A run that lasted so long was no failed attempt to begin one. */
const STEADY_MS = 10_000;

export interface Persistence {
  /** What is being done, as it begins a log line: `sagas are interrupted`. */
  readonly interrupted: string;
  readonly logger: { warn(fields: object, message: string): void } | undefined;
  readonly signal: AbortSignal;
}

/** Does the work again and again until it is done or the signal fires; after a failure with growing pauses. */
export async function persistently({ interrupted, logger, signal }: Persistence, work: () => Promise<'done' | 'again'>): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      if ((await work()) === 'done') return;
      failures = 0;
    } catch (error) {
      failures = performance.now() - began > STEADY_MS ? 1 : failures + 1;
      logger?.warn({ err: error, failures }, interrupted);
      await rest(pauseAfter(failures), signal);
    }
  }
}
