import { z } from 'zod';
import type { Permission, Relations } from './command.ts';
import type { Actor } from './metadata.ts';

/** Who asks, and what their roles grant. Commands and queries are judged by the same two questions. */
export interface Caller {
  readonly actor: Actor;
  /** Granted for every record. */
  may(permission: Permission): boolean;
  /** Granted at least for records the caller owns. */
  mayOwn(permission: Permission): boolean;
}

const EVERYTHING = '*';

/** `grants` are permissions, `permission:own`, or `*`. */
export function caller(actor: Actor, grants: ReadonlySet<string>): Caller {
  const may = (permission: Permission) => grants.has(EVERYTHING) || grants.has(permission);
  return { actor, may, mayOwn: permission => may(permission) || grants.has(`${permission}:own`) };
}

/** The house itself: sagas, holds and facts. */
export const system = (id: string): Caller => caller({ kind: 'system', id }, new Set([EVERYTHING]));

/**
 * `hidden` where the caller may do such things but not to this record: it answers like a record that does not exist, save to who
 * observes it.
 */
export function authorise(who: Caller, permission: Permission, relations: Relations | undefined): 'allowed' | 'forbidden' | 'hidden' {
  if (who.may(permission)) return 'allowed';
  if (!who.mayOwn(permission)) return 'forbidden';
  if (relations === undefined || relations.owner === who.actor.id) return 'allowed';
  return relations.observers?.includes(who.actor.id) ? 'forbidden' : 'hidden';
}

/** A permission as a role or key is given it: `context:action`, the same with `:own`, or `*`. */
const Grant = z.string().regex(/^(\*|[a-z][a-z-]*:[a-z][a-z-]*(:own)?)$/, 'A permission as context:action, the same with :own, or *');

const GRANTS_MAX = 200;
export const Grants = z.array(Grant).max(GRANTS_MAX);

const OWN = ':own';

/** Whether rights cover a grant (`context:action`, the same with `:own`, or `*`): nobody hands on more than they have. */
export function covers(who: Pick<Caller, 'may'>, grant: string): boolean {
  const wide = grant.endsWith(OWN) ? grant.slice(0, -OWN.length) : grant;
  return who.may(grant as Permission) || who.may(wide as Permission);
}
