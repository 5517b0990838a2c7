import { field } from '../../kernel/field.ts';
import { listing } from '../../kernel/listing.ts';
import { users } from './users.ts';

/** Names to stand beside records in place of ids. */
export const listColleagues = listing({
  type: 'ListColleagues',
  summary: 'Who works here, by name.',
  route: 'GET /colleagues',
  permission: 'platform:colleagues',
  reads: [users],
  from: 'users u',
  key: 'u.id',
  fields: { id: field.text('u.id'), name: field.text('u.name'), enabled: field.flag('u.enabled') },
  sorts: { name: { sql: 'u.name' } },
  usual: 'name',
});
