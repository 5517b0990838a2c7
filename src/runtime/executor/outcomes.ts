/** What several outcomes of one request come to together. */
import { streamOf } from '../../kernel/command.ts';
import type { Outcome } from './port.ts';

export type Done = Extract<Outcome, { kind: 'done' }>;

/** The answer for the first record, at the position that shows the follow-up too. */
export function later(first: Done, next: Done): Done {
  const sameRecord = streamOf(first.record) === streamOf(next.record);
  return { ...first, position: newer(first.position, next.position), revision: sameRecord ? next.revision : first.revision };
}

/** The later of two positions; undefined is before all others. */
export const newer = (a: bigint | undefined, b: bigint | undefined): bigint | undefined => ((a ?? -1n) < (b ?? -1n) ? b : a);
