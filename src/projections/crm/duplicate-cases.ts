import { DuplicateCase } from '../../domain/crm/duplicate-case.ts';
import { field } from '../../kernel/field.ts';
import { listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { instant, nullable, table, text, texts } from '../../kernel/table.ts';
import { revised } from '../platform/event-history.ts';
import { accounts } from './accounts.ts';
import { contacts } from './contacts.ts';
import { leads } from './leads.ts';

export const duplicateCases = projection({
  name: 'duplicate-cases',
  version: 1,
  versioned: true,
  table: table(
    'duplicate_cases',
    'Pairs of records that may be the same party',
    {
      status: text('Detected, Merged or NotDuplicate'),
      noun: text('account, contact or lead'),
      older_id: text('Record that was there'),
      newer_id: text('Record that came'),
      strength: text('certain, strong or possible'),
      matched_by: texts('What they share: taxId, email, phone, name'),
      owner_id: text('User to whom the newer record belonged'),
      detected_at: instant('When it was found'),
      reason: nullable(text('Why they are two after all')),
    },
    { indexes: ['detected_at, id', 'status, detected_at', 'older_id', 'newer_id', 'owner_id'] },
  ),
  events: DuplicateCase.events,
  ownRows: { permission: 'crm:read', owner: 'owner_id' },
  on: {
    DuplicateDetected: (_, { noun, records: [older = '', newer = ''], strength, by, ownerId }, _key, { occurredAt }) => ({
      status: 'Detected',
      noun,
      older_id: older,
      newer_id: newer,
      strength,
      matched_by: by,
      owner_id: ownerId,
      detected_at: occurredAt,
      reason: null,
    }),
    DuplicateDismissed: (row, { reason }) => row && { ...row, status: 'NotDuplicate', reason },
    DuplicateMerged: row => row && { ...row, status: 'Merged', reason: null },
    DuplicateParted: row => row && { ...row, status: 'Detected' },
  },
});

/** The name of one of the two, as far as the caller may see that record. */
const nameOf = (which: 'older' | 'newer') =>
  field.maybe(
    field.text(
      `coalesce((select a.name from accounts a where a.id = d.${which}_id), (select c.name from contacts c where c.id = d.${which}_id),
         (select l.name from leads l where l.id = d.${which}_id))`,
    ),
  );

const source = {
  permission: 'crm:read',
  reads: [duplicateCases, accounts, contacts, leads],
  from: 'duplicate_cases d',
  key: 'd.id',
  fields: {
    id: field.text('d.id'),
    status: field.text('d.status'),
    noun: field.text('d.noun'),
    olderId: field.text('d.older_id'),
    olderName: nameOf('older'),
    newerId: field.text('d.newer_id'),
    newerName: nameOf('newer'),
    strength: field.text('d.strength'),
    matchedBy: field.texts('d.matched_by'),
    ownerId: field.text('d.owner_id'),
    detectedAt: field.instant('d.detected_at'),
    reason: field.maybe(field.text('d.reason')),
  },
} as const;

export const listDuplicateCases = listing({
  ...source,
  type: 'ListDuplicateCases',
  summary: 'Records that may be the same party, newest first. `filter[record]` finds the cases of one record.',
  route: 'GET /duplicate-cases',
  filters: {
    status: 'd.status = ?',
    noun: 'd.noun = ?',
    strength: 'd.strength = ?',
    record: '? in (d.older_id, d.newer_id)',
    owner: 'd.owner_id = ?',
  },
  sorts: { newest: { sql: 'd.detected_at', descending: true } },
  usual: 'newest',
});

export const showDuplicateCase = record({
  ...revised('duplicateCase', source),
  type: 'ShowDuplicateCase',
  summary: 'One duplicate case.',
  route: 'GET /duplicate-cases/:id',
  noun: 'duplicate case',
});
