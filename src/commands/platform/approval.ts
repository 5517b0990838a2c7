import { z } from 'zod';
import {
  ApprovalStream,
  approve,
  escalate,
  expire,
  giveBack,
  overrideCategories,
  overrideRules,
  reject,
  request,
  settle,
  use,
  Wanted,
  withdraw,
} from '../../domain/platform/approval.ts';
import { beginning, existing } from '../../domain/records.ts';
import { Id, Reason, Text } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { commandDone } from '../../projections/platform/event-history.ts';

const EVIDENCE_MAX = 20;

const wanted = {
  rule: z.enum(overrideRules),
  command: Text(80),
  record: z.strictObject({ category: z.enum(overrideCategories), id: Id }),
  revision: z.int().min(0),
  terms: Text(500),
};

const onApproval = {
  decider: ApprovalStream,
  entityId: byId,
  relations: (approval: { readonly requestedBy: string } | undefined) => ({ owner: approval?.requestedBy }),
} as const;

export const requestOverride = command({
  type: 'RequestOverride',
  summary:
    'Asks for an approval of what was refused as OverrideRequired, with the details of that refusal, a reason and evidence. Good for one use by who asked, while the record stays as it is.',
  route: 'POST /approvals',
  permission: 'platform:request-override',
  decider: ApprovalStream,
  input: z.strictObject({
    ...wanted,
    reason: Reason,
    evidence: z
      .array(
        z.strictObject({
          description: Text(500),
          link: z
            .url({ protocol: /^https?$/ })
            .max(1_000)
            .optional(),
        }),
      )
      .min(1)
      .max(EVIDENCE_MAX),
  }),
  parent: ({ record }) => record,
  facts: async (_, _wish, ask) => ({ hours: (await ask(companySettings, {})).approvalHours }),
  decide: beginning(request),
});

export const approveOverride = command({
  ...onApproval,
  type: 'ApproveOverride',
  summary: 'Approves what was asked for, for a day; refused as SelfApproval to who asked.',
  route: 'POST /approvals/:id/approve',
  permission: 'platform:approve',
  input: z.strictObject({ id: Id, note: Reason.optional() }),
  decide: existing('approval', approve),
});

export const rejectOverride = command({
  ...onApproval,
  type: 'RejectOverride',
  summary: 'Rejects what was asked for, with the reason; refused as SelfApproval to who asked.',
  route: 'POST /approvals/:id/reject',
  permission: 'platform:approve',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('approval', reject),
});

export const withdrawOverride = command({
  ...onApproval,
  type: 'WithdrawOverride',
  summary: 'Takes back what was asked for, as long as it is not used.',
  route: 'POST /approvals/:id/withdraw',
  permission: 'platform:request-override',
  input: z.strictObject({ id: Id }),
  decide: existing('approval', withdraw),
});

const byHouse = { ...onApproval, permission: 'platform:approve', input: z.strictObject({ id: Id }) } as const;

export const escalateOverride = command({
  ...byHouse,
  type: 'EscalateOverride',
  summary: 'Says that nobody decided in time; silent when somebody did.',
  decide: existing('approval', escalate),
});

export const expireOverride = command({
  ...byHouse,
  type: 'ExpireOverride',
  summary: 'Ends an approval that nobody used within its day; silent when somebody did.',
  decide: existing('approval', expire),
});

/** Held by the command that leans on the approval. */
export const useOverride = command({
  ...byHouse,
  type: 'UseOverride',
  summary: 'Secures an approval for one command; refused as OverrideRequired where it is not good for that.',
  input: z.strictObject({
    id: Id,
    override: Wanted,
    user: z.strictObject({ commandId: z.string(), actorId: z.string() }),
  }),
  decide: use,
});

/** The way back from UseOverride. */
export const giveBackOverride = command({
  ...byHouse,
  type: 'GiveBackOverride',
  summary: 'Makes an approval good again whose command was refused; silent when another leans on it.',
  input: z.strictObject({ id: Id, commandId: z.string() }),
  decide: giveBack,
});

export const settleOverride = command({
  ...byHouse,
  type: 'SettleOverride',
  summary: 'Makes an approval good again whose command vanished; silent when the command came to its end.',
  facts: async (approval, _, ask) => ({
    done: approval?.usedBy !== undefined && (await ask(commandDone, { ...approval.override.record, commandId: approval.usedBy })),
  }),
  decide: existing('approval', settle),
});
