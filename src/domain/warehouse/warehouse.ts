/** A warehouse: a place whose stock is counted on its own. */
import { z } from 'zod';
import { type Decision, decider, notFound } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';

/** `code` is short and unique; people say it and documents show it. */
export const WarehouseOpened = event('WarehouseOpened', { code: z.string(), name: z.string() });
export const WarehouseRenamed = event('WarehouseRenamed', { name: z.string() });

const events = [WarehouseOpened, WarehouseRenamed] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly name?: string;
}

export const Warehouse = decider({
  category: 'warehouse',
  stateVersion: 1,
  events,
  initial: (): State => ({}),
  evolve: {
    WarehouseOpened: (_, { name }): State => ({ name }),
    WarehouseRenamed: (_, { name }): State => ({ name }),
  },
});

export const open = ({ name }: State, wish: DataOf<typeof WarehouseOpened>): Decision<Fact> =>
  name === undefined ? [WarehouseOpened(wish)] : [];

export function rename(warehouse: State, id: string, name: string): Decision<Fact> {
  if (warehouse.name === undefined) return notFound('warehouse', id);
  if (warehouse.name === name) return [];
  return [WarehouseRenamed({ name })];
}
