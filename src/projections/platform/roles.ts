import { z } from 'zod';
import { BUILT_IN_ROLES } from '../../domain/platform/grants.ts';
import { RoleStream } from '../../domain/platform/role.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { table, text, texts } from '../../kernel/table.ts';

export const roles = projection({
  name: 'roles',
  version: 1,
  versioned: true,
  table: table(
    'roles',
    'Roles defined in this house, beside the built-in ones',
    { name: text('Name for people'), grants: texts('Permissions: context:action, with :own for own records only, or *') },
    { key: 'Code of the role' },
  ),
  events: RoleStream.events,
  on: { RoleDefined: (_, terms) => terms, RoleRedefined: (_, terms) => terms },
});

const RoleAnswer = z.strictObject({
  id: z.string().meta({ description: 'Code of the role' }),
  name: z.string(),
  grants: z.array(z.string()),
  builtIn: z.boolean(),
});

interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly grants: string[];
}

const builtIn = Object.entries(BUILT_IN_ROLES).map(([id, role]) => ({ id, name: role.name, grants: [...role.grants], builtIn: true }));

export const listRoles = query({
  type: 'ListRoles',
  summary: 'All roles with what they grant, the built-in ones first.',
  route: 'GET /roles',
  permission: 'platform:roles',
  input: z.strictObject({}),
  output: z.strictObject({ items: z.array(RoleAnswer) }),
  reads: [roles],
  answer: async db => {
    const own = await db.rows<RoleRow>('select id, name, grants from roles order by id');
    return { items: [...builtIn, ...own.map(row => ({ ...row, builtIn: false }))] };
  },
});

/** What roles defined in this house grant; one that does not exist is not in the answer. */
export const grantsOfRoles = query({
  type: 'GrantsOfRoles',
  summary: 'What each of some roles grants.',
  permission: 'platform:roles',
  input: z.strictObject({ roles: z.array(z.string()) }),
  output: z.record(z.string(), z.array(z.string())),
  reads: [roles],
  answer: async (db, { roles: codes }) => {
    const rows = await db.rows<RoleRow>('select id, name, grants from roles where id = any($1)', [codes]);
    return Object.fromEntries(rows.map(({ id, grants }) => [id, grants]));
  },
});
