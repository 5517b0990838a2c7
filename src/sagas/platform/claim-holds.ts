import { lapseItemHold } from '../../commands/catalogue/item.ts';
import { lapsePriceListHold } from '../../commands/catalogue/price-list.ts';
import { lapseAccountHold } from '../../commands/crm/account.ts';
import { giveBackClaim, takeBackClaim } from '../../commands/platform/claim.ts';
import { lapseUserHold } from '../../commands/platform/user.ts';
import { lapseWarehouseHold } from '../../commands/warehouse/warehouse.ts';
import { ItemAdded } from '../../domain/catalogue/item.ts';
import { PriceListArchived, PriceListCreated, PriceListEdited } from '../../domain/catalogue/price-list.ts';
import { AccountCreated, AccountEdited, AccountMerged, AccountRestored } from '../../domain/crm/account.ts';
import { type Claim, ClaimReleased, ClaimTaken } from '../../domain/platform/claim.ts';
import { UserRegistered } from '../../domain/platform/user.ts';
import { WarehouseOpened } from '../../domain/warehouse/warehouse.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import { HoldLapsed } from '../../kernel/hold.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { type Step, saga } from '../../kernel/saga.ts';

/** Long past any request's patience: whoever took the key has died or given up. */
const PATIENCE = 'PT10M';

const HOUSE = 'house';

interface Key extends Claim {
  /** Id of the claim as the log has it. */
  readonly id: string;
}

interface State {
  /** Keys that were taken for the record, and that it bears once the command has come to its end. */
  readonly taken: readonly Key[];
  /** Keys that were given back for it. */
  readonly freed: readonly Key[];
}

/** By kind of key: what tells a vanished command, in the stream of its record, that it is over. */
const LAPSE: Readonly<Record<string, (wish: { id: string; commandId: string }) => CommandMessage>> = {
  sku: lapseItemHold,
  defaultPriceList: lapsePriceListHold,
  accountCode: lapseAccountHold,
  taxId: lapseAccountHold,
  email: lapseUserHold,
  warehouseCode: lapseWarehouseHold,
};

/** Kinds of keys this saga gives back. */
export const claimKinds: readonly string[] = Object.keys(LAPSE);

/** Holds are the house's own commands, caused by the one that holds; whoever else moves a claim means it. */
const byHolder = (_: unknown, { actor, causationId }: ViewMeta): readonly string[] => (actor.id === HOUSE ? [causationId] : []);
const byCommand = (_: unknown, { commandId }: ViewMeta): readonly string[] => [commandId];

const without = (keys: readonly Key[], id: string): readonly Key[] => keys.filter(key => key.id !== id);
const has = (keys: readonly Key[], id: string): boolean => keys.some(key => key.id === id);

/** A key that goes back to where it was is nobody's concern any more. */
const settled = (state: State): Step<State, 'vanished'> =>
  state.taken.length + state.freed.length === 0 ? { forgotten: true } : { state, wake: { vanished: PATIENCE } };

const keyOf = (claim: Claim, { entityId: id }: ViewMeta): Key => ({ ...claim, id });
const done = (): Step<never, never> => ({ forgotten: true });

/**
 * Gives back the keys of a command that died between taking them and what it took them for; each instance is such a command.
 * Its record's stream is told first, so that a command which was only asleep decides again. Claims of back-dated commands are
 * left alone: they are repeated by whoever imports.
 */
export const claimHolds = saga({
  name: 'claim-holds',
  stateVersion: 1,
  events: [
    ClaimTaken,
    ClaimReleased,
    HoldLapsed,
    ItemAdded,
    PriceListCreated,
    PriceListEdited,
    PriceListArchived,
    AccountCreated,
    AccountEdited,
    AccountMerged,
    AccountRestored,
    UserRegistered,
    WarehouseOpened,
  ],
  startedBy: ['ClaimTaken', 'ClaimReleased'],
  instances: {
    ClaimTaken: byHolder,
    ClaimReleased: byHolder,
    HoldLapsed: ({ commandId }) => [commandId],
    ItemAdded: byCommand,
    PriceListCreated: byCommand,
    PriceListEdited: byCommand,
    PriceListArchived: byCommand,
    AccountCreated: byCommand,
    AccountEdited: byCommand,
    AccountMerged: byCommand,
    AccountRestored: byCommand,
    UserRegistered: byCommand,
    WarehouseOpened: byCommand,
  },
  initial: (): State => ({ taken: [], freed: [] }),
  on: {
    ClaimTaken: ({ taken, freed }, claim, _command, meta) => {
      const key = keyOf(claim, meta);
      return settled(has(freed, key.id) ? { taken, freed: without(freed, key.id) } : { taken: [...taken, key], freed });
    },
    ClaimReleased: ({ taken, freed }, claim, _command, meta) => {
      const key = keyOf(claim, meta);
      return settled(has(taken, key.id) ? { taken: without(taken, key.id), freed } : { taken, freed: [...freed, key] });
    },
    /** A key that somebody else took meanwhile cannot be taken back: then the process is parked, for someone to look. */
    HoldLapsed: ({ taken, freed }) => ({
      send: [...taken.map(key => giveBackClaim(key)), ...freed.map(key => takeBackClaim(key))],
      ...(freed.length === 0 ? { forgotten: true } : { finished: true }),
    }),
    ItemAdded: done,
    PriceListCreated: done,
    PriceListEdited: done,
    PriceListArchived: done,
    AccountCreated: done,
    AccountEdited: done,
    AccountMerged: done,
    AccountRestored: done,
    UserRegistered: done,
    WarehouseOpened: done,
  },
  alarms: { vanished: (state, commandId) => ({ send: lapses(state, commandId) }) },
  waits: {
    document: ({ taken, freed }) => ({
      reason: `A command has secured keys for ${[...taken, ...freed][0]?.holder ?? 'a record'} and has not come to its end yet.`,
      next: 'Unless it does so within ten minutes, the keys are free for others again.',
    }),
  },
  waitsFor: () => 'document',
  adopts: true,
  onAbandon: ({ taken }) => ({
    stays: `${taken.length === 1 ? 'One key stays' : `${taken.length} keys stay`} taken until the same command is repeated.`,
  }),
  about: id => ({ category: 'command', id }),
});

/** One word for each record, however many of its keys are concerned. */
function lapses({ taken, freed }: State, commandId: string): readonly CommandMessage[] {
  const [key] = [...taken, ...freed];
  if (key === undefined) return [];
  const lapse = LAPSE[key.kind];
  if (lapse === undefined) throw new Error(`Nobody can say that a hold on the key ${key.kind} has lapsed`);
  return [lapse({ id: key.holder, commandId })];
}
