import { z } from 'zod';
import { Warehouse } from '../../domain/warehouse/warehouse.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { flag, table, text } from '../../kernel/table.ts';
import { revised } from '../platform/event-history.ts';

export const warehouses = projection({
  name: 'warehouses',
  version: 2,
  versioned: true,
  table: table('warehouses', 'Warehouses', {
    code: text('Short name, unique'),
    name: text('Name'),
    closed: flag('Whether nothing comes in or goes out any more'),
  }),
  events: Warehouse.events,
  on: {
    WarehouseOpened: (_, { code, name }) => ({ code, name, closed: false }),
    WarehouseRenamed: (row, { name }) => row && { ...row, name },
    WarehouseClosed: row => row && { ...row, closed: true },
    WarehouseReopened: row => row && { ...row, closed: false },
  },
});

const source = {
  permission: 'warehouse:read',
  reads: [warehouses],
  from: 'warehouses w',
  fields: { id: field.text('w.id'), code: field.text('w.code'), name: field.text('w.name'), closed: field.flag('w.closed') },
  key: 'w.id',
} as const;

export const listWarehouses = listing({
  ...source,
  type: 'ListWarehouses',
  summary: 'Warehouses by code.',
  route: 'GET /warehouses',
  filters: { code: 'w.code = ?', closed: byFlag('w.closed') },
  sorts: { code: { sql: 'w.code' }, name: { sql: 'w.name' } },
  usual: 'code',
});

export const showWarehouse = record({
  ...revised('warehouse', source),
  type: 'ShowWarehouse',
  summary: 'One warehouse.',
  route: 'GET /warehouses/:id',
  noun: 'warehouse',
});

/** Asked by commands that name a warehouse. */
export const warehouseKnown = query({
  type: 'WarehouseKnown',
  summary: 'Whether there is such a warehouse, and it is open.',
  permission: 'warehouse:read',
  reads: [warehouses],
  input: z.strictObject({ id: z.string().max(200) }),
  output: z.boolean(),
  answer: async (db, { id }) => (await db.rows('select 1 from warehouses where id = $1 and not closed', [id])).length > 0,
});
