import { z } from 'zod';
import { Person } from '../../domain/crm/person.ts';
import { field } from '../../kernel/field.ts';
import { listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { instant, table, text } from '../../kernel/table.ts';
import { invoices } from '../billing/invoices.ts';
import { users } from '../platform/users.ts';
import { contacts } from './contacts.ts';
import { leads } from './leads.ts';

export const erasures = projection({
  name: 'erasures',
  version: 1,
  versioned: true,
  table: table(
    'erasures',
    'Persons who were erased',
    {
      reason: text('Why'),
      erased_at: instant('When it was decided'),
      erased_by: text('User who decided it'),
    },
    { key: 'Id of the person', indexes: ['erased_at, id'] },
  ),
  events: Person.events,
  on: { PersonErased: (_, { reason }, _key, { recordedAt, actor }) => ({ reason, erased_at: recordedAt, erased_by: actor.id }) },
});

export const listErasures = listing({
  type: 'ListErasures',
  summary: 'Persons who were erased, newest first.',
  route: 'GET /erasures',
  permission: 'platform:audit',
  reads: [erasures],
  from: 'erasures e',
  key: 'e.id',
  fields: {
    personId: field.text('e.id'),
    reason: field.text('e.reason'),
    erasedAt: field.instant('e.erased_at'),
    erasedBy: field.text('e.erased_by'),
  },
  sorts: { newest: { sql: 'e.erased_at', descending: true } },
  usual: 'newest',
});

/** Asked before somebody is erased. */
export const knownPerson = query({
  type: 'KnownPerson',
  summary: 'Whether anything is known of a person, and whether they may sign in.',
  permission: 'platform:erase',
  reads: [leads, contacts, users, invoices],
  input: z.strictObject({ id: z.string().max(200) }),
  output: z.strictObject({ known: z.boolean(), signsIn: z.boolean() }),
  answer: async (db, { id }) => {
    const [row] = await db.rows<{ known: boolean; signsIn: boolean }>(
      `select exists (select from leads where id = $1) or exists (select from contacts where person_id = $1)
         or exists (select from users where id = $1) or exists (select from invoices where buyer_person = $1) as known,
         exists (select from users where id = $1 and enabled) as "signsIn"`,
      [id],
    );
    return row ?? { known: false, signsIn: false };
  },
});
