import { AccountMerged, AccountRestored } from '../../domain/crm/account.ts';
import { projection } from '../../kernel/projection.ts';
import { table, text } from '../../kernel/table.ts';

/** Accounts that live on in another. What names one of them is read as naming its survivor; nothing is written anew for that. */
export const accountSurvivors = projection({
  name: 'account-survivors',
  version: 1,
  versioned: true,
  table: table(
    'account_survivors',
    'Accounts that were merged, each with the account it lives on in',
    { survivor_id: text('Account it lives on in, however often that came to be') },
    { indexes: ['survivor_id'] },
  ),
  events: [AccountMerged, AccountRestored],
  keys: {
    AccountMerged: ({ along }, { entityId }) => [entityId, ...along],
    AccountRestored: ({ along }, { entityId }) => [entityId, ...along],
  },
  on: {
    AccountMerged: (_, { survivorId }) => ({ survivor_id: survivorId }),
    AccountRestored: (_, _data, id, { entityId }) => (id === entityId ? null : { survivor_id: entityId }),
  },
});

/** SQL: the account that a column means today. */
export const survivorOf = (column: string): string =>
  `coalesce((select v.survivor_id from account_survivors v where v.id = ${column}), ${column})`;

/** SQL: a column means the account named, or one that lives on in it; `account` is a placeholder, `?` or `$1`. */
export const ofAccount = (column: string, account: string): string =>
  `${column} in (select ${account}::text union all select v.id from account_survivors v where v.survivor_id = ${account})`;
