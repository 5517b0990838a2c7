/** What other contexts may hold in this one. */
import { z } from 'zod';
import type { OverrideRule } from '../../domain/platform/approval.ts';
import { Id } from '../../domain/vocabulary.ts';
import type { Overridable } from '../../kernel/override.ts';
import { giveBackOverride, useOverride } from './approval.ts';

/** Lets approvals set rules aside for a command: `overridable` is what its definition says, `approvals` what its input takes. */
export const approvable = <Rule extends OverrideRule>(...rules: readonly Rule[]) => ({
  overridable: { rules, use } as Overridable,
  approvals: z
    .strictObject(Object.fromEntries(rules.map(rule => [rule, Id.optional()])) as Record<Rule, z.ZodOptional<typeof Id>>)
    .optional(),
});

const use: Overridable['use'] = (id, override, user) => ({
  take: useOverride({ id, override, user }),
  release: giveBackOverride({ id, commandId: user.commandId }),
});
