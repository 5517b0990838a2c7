import type { Ask } from '../../kernel/command.ts';
import { listUsers } from '../../projections/platform/users.ts';

const READERS_MAX = '200';

/** An address that a mail server could know: those of a fresh house, such as admin@localhost, are none. */
const isReachable = (address: string): boolean => /@[^@]+\.[^@]+$/.test(address);

/** Addresses of the users who bear a role, may sign in and can be reached. */
export async function readersOf(role: string, ask: Ask): Promise<readonly string[]> {
  const users = await ask(listUsers, { 'filter[role]': role, limit: READERS_MAX, sort: 'name' });
  return users.items.filter(({ email, enabled }) => enabled && isReachable(email)).map(({ email }) => email);
}
