/** A warehouse: a place whose stock is counted on its own. */
import { z } from 'zod';
import { type Decision, decider } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';

/** `code` is short and unique; people say it and documents show it. */
export const WarehouseOpened = event('WarehouseOpened', { code: z.string(), name: z.string() });
export const WarehouseRenamed = event('WarehouseRenamed', { name: z.string() });

const events = [WarehouseOpened, WarehouseRenamed] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly name: string;
}

export const Warehouse = decider({
  category: 'warehouse',
  stateVersion: 1,
  events,
  initial: (): State | undefined => undefined,
  evolve: {
    WarehouseOpened: (_, { name }) => ({ name }),
    WarehouseRenamed: (_, { name }) => ({ name }),
  },
});

export const open = (wish: DataOf<typeof WarehouseOpened>): Decision<Fact> => [WarehouseOpened(wish)];

export const rename = (warehouse: State, { name }: DataOf<typeof WarehouseRenamed>): Decision<Fact> =>
  warehouse.name === name ? [] : [WarehouseRenamed({ name })];
