/** Two records that may be the same party, for somebody to look at: merged in the end, or found to be two. */
import { z } from 'zod';
import { type Decision, decider, invalidTransition } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Resemblance } from './likeness.ts';

/** `records`: the one that was there, and the one that came. It belongs to whom the newer one belonged to then. */
export const DuplicateDetected = event('DuplicateDetected', {
  noun: z.enum(['account', 'contact', 'lead']),
  records: z.array(z.string()),
  strength: Resemblance.shape.strength,
  by: Resemblance.shape.by,
  ownerId: z.string(),
});
export const DuplicateDismissed = event('DuplicateDismissed', { reason: z.string() });

/** One lives on in the other, or they were parted again. */
export const DuplicateMerged = event('DuplicateMerged', { survivorId: z.string() });
export const DuplicateParted = event('DuplicateParted', {});

const events = [DuplicateDetected, DuplicateDismissed, DuplicateMerged, DuplicateParted] as const;
type Fact = EventOf<(typeof events)[number]>;

export interface Case {
  readonly status: 'Detected' | 'Merged' | 'NotDuplicate';
  readonly ownerId: string;
}

export const DuplicateCase = decider({
  category: 'duplicateCase',
  stateVersion: 1,
  events,
  initial: (): Case | undefined => undefined,
  evolve: {
    DuplicateDetected: (_, { ownerId }): Case => ({ status: 'Detected', ownerId }),
    DuplicateDismissed: found => found && { ...found, status: 'NotDuplicate' },
    DuplicateMerged: found => found && { ...found, status: 'Merged' },
    DuplicateParted: found => found && { ...found, status: 'Detected' },
  },
});

/** One case for two records, whichever came first. */
export const caseId = (one: string, other: string): string => [one, other].toSorted().join('~');

export const detect = (wish: DataOf<typeof DuplicateDetected>): Decision<Fact> => [DuplicateDetected(wish)];

/** Somebody looked: they are two. */
export function dismiss({ status }: Case, { reason }: DataOf<typeof DuplicateDismissed>): Decision<Fact> {
  if (status === 'NotDuplicate') return [];
  if (status === 'Merged') return invalidTransition('These two were merged; take that back first.', []);
  return [DuplicateDismissed({ reason })];
}

/** They were merged, be it that nobody had noted that they resemble each other. */
export const settle = (found: Case | undefined, { survivorId }: DataOf<typeof DuplicateMerged>): Decision<Fact> =>
  found === undefined || found.status === 'Merged' ? [] : [DuplicateMerged({ survivorId })];

export const part = (found: Case | undefined): Decision<Fact> => (found?.status === 'Merged' ? [DuplicateParted({})] : []);
