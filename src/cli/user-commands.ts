import { parseArgs } from 'node:util';
import { ulid } from 'ulid';
import { covers, system } from '../kernel/authority.ts';
import { randomPassword } from '../runtime/identity/bootstrap.ts';
import type { Person } from '../runtime/identity/port.ts';
import { StartRefused } from '../runtime/supervisor/refused.ts';
import type { LocalHouse } from './local.ts';

const USAGE = `Usage:
  npm run user -- list
  npm run user -- reset-password <e-mail> [--password <password>]
  npm run user -- key <e-mail> --grants <grant,grant,…> [--name <name>]`;

const PAGE = '200';

/** Looks after users where nobody can sign in to do so. Returns the lines to print. @throws StartRefused with what is wrong */
export async function userCommand(args: readonly string[], house: LocalHouse): Promise<readonly string[]> {
  const { command, email, options } = understood(args);
  if (command === 'list' && email === undefined) return list(house);
  if (email === undefined) throw new StartRefused(USAGE);
  if (command === 'reset-password') return resetPassword(await personOf(email, house), options.password, house);
  if (command === 'key' && options.grants !== undefined) return newKey(await personOf(email, house), options.grants, options.name, house);
  throw new StartRefused(USAGE);
}

function understood(args: readonly string[]) {
  const strings = { password: { type: 'string' }, grants: { type: 'string' }, name: { type: 'string' } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: strings, allowPositionals: true });
    const [command, email, ...surplus] = positionals;
    if (surplus.length === 0) return { command, email, options: values };
  } catch {
    // An option that is not known; the usage says which are.
  }
  throw new StartRefused(USAGE);
}

async function personOf(email: string, { identity }: LocalHouse): Promise<Person> {
  const person = await identity.person({ email });
  if (person === undefined) throw new StartRefused(`There is no user ${email}; npm run user -- list shows who there is.`);
  return person;
}

interface Page {
  readonly items: readonly {
    readonly email: string;
    readonly name: string;
    readonly roles: readonly string[];
    readonly enabled: boolean;
  }[];
  readonly next: string | null;
}

async function list({ queries, registry }: LocalHouse): Promise<readonly string[]> {
  const query = registry.queries.get('ListUsers');
  if (query === undefined) throw new Error('No module offers the query ListUsers');
  const lines: string[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const input = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page = (await queries.askAny(query, input, { caller: system('cli') })) as Page;
    lines.push(
      ...page.items.map(user => [user.email, user.name, user.roles.join(','), user.enabled ? '' : 'disabled'].join('\t').trimEnd()),
    );
    cursor = page.next;
  }
  return lines;
}

async function resetPassword(person: Person, stated: string | undefined, { identity }: LocalHouse): Promise<readonly string[]> {
  if (stated === '') throw new StartRefused('The password must not be empty.');
  const password = stated ?? randomPassword();
  await identity.setPassword(person.id, password);
  const said = stated === undefined ? `The new password of ${person.email} is ${password}` : `${person.email} has the new password.`;
  return [said, 'All their sessions are over.'];
}

async function newKey(
  person: Person,
  list: string,
  name = 'made on the command line',
  { identity }: LocalHouse,
): Promise<readonly string[]> {
  const grants = list.split(',').map(grant => grant.trim());
  const rights = { may: (permission: string) => person.grants.includes('*') || person.grants.includes(permission) };
  const missing = grants.filter(grant => !covers(rights, grant));
  if (missing.length > 0) throw new StartRefused(`${person.email} does not have these rights: ${missing.join(', ')}.`);
  const token = await identity.createKey({ id: ulid(), userId: person.id, name, grants });
  if (token === undefined) throw new Error('A fresh id was used before');
  return [token];
}
