import { z } from 'zod';
import { BUILT_IN_ROLES } from '../../domain/platform/grants.ts';
import { UserStream } from '../../domain/platform/user.ts';
import { field } from '../../kernel/field.ts';
import { listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { flag, instant, nullable, personal, table, text, texts } from '../../kernel/table.ts';
import { revised } from './event-history.ts';
import { roles } from './roles.ts';

export const users = projection({
  name: 'users',
  version: 1,
  versioned: true,
  table: table(
    'users',
    'Who can sign in, and with which roles',
    {
      email: personal(text('E-mail address, in small letters'), 'id'),
      name: personal(text('Name for people'), 'id'),
      roles: texts('Codes of the roles borne'),
      enabled: flag('Whether signing in is allowed'),
      registered_at: instant('When the user was registered'),
      enabled_since: nullable(instant('When the user was last enabled again after having been disabled')),
    },
    { key: 'Id of the user', indexes: ['email', 'name, id'] },
  ),
  events: UserStream.events,
  on: {
    UserRegistered: (_, user, _key, { recordedAt }) => ({ ...user, enabled: true, registered_at: recordedAt, enabled_since: null }),
    UserRenamed: (user, { name }) => user && { ...user, name },
    UserRolesChanged: (user, { roles }) => user && { ...user, roles },
    UserDisabled: user => user && { ...user, enabled: false },
    UserEnabled: (user, _data, _key, { recordedAt }) => user && { ...user, enabled: true, enabled_since: recordedAt },
  },
});

const source = {
  permission: 'platform:users',
  reads: [users],
  from: 'users u',
  key: 'u.id',
  fields: {
    id: field.text('u.id'),
    email: field.text('u.email'),
    name: field.text('u.name'),
    roles: field.texts('u.roles'),
    enabled: field.flag('u.enabled'),
    registeredAt: field.instant('u.registered_at'),
  },
} as const;

export const listUsers = listing({
  ...source,
  type: 'ListUsers',
  summary: 'Users with their roles.',
  route: 'GET /users',
  filters: { email: 'u.email = lower(?)', role: '? = any(u.roles)' },
  sorts: { name: { sql: 'u.name' }, registered: { sql: 'u.registered_at', descending: true } },
  usual: 'name',
});

export const showUser = record({
  ...revised('user', source),
  type: 'ShowUser',
  summary: 'One user.',
  route: 'GET /users/:id',
  noun: 'user',
});

interface PersonRow {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly roles: string[];
  readonly grants: string[];
  readonly enabled: boolean;
  readonly enabledSince: string | null;
}

/** What signing in must know of a user; asked on every request. */
export const findPerson = query({
  type: 'FindPerson',
  summary: 'A user by id or e-mail address, with all that their roles grant.',
  permission: 'platform:users',
  input: z.strictObject({ id: z.string().optional(), email: z.string().optional() }),
  output: z.strictObject({
    person: z
      .strictObject({
        id: z.string(),
        email: z.string(),
        name: z.string(),
        roles: z.array(z.string()),
        grants: z.array(z.string()),
        enabled: z.boolean(),
        enabledSince: z.string().nullable(),
      })
      .nullable(),
  }),
  reads: [users, roles],
  answer: async (db, { id, email }) => {
    const [row] = await db.rows<PersonRow>(
      `select u.id, u.email, u.name, u.roles, u.enabled, u.enabled_since as "enabledSince",
         array(select distinct g from roles r, unnest(r.grants) g where r.id = any(u.roles)) as grants
       from users u where u.id = $1 or u.email = lower($2)`,
      [id ?? null, email ?? null],
    );
    return { person: row === undefined ? null : { ...row, grants: [...row.grants, ...builtInGrants(row.roles)] } };
  },
});

const builtInGrants = (codes: readonly string[]): readonly string[] => codes.flatMap(code => BUILT_IN_ROLES[code]?.grants ?? []);
