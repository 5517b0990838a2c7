import { z } from 'zod';
import { beginning, existing } from '../../domain/records.ts';
import { Id, Reason, Text } from '../../domain/vocabulary.ts';
import { type ClosingFacts, close, open, rename, reopen, Warehouse } from '../../domain/warehouse/warehouse.ts';
import { byId, command } from '../../kernel/command.ts';
import { itemsThere } from '../../projections/warehouse/stock-levels.ts';
import { lapsing, uniqueKey } from '../platform/claim.ts';

const onWarehouse = { permission: 'warehouse:administer', decider: Warehouse } as const;
const Name = Text(100);

export const openWarehouse = command({
  ...onWarehouse,
  type: 'OpenWarehouse',
  summary: 'Opens a warehouse; refused as Duplicate when another has this code.',
  route: 'POST /warehouses',
  input: z.strictObject({ code: Text(20), name: Name }),
  decide: beginning(open),
  holds: (events, _, id) =>
    events.flatMap(({ type, data }) => (type === 'WarehouseOpened' ? [uniqueKey('warehouseCode', data.code, id)] : [])),
});

export const renameWarehouse = command({
  ...onWarehouse,
  type: 'RenameWarehouse',
  summary: 'Gives a warehouse another name; its code stays.',
  route: 'POST /warehouses/:id/rename',
  input: z.strictObject({ id: Id, name: Name }),
  entityId: byId,
  decide: existing('warehouse', rename),
});

export const closeWarehouse = command({
  ...onWarehouse,
  type: 'CloseWarehouse',
  summary: 'Closes a warehouse: nothing comes in or goes out any more; refused as WarehouseNotEmpty while goods are there or waited for.',
  route: 'POST /warehouses/:id/close',
  input: z.strictObject({ id: Id, reason: Reason.optional() }),
  entityId: byId,
  facts: async (_, { id }, ask): Promise<ClosingFacts> => ({ items: await ask(itemsThere, { warehouse: id }) }),
  decide: existing('warehouse', close),
});

export const reopenWarehouse = command({
  ...onWarehouse,
  type: 'ReopenWarehouse',
  summary: 'Opens a closed warehouse again.',
  route: 'POST /warehouses/:id/reopen',
  input: z.strictObject({ id: Id }),
  entityId: byId,
  decide: existing('warehouse', reopen),
});

/** For a command on a warehouse that vanished with what it held. */
export const lapseWarehouseHold = lapsing('LapseWarehouseHold', Warehouse);
