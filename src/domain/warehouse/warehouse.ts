/** A warehouse: a place whose stock is counted on its own. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';

/** `code` is short and unique; people say it and documents show it. */
export const WarehouseOpened = event('WarehouseOpened', { code: z.string(), name: z.string() });
export const WarehouseRenamed = event('WarehouseRenamed', { name: z.string() });
/** Nothing comes in or goes out any more. */
export const WarehouseClosed = event('WarehouseClosed', { reason: z.string().optional() });
export const WarehouseReopened = event('WarehouseReopened', {});

const events = [WarehouseOpened, WarehouseRenamed, WarehouseClosed, WarehouseReopened] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly name: string;
  readonly closed: boolean;
}

export const Warehouse = decider({
  category: 'warehouse',
  stateVersion: 2,
  events,
  initial: (): State | undefined => undefined,
  evolve: {
    WarehouseOpened: (_, { name }): State => ({ name, closed: false }),
    WarehouseRenamed: (warehouse, { name }) => warehouse && { ...warehouse, name },
    WarehouseClosed: warehouse => warehouse && { ...warehouse, closed: true },
    WarehouseReopened: warehouse => warehouse && { ...warehouse, closed: false },
  },
});

export const open = (wish: DataOf<typeof WarehouseOpened>): Decision<Fact> => [WarehouseOpened(wish)];

export const rename = (warehouse: State, { name }: DataOf<typeof WarehouseRenamed>): Decision<Fact> =>
  warehouse.name === name ? [] : [WarehouseRenamed({ name })];

export interface ClosingFacts {
  /** Items that are in the warehouse still, or that orders wait for there. */
  readonly items: number;
}

export function close(
  warehouse: State,
  { reason }: { readonly reason?: string | undefined },
  { facts: { items } }: DecisionContext<ClosingFacts>,
): Decision<Fact> {
  if (warehouse.closed) return [];
  if (items > 0)
    return refuse(
      'WarehouseNotEmpty',
      `${items} items are in the warehouse still, or waited for there: move them or write them off first.`,
      { items },
    );
  return [WarehouseClosed({ reason })];
}

export const reopen = (warehouse: State): Decision<Fact> => (warehouse.closed ? [WarehouseReopened({})] : []);
