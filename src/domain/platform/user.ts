/** A user: a person of the staff, or a program, who signs in under an e-mail address and bears roles. */
import { z } from 'zod';
import { type Decision, decider, invalid, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { ofRecord } from '../../kernel/personal.ts';
import { beyond } from './role.ts';

export const UserRegistered = event(
  'UserRegistered',
  { email: z.string(), name: z.string(), roles: z.array(z.string()) },
  { personal: [ofRecord('email', 'name')] },
);
export const UserRenamed = event('UserRenamed', { name: z.string() }, { personal: [ofRecord('name')] });
export const UserRolesChanged = event('UserRolesChanged', { roles: z.array(z.string()) });
export const UserDisabled = event('UserDisabled', { reason: z.string() });
export const UserEnabled = event('UserEnabled', {});
const events = [UserRegistered, UserRenamed, UserRolesChanged, UserDisabled, UserEnabled] as const;
type Fact = EventOf<(typeof events)[number]>;

interface User {
  readonly name: string;
  readonly roles: readonly string[];
  readonly enabled: boolean;
}
export interface State {
  readonly user?: User;
}

const changed = ({ user }: State, change: Partial<User>): State => (user === undefined ? {} : { user: { ...user, ...change } });

export const UserStream = decider({
  category: 'user',
  stateVersion: 1,
  events,
  initial: (): State => ({}),
  evolve: {
    UserRegistered: (_, { name, roles }): State => ({ user: { name, roles, enabled: true } }),
    UserRenamed: (state, { name }) => changed(state, { name }),
    UserRolesChanged: (state, { roles }) => changed(state, { roles }),
    UserDisabled: state => changed(state, { enabled: false }),
    UserEnabled: state => changed(state, { enabled: true }),
  },
});

/** What is known of the roles concerned: what each grants. A role not in it does not exist. */
export type RoleGrants = Readonly<Record<string, readonly string[]>>;

interface By {
  readonly actor: { readonly id: string };
  readonly facts: RoleGrants;
  readonly entityId: string;
  may(permission: `${string}:${string}`): boolean;
}

const grantsOf = (roles: readonly string[], known: RoleGrants): readonly string[] => roles.flatMap(role => known[role] ?? []);

function unknownRoles(roles: readonly string[], known: RoleGrants): Refusal | undefined {
  const errors = roles.flatMap((role, index) =>
    Object.hasOwn(known, role) ? [] : [{ pointer: `/roles/${index}`, detail: `There is no role ${role}.` }],
  );
  return errors.length === 0 ? undefined : invalid(errors);
}

export function register(state: State, wish: { email: string; name: string; roles: string[] }, by: By): Decision<Fact> {
  if (state.user !== undefined) return [];
  const roles = [...new Set(wish.roles)];
  return unknownRoles(wish.roles, by.facts) ?? beyond(by, grantsOf(roles, by.facts)) ?? [UserRegistered({ ...wish, roles })];
}

/** Guards what all changes of another's standing have in common: the user exists and has no rights beyond one's own. */
function changing(state: State, by: By, decide: (user: User) => Decision<Fact>): Decision<Fact> {
  if (state.user === undefined) return notFound('user', by.entityId);
  return beyond(by, grantsOf(state.user.roles, by.facts)) ?? decide(state.user);
}

const ownStanding = refuse('OwnStanding', 'Nobody takes away their own roles or sign-in; ask another administrator.');

export function rename({ user }: State, { id, name }: { id: string; name: string }): Decision<Fact> {
  if (user === undefined) return notFound('user', id);
  return user.name === name ? [] : [UserRenamed({ name })];
}

export const changeRoles = (state: State, wish: { roles: string[] }, by: By): Decision<Fact> =>
  changing(state, by, user => {
    const roles = [...new Set(wish.roles)];
    if ([...roles].sort().join() === [...user.roles].sort().join()) return [];
    if (by.actor.id === by.entityId) return ownStanding;
    return unknownRoles(wish.roles, by.facts) ?? beyond(by, grantsOf(roles, by.facts)) ?? [UserRolesChanged({ roles })];
  });

export const disable = (state: State, { reason }: { reason: string }, by: By): Decision<Fact> =>
  changing(state, by, user => {
    if (!user.enabled) return [];
    return by.actor.id === by.entityId ? ownStanding : [UserDisabled({ reason })];
  });

export const enable = (state: State, _wish: unknown, by: By): Decision<Fact> =>
  changing(state, by, user => (user.enabled ? [] : [UserEnabled({})]));
