import { z } from 'zod';
import { Account, AccountMerged } from '../../domain/crm/account.ts';
import { absorb, merge, mergeFields, release, restore } from '../../domain/crm/account-merge.ts';
import { existing } from '../../domain/records.ts';
import { Id, Reason } from '../../domain/vocabulary.ts';
import { byId, byOwner, command } from '../../kernel/command.ts';
import { survivorForMerge } from '../../projections/crm/account-merging.ts';
import { accountKeys } from './account.ts';

const onAccount = { decider: Account, entityId: byId, relations: byOwner, permission: 'crm:merge', holds: accountKeys } as const;

const { survivorId: _survivor, reason: _reason, ...absorbed } = AccountMerged.schema.shape;

/** Sent by the merge itself, and by its process should that die in between. */
export const absorbAccount = command({
  ...onAccount,
  type: 'AbsorbAccount',
  summary: 'Takes an account in that was merged into this one; silent when it has.',
  input: z.strictObject({ id: Id, loserId: Id, ...absorbed }),
  decide: existing('account', (account: Account, wish) => absorb(account, wish)),
});

export const restoreAccount = command({
  ...onAccount,
  type: 'RestoreAccount',
  summary: 'Makes an account that was merged one of its own again; silent when it is, or lives on in another.',
  input: z.strictObject({ id: Id, survivorId: Id }),
  decide: existing('account', (account: Account, wish) => restore(account, wish)),
});

export const mergeAccount = command({
  ...onAccount,
  type: 'MergeAccount',
  summary:
    'Merges an account into another, which lives on: its contacts, deals, orders, invoices and payments are read as that one’s. Of each field the newer value that is not empty counts, unless `keep` says whose. Can be taken back for 30 days.',
  route: 'POST /accounts/:id/merge',
  input: z.strictObject({
    id: Id,
    survivorId: Id,
    keep: z.partialRecord(z.enum(mergeFields), z.enum(['survivor', 'loser'])).default({}),
    reason: Reason,
  }),
  links: ({ survivorId }) => [{ category: Account.category, id: survivorId }],
  facts: async (_, { id, survivorId }, ask, { reaches }) => {
    const { survivor, newer } = await ask(survivorForMerge, { id, survivorId, fields: [...mergeFields] });
    return { survivor: survivor !== null && reaches(survivor.ownerId) ? survivor : null, newer };
  },
  decide: existing('account', merge),
  follows: (events, loserId) =>
    events.flatMap(({ type, data }) => {
      if (type !== AccountMerged.type) return [];
      const { survivorId, reason: _because, ...rest } = data as z.output<typeof AccountMerged.schema>;
      return [absorbAccount({ id: survivorId, loserId, ...rest })];
    }),
});

export const unmergeAccount = command({
  ...onAccount,
  type: 'UnmergeAccount',
  summary: 'Takes a merge into this account back, within 30 days: what it took goes back, unless it was edited since.',
  route: 'POST /accounts/:id/unmerge',
  input: z.strictObject({ id: Id, loserId: Id }),
  decide: existing('account', release),
  follows: (events, survivorId) =>
    events.flatMap(({ type, data }) =>
      type === 'AccountReleased' ? [restoreAccount({ id: (data as { loserId: string }).loserId, survivorId })] : [],
    ),
});
