/** What handing over many records must know of them. */
import { z } from 'zod';
import { query } from '../../kernel/query.ts';
import { accounts } from './accounts.ts';
import { contacts } from './contacts.ts';
import { deals } from './deals.ts';
import { leads } from './leads.ts';

const Ids = z.array(z.string());

export const unknownRecords = query({
  type: 'UnknownRecords',
  summary: 'Of the leads, accounts, contacts and deals named, those that do not exist.',
  permission: 'crm:read',
  reads: [leads, accounts, contacts, deals],
  input: z.strictObject({ leads: Ids, accounts: Ids, contacts: Ids, deals: Ids }),
  output: Ids,
  answer: async (db, named) => {
    const rows = await db.rows<{ id: string }>(
      `select id from unnest($1::text[]) id where id not in (select l.id from leads l where l.id = any($1))
       union select id from unnest($2::text[]) id where id not in (select a.id from accounts a where a.id = any($2))
       union select id from unnest($3::text[]) id where id not in (select c.id from contacts c where c.id = any($3))
       union select id from unnest($4::text[]) id where id not in (select d.id from deals d where d.id = any($4))`,
      [named.leads, named.accounts, named.contacts, named.deals],
    );
    return rows.map(({ id }) => id);
  },
});
