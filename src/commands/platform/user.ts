import { z } from 'zod';
import { BUILT_IN_ROLES, RoleCode } from '../../domain/platform/grants.ts';
import { changeRoles, disable, enable, type RoleGrants, register, rename, type State, UserStream } from '../../domain/platform/user.ts';
import { Id, Reason, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, command } from '../../kernel/command.ts';
import { grantsOfRoles } from '../../projections/platform/roles.ts';
import { lapsing, uniqueKey } from './claim.ts';

const EMAIL_LENGTH_MAX = 254;
const ROLES_MAX = 20;

/** Names of machines without a dot are addresses too, or nobody could be `admin@localhost`. */
const SignInEmail = z.email({ pattern: z.regexes.html5Email }).max(EMAIL_LENGTH_MAX).toLowerCase();
const Roles = z.array(RoleCode).max(ROLES_MAX);

const onUser = { permission: 'platform:users', decider: UserStream } as const;

/** What the roles grant that a user bears or shall bear. Built-in roles are known without asking, also while views are down. */
async function grantsConcerned(state: State, wanted: readonly string[], ask: Ask): Promise<RoleGrants> {
  const codes = [...new Set([...(state.user?.roles ?? []), ...wanted])];
  const builtIn = codes.flatMap(code => (Object.hasOwn(BUILT_IN_ROLES, code) ? [[code, BUILT_IN_ROLES[code]?.grants ?? []] as const] : []));
  const asked = codes.filter(code => !Object.hasOwn(BUILT_IN_ROLES, code));
  return { ...(asked.length === 0 ? {} : await ask(grantsOfRoles, { roles: asked })), ...Object.fromEntries(builtIn) };
}

export const registerUser = command({
  ...onUser,
  type: 'RegisterUser',
  summary: 'Registers somebody who may sign in, under an e-mail address no other user has; a password is set apart.',
  route: 'POST /users',
  changesRights: true,
  input: z.strictObject({ email: SignInEmail, name: Text(200), roles: Roles }),
  facts: (state, { roles }, ask) => grantsConcerned(state, roles, ask),
  decide: register,
  holds: (events, _state, entityId) =>
    events.flatMap(fact => (fact.type === 'UserRegistered' ? [uniqueKey('email', fact.data.email, entityId)] : [])),
});

export const renameUser = command({
  ...onUser,
  type: 'RenameUser',
  summary: 'Changes the name of a user.',
  route: 'POST /users/:id/rename',
  input: z.strictObject({ id: Id, name: Text(200) }),
  entityId: byId,
  decide: rename,
});

export const changeUserRoles = command({
  ...onUser,
  type: 'ChangeUserRoles',
  summary: 'Gives a user other roles; refused for oneself and beyond your own rights. It holds from the next request on.',
  route: 'POST /users/:id/roles',
  changesRights: true,
  input: z.strictObject({ id: Id, roles: Roles }),
  entityId: byId,
  facts: (state, { roles }, ask) => grantsConcerned(state, roles, ask),
  decide: changeRoles,
});

export const disableUser = command({
  ...onUser,
  type: 'DisableUser',
  summary: 'Ends the sessions of a user and lets them sign in no more; refused for oneself.',
  route: 'POST /users/:id/disable',
  changesRights: true,
  input: z.strictObject({ id: Id, reason: Reason }),
  entityId: byId,
  facts: (state, _input, ask) => grantsConcerned(state, [], ask),
  decide: disable,
});

export const enableUser = command({
  ...onUser,
  type: 'EnableUser',
  summary: 'Lets a disabled user sign in again; old sessions stay closed.',
  route: 'POST /users/:id/enable',
  changesRights: true,
  input: z.strictObject({ id: Id }),
  entityId: byId,
  facts: (state, _input, ask) => grantsConcerned(state, [], ask),
  decide: enable,
});

/** For a command on a user that vanished with what it held. */
export const lapseUserHold = lapsing('LapseUserHold', UserStream);
