import { z } from 'zod';
import { DuplicateCase, DuplicateDetected, detect, dismiss, part, settle } from '../../domain/crm/duplicate-case.ts';
import { beginning, existing } from '../../domain/records.ts';
import { Id, Reason } from '../../domain/vocabulary.ts';
import { byId, byOwner, command } from '../../kernel/command.ts';

const onCase = { permission: 'crm:edit', decider: DuplicateCase, entityId: byId, relations: byOwner } as const;

export const detectDuplicate = command({
  ...onCase,
  type: 'DetectDuplicate',
  summary: 'Notes that two records may be the same party; silent when that was noted before.',
  input: DuplicateDetected.schema.extend({ id: Id }),
  decide: beginning(({ id: _, ...wish }) => detect(wish)),
});

export const dismissDuplicate = command({
  ...onCase,
  type: 'DismissDuplicate',
  summary: 'Says that two records are two parties after all.',
  route: 'POST /duplicate-cases/:id/dismiss',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('duplicate case', dismiss),
});

/** Sent when two records were merged, and when they were parted again. */
export const settleDuplicate = command({
  ...onCase,
  type: 'SettleDuplicate',
  summary: 'Notes that two records were merged; silent where nobody noted that they resemble each other.',
  input: z.strictObject({ id: Id, survivorId: Id }),
  decide: settle,
});

export const partDuplicate = command({
  ...onCase,
  type: 'PartDuplicate',
  summary: 'Notes that two records that were merged are two again.',
  input: z.strictObject({ id: Id }),
  decide: part,
});
