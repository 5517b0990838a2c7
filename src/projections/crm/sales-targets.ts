import { SalesTarget } from '../../domain/crm/sales-target.ts';
import { field } from '../../kernel/field.ts';
import { listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { instant, minorUnits, table, text } from '../../kernel/table.ts';
import { users } from '../platform/users.ts';

export const salesTargets = projection({
  name: 'sales-targets',
  version: 1,
  versioned: true,
  table: table(
    'sales_targets',
    'What people are to sell in a month',
    {
      owner_id: text('User who is to sell'),
      month: text('Month by ISO 8601, e.g. 2026-03'),
      amount: minorUnits('What is to be sold'),
      currency: text('ISO 4217 code'),
      set_at: instant('When it was said'),
    },
    { key: 'User and month, joined by ~', indexes: ['month', 'owner_id'] },
  ),
  events: SalesTarget.events,
  ownRows: { permission: 'crm:read', owner: 'owner_id' },
  on: {
    SalesTargetSet: (_, { ownerId, month, amount }, _key, { occurredAt }) => ({
      owner_id: ownerId,
      month,
      amount: amount.minor,
      currency: amount.currency,
      set_at: occurredAt,
    }),
  },
});

export const listSalesTargets = listing({
  type: 'ListSalesTargets',
  summary: 'What people are to sell, the newest month first.',
  route: 'GET /sales-targets',
  permission: 'crm:read',
  reads: [salesTargets, users],
  from: 'sales_targets t left join users u on u.id = t.owner_id',
  key: 't.id',
  fields: {
    id: field.text('t.id'),
    ownerId: field.text('t.owner_id'),
    ownerName: field.maybe(field.text('u.name')),
    month: field.text('t.month'),
    amount: field.money('t.amount', 't.currency'),
    setAt: field.instant('t.set_at'),
  },
  filters: { owner: 't.owner_id = ?', month: 't.month = ?' },
  sorts: { month: { sql: 't.month', descending: true } },
  usual: 'month',
});
