import { z } from 'zod';
import { query } from '../../kernel/query.ts';
import { accountSurvivors, ofAccount } from './account-survivors.ts';
import { contacts } from './contacts.ts';

interface Reader {
  readonly id: string;
  readonly accountId: string | null;
  readonly email: string | null;
}

/** Asked before and when a letter to a customer is sent. */
export const letterReader = query({
  type: 'LetterReader',
  summary:
    'Whom to write to at an account: the contact named, or else the first with an e-mail address, the one to turn to first before others.',
  permission: 'crm:read',
  reads: [contacts, accountSurvivors],
  input: z.strictObject({ accountId: z.string(), contactId: z.string().optional() }),
  output: z.strictObject({ id: z.string(), accountId: z.string().nullable(), email: z.string().nullable() }).nullable(),
  answer: async (db, { accountId, contactId }) => {
    const [reader] = await db.rows<Reader>(
      `select id, account_id as "accountId", case when email like '%@%' then email end as email from contacts
       where case when $2::text is null then ${ofAccount('account_id', '$1')} and email like '%@%' else id = $2 end
       order by primary_contact desc, added_at, id limit 1`,
      [accountId, contactId ?? null],
    );
    return reader ?? null;
  },
});
