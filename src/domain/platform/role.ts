/** A role grants permissions to those who bear it. */
import { z } from 'zod';
import { covers } from '../../kernel/authority.ts';
import { type Decision, decider, type Refusal, refuse } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { BUILT_IN_ROLES } from './grants.ts';

const terms = { name: z.string(), grants: z.array(z.string()) };
export const RoleDefined = event('RoleDefined', terms);
export const RoleRedefined = event('RoleRedefined', terms);
const events = [RoleDefined, RoleRedefined] as const;
type Fact = EventOf<(typeof events)[number]>;

interface Terms {
  readonly name: string;
  readonly grants: readonly string[];
}
interface State {
  readonly terms?: Terms;
}
interface Rights {
  may(permission: `${string}:${string}`): boolean;
}

export const RoleStream = decider({
  category: 'role',
  stateVersion: 1,
  events,
  initial: (): State => ({}),
  evolve: {
    RoleDefined: (_, terms): State => ({ terms }),
    RoleRedefined: (_, terms): State => ({ terms }),
  },
});

/** Nobody gives away rights they do not have themselves, or a right to give roles would be a right to everything. */
export function beyond(rights: Rights, grants: readonly string[]): Refusal | undefined {
  const missing = grants.filter(grant => !covers(rights, grant));
  if (missing.length === 0) return undefined;
  return refuse('BeyondOwnRights', `You cannot give, change or take rights that you do not have: ${missing.join(', ')}.`, { missing });
}

export function define(state: State, { role, name, grants }: { role: string; name: string; grants: string[] }, by: Rights): Decision<Fact> {
  if (state.terms !== undefined || Object.hasOwn(BUILT_IN_ROLES, role))
    return refuse('Duplicate', `There is already a role ${role}.`, { existingId: role });
  return beyond(by, grants) ?? [RoleDefined({ name, grants: [...new Set(grants)] })];
}

export function redefine(
  state: State,
  { role, name, grants }: { role: string; name: string; grants: string[] },
  by: Rights,
): Decision<Fact> {
  if (Object.hasOwn(BUILT_IN_ROLES, role)) return refuse('BuiltInRole', `The role ${role} belongs to the house and cannot be changed.`);
  if (state.terms === undefined) return refuse('NotFound', `There is no role ${role}.`);
  const wanted = { name, grants: [...new Set(grants)] };
  if (sameTerms(state.terms, wanted)) return [];
  return beyond(by, [...grants, ...state.terms.grants]) ?? [RoleRedefined(wanted)];
}

const sameTerms = (one: Terms, other: Terms): boolean =>
  one.name === other.name && [...one.grants].sort().join() === [...other.grants].sort().join();
