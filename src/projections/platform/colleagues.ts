import { UserDisabled, UserEnabled, UserRegistered, UserRenamed } from '../../domain/platform/user.ts';
import { field } from '../../kernel/field.ts';
import { listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { flag, personal, table, text } from '../../kernel/table.ts';

/** Apart from the users with their rights, which are not everybody's business. */
export const colleagues = projection({
  name: 'colleagues',
  version: 1,
  versioned: true,
  table: table(
    'colleagues',
    'Who works here, by name',
    { name: personal(text('Name for people'), 'id'), enabled: flag('Whether signing in is allowed') },
    { key: 'Id of the user', indexes: ['name, id'] },
  ),
  events: [UserRegistered, UserRenamed, UserDisabled, UserEnabled],
  on: {
    UserRegistered: (_, { name }) => ({ name, enabled: true }),
    UserRenamed: (row, { name }) => row && { ...row, name },
    UserDisabled: row => row && { ...row, enabled: false },
    UserEnabled: row => row && { ...row, enabled: true },
  },
});

/** Names to stand beside records in place of ids. */
export const listColleagues = listing({
  type: 'ListColleagues',
  summary: 'Who works here, by name.',
  route: 'GET /colleagues',
  permission: 'platform:colleagues',
  reads: [colleagues],
  from: 'colleagues c',
  key: 'c.id',
  fields: { id: field.text('c.id'), name: field.text('c.name'), enabled: field.flag('c.enabled') },
  sorts: { name: { sql: 'c.name' } },
  usual: 'name',
});
