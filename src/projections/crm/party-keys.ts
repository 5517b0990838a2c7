import { z } from 'zod';
import { type AccountCard, AccountCreated, AccountEdited, AccountMerged, AccountRestored } from '../../domain/crm/account.ts';
import { ContactAdded, ContactEdited, personOf } from '../../domain/crm/contact.ts';
import { LeadCaptured, LeadConverted, LeadDisqualified, LeadEdited, LeadReopened } from '../../domain/crm/lead.ts';
import { type Keys, tellingTrigrams } from '../../domain/crm/likeness.ts';
import { accountKeys, contactKeys, leadKeys } from '../../domain/crm/party-keys.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { flag, nullable, personal, table, text } from '../../kernel/table.ts';

const JOINT = '|';

/** Nobody asks by which keys a record was compared once, so its past is not kept. */
export const partyKeys = projection({
  name: 'party-keys',
  version: 1,
  table: table(
    'party_keys',
    'What accounts, contacts and leads are compared by, to find those that are there twice',
    {
      noun: text('account, contact or lead'),
      comparable: flag('Whether it counts: leads do as long as they are open, accounts unless they were merged into others'),
      tax_key: personal(nullable(text('Digits of the tax number')), 'individual_id'),
      email_key: personal(nullable(text('E-mail address')), 'person_id'),
      phone_key: personal(nullable(text('Digits of the telephone number')), 'person_id'),
      name_key: personal(nullable(text('Name without case, marks, punctuation and legal form')), 'named_id'),
      name_telling: personal(nullable(text('Trigrams of the name of which alike names share one')), 'named_id'),
      place_key: personal(nullable(text('City of an account, account of a contact, company of a lead')), 'individual_id'),
      person_id: nullable(text('Person whose address and number these are')),
      named_id: nullable(text('Person whose name this is')),
      individual_id: nullable(text('Person the account is, where it is no company')),
    },
    {
      indexes: ['tax_key', 'email_key', 'phone_key', `using gin (string_to_array(name_telling, '${JOINT}'))`],
    },
  ),
  events: [
    AccountCreated,
    AccountEdited,
    AccountMerged,
    AccountRestored,
    ContactAdded,
    ContactEdited,
    LeadCaptured,
    LeadEdited,
    LeadDisqualified,
    LeadReopened,
    LeadConverted,
  ],
  on: {
    AccountCreated: (_, { personId, individual, ...card }) => accountRow(card, personId ?? null, individual === true),
    AccountEdited: (row, card) => row && { ...row, ...columns(accountKeys(card)) },
    AccountMerged: row => row && { ...row, comparable: false },
    AccountRestored: row => row && { ...row, comparable: true },
    ContactAdded: (_, card, id) => personRow('contact', contactKeys(card), personOf(card, id)),
    ContactEdited: (row, card) => row && { ...row, ...columns(contactKeys(card)) },
    LeadCaptured: (_, card, id) => personRow('lead', leadKeys(card), id),
    LeadEdited: (row, card) => row && { ...row, ...columns(leadKeys(card)) },
    LeadDisqualified: row => row && { ...row, comparable: false },
    LeadConverted: row => row && { ...row, comparable: false },
    LeadReopened: row => row && { ...row, comparable: true },
  },
});

const columns = ({ taxId, email, phone, name, place }: Keys) => ({
  tax_key: taxId ?? null,
  email_key: email ?? null,
  phone_key: phone ?? null,
  name_key: name ?? null,
  name_telling: name === undefined ? null : tellingTrigrams(name).join(JOINT),
  place_key: place ?? null,
});

function accountRow(card: AccountCard, personId: string | null, individual: boolean) {
  const individualId = individual ? personId : null;
  const persons = { person_id: personId, named_id: individualId, individual_id: individualId };
  return { noun: 'account', comparable: true, ...columns(accountKeys(card)), ...persons };
}

const personRow = (noun: 'contact' | 'lead', keys: Keys, personId: string) => ({
  noun,
  comparable: true,
  ...columns(keys),
  person_id: personId,
  named_id: personId,
  individual_id: null,
});

const CANDIDATES_MAX = 500;

interface Row {
  readonly id: string;
  readonly tax: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly name: string | null;
  readonly place: string | null;
}

const Candidate = z.strictObject({
  id: z.string(),
  taxId: z.string().optional(),
  email: z.string().optional(),
  phone: z.string().optional(),
  name: z.string().optional(),
  place: z.string().optional(),
});

/** Asked before a record is begun: all that may be the same party; whoever asks compares them. */
export const likenessCandidates = query({
  type: 'LikenessCandidates',
  summary: 'Records of a kind that share a tax number, an e-mail address, a telephone number or much of a name.',
  permission: 'crm:read',
  reads: [partyKeys],
  input: z.strictObject({
    noun: z.enum(['account', 'contact', 'lead']),
    taxId: z.string().optional(),
    email: z.string().optional(),
    phones: z.array(z.string()),
    telling: z.array(z.string()),
  }),
  output: z.array(Candidate),
  answer: async (db, { noun, taxId, email, phones, telling }) => {
    const rows = await db.rows<Row>(
      `select id, tax_key as tax, email_key as email, phone_key as phone, name_key as name, place_key as place from party_keys
       where noun = $1 and comparable and
         (tax_key = $2 or email_key = $3 or phone_key = any($4) or string_to_array(name_telling, '${JOINT}') && $5::text[])
       order by coalesce(tax_key = $2 or email_key = $3, false) desc, id limit ${CANDIDATES_MAX}`,
      [noun, taxId ?? null, email ?? null, phones, telling],
    );
    const said = (value: string | null) => value ?? undefined;
    return rows.map(({ id, tax, email: address, phone, name, place }) => ({
      id,
      taxId: said(tax),
      email: said(address),
      phone: said(phone),
      name: said(name),
      place: said(place),
    }));
  },
});
