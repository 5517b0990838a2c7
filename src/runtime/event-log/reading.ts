import type { EventStoreDBClient, StreamingRead } from '@eventstore/db-client';
import { Overdue } from './patience.ts';

/** The client, for one piece of work. */
export interface Lease {
  readonly client: EventStoreDBClient;
  /** Fires when this client is given up; what hangs on it must ask for another. */
  readonly retired: AbortSignal;
  /** Tells that a read goes on, however long it takes. */
  heard(): void;
}

/**
 * Hands every event of a finite read to `each`; settles at its end. The client's reads know no deadline, and a cancelled
 * read neither ends nor fails, so silence longer than `silenceMs` and the retirement of the client end it here.
 */
export function consume<E>(read: StreamingRead<E>, each: (event: E) => void, silenceMs: number, lease: Lease): Promise<void> {
  const { retired } = lease;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      settle();
      read.cancel().catch(() => undefined);
      reject(error);
    };
    const silence = setTimeout(() => fail(new Overdue(`reading: silence for ${Math.round(silenceMs)} ms`)), silenceMs);
    const onRetired = (): void => fail(new Overdue('reading: the connection was given up'));
    const settle = (): void => {
      clearTimeout(silence);
      retired.removeEventListener('abort', onRetired);
    };
    read.on('data', event => {
      silence.refresh();
      lease.heard();
      try {
        each(event);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
    read.on('end', () => {
      settle();
      resolve();
    });
    // Stays attached: a broken read may report more than one error, and one without a listener ends the process.
    read.on('error', fail);
    if (retired.aborted) onRetired();
    else retired.addEventListener('abort', onRetired);
  });
}
