import { z } from 'zod';
import type { Endpoint } from '../../api/endpoint.ts';
import { system } from '../../kernel/authority.ts';
import type { Registry } from '../../kernel/module.ts';
import type { ReadDatabase } from '../../kernel/query.ts';
import { code, GENERATED, page, tableOf } from './markdown.ts';

/** The query by which a module tells the roles there are. */
const ROLES_QUERY = 'ListRoles';

const Roles = z.object({ items: z.array(z.object({ id: z.string(), name: z.string(), grants: z.array(z.string()) })) });
type Role = z.output<typeof Roles>['items'][number];

/** What each permission allows, and which of the roles every house has from the start grants it. */
export async function permissionTable(registry: Registry, endpoints: readonly Endpoint[]): Promise<string> {
  const roles = await builtInRoles(registry);
  const asked = [...registry.commands.values(), ...registry.queries.values()].map(({ permission }) => permission);
  const granted = roles.flatMap(({ grants }) => grants.map(grant => grant.replace(/:own$/, ''))).filter(grant => grant !== '*');
  const guarded = endpoints.map(({ access }) => access).filter(access => access !== 'public' && access !== 'signed-in');
  const permissions = [...new Set<string>([...asked, ...guarded, ...granted])].sort();
  const [signedIn, everybody] = (['signed-in', 'public'] as const).map(access => endpoints.filter(endpoint => endpoint.access === access));
  return page(
    '# Permissions',
    GENERATED,
    'A role or key grants permissions; `:own` behind one narrows it to records whose owner one is, in lists, single records, commands and the live feed alike. Roles of your own are made with `POST /roles`.',
    '## What each allows',
    tableOf(
      ['permission', 'allows'],
      permissions.map(permission => [code(permission), allowed(permission, registry, endpoints)]),
    ),
    `Whoever is signed in may ask ${listed(signedIn ?? [])}. Nobody needs to sign in for ${listed(everybody ?? [])}.`,
    '## Which roles grant it',
    `●: for all records; own: for one's own. ${roles
      .filter(isAll)
      .map(({ name }) => name)
      .join(', ')}: everything.`,
    tableOf(
      ['permission', ...roles.filter(role => !isAll(role)).map(({ name }) => name)],
      permissions.map(permission => [code(permission), ...roles.filter(role => !isAll(role)).map(role => mark(role, permission))]),
    ),
  );
}

/** Asked of a house in which nobody has made a role yet. */
async function builtInRoles({ queries }: Registry): Promise<readonly Role[]> {
  const query = queries.get(ROLES_QUERY);
  if (query === undefined) throw new Error(`No module offers the query ${ROLES_QUERY}`);
  const empty: ReadDatabase = {
    rows: async () => [],
    seal: () => '',
    unseal: () => [],
    secretFor: () => '',
    timeZone: 'UTC',
    today: '1970-01-01',
  };
  return Roles.parse(await query.answer(empty, {} as never, system('reference'))).items;
}

const isAll = ({ grants }: Role): boolean => grants.includes('*');

const mark = ({ grants }: Role, permission: string): string =>
  grants.includes(permission) ? '●' : grants.includes(`${permission}:own`) ? 'own' : '';

const listed = (endpoints: readonly Endpoint[]): string => endpoints.map(({ method, path }) => code(`${method} ${path}`)).join(', ');

function allowed(permission: string, { commands, queries }: Registry, endpoints: readonly Endpoint[]): string {
  const over = endpoints.filter(({ access }) => access === permission).map(({ method, path }) => code(`${method} ${path}`));
  const inside = [...commands.values(), ...queries.values()].filter(entry => entry.route === undefined && entry.permission === permission);
  const parts = [...over, ...inside.map(({ type }) => `${type} (within the house)`)];
  return parts.length === 0 ? 'asked for inside of commands' : parts.join(', ');
}
