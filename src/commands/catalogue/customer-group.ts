import { z } from 'zod';
import { CustomerGroup, create, edit, join, leave } from '../../domain/catalogue/customer-group.ts';
import { beginning, editable, existing } from '../../domain/records.ts';
import { Id, Text } from '../../domain/vocabulary.ts';
import { type Ask, byId, command } from '../../kernel/command.ts';
import { priceListForPrice } from '../../projections/catalogue/price-lists.ts';
import { accountKnown } from '../knowledge.ts';

const PRIORITY_MAX = 1_000;

const card = { name: Text(100), priority: z.int().min(1).max(PRIORITY_MAX).default(PRIORITY_MAX), priceListId: Id.optional() };

const onGroup = { permission: 'catalogue:price', decider: CustomerGroup } as const;

const knowledge = async (priceListId: string | null | undefined, ask: Ask) => ({
  priceListKnown: priceListId ? (await ask(priceListForPrice, { id: priceListId })) !== null : undefined,
});

export const createCustomerGroup = command({
  ...onGroup,
  type: 'CreateCustomerGroup',
  summary: 'Creates a group of clients that share a price list; of several groups the lowest priority number counts first.',
  route: 'POST /customer-groups',
  input: z.strictObject(card),
  facts: (_, { priceListId }, ask) => knowledge(priceListId, ask),
  decide: beginning(create),
});

export const editCustomerGroup = command({
  ...onGroup,
  type: 'EditCustomerGroup',
  summary: 'Changes the fields that are given; null empties one.',
  route: 'POST /customer-groups/:id/edit',
  entityId: byId,
  input: z.strictObject({ id: Id, ...editable(card) }),
  facts: (_, { priceListId }, ask) => knowledge(priceListId, ask),
  decide: existing('customer group', edit),
});

const membership = z.strictObject({ id: Id, accountId: Id });

export const joinCustomerGroup = command({
  ...onGroup,
  type: 'JoinCustomerGroup',
  summary: 'Takes a client into a group; silent when it is in it already.',
  route: 'POST /customer-groups/:id/members',
  entityId: byId,
  input: membership,
  facts: async (_, { accountId }, ask, context) => ({ accountKnown: (await accountKnown(accountId, ask, context)) === true }),
  decide: existing('customer group', join),
});

export const leaveCustomerGroup = command({
  ...onGroup,
  type: 'LeaveCustomerGroup',
  summary: 'Takes a client out of a group; silent when it is not in it.',
  route: 'POST /customer-groups/:id/members/:accountId/remove',
  entityId: byId,
  input: membership,
  decide: existing('customer group', leave),
});
