import { z } from 'zod';
import { RoleCode } from '../../domain/platform/grants.ts';
import { define, RoleStream, redefine } from '../../domain/platform/role.ts';
import { Text } from '../../domain/vocabulary.ts';
import { Grants } from '../../kernel/authority.ts';
import { command } from '../../kernel/command.ts';

const onRole = {
  permission: 'platform:roles',
  changesRights: true,
  input: z.strictObject({ role: RoleCode, name: Text(100), grants: Grants }),
  decider: RoleStream,
  entityId: ({ role }: { readonly role: string }) => role,
} as const;

export const defineRole = command({
  ...onRole,
  type: 'DefineRole',
  summary: 'Defines a role beside the built-in ones; refused where its code is taken or it grants more than you may do yourself.',
  route: 'POST /roles',
  decide: define,
});

export const redefineRole = command({
  ...onRole,
  type: 'RedefineRole',
  summary: 'Changes what a role grants to all who bear it; refused for built-in roles and beyond your own rights.',
  route: 'POST /roles/:role/redefine',
  decide: redefine,
});
