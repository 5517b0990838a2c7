import { CustomerGroup, CustomerGroupJoined, CustomerGroupLeft } from '../../domain/catalogue/customer-group.ts';
import { field } from '../../kernel/field.ts';
import { listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { integer, nullable, table, text } from '../../kernel/table.ts';
import { revised } from '../platform/event-history.ts';

export const customerGroups = projection({
  name: 'customer-groups',
  version: 1,
  versioned: true,
  table: table('customer_groups', 'Groups of clients that share a price list', {
    name: text('Name'),
    priority: integer('Of several groups of a client the lowest number counts first'),
    price_list_id: nullable(text('Price list of its members')),
    members: integer('How many clients are in it'),
  }),
  events: CustomerGroup.events,
  on: {
    CustomerGroupCreated: (_, { name, priority, priceListId }) => ({ name, priority, price_list_id: priceListId ?? null, members: 0 }),
    CustomerGroupEdited: (row, { name, priority, priceListId }) => row && { ...row, name, priority, price_list_id: priceListId ?? null },
    CustomerGroupJoined: row => row && { ...row, members: row.members + 1 },
    CustomerGroupLeft: row => row && { ...row, members: row.members - 1 },
  },
});

const memberKey = ({ accountId }: { readonly accountId: string }, { entityId }: { readonly entityId: string }): readonly string[] => [
  `${entityId}~${accountId}`,
];

export const customerGroupMembers = projection({
  name: 'customer-group-members',
  version: 1,
  versioned: true,
  table: table(
    'customer_group_members',
    'Which client is in which group',
    { group_id: text('Group'), account_id: text('Account of the client') },
    { key: 'Group and account, joined by ~', indexes: ['account_id', 'group_id'] },
  ),
  events: [CustomerGroupJoined, CustomerGroupLeft],
  keys: { CustomerGroupJoined: memberKey, CustomerGroupLeft: memberKey },
  on: {
    CustomerGroupJoined: (_, { accountId }, _key, { entityId }) => ({ group_id: entityId, account_id: accountId }),
    CustomerGroupLeft: () => null,
  },
});

const source = {
  permission: 'catalogue:read',
  reads: [customerGroups, customerGroupMembers],
  from: 'customer_groups g',
  key: 'g.id',
  fields: {
    id: field.text('g.id'),
    name: field.text('g.name'),
    priority: field.integer('g.priority'),
    priceListId: field.maybe(field.text('g.price_list_id')),
    members: field.integer('g.members'),
  },
} as const;

export const listCustomerGroups = listing({
  ...source,
  type: 'ListCustomerGroups',
  summary: 'Groups of clients, the one that counts first first.',
  route: 'GET /customer-groups',
  filters: {
    name: 'g.name = ?',
    account: 'exists (select from customer_group_members m where m.group_id = g.id and m.account_id = ?)',
  },
  sorts: { priority: { sql: 'g.priority' }, name: { sql: 'g.name' } },
  usual: 'priority',
});

export const showCustomerGroup = record({
  ...revised('customerGroup', source),
  type: 'ShowCustomerGroup',
  summary: 'One group of clients.',
  route: 'GET /customer-groups/:id',
  noun: 'customer group',
});
